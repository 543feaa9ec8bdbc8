"""What is found out about recordings and tracks."""

from dataclasses import dataclass

from bot.model import Flaw, Hint


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
