"""Taking turns at the one connection that writes."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class WriteLock:
    """A lock that is given on in the order it was asked for, the urgent first.

    A pool of one connection would not do: whoever gives it back and asks again at once may
    have it before those who waited.
    """

    def __init__(self) -> None:
        self._taken = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def hold(self, *, urgent: bool, wait: float) -> AsyncIterator[None]:
        """Hold the lock until the block ends.

        Args:
            urgent: Whether somebody in front of their phone waits for it.
            wait: Seconds until it is given up.

        Raises:
            TimeoutError: It was not to be had in time.
        """
        await self._take(self._urgent if urgent else self._patient, wait)
        try:
            yield
        finally:
            self._give_on()

    async def _take(self, queue: "deque[asyncio.Future[None]]", wait: float) -> None:
        if not self._taken:
            self._taken = True
            return
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            async with asyncio.timeout(wait):
                await mine
        except BaseException:
            if mine.done() and not mine.cancelled():  # it came with the end of the waiting
                self._give_on()
            raise

    def _give_on(self) -> None:
        for queue in (self._urgent, self._patient):
            while queue:
                following = queue.popleft()
                if not following.done():
                    following.set_result(None)
                    return
        self._taken = False
