"""The lock on the one connection that writes."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class WriteLock:
    """A lock that goes to those who wait for it in their order, the urgent first.

    A pool of one connection would not do: whoever gives it back and asks again at once may
    have it before those who waited.
    """

    def __init__(self) -> None:
        self._held = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._ordinary: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def hold(self, *, urgent: bool, wait: float) -> AsyncIterator[None]:
        """Hold the lock until the block ends.

        Args:
            urgent: Whether somebody in front of their phone waits for it.
            wait: Seconds at most.

        Raises:
            TimeoutError: It was not to be had in time.
        """
        await self._acquire(self._urgent if urgent else self._ordinary, wait)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, queue: "deque[asyncio.Future[None]]", wait: float) -> None:
        if not self._held:
            self._held = True
            return
        granted = asyncio.get_running_loop().create_future()
        queue.append(granted)
        try:
            async with asyncio.timeout(wait):
                await granted
        except BaseException:
            if granted.done() and not granted.cancelled():  # granted as the waiting ended
                self._release()
            raise

    def _release(self) -> None:
        for queue in (self._urgent, self._ordinary):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._held = False
