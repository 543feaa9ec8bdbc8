"""How often the status messages of a chat are edited: one edit at a time, and not too many.

Telegram limits edits by chat, so tracks of one chat share what is remembered here.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_ENDED = 20
"""Tracks of a chat whose end is remembered: longer than an edit can be on its way."""


class ChatPacing:
    """One chat: what waits to be shown in it, and when that may be.

    Args:
        every: Seconds from one edit to the next that only shows progress.
        clock: Seconds that only grow.
    """

    def __init__(self, every: float, clock: Callable[[], float]) -> None:
        self._every = every
        self._clock = clock
        self._progress_at = 0.0
        self._flooded_until = 0.0
        self._ended: deque[int] = deque(maxlen=_ENDED)
        self._lock = asyncio.Lock()
        self._waiting = 0

    @property
    def is_idle(self) -> bool:
        """Whether nobody edits or waits to."""
        return not self._waiting

    @property
    def takes_progress(self) -> bool:
        """Whether the last edit is long enough ago for one that only shows progress."""
        return self._progress_at <= self._clock()

    @property
    def is_flooded(self) -> bool:
        """Whether Telegram has asked for a pause that is not over."""
        return self._flooded_until > self._clock()

    @asynccontextmanager
    async def in_order(self) -> AsyncIterator[None]:
        """Wait for the edits before this one: one on its way must not land after a later one."""
        self._waiting += 1
        try:
            async with self._lock:
                yield
        finally:
            self._waiting -= 1

    def edits(self) -> None:
        """Note that an edit is made now."""
        self._progress_at = self._clock() + self._every

    def flooded(self, seconds: float) -> None:
        """Note that Telegram asks for a pause."""
        self._flooded_until = self._clock() + seconds

    def ended(self, track_id: int) -> None:
        """Note that a track's end is shown: the chat is free at once for the next one."""
        self._progress_at = self._flooded_until = 0.0
        self._ended.append(track_id)

    def has_ended(self, track_id: int) -> bool:
        """Whether a track's end is shown; progress that comes late must not hide it."""
        return track_id in self._ended


class Chats:
    """The pacing of every chat; of the idle ones, only the latest are remembered.

    Args:
        every: As for `ChatPacing`.
        most: Chats remembered.
        clock: As for `ChatPacing`.
    """

    def __init__(
        self, every: float, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every = every
        self._most = most
        self._clock = clock
        self._chats: dict[int, ChatPacing] = {}

    def of(self, chat_id: int) -> ChatPacing:
        """The pacing of a chat."""
        chat = self._chats.pop(chat_id, None) or ChatPacing(self._every, self._clock)
        if len(self._chats) >= self._most:
            idle = next((key for key, other in self._chats.items() if other.is_idle), None)
            if idle is not None:
                del self._chats[idle]
        self._chats[chat_id] = chat
        return chat
