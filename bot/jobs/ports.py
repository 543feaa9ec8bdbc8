"""What every adapter offers, and what it asks of the work."""

from enum import StrEnum
from typing import Protocol

from bot.backoff import Backoff


class Kind(StrEnum):
    """What there is to look at."""

    RECORDING = "reference"  # the name of its queue in databases
    TRACK = "track"
    DELIVERY = "delivery"


BACKOFF = Backoff(first=2.0, longest=60.0)
"""Work that keeps failing is looked at once a minute."""


def log_name(kind: Kind) -> str:
    """What the log calls a row of this kind: a delivery is about a track."""
    return "recording" if kind is Kind.RECORDING else "track"


class Work(Protocol):
    """The studio, as a job adapter sees it."""

    async def run(self, kind: Kind, row_id: int) -> float | None:
        """Look at a row and do what it needs; harmless to repeat.

        Returns:
            Seconds after which to look again, or None.
        """
        ...

    async def due(self) -> list[tuple[Kind, int]]:
        """Every row with work left and nobody at it."""
        ...


class Jobs(Protocol):
    """Wakes work, here or on another machine."""

    async def start(self, work: Work) -> None:
        """Begin working: everything unfinished first, then whatever is woken."""
        ...

    async def wake(self, kind: Kind, row_id: int, after: float = 0) -> None:
        """Say that a row wants looking at, in `after` seconds."""
        ...

    async def stop(self, grace: float) -> None:
        """Begin nothing new; what runs may finish for `grace` seconds."""
        ...
