"""Updates on their way to the bot: long polling and its offsets, and the webhook."""

import asyncio
import json
from collections import OrderedDict, deque
from contextlib import suppress
from typing import Any

from bot.sandbox.telegram.errors import ApiError

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that are sent only when `allowed_updates` names them."""

_LONGEST_POLL = 50
_LARGEST_BATCH = 100


class UpdateQueue:
    """Numbers updates and keeps each until an offset confirms it.

    Args:
        remember: How many past updates can be delivered again.
    """

    def __init__(self, remember: int) -> None:
        self.webhook_url = ""
        self.allowed: frozenset[str] | None = None
        self.last_id = 700_000_000
        self.arrived = asyncio.Event()
        self._remember = remember
        self._past: OrderedDict[int, bytes] = OrderedDict()
        self._pending: deque[tuple[int, bytes]] = deque()
        self._again: deque[tuple[int, bytes]] = deque()
        self._poll: asyncio.Future[str] | None = None

    def __len__(self) -> int:
        return len(self._pending) + len(self._again)

    @property
    def is_polled(self) -> bool:
        """Whether a poll is waiting right now."""
        return self._poll is not None and not self._poll.done()

    def put(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue an update; None if the bot doesn't want its kind."""
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if not wanted:
            return None
        self.last_id += 1
        body = json.dumps({"update_id": self.last_id, kind: payload}).encode()
        self._past[self.last_id] = body
        if len(self._past) > self._remember:
            self._past.popitem(last=False)
        self._pending.append((self.last_id, body))
        self._wake()
        return self.last_id

    def redeliver(self, update_id: int) -> None:
        """Queue an update again, under its old number and whatever the offset says.

        Raises:
            LookupError: It is not remembered.
        """
        if update_id not in self._past:
            raise LookupError(f"update {update_id} is not remembered")
        self._again.append((update_id, self._past[update_id]))
        self._wake()

    def _wake(self) -> None:
        self.arrived.set()
        if self._poll is not None and self.is_polled:
            self._poll.set_result("")

    def allow(self, kinds: Any) -> None:
        """Remember `allowed_updates`; None keeps the previous setting, empty the default."""
        if isinstance(kinds, list):
            self.allowed = frozenset(map(str, kinds)) or None

    def confirm(self, offset: int) -> None:
        """Forget updates before an offset; a negative one keeps that many from the end."""
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while self._pending and self._pending[0][0] < offset:
            self._pending.popleft()

    def clear(self) -> None:
        """Drop what is waiting (`drop_pending_updates`)."""
        self._pending.clear()
        self._again.clear()

    def end_poll(self, reason: str) -> None:
        """Answer a waiting poll with a conflict."""
        if self._poll is not None and self.is_polled:
            self._poll.set_result(reason)

    async def poll(self, offset: int, limit: int, seconds: int) -> bytes:
        """Answer `getUpdates`, waiting for an update if there is none.

        Returns:
            The JSON array.

        Raises:
            ApiError: A webhook is set, or another poll came.
        """
        if self.webhook_url:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.end_poll(
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running"
        )
        self.confirm(offset)
        if not len(self) and seconds > 0:
            await self._wait(min(seconds, _LONGEST_POLL))
        return self._batch(limit if 1 <= limit <= _LARGEST_BATCH else _LARGEST_BATCH)

    async def _wait(self, seconds: int) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        reason = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                reason = await poll
        if reason:
            raise ApiError(409, reason)

    def _batch(self, limit: int) -> bytes:
        taken: list[bytes] = []
        while self._again and len(taken) < limit:
            taken.append(self._again.popleft()[1])
        room = min(limit - len(taken), len(self._pending))
        taken.extend(self._pending[at][1] for at in range(room))
        return b"[" + b",".join(taken) + b"]"

    def first(self) -> tuple[int, bytes] | None:
        """Give the update a webhook must get next."""
        if self._again:
            return self._again[0]
        return self._pending[0] if self._pending else None

    def done(self, update_id: int) -> None:
        """The webhook has taken the first update."""
        for queue in (self._again, self._pending):
            if queue and queue[0][0] == update_id:
                queue.popleft()
                return
