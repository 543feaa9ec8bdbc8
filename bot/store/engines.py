"""How connections to each kind of database are made."""

from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_WAIT = 30.0


def sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Reader and writer of a file; the writer has one connection, and begins at once."""
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


def postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """Reader and writer; a connection that has died is noticed before it is used.

    With those of the job queue a process has 14 at most: PostgreSQL gives out 100 by default,
    and three workers with 36 each ran it dry.
    """
    arguments = {"connect_timeout": 10, "application_name": "refrain"}

    def engine(size: int, **options: Any) -> AsyncEngine:
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=arguments,
            pool_size=size,
            max_overflow=0,
            pool_timeout=_WAIT,
            **options,
        )

    return engine(4, isolation_level="AUTOCOMMIT"), engine(4)
