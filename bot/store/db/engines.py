"""How connections to each kind of database are made."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.backoff import Backoff
from bot.store.db import sqlite_driver

_WAIT = 30.0
_PAGE = 16_384  # bytes, in a new file: a track of 2 MB costs a third of what it does in pages of 4
_LOCKED = Backoff(first=0.1, longest=0.1, factor=1, jitter=0, deadline=5.0)


def sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Reader and writer of a file; the writer has one connection, and begins at once."""
    connect = sqlite_driver.connector(url)
    reader = create_async_engine(
        url,
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=2,
        max_overflow=2,
        pool_timeout=_WAIT,
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
    )
    writer = create_async_engine(
        url,
        async_creator=connect,
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_WAIT,
    )

    @event.listens_for(writer.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.driver_connection.begin()

    @event.listens_for(writer.sync_engine, "connect")
    def manual(dbapi_connection: Any, _: object) -> None:
        dbapi_connection.isolation_level = None  # the driver must not begin by itself

    for engine in (writer, reader):
        event.listen(engine.sync_engine, "connect", _pragmas)
    return reader, writer


def only_to_look(url: URL) -> URL | None:
    """The address of a SQLite file as one that nothing can be changed through.

    A file that nobody has open is read as if nothing could change it: otherwise SQLite would lay
    two files beside it.

    Returns:
        None if there is no such file.
    """
    file = Path(url.database or "")
    if not file.exists():
        return None
    beside = file.with_name(f"{file.name}-wal")
    query = {"uri": "true", "mode": "ro"} if beside.exists() else {"uri": "true", "immutable": "1"}
    return url.set(database=file.absolute().as_uri(), query=query)


def _pragmas(dbapi_connection: Any, _: object) -> None:
    """How this connection works; nothing here changes a file that has anything in it."""
    cursor = dbapi_connection.cursor()
    for pragma in (
        "busy_timeout=10000",
        f"page_size={_PAGE}",
        "secure_delete=ON",  # zeros over what is deleted; 2 MB a track, so `erasure` does it later
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def use_write_ahead_log(reader: AsyncEngine) -> None:
    """Have a SQLite file written by way of a log, from now on and for all who open it.

    Whoever else is at the file just then makes this fail at once, whatever `busy_timeout` says.

    Raises:
        DBAPIError: the file cannot be written, or is locked for long.
    """
    tries = _LOCKED.begin()
    while True:
        try:
            async with reader.connect() as connection:
                await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except DBAPIError as error:
            pause = tries.failed() if "locked" in str(error.orig) else None
            if pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            return


def empty_log(file: Path) -> None:
    """Take into a SQLite file what its log holds, and cut the log off; not if somebody reads.

    By a connection of its own: whoever is cancelled while it waits breaks none of the pool's.
    What cannot be done now is done another time.
    """
    log = file.with_name(f"{file.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=0.2)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _binary_cursor() -> type[Any]:
    """Cursors that fetch bytes as bytes: a track as hexadecimal text takes 3 ms to read."""
    psycopg = import_module("psycopg")

    class BinaryCursor(psycopg.AsyncCursor):  # type: ignore[misc, name-defined]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.format = psycopg.pq.Format.BINARY

    return BinaryCursor


def _still_there(dbapi_connection: Any, *__: object) -> None:
    """Look, before a connection is used, whether its server has closed it.

    A look into the socket costs nothing; to ask the server, as `pool_pre_ping` does, was a third
    of all that a track costs here. What dies without a word is noticed by `tcp_user_timeout`.

    Raises:
        InvalidatePoolError: it has; the pool connects anew.
    """
    session = dbapi_connection.driver_connection.pgconn
    try:
        for _ in range(2):  # the first may read what it sent last, the second that it is gone
            session.consume_input()
    except import_module("psycopg").Error as error:
        raise InvalidatePoolError from error


def postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Reader and writer; a connection that has died is noticed before it is used.

    With those of the job queue a process has 14 at most: PostgreSQL gives out 100 by default,
    and three workers with 36 each used them up.
    """
    keepalive = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
    lost = keepalive | {"tcp_user_timeout": 50_000}
    known = {"connect_timeout": 10, "application_name": "refrain"} | lost

    def engine(size: int, arguments: dict[str, Any], **options: Any) -> AsyncEngine:
        made = create_async_engine(
            url,
            hide_parameters=True,
            connect_args=known | arguments,
            pool_size=size,
            max_overflow=0,
            pool_timeout=_WAIT,
            **options,
        )
        event.listen(made.sync_engine, "checkout", _still_there)
        return made

    binary = {"cursor_factory": _binary_cursor()}
    alone: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
        "skip_autocommit_rollback": True,
    }
    return engine(5, binary, **alone), engine(3, {})
