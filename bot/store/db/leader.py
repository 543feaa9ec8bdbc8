"""Of several processes on one database, exactly one listens to Telegram."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.db.database import Database, StoreUnavailable, TranslatedErrors

log = logging.getLogger(__name__)

_KEY = 0x5265667261696E  # "Refrain"
_EVERY = 3.0
_PATIENCE = 5.0
# The server notices within 12 s that this machine has gone without a word, and frees the lock.
_KEEPALIVE = ("tcp_keepalives_idle = 4", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 4")


class Leader:
    """Takes turns by an advisory lock of PostgreSQL; on SQLite it is always this one's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def elected(self, stop: asyncio.Event) -> AsyncIterator[asyncio.Event]:
        """Wait for the turn and keep it until the block ends.

        Args:
            stop: Set when waiting is no longer wanted; the block is then entered without a turn.

        Yields:
            An event that is set when the turn has been lost.
        """
        lost = asyncio.Event()
        if self._database.is_sqlite:
            yield lost
            return
        connection = await self._taken(stop)
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

    async def _taken(self, stop: asyncio.Event) -> AsyncConnection | None:
        """A connection that holds the lock; None if the order to stop came first."""
        waiting = False
        while not stop.is_set():
            with suppress(StoreUnavailable):
                connection = await self._database.pinned()
                if await self._try(connection):
                    return connection
                if not waiting:
                    waiting = True
                    log.info("another process is listening; standing by")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY)
        return None

    async def _try(self, connection: AsyncConnection) -> bool:
        """Try to take the lock; the connection is closed unless it holds it."""
        taken = False
        try:
            async with TranslatedErrors(), asyncio.timeout(_PATIENCE):
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
                await asyncio.sleep(_EVERY)
                async with TranslatedErrors(), asyncio.timeout(_PATIENCE):
                    await connection.scalar(select(1))
        except (StoreUnavailable, TimeoutError):
            lost.set()
