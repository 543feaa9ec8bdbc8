"""Saying the same thing again only after a while: one rule, with a bounded memory.

A throttle says nothing and waits for nothing: whoever asks it decides what is left out. Imports
nothing of ours.
"""

import time
from collections.abc import Callable, Hashable


class Throttle:
    """Remembers when each thing was said last.

    Args:
        every: Seconds after which it may be said again.
        most: Things that are remembered; the one said longest ago is forgotten first. Strangers
            can name any number of them.
        clock: Seconds that only grow, in the same unit as the moments given below.
    """

    def __init__(
        self, every: float, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every = every
        self._most = most
        self._clock = clock
        self._last: dict[Hashable, float] = {}

    def is_due(self, thing: Hashable, since: float | None = None) -> bool:
        """Whether it has not been said for long enough, or not since a given moment."""
        last = self._last.get(thing)
        if last is None:
            return True
        return last < since if since is not None else last + self._every <= self._clock()

    def note(self, thing: Hashable, at: float | None = None) -> None:
        """Note that it has been said, now or at a given moment."""
        self._last.pop(thing, None)
        self._last[thing] = self._clock() if at is None else at
        if len(self._last) > self._most:
            del self._last[next(iter(self._last))]

    def take(self, thing: Hashable) -> bool:
        """Whether it is due; if so, it counts as said."""
        if not self.is_due(thing):
            return False
        self.note(thing)
        return True
