"""One database, opened once: reading, writing, migrating."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.migrate import migrate

log = logging.getLogger(__name__)

_WAIT = 30.0


class StoreUnavailable(Exception):
    """The database cannot be read or written now; the message is one line for the owner."""


class Database:
    """Two engines on one database: readers, and a writer that begins at once.

    On SQLite there is one writer, and its transactions are `BEGIN IMMEDIATE`: a deferred one
    that reads first and writes later is "locked" at once, whatever `busy_timeout` says.
    """

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database and bring its schema up to date.

        Args:
            url: SQLAlchemy's address, with an async driver.

        Raises:
            StoreUnavailable: it cannot be opened or migrated.
        """
        engines = _sqlite(url) if make_url(url).get_backend_name() == "sqlite" else _server(url)
        self = cls(*engines)
        try:
            async with _explained(), asyncio.timeout(_WAIT * 4):
                await migrate(self._writer)
        except BaseException:
            await self.aclose()
            raise
        return self

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
        async with _explained(), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed when the block ends and rolled back when it raises.

        Raises:
            StoreUnavailable: the database is away, full, read-only or locked.
        """
        async with _explained(), self._writer.begin() as connection:
            yield connection

    async def aclose(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise StoreUnavailable(f"the store did not answer within {_WAIT:.0f} s") from error
    except DBAPIError as error:
        raise StoreUnavailable(f"the store failed: {error.orig}") from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"the store failed: {type(error).__name__}") from error


def _sqlite(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    reader = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=2,
        max_overflow=2,
        pool_timeout=_WAIT,
        pool_reset_on_return=None,
    )
    writer = create_async_engine(
        url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=_WAIT
    )

    @event.listens_for(writer.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(writer.sync_engine, "connect")
    def manual(dbapi_connection: Any, _: object) -> None:
        dbapi_connection.isolation_level = None  # the driver must not begin by itself

    for engine in (writer, reader):
        event.listen(engine.sync_engine, "connect", _pragmas)
    return reader, writer


def _pragmas(dbapi_connection: Any, _: object) -> None:
    cursor = dbapi_connection.cursor()
    for pragma in (
        "busy_timeout=10000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _server(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    def engine(size: int, **options: Any) -> AsyncEngine:
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=size,
            max_overflow=size,
            pool_timeout=_WAIT,
            **options,
        )

    return engine(4, isolation_level="AUTOCOMMIT"), engine(8)
