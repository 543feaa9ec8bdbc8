"""What happens in the simulated Telegram, in order, for those who watch."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One happening.

    Args:
        number: Grows by one with every event.
        kind: `message`, `edited`, `deleted`, `reaction`, `action`, `answer`, `pressed`,
            `blocked`, `unblocked`, `commands`.
        chat_id: Where; None for what has no chat.
        message_id: Which message, if one.
        at: Unix time in seconds.
        data: More, by kind; safe to write as JSON.
    """

    number: int
    kind: str
    chat_id: int | None
    message_id: int | None
    at: float
    data: dict[str, Any] = field(default_factory=dict)


class EventLog:
    """Numbers events, keeps the last of them, and tells whoever listens.

    Args:
        keep: How many to remember; None remembers all.
    """

    def __init__(self, keep: int | None) -> None:
        self.number = 0
        self.observers: list[Callable[[Event], None]] = []
        self._kept: deque[Event] = deque(maxlen=keep)
        self._waiting: set[asyncio.Future[None]] = set()

    def emit(
        self,
        kind: str,
        chat_id: int | None = None,
        message_id: int | None = None,
        **data: Any,
    ) -> int:
        """Write an event down; returns its number."""
        self.number += 1
        event = Event(self.number, kind, chat_id, message_id, time.time(), data)
        self._kept.append(event)
        for observer in self.observers:
            observer(event)
        if self._waiting:
            waiting, self._waiting = self._waiting, set()
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)
        return self.number

    def since(self, number: int, *, limit: int = 1000) -> list[Event]:
        """Give what is remembered after an event, oldest first."""
        behind = self.number - number
        skip = max(len(self._kept) - behind, 0)
        return [self._kept[at] for at in range(skip, min(skip + limit, len(self._kept)))]

    async def next(self, timeout: float) -> bool:  # noqa: ASYNC109 - bounded waiting is its job
        """Wait for the next event; False if none came in time (seconds)."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await future
                return True
        self._waiting.discard(future)
        return False
