"""What a recording must be to be usable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a recording must be to be usable (docs/facts/audio.md, rules 5 and 6).

    `shortest` and `longest` are seconds of decoded sound, both accepted themselves; they stay
    30 ms of MP3 framing inside what music-01 allows. `largest` is in bytes of the prepared file.
    The levels are in dBFS; the shares go from 0 to 1.
    """

    shortest: float = 10.1
    longest: float = 599.5
    largest: int = 20_000_000
    silence_dbfs: float = -55.0
    quiet_dbfs: float = -40.0
    active_seconds: float = 5.0
    clipped_share: float = 0.005
    decoded_share: float = 0.95
    detect_talking: bool = True
