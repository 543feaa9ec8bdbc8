"""Updates are kept, then acknowledged, then handled in the lane of their user."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from telegram import Bot, Update

from bot.store import StoreUnavailable
from bot.store.inbox import Inbox
from bot.telegram.inbound.inbox_writer import InboxWriter
from bot.telegram.inbound.lanes import Lanes, Place
from bot.telegram.inbound.outage import Outage, Tell
from bot.telegram.inbound.raw_updates import (
    Raw,
    ReplyTo,
    bounded,
    is_update,
    lane_of,
    reply_to,
    user_of,
)
from bot.telegram.retry import handler_limit
from bot.untrusted import printable

log = logging.getLogger(__name__)

Handle = Callable[[Update], Awaitable[None]]

LOOK_AGAIN = 60.0
"""Seconds between looks for updates that another process committed at its very end."""

_OF_STRANGERS = 50
"""Updates of strangers that may wait; what exceeds it is dropped and not answered."""


class TookTooLong(Exception):
    """A handler was given up."""


class _Unreadable(Exception):
    """An update that PTB makes nothing of."""


class _Job(NamedTuple):
    """An update and who handles it; whether its row in the inbox is to be marked after that."""

    raw: Raw
    handle: Handle
    has_row: bool = True


async def _nothing(_: ReplyTo) -> None:
    """Say nothing."""


class Dispatcher:
    """Takes updates from poller and webhook, and sees each through to its handler.

    An update is committed before `accept` returns, so before Telegram is told that it arrived,
    and marked as done when its handler has finished. One whose handler did not finish runs again
    at the next start, once: handlers must be harmless to repeat.

    Strangers have lanes of their own, few and short, and no rows in the inbox: people who are
    known never wait behind them.

    Args:
        inbox: Where updates are kept.
        bot: What PTB gives to the objects of an update.
        process: Handles an update, `Application.process_update` for example.
        overflow: Told of the first update of a flood that was dropped, so that the bot can say
            so once.
        on_store_trouble: Given where to answer, once for each place in an outage of the store.
        gave_up: Told of an update whose handler took longer than `deadline`, or with which two
            processes have died.
        unread: Told where in private chats something came that cannot be read.
        known: Whether somebody may use the bot; None if everybody may.
        per_lane: Updates that may wait for one user in one chat; more are dropped.
        at_once: Updates handled at the same time, over all users.
        most: Updates that may wait altogether before `crowded`.
        deadline: Seconds a handler may take, besides waiting for Telegram to come back.
    """

    def __init__(
        self,
        inbox: Inbox,
        bot: Bot,
        process: Handle,
        overflow: Handle,
        *,
        on_store_trouble: Tell | None = None,
        gave_up: Handle | None = None,
        unread: Callable[[ReplyTo], Awaitable[None]] = _nothing,
        known: Callable[[int], bool] | None = None,
        per_lane: int = 30,
        at_once: int = 256,
        most: int = 1000,
        deadline: float = 60.0,
    ) -> None:
        self._bot = bot
        self._process = process
        self._overflow = overflow
        self._deadline = deadline
        self._gave_up = gave_up
        self._unread = unread
        self._known = known
        self._most = most
        self._stopping = False
        self._outage = Outage(on_store_trouble)
        self._lanes = Lanes(self._serve, per_lane=per_lane, at_once=at_once, most=most)
        self._strangers = Lanes(self._serve, per_lane=2, at_once=2, most=_OF_STRANGERS)
        self._writer = InboxWriter(inbox, self._outage)
        self._writing: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    @property
    def backlog(self) -> int:
        """Updates that nobody has begun with."""
        return self._writer.pending + self._lanes.waiting

    @property
    def lanes(self) -> int:
        """Chats and users being served or waiting."""
        return self._lanes.busy

    @property
    def crowded(self) -> bool:
        """Whether updates had better stay with Telegram for now."""
        return self._stopping or self.backlog >= self._most

    @property
    def store_away(self) -> bool:
        """Whether the last attempt to keep updates failed."""
        return self._outage.on

    async def start(self) -> None:
        """Handle what was left behind, then be ready for more.

        Raises:
            StoreUnavailable: The inbox cannot be read.
        """
        leftovers = await self._writer.start()
        self._give_up_on(leftovers.given_up)
        self._push(leftovers.unfinished)
        self._looking = asyncio.create_task(self._look(), name="overlooked updates")

    async def accept(self, raws: list[Raw]) -> None:
        """Commit updates and put those that are new into their lanes.

        Raises:
            StoreUnavailable: They are not kept, and must not be acknowledged.
        """
        usable = [raw for raw in map(_usable, raws) if raw is not None]
        if len(usable) < len(raws):
            log.error("%d things that are no updates were dropped", len(raws) - len(usable))
        if known := [raw for raw in usable if not self._is_strangers(raw)]:
            writing = asyncio.create_task(self._write(known))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)
            await asyncio.shield(writing)  # what is committed is handled, whoever has left
        for raw in usable:
            if self._is_strangers(raw) and not self._strangers.crowded:
                self._strangers.push(lane_of(raw), _Job(raw, self._process, has_row=False))

    async def room(self) -> None:
        """Wait while it is crowded."""
        await self._lanes.room()

    async def stop(self, grace: float = 10.0) -> None:
        """Finish what was accepted; what is not ready in time runs at the next start.

        Poller and webhook must have stopped before.

        Args:
            grace: Seconds that updates get.
        """
        self._stopping = True
        try:
            async with asyncio.timeout(grace):
                await self._written()
                await self._lanes.idle()
        except TimeoutError:
            log.warning("%d updates wait for the next start", self.backlog)
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        left = await self._lanes.close()
        await self._strangers.close()
        await self._writer.aclose([job.raw["update_id"] for job in left if job.has_row])
        await self._written()
        await self._outage.aclose()

    def _is_strangers(self, raw: Raw) -> bool:
        if self._known is None:
            return False
        user = user_of(raw)
        return user is None or not self._known(user)

    async def _write(self, raws: list[Raw]) -> None:
        self._push(await self._writer.write(raws))

    async def _written(self) -> None:
        """Wait for what was accepted to be in its lane, or refused."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _look(self) -> None:
        """Handle updates that another process committed at its very end."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                self._push(await self._writer.overlooked(LOOK_AGAIN))
            except (StoreUnavailable, TimeoutError) as error:
                log.info("a look for overlooked updates failed: %s", error)

    def _push(self, raws: list[Raw]) -> None:
        """Put updates into their lanes."""
        for raw in raws:
            key = lane_of(raw)
            place = self._lanes.push(key, _Job(raw, self._process))
            if place in (Place.FULL, Place.STILL_FULL):
                self._writer.done(raw["update_id"])
            if place is Place.FULL:
                log.warning("A flood: updates of one user are dropped", extra={"lane": key})
                self._lanes.push(("overflow", key), _Job(raw, self._overflow, has_row=False))

    def _give_up_on(self, raws: list[Raw]) -> None:
        """Have people told that their updates will not be handled any more."""
        if self._gave_up:
            for raw in raws:
                notice = _Job(raw, self._gave_up, has_row=False)
                self._lanes.push(("gave up", lane_of(raw)), notice)

    async def _serve(self, job: _Job) -> None:
        """See one update through; only a stop of the process leaves it undone."""
        update_id = job.raw["update_id"]
        try:
            await self._handle(job)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception(
                "Update %d failed: its handler waited for something cancelled", update_id
            )
        except _Unreadable as error:
            log.error("Update %d cannot be read: %s", update_id, error)  # noqa: TRY400 - one line
            await self._say_unread(job.raw)
        except Exception:  # what cannot be handled must not come back for ever
            log.exception("Update %d failed", update_id)
        if job.has_row:
            self._writer.done(update_id)

    async def _say_unread(self, raw: Raw) -> None:
        """Answer a private message that cannot be read."""
        place = reply_to(raw)
        private = "message" in raw and place is not None and place.chat_id > 0
        if place and private and not self._is_strangers(raw):
            await self._unread(place)

    async def _handle(self, job: _Job) -> None:
        try:
            update = Update.de_json(job.raw, self._bot)
        except Exception as error:
            raise _Unreadable(printable(repr(error))) from error
        try:
            async with asyncio.timeout(self._deadline) as limit:
                handler_limit.set(limit)
                await job.handle(update)
        except TimeoutError as error:
            if not limit.expired():
                raise
            if job.handle is not self._gave_up:
                self._give_up_on([job.raw])
            raise TookTooLong(f"not handled within {self._deadline:g} s") from error


def _usable(raw: object) -> Raw | None:
    """An update within bounds; None if it is none."""
    try:
        return bounded(raw) if is_update(raw) else None
    except ValueError:
        return None
