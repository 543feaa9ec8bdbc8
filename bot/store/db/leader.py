"""Of several processes on one database, exactly one listens to Telegram."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backoff import Backoff
from bot.store.db.database import Database, StoreUnavailable, TranslatedErrors

log = logging.getLogger(__name__)

_KEY = 0x5265667261696E  # "Refrain"
_ANSWER_WAIT = 5.0
_LOOK_EVERY = 3.0
# Trying again is harmless: who does not get the lock has changed nothing.
_TRIES = Backoff(first=3.0, longest=3.0, factor=1, jitter=0)
# The server notices within 12 s that this machine has gone without a word, and frees the lock.
_KEEPALIVE = ("tcp_keepalives_idle = 4", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 4")


class Leader:
    """The process with an advisory lock of PostgreSQL; on SQLite there is but one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def elected(self, stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
        """Wait until this process leads, and lead until the block ends.

        Args:
            stop: Set when waiting is no longer wanted; the block is then entered as a follower.

        Yields:
            An event that is set when the lead has been lost.
        """
        lost = asyncio.Event()
        if self._database.is_sqlite:
            yield lost
            return
        connection = await self._connection_with_lock(stop)
        if connection is None:
            yield lost
            return
        watching = asyncio.create_task(self._watch(connection, lost))
        try:
            yield lost
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await connection.invalidate()
            await connection.close()

    async def _connection_with_lock(self, stop: asyncio.Event) -> AsyncConnection | None:
        """A connection that holds the lock; None if the order to stop came first."""
        standing_by, failures = False, 0
        while not stop.is_set():
            with suppress(StoreUnavailable):
                connection = await self._database.pinned()
                if await self._take_lock(connection):
                    return connection
                if not standing_by:
                    standing_by = True
                    log.info("another process is listening; standing by")
            failures += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TRIES.pause(failures))
        return None

    async def _take_lock(self, connection: AsyncConnection) -> bool:
        """Try to take the lock; the connection is closed unless it holds it."""
        taken = False
        try:
            async with TranslatedErrors(), asyncio.timeout(_ANSWER_WAIT):
                for setting in _KEEPALIVE:
                    await connection.execute(text(f"SET {setting}"))
                taken = bool(await connection.scalar(select(func.pg_try_advisory_lock(_KEY))))
        finally:
            if not taken:
                await connection.close()
        return taken

    async def _watch(self, connection: AsyncConnection, lost: asyncio.Event) -> None:
        """Ask every few seconds whether the connection, and so the lock, is still there."""
        try:
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                async with TranslatedErrors(), asyncio.timeout(_ANSWER_WAIT):
                    await connection.scalar(select(1))
        except (StoreUnavailable, TimeoutError):
            lost.set()
