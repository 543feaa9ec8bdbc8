"""PostgreSQL for tests: one server for each process that tests, a fresh database for each test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.store import Store
from tests.support.postgres import Missing, Postgres

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres()
    except Missing as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The address of a database that has the newest schema and nothing in it."""
    url = postgres.create()
    asyncio.run(_migrate(driven(url)))
    return url


async def _migrate(url: str) -> None:
    store = await Store.open(url)
    await store.aclose()


@pytest.fixture
def ready_url(postgres: Postgres, migrated: str) -> Iterator[str]:
    """The address of a database of one's own with the newest schema."""
    url = postgres.create(like=migrated)
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, as `Settings.database` gives it to the store."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'refrain.sqlite3'}"
    url: str = request.getfixturevalue("ready_url")
    return driven(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, as `Settings.database` gives it to the store."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'refrain.sqlite3'}"
    url: str = request.getfixturevalue("postgres_url")
    return driven(url)


def driven(url: str) -> str:
    """The address with its driver, as `Settings.database` gives it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


class Wire:
    """A port of this machine before a server, that can be cut.

    Args:
        connect: Opens a connection to the server.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Listen, again on the same port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Listen no more, and break every connection."""
        if self._server:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await self._connect()
            self._open |= {writer, back}
            try:
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
            finally:
                self._open -= {writer, back}
                writer.transport.abort()
                back.transport.abort()


async def _pump(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            into.write(data)
            await into.drain()
    into.close()


@asynccontextmanager
async def wire(connect: Connect) -> AsyncIterator[Wire]:
    """A wire until the block ends."""
    made = Wire(connect)
    await made.mend()
    try:
        yield made
    finally:
        made.cut()


def to_postgres(server: Postgres) -> Connect:
    """Connects to PostgreSQL."""
    return lambda: asyncio.open_unix_connection(str(server.socket))


def through(line: Wire, url: str) -> str:
    """The address of a database through a wire, in its TCP form and with its driver."""
    name = url.partition("?")[0].rpartition("/")[2]
    return f"postgresql+psycopg://postgres:@127.0.0.1:{line.port}/{name}"
