"""Group commit: all that is to be written into the inbox at one time shares a transaction.

A commit is one fsync, about 2 ms; one for each update would be most of the work.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.store import StoreUnavailable
from bot.store.inbox import Inbox
from bot.telegram.inbound.outage import Outage
from bot.telegram.inbound.raw_updates import Raw, reply_to

log = logging.getLogger(__name__)

LINGER = 0.02
"""Seconds that marks of handled updates wait for company; a kill in between repeats those."""

_RETRY_AFTER = 1.0
"""Seconds that marks wait after a failed commit, unless updates come that want one."""

_TIMEOUT = 60.0


class Leftovers(NamedTuple):
    """What the processes before this one did not finish.

    Attributes:
        given_up: Updates that two processes have died with; they are not handled any more.
        unfinished: Updates to handle, oldest first.
    """

    given_up: list[Raw]
    unfinished: list[Raw]


class _PendingWrite(NamedTuple):
    raws: list[Raw]
    fresh: asyncio.Future[list[Raw]]


class _Close:
    """Says in the queue that nothing comes after it."""


@dataclass(slots=True)
class _Batch:
    """What one transaction writes: updates that came, and marks of those that were handled."""

    writes: list[_PendingWrite] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    is_last: bool = False

    def add(self, entry: "_PendingWrite | int | _Close") -> None:
        if isinstance(entry, _PendingWrite):
            self.writes.append(entry)
        elif isinstance(entry, int):
            self.done.append(entry)
        else:
            self.is_last = True


class InboxWriter:
    """The only writer of the inbox.

    Args:
        inbox: Where it writes.
        outage: Told how each commit went.
    """

    def __init__(self, inbox: Inbox, outage: Outage) -> None:
        self._inbox = inbox
        self._outage = outage
        self._queue: asyncio.Queue[_PendingWrite | int | _Close] = asyncio.Queue()
        self._pending = 0
        self._in_hand: set[int] = set()
        self._refusing = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Updates that wait for their commit."""
        return self._pending

    async def start(self) -> Leftovers:
        """Load what was left behind, and begin to write.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        async with asyncio.timeout(_TIMEOUT):
            given_up = [json.loads(raw) for raw in await self._inbox.given_up()]
            unfinished = [json.loads(raw) for _, raw in await self._inbox.leftovers()]
        if given_up:
            log.error("%d updates were never handled, though tried twice", len(given_up))
        if unfinished:
            log.info("%d updates were left behind and are handled now", len(unfinished))
        self._task = asyncio.create_task(self._run(), name="inbox")
        return Leftovers(given_up, self._take_in_hand(unfinished))

    async def write(self, raws: list[Raw]) -> list[Raw]:
        """Commit updates.

        Returns:
            Those to handle now, in order: none comes twice in one life of the process.

        Raises:
            StoreUnavailable: They are not kept, and must not be acknowledged.
        """
        if self._task is None or self._closing:
            raise StoreUnavailable("the inbox is not open")
        write = _PendingWrite(raws, asyncio.get_running_loop().create_future())
        self._pending += len(raws)
        self._queue.put_nowait(write)
        return await write.fresh

    def done(self, update_id: int) -> None:
        """Have an update marked as handled, soon."""
        self._queue.put_nowait(update_id)

    async def overlooked(self, age: float) -> list[Raw]:
        """Updates older than `age` seconds that nobody has in hand, to be handled now.

        The process that committed them died, or lost the lead, just then.

        Raises:
            StoreUnavailable, TimeoutError: They cannot be read.
        """
        async with asyncio.timeout(_TIMEOUT):
            rows = await self._inbox.overlooked(self._in_hand, age)
        if rows:
            log.warning("%d updates were overlooked and are handled now", len(rows))
        return self._take_in_hand(json.loads(raw) for _, raw in rows)

    async def aclose(self, put_back: list[int]) -> None:
        """Write what is left and stop.

        Args:
            put_back: Updates that were to be handled and never begun.
        """
        self._closing = True
        self._queue.put_nowait(_Close())
        if self._task is not None:
            await self._task
        try:
            if put_back:
                async with asyncio.timeout(_TIMEOUT):
                    await self._inbox.put_back(put_back)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("Updates never begun count as tried once: %s", error)

    async def _run(self) -> None:
        """Commit batch after batch; marks whose commit failed are in the next one."""
        batch, linger = _Batch(), LINGER
        while not batch.is_last:
            await self._fill(batch, linger)
            committed = await self._commit(batch)
            batch = _Batch(done=[] if committed else batch.done, is_last=batch.is_last)
            linger = LINGER if committed else _RETRY_AFTER

    async def _fill(self, batch: _Batch, linger: float) -> None:
        """Drain the queue; somebody waits for updates, marks alone wait a little for more."""
        if not batch.done:
            batch.add(await self._queue.get())
        with suppress(TimeoutError):
            async with asyncio.timeout(linger):
                while not batch.writes and not batch.is_last:
                    batch.add(await self._queue.get())
        while not self._queue.empty():
            batch.add(self._queue.get_nowait())

    async def _commit(self, batch: _Batch) -> bool:
        """Write a batch and answer whoever waits for it; False if it could not be written."""
        if not batch.writes and not batch.done:
            return True
        raws = {raw["update_id"]: raw for write in batch.writes for raw in write.raws}
        self._pending -= sum(len(write.raws) for write in batch.writes)
        rows = [(update_id, json.dumps(raw)) for update_id, raw in raws.items()]
        try:
            async with asyncio.timeout(_TIMEOUT):
                unhandled = set(await self._inbox.keep(rows, done=batch.done))
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self._failed(batch.writes, error)
            return False
        if batch.writes or not self._refusing:  # marks may still fit on a disk that is full
            self._refusing = False
            self._outage.ends()
        self._in_hand.difference_update(batch.done)
        for write in batch.writes:
            if not write.fresh.done():
                fresh = [raw for raw in write.raws if raw["update_id"] in unhandled]
                write.fresh.set_result(self._take_in_hand(fresh))
        return True

    def _failed(self, writes: list[_PendingWrite], error: Exception) -> None:
        self._refusing = self._refusing or bool(writes)
        reason = str(error) or type(error).__name__
        places = (reply_to(raw) for write in writes for raw in write.raws)
        self._outage.begins(StoreUnavailable(reason), places)
        for write in writes:
            if not write.fresh.done():
                failure = StoreUnavailable(reason)
                failure.__cause__ = error
                write.fresh.set_exception(failure)

    def _take_in_hand(self, raws: Iterable[Raw]) -> list[Raw]:
        """Those that this process has not in hand yet."""
        new = {raw["update_id"]: raw for raw in raws if raw["update_id"] not in self._in_hand}
        self._in_hand.update(new)
        return list(new.values())
