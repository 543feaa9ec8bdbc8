"""Group commit: whoever wants something in the inbox at the same time shares one transaction.

A commit is one fsync, about 2 ms; one for each update would be most of the work.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import NamedTuple

from bot.store import StoreUnavailable
from bot.store.inbox import Inbox
from bot.telegram.inbound.outage import Outage
from bot.telegram.inbound.raw_updates import Raw, reply_to

log = logging.getLogger(__name__)

LINGER = 0.02
"""Seconds that marks of handled updates wait for company; a kill in between repeats those."""

LOOK_AGAIN = 60.0
"""Seconds between looks for updates that a speaker before this one committed at its very end."""

_PATIENCE = 60.0
_PAUSE = 1.0


class _Wish(NamedTuple):
    raws: list[Raw]
    kept: asyncio.Future[None]


class Commits:
    """The only writer of the inbox.

    Args:
        inbox: Where it writes.
        outage: Told how each commit went.
        take: Given the updates to handle, in order, as soon as they are committed; it must not
            wait. None comes twice in one life of the process.
        give_up: Given updates that two processes have died with; they are not handled any more.
    """

    def __init__(
        self,
        inbox: Inbox,
        outage: Outage,
        take: Callable[[list[Raw]], None],
        give_up: Callable[[list[Raw]], None],
    ) -> None:
        self._inbox = inbox
        self._outage = outage
        self._take = take
        self._give_up = give_up
        self._wishes: list[_Wish] = []
        self._done: list[int] = []
        self._in_hand: set[int] = set()
        self._wake = asyncio.Event()
        self._wanted = asyncio.Event()
        self._refusing = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def pending(self) -> int:
        """Updates that wait for their commit."""
        return sum(len(wish.raws) for wish in self._wishes)

    async def start(self) -> None:
        """Hand out what was left behind, and begin to write.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        async with asyncio.timeout(_PATIENCE):
            hopeless = [json.loads(raw) for raw in await self._inbox.given_up()]
            left = [json.loads(raw) for _, raw in await self._inbox.leftovers()]
        if hopeless:
            log.error("%d updates were never handled, though tried twice", len(hopeless))
            self._give_up(hopeless)
        if left:
            log.info("%d updates were left behind and are handled now", len(left))
        self._hand_out(left)
        self._task = asyncio.create_task(self._run(), name="inbox")
        self._looking = asyncio.create_task(self._look(), name="overlooked updates")

    async def keep(self, raws: list[Raw]) -> None:
        """Commit updates; those that are new have been handed out when this returns.

        Raises:
            StoreUnavailable: They are not kept, and must not be acknowledged.
        """
        if self._task is None or self._closing:
            raise StoreUnavailable("the intake is not running")
        kept = asyncio.get_running_loop().create_future()
        self._wishes.append(_Wish(raws, kept))
        self._wanted.set()
        self._wake.set()
        await kept

    def done(self, update_id: int) -> None:
        """Have an update marked as handled, soon."""
        self._done.append(update_id)
        self._wake.set()

    async def aclose(self, put_back: list[int]) -> None:
        """Write what is left and stop.

        Args:
            put_back: Updates that were handed out and never begun.
        """
        self._closing = True
        self._wake.set()
        self._wanted.set()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        if self._task is not None:
            await self._task
        try:
            if put_back:
                async with asyncio.timeout(_PATIENCE):
                    await self._inbox.put_back(put_back)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("Updates never begun count as tried once: %s", error)

    async def _run(self) -> None:
        while True:
            await self._company()
            last = self._closing
            went_well = await self._commit() if self._wishes or self._done else True
            if last:
                return
            if not went_well:
                await self._rest()

    async def _company(self) -> None:
        """Wait for something to write; marks alone wait a little for more."""
        await self._wake.wait()
        if not self._wishes and not self._closing:
            self._wanted.clear()
            try:
                async with asyncio.timeout(LINGER):
                    await self._wanted.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    async def _rest(self) -> None:
        """After a failure, leave the store alone for a moment, unless somebody asks."""
        self._wanted.clear()
        try:
            async with asyncio.timeout(_PAUSE):
                await self._wanted.wait()
        except TimeoutError:
            self._wake.set()

    async def _commit(self) -> bool:
        wishes, self._wishes = self._wishes, []
        done, self._done = self._done, []
        raws = {raw["update_id"]: raw for wish in wishes for raw in wish.raws}
        rows = [(update_id, json.dumps(raw)) for update_id, raw in raws.items()]
        try:
            async with asyncio.timeout(_PATIENCE):
                fresh = await self._inbox.keep(rows, done=done)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            self._done[:0] = done
            self._failed(wishes, error)
            return False
        if wishes or not self._refusing:  # marks may still fit on a disk that is full
            self._refusing = False
            self._outage.ends()
        self._in_hand.difference_update(done)
        self._hand_out([raws[update_id] for update_id in fresh])
        for wish in wishes:
            if not wish.kept.done():
                wish.kept.set_result(None)
        return True

    def _failed(self, wishes: list[_Wish], error: Exception) -> None:
        self._refusing = self._refusing or bool(wishes)
        told = StoreUnavailable(str(error) or type(error).__name__)
        self._outage.begins(told, (reply_to(raw) for wish in wishes for raw in wish.raws))
        for wish in wishes:
            if not wish.kept.done():
                failure = StoreUnavailable(str(told))
                failure.__cause__ = error
                wish.kept.set_exception(failure)

    async def _look(self) -> None:
        """Hand out what nobody has in hand: its speaker died, or lost its place, just then."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                left = await self._inbox.overlooked(self._in_hand, LOOK_AGAIN)
            except StoreUnavailable as error:
                log.info("a look for overlooked updates failed: %s", error)
                continue
            if left:
                log.warning("%d updates were overlooked and are handled now", len(left))
                self._hand_out([json.loads(raw) for _, raw in left])

    def _hand_out(self, raws: list[Raw]) -> None:
        new = [raw for raw in raws if raw["update_id"] not in self._in_hand]
        self._in_hand.update(raw["update_id"] for raw in new)
        self._take(new)
