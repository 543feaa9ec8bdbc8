"""One database, opened once: reading, writing, migrating."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Self

from sqlalchemy import URL, ColumnElement, Float, bindparam, extract, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.file_permissions import private_database
from bot.store.db import engines
from bot.store.db.file_lock import DatabaseLock
from bot.store.db.migrate import look, migrate
from bot.store.db.write_lock import WriteLock

_MIGRATE_WAIT = 120.0
_LOCK_WAIT = 60.0
_LONGEST = 90.0

Connecting = AbstractAsyncContextManager[AsyncConnection]
"""A connection for the time of a block."""


def _clock() -> float:
    return time.time()


class StoreUnavailable(Exception):
    """The database cannot be read or written now; the message is one line for the owner."""


class TranslatedErrors:
    """Turns what the driver raises into one line for the owner.

    Raises:
        StoreUnavailable: instead of the driver's own errors.
    """

    async def __aenter__(self) -> None:
        """Nothing has gone wrong yet."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if isinstance(error, PoolTimeout | TimeoutError):
            raise StoreUnavailable("the store did not answer in time") from error
        if isinstance(error, DBAPIError):
            line = str(error.orig).strip().partition("\n")[0]
            raise StoreUnavailable(f"the store failed: {line}") from error
        if isinstance(error, SQLAlchemyError | OSError):
            raise StoreUnavailable(f"the store failed: {type(error).__name__}") from error


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError):  # which quote it, and the password with it
        raise StoreUnavailable("this is no address of a database") from None


class Database:
    """Two engines on one database: readers, and a writer that begins at once.

    On SQLite there is one writer, and its transactions are `BEGIN IMMEDIATE`: a deferred one
    that reads first and writes later is "locked" at once, whatever `busy_timeout` says.
    """

    def __init__(
        self, reader: AsyncEngine, writer: AsyncEngine, lock: DatabaseLock | None = None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._database_lock = lock
        self._write_lock = WriteLock()

    @classmethod
    async def open(cls, url: str, *, alone: bool = True, bot_id: str | None = None) -> Self:
        """Open the database and bring its schema up to date.

        Args:
            url: SQLAlchemy's address, with an async driver.
            alone: Whether a SQLite file is to be this process's alone.
            bot_id: Whose database it must be, if anybody's.

        Raises:
            AnotherBot: it belongs to another bot; nothing was touched.
            AlreadyOpen: another process has the SQLite file.
            NewerSchema: a newer program wrote it; nothing was touched.
            StoreUnavailable: it cannot be opened or migrated.
        """
        address = _parsed(url)
        lock = None
        if address.get_backend_name() == "sqlite":
            reader, writer = engines.sqlite(address)
            if alone:
                private_database(Path(address.database or ""))
                lock = DatabaseLock(Path(address.database or ""))
                lock.take()
        else:
            reader, writer = engines.postgresql(address)
        self = cls(reader, writer, lock)
        try:
            async with asyncio.timeout(_MIGRATE_WAIT), TranslatedErrors():
                await look(self._reader, bot_id=bot_id)
                if self.is_sqlite:
                    await engines.use_write_ahead_log(self._reader)
                await migrate(self._writer, bot_id=bot_id)
        except BaseException:
            await self.aclose()
            raise
        return self

    @classmethod
    async def look(cls, url: str, *, bot_id: str | None = None) -> bool:
        """Look whether a database can be had, without changing or making anything.

        Returns:
            False if it is a SQLite file that the first start will make.

        Raises:
            AnotherBot, NewerSchema: as `open`.
            StoreUnavailable: it cannot be opened.
        """
        address = _parsed(url)
        if address.get_backend_name() == "sqlite":
            existing = engines.only_to_look(address)
            if existing is None:
                return False
            self = cls(*engines.sqlite(existing))
        else:
            self = cls(*engines.postgresql(address))
        try:
            async with asyncio.timeout(_MIGRATE_WAIT), TranslatedErrors():
                await look(self._reader, bot_id=bot_id)
        finally:
            await self.aclose()
        return True

    @property
    def is_sqlite(self) -> bool:
        """Whether this process alone has the database."""
        return self._writer.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads.

        Raises:
            StoreUnavailable: the database is away.
        """
        async with (
            TranslatedErrors(),
            asyncio.timeout(_LONGEST),
            self._reader.connect() as connection,
        ):
            yield connection

    def write(self, *, urgent: bool = False) -> Connecting:
        """One transaction, committed when the block ends and rolled back when it raises.

        Args:
            urgent: Whether it goes before those of the work in the background; where there is
                one writer.

        Raises:
            StoreUnavailable: the database is away, full, read-only or locked.
        """
        return self._writing(self._writer.begin(), urgent=urgent)

    def single(self, *, urgent: bool = False) -> Connecting:
        """A connection for one statement that writes, and is committed by itself.

        It spares the begin and the commit, which are most of the way to a database and back.

        Args:
            urgent: As for `write`.

        Raises:
            StoreUnavailable: as `write`.
        """
        return self._writing(self._reader.connect(), urgent=urgent)

    @asynccontextmanager
    async def _writing(
        self, connecting: Connecting, *, urgent: bool
    ) -> AsyncIterator[AsyncConnection]:
        async with (
            TranslatedErrors(),
            asyncio.timeout(_LONGEST),
            self._sole_writer(urgent=urgent),
            connecting as connection,
        ):
            yield connection

    @asynccontextmanager
    async def write_for(self, user_id: int) -> AsyncIterator[AsyncConnection]:
        """As `write`, and alone for a person: what is counted and then added stays counted.

        On SQLite there is one writer anyway. On PostgreSQL a transaction does not see what
        another has not committed yet, so these wait for each other.
        """
        async with self.write() as connection:
            if not self.is_sqlite:
                # The keys of the program's other locks are positive, as ids of people are.
                await connection.execute(select(func.pg_advisory_xact_lock(-user_id)))
            yield connection

    def now(self) -> ColumnElement[float]:
        """Seconds since 1970 by the clock that all workers share: the database's.

        It is read when a statement is executed, however often that is.
        """
        if self.is_sqlite:
            return bindparam(None, callable_=_clock, type_=Float)
        return sql_cast(extract("epoch", func.clock_timestamp()), Float)

    async def empty_log(self) -> None:
        """Take into the SQLite file what its log holds, and cut the log off, if nobody reads.

        Raises:
            StoreUnavailable: as `write`.
        """
        if self.is_sqlite:
            async with (
                TranslatedErrors(),
                asyncio.timeout(_LONGEST),
                self._sole_writer(urgent=False),
            ):
                await asyncio.to_thread(engines.empty_log, Path(self._writer.url.database or ""))

    async def pinned(self) -> AsyncConnection:
        """A connection of one's own, outside any transaction; whoever asked closes it.

        Raises:
            StoreUnavailable: the database is away.
        """
        async with TranslatedErrors(), asyncio.timeout(_LONGEST):
            return await self._reader.connect()

    def _sole_writer(self, *, urgent: bool) -> AbstractAsyncContextManager[None]:
        """Where there is one writer: wait until nobody else writes."""
        if self.is_sqlite:
            return self._write_lock.hold(urgent=urgent, wait=_LOCK_WAIT)
        return nullcontext()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()
        if self._database_lock:
            self._database_lock.release()
