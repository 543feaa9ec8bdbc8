"""aiosqlite with one call into its thread for each statement, where it makes four.

It makes a call each for cursor, execute, fetch and close, and the result of every call waits for
its turn on the event loop. While that is busy with 200 tracks, a commit of seven calls takes
10 ms, one of thirty takes 40; and half of what the store cost a track were such calls.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy import URL

_END_SECONDS = 5.0

_Statement = Callable[[], sqlite3.Cursor]
_Result = tuple[list[Any], Any, int, int | None]
"""Rows, description, row count, last row id."""


class Connection(aiosqlite.Connection):
    """Gives out cursors that fetch their rows in the call that executes."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy has it: no exit waits for a connection
        self._beginning = False

    def wait_for_thread(self) -> None:
        """Wait for the thread's end, which has been ordered."""
        self._thread.join(_END_SECONDS)

    def begin(self) -> None:
        """Begin a transaction that writes, in the call of its first statement."""
        self._beginning = True

    def cursor(self) -> "Cursor":  # type: ignore[override]  # aiosqlite's is a context around one
        """A cursor; it costs nothing until it executes."""
        return Cursor(self)

    async def run_in_thread(self, statement: _Statement) -> _Result:
        """Execute, fetch and close in one call."""
        begin, self._beginning = self._beginning, False
        result: _Result = await self._execute(  # type: ignore[no-untyped-call]
            _run, self.plain() if begin else None, statement
        )
        return result

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
        await self._run(lambda: plain.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Execute one statement for each set of parameters."""
        plain = self._connection.plain()
        await self._run(lambda: plain.executemany(sql, parameters))

    async def fetchall(self) -> list[Any]:
        """The rows that were fetched when it executed."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""

    async def _run(self, statement: _Statement) -> None:
        result = await self._connection.run_in_thread(statement)
        self._rows, self.description, self.rowcount, self.lastrowid = result


def _run(to_begin: sqlite3.Connection | None, statement: _Statement) -> _Result:
    if to_begin:
        to_begin.execute("BEGIN IMMEDIATE")
    cursor = statement()
    try:
        rows = cursor.fetchall() if cursor.description else []
        return rows, cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def connector(url: URL) -> Callable[[], Awaitable[Connection]]:
    """What `create_async_engine` takes as `async_creator`: called, then awaited."""
    arguments, options = url.get_dialect()().create_connect_args(url)
    return partial(_connect, partial(sqlite3.connect, *arguments, **options))


async def _connect(connector: Callable[[], sqlite3.Connection]) -> Connection:
    """Open a connection; where that fails, its thread has ended before the error is raised.

    Else a program that ends because of it closes its event loop while the thread reports there.
    """
    connection = Connection(connector)
    try:
        await connection
    except BaseException:
        await asyncio.to_thread(connection.wait_for_thread)
        raise
    return connection
