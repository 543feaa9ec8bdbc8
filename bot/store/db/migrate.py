"""Bringing the schema up to date, under a lock, when the program starts."""

from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

_HERE = Path(__file__).parents[1] / "migrations"
_LOCK = 0x52656672  # "Refr", so that two starts on one PostgreSQL do not race


class NewerSchema(Exception):
    """The database was written by a newer version of this program.

    Args:
        revision: The one it has.
    """

    def __init__(self, revision: str) -> None:
        super().__init__(f"its schema is newer than this program ({revision}); update Refrain")


class AnotherBot(Exception):
    """The database belongs to another bot."""

    def __init__(self) -> None:
        super().__init__("it belongs to another bot than the one of TELEGRAM_TOKEN")


async def look(engine: AsyncEngine, *, bot_id: str | None = None) -> None:
    """Look whether a database is for this program and this bot; nothing is written or locked.

    Args:
        engine: Whose connections may read.
        bot_id: Whose database it must be, if anybody's.

    Raises:
        NewerSchema: the database knows a revision that this program does not.
        AnotherBot: it belongs to another one.
    """
    async with engine.connect() as connection:
        await connection.run_sync(_known, bot_id)


async def migrate(engine: AsyncEngine, *, bot_id: str | None = None) -> None:
    """Run what is missing; SQLite's writing transaction is the lock there.

    Args:
        engine: Whose connections may write.
        bot_id: Whose database it must be, if anybody's.

    Raises:
        NewerSchema, AnotherBot: as `look`; nothing was touched.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_bring, bot_id)


def _known(connection: Connection, bot_id: str | None) -> bool:
    """Whether nothing is missing in a database that is ours."""
    revisions = sorted(path.stem for path in (_HERE / "versions").glob("[0-9]*.py"))
    current = _current(connection)
    if current is not None and current not in revisions:
        raise NewerSchema(current)
    if current is not None and bot_id and _owner(connection) not in {None, bot_id}:
        raise AnotherBot
    return current == revisions[-1]


def _bring(connection: Connection, bot_id: str | None) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if _known(connection, bot_id):
        return
    # Alembic takes 0.2 s to import: only a start that migrates pays for it.
    command: Any = import_module("alembic.command")
    config: Any = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version


def _owner(connection: Connection) -> str | None:
    owner: str | None = connection.scalar(text("SELECT value FROM identity WHERE key = 'bot'"))
    return owner
