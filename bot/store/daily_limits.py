"""What a person may have in 24 hours, and what is raised when they have had it."""

import time
from enum import StrEnum

DAY = 86_400.0
"""Seconds."""


class Daily(StrEnum):
    """What is counted by the day."""

    TRACKS = "tracks"
    RECORDINGS = "recordings"


class DailyLimitReached(Exception):
    """A person has had as much as they may in 24 hours; nothing was changed.

    Args:
        what: What there is no more of.
        limit: How many they may have.
        frees_at: When the next one may come (seconds since 1970); None if none may.
    """

    def __init__(self, what: Daily, limit: int, frees_at: float | None) -> None:
        super().__init__(f"{limit} {what} a day")
        self.what = what
        self.limit = limit
        self.frees_at = frees_at

    @property
    def seconds(self) -> float | None:
        """How long it is until then."""
        return None if self.frees_at is None else self.frees_at - time.time()
