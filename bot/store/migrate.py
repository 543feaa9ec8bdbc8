"""Bringing the schema up to date, under a lock, when the program starts."""

from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

_HERE = Path(__file__).parent / "migrations"
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


async def migrate(engine: AsyncEngine, *, upgrade: bool = True, bot_id: str | None = None) -> None:
    """Run what is missing; SQLite's writing transaction is the lock there.

    Args:
        engine: Whose connections may write.
        upgrade: Whether to run it, or only to look whether this program knows the schema.
        bot_id: Whose database it must be, if anybody's.

    Raises:
        NewerSchema: the database knows a revision that this program does not.
        AnotherBot: it belongs to another one; nothing was touched.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_bring, upgrade, bot_id)


def _bring(connection: Connection, upgrade: bool, bot_id: str | None) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    revisions = sorted(path.stem for path in (_HERE / "versions").glob("[0-9]*.py"))
    current = _current(connection)
    if current is not None and current not in revisions:
        raise NewerSchema(current)
    if current is not None and bot_id and _owner(connection) not in {None, bot_id}:
        raise AnotherBot
    if current == revisions[-1]:
        return
    if not upgrade:
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
