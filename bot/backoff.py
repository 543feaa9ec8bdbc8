"""How long to wait between tries, and how long to go on: one rule for every loop that repeats.

A back-off calls nothing, sleeps nowhere and decides nothing about what may be repeated: that
stays in the loop that knows what it does. Why this is no library:
docs/decisions/0011-own-back-off.md. Imports nothing of ours.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

_LARGEST_EXPONENT = 60  # beyond it every pause is the longest anyway, and floats overflow


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that grow from try to try, up to a longest one.

    Attributes:
        first: Seconds after the first failure.
        longest: Seconds at most.
        factor: What each further failure multiplies the pause by; 1 keeps it even.
        jitter: Share by which a pause may be shorter or longer, so that those who failed
            together do not come back together; 0 for none.
        deadline: Seconds from the first failure in a row after which it is given up; None: never.
    """

    first: float
    longest: float
    factor: float = 2.0
    jitter: float = 0.3
    deadline: float | None = None

    def pause(self, failures: int, chance: float | None = None) -> float:
        """Seconds to wait after so many failures in a row.

        Args:
            failures: At least 1.
            chance: From 0 to 1, where in the range of the jitter the pause lies; drawn if None.
        """
        grown = self.first * self.factor ** min(failures - 1, _LARGEST_EXPONENT)
        drawn = random.random() if chance is None else chance  # noqa: S311 - jitter is no secret
        return min(self.longest, grown) * (1 + self.jitter * (2 * drawn - 1))

    def begin(self, clock: Callable[[], float] = time.monotonic) -> "Tries":
        """Count the failures of one loop.

        Args:
            clock: Seconds that only grow.
        """
        return Tries(self, clock)


class Tries:
    """The failures in a row of one loop, and since when."""

    def __init__(self, backoff: Backoff, clock: Callable[[], float]) -> None:
        self._backoff = backoff
        self._clock = clock
        self._since: float | None = None
        self.failures = 0

    def failed(self, at_least: float | None = None) -> float | None:
        """Count a failure.

        Args:
            at_least: Seconds that the other side asked to wait.

        Returns:
            Seconds to wait before the next try; None if that would be past the deadline.
        """
        self.failures += 1
        now = self._clock()
        if self._since is None:
            self._since = now
        pause = max(self._backoff.pause(self.failures), at_least or 0.0)
        deadline = self._backoff.deadline
        if deadline is not None and now + pause - self._since > deadline:
            return None
        return pause
