"""PostgreSQL for tests: one server for each process that tests, a fresh database for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.postgres import Missing, Postgres
from bot.store import Store


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
    """A port before the server, that can be cut."""

    def __init__(self, server: Postgres) -> None:
        self._target = server.socket
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._cut = False
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def url(self, url: str) -> str:
        """The address of the same database through this wire."""
        name = url.partition("?")[0].rpartition("/")[2]
        return f"postgresql://postgres:@127.0.0.1:{self.port}/{name}"

    def cut(self) -> None:
        """Break every connection, and every new one."""
        self._cut = True
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def aclose(self) -> None:
        self.cut()
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        with suppress(OSError):
            there, back = await asyncio.open_unix_connection(str(self._target))
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
async def wire(server: Postgres) -> AsyncIterator[Wire]:
    """A wire until the block ends."""
    made = Wire(server)
    await made.start()
    try:
        yield made
    finally:
        await made.aclose()
