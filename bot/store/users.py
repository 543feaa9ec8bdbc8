"""Who has written, and what the owner has been told."""

import time

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.db.database import Database
from bot.store.schema import notices, users

_WIDE = 16


class Users:
    """Users, and notices that must not come too often."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert

    async def seen(self, user_id: int, language: str | None) -> None:
        """Remember a user and the language of their Telegram, as far as the column is wide."""
        values = {"language": language and language[:_WIDE], "seen_at": time.time()}
        statement = self._insert(users).values(id=user_id, **values)
        async with self._database.single(urgent=True) as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=[users.c.id], set_=values)
            )

    async def language(self, user_id: int) -> str | None:
        """The language a user last wrote in, or None."""
        async with self._database.read() as connection:
            language: str | None = await connection.scalar(
                select(users.c.language).where(users.c.id == user_id)
            )
        return language

    async def knows_privacy(self, user_id: int) -> bool:
        """Whether a user has been told where recordings go."""
        async with self._database.read() as connection:
            known = await connection.scalar(
                select(users.c.knows_privacy).where(users.c.id == user_id)
            )
        return bool(known)

    async def due(self, kind: str, every: float) -> bool:
        """Whether a notice may be given now; if so, it counts as given.

        Args:
            kind: What the notice is about, at most 64 characters.
            every: Seconds that must lie between two of its kind.
        """
        now = time.time()
        async with self._database.write() as connection:
            first = await connection.scalar(
                self._insert(notices)
                .values(kind=kind, told_at=now)
                .on_conflict_do_nothing()
                .returning(notices.c.kind)
            )
            if first is not None:
                return True
            again = await connection.execute(
                update(notices)
                .where(notices.c.kind == kind, notices.c.told_at <= now - every)
                .values(told_at=now)
            )
        return again.rowcount == 1

    async def over(self, about: str) -> bool:
        """Forget every notice about something that is over; whether one had been given.

        Args:
            about: What their kinds begin with, before a colon.
        """
        async with self._database.write() as connection:
            gone = await connection.execute(
                delete(notices).where(notices.c.kind.startswith(f"{about}:", autoescape=True))
            )
        return gone.rowcount > 0

    async def not_told(self, kind: str) -> None:
        """Note that a notice could not be given after all."""
        async with self._database.single() as connection:
            await connection.execute(delete(notices).where(notices.c.kind == kind))
