"""Updates as they came: kept before Telegram is told that they arrived."""

import time
from collections.abc import Iterable

from sqlalchemy import delete, select, update

from bot.store.database import Database
from bot.store.schema import inbox

_TRIES = 2
_REMEMBERED = 48 * 3600


class Inbox:
    """Raw updates by `update_id`; a row is done when its handler has finished."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, updates: Iterable[tuple[int, str]]) -> list[int]:
        """Commit updates.

        Args:
            updates: Pairs of update_id and JSON text.

        Returns:
            The ids that were new, in order.
        """
        rows = dict(updates)
        async with self._database.write() as connection:
            known = await connection.scalars(
                select(inbox.c.update_id).where(inbox.c.update_id.in_(rows))
            )
            for update_id in known:
                del rows[update_id]
            now = time.time()
            values = [{"update_id": i, "raw": raw, "received_at": now} for i, raw in rows.items()]
            if values:
                await connection.execute(inbox.insert(), values)
        return list(rows)

    async def done(self, update_ids: Iterable[int]) -> None:
        """Mark updates as handled; what they said is forgotten, that they came is not."""
        async with self._database.write() as connection:
            await connection.execute(
                update(inbox)
                .where(inbox.c.update_id.in_(list(update_ids)))
                .values(done_at=time.time(), raw=None)
            )

    async def leftovers(self) -> list[tuple[int, str]]:
        """Updates whose handler did not finish before, oldest first; each comes at most twice."""
        async with self._database.write() as connection:
            waiting = inbox.c.done_at.is_(None)
            await connection.execute(
                update(inbox)
                .where(waiting, inbox.c.tries >= _TRIES)
                .values(done_at=time.time(), raw=None)
            )
            rows = await connection.execute(
                select(inbox.c.update_id, inbox.c.raw).where(waiting).order_by(inbox.c.update_id)
            )
            left = [(row.update_id, row.raw) for row in rows]
            await connection.execute(update(inbox).where(waiting).values(tries=inbox.c.tries + 1))
        return left

    async def tidy(self) -> None:
        """Drop what Telegram can no longer send again (it keeps updates for 24 hours)."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(inbox).where(inbox.c.done_at < time.time() - _REMEMBERED)
            )
