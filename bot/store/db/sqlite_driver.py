"""aiosqlite with one trip to its thread for each statement, where it takes four.

Cursor, execute, fetch and close are a trip each, and every trip waits for the event loop twice
over. While the loop is busy with 200 tracks, a commit of seven trips takes 10 ms, one of thirty
takes 40; and half of what the store cost a track were trips.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy import URL

_Run = Callable[[], sqlite3.Cursor]
_Done = tuple[list[Any], Any, int, int | None]


class Connection(aiosqlite.Connection):
    """Gives out cursors that fetch whatever there is in the trip that executes."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy has it: no exit waits for a connection
        self._beginning = False

    def begin(self) -> None:
        """Begin a transaction that writes, in the trip of its first statement."""
        self._beginning = True

    def cursor(self) -> "Cursor":  # type: ignore[override]  # aiosqlite's is a context around one
        """A cursor; it costs nothing until it executes."""
        return Cursor(self)

    async def trip(self, run: _Run) -> _Done:
        """Execute in the thread, and bring back everything."""
        begin, self._beginning = self._beginning, False
        done: _Done = await self._execute(  # type: ignore[no-untyped-call]
            _whole, self.plain() if begin else None, run
        )
        return done

    def plain(self) -> sqlite3.Connection:
        """What the thread works with.

        Raises:
            ValueError: It is closed.
        """
        return self._conn


class Cursor:
    """What SQLAlchemy asks of an aiosqlite cursor, and nothing else."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute one statement and fetch its rows."""
        plain = self._connection.plain()
        await self._go(lambda: plain.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Execute one statement for each set of parameters."""
        plain = self._connection.plain()
        await self._go(lambda: plain.executemany(sql, parameters))

    async def fetchall(self) -> list[Any]:
        """The rows that came along."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _go(self, run: _Run) -> None:
        done = await self._connection.trip(run)
        self._rows, self.description, self.rowcount, self.lastrowid = done


def _whole(begun: sqlite3.Connection | None, run: _Run) -> _Done:
    if begun:
        begun.execute("BEGIN IMMEDIATE")
    cursor = run()
    try:
        rows = cursor.fetchall() if cursor.description else []
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def connector(url: URL) -> Callable[[], Connection]:
    """What `create_async_engine` takes as `async_creator`: called, then awaited."""
    arguments, options = url.get_dialect()().create_connect_args(url)
    connect = partial(sqlite3.connect, *arguments, **options)
    return lambda: Connection(connect)
