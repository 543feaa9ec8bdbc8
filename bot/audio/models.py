"""What is demanded of a recording, and what is found out about it."""

from dataclasses import dataclass

from bot.model import Flaw, Hint


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a recording turned out to be.

    `level_dbfs` is the level of its louder passages (95th percentile of blocks of 100 ms),
    `active_seconds` the time in which it is neither silent nor far below them. `size` is in
    bytes; `passed_through` says that they are the recording's own.
    """

    seconds: float
    level_dbfs: float
    peak_dbfs: float
    active_seconds: float
    clipped_share: float
    hints: tuple[Hint, ...]
    size: int
    passed_through: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a track turned out to be.

    `cover` is a JPEG of 320 x 320 pixels, `waveform` holds a hundred levels from 0 to 100,
    `comment` is what its maker wrote into its tags.
    """

    seconds: float
    cover: bytes
    waveform: tuple[int, ...]
    comment: str = ""


class Unusable(Exception):
    """A recording that cannot be used; `detail` is for the log only."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        super().__init__(f"{flaw}: {detail}" if detail else str(flaw))
        self.flaw = flaw
        self.detail = detail
