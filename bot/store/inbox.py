"""Updates as they came: kept before Telegram is told that they arrived."""

import time
from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.db.database import Database
from bot.store.schema import inbox

_TRIES = 2
_REMEMBERED = 48 * 3600

_DONE = update(inbox).where(inbox.c.update_id.in_(bindparam("ids", expanding=True)))


class Inbox:
    """Raw updates by `update_id`; a row is done when its handler has finished."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self._keep = insert(inbox).on_conflict_do_nothing().returning(inbox.c.update_id)

    async def keep(
        self, updates: Iterable[tuple[int, str]], *, done: Iterable[int] = ()
    ) -> list[int]:
        """Commit updates, and in the same transaction that others have been handled.

        Args:
            updates: Pairs of update_id and JSON text.
            done: Ids to mark; what they said is forgotten, that they came is not.

        Returns:
            The ids still to be handled, in order: the new ones, and those of a commit that went
            through although its answer was lost.

        Raises:
            StoreUnavailable: Nothing was kept, as far as one can know.
        """
        rows = dict(updates)
        handled = list(done)
        async with self._database.write(urgent=True) as connection:
            if handled:
                await _mark(connection, handled)
            if rows:
                await self._add(connection, rows)
        return list(rows)

    async def _add(self, connection: AsyncConnection, rows: dict[int, str]) -> None:
        """Insert what is new, and leave in `rows` what is still to be handled."""
        now = time.time()
        values = [{"update_id": i, "raw": raw, "received_at": now} for i, raw in rows.items()]
        # One row in a list is handled as many rows are, which takes twice as long.
        one_or_many = values if len(values) > 1 else values[0]
        added = await connection.scalars(self._keep, one_or_many)
        known = rows.keys() - set(added)
        if known:
            handled = await connection.scalars(
                select(inbox.c.update_id).where(
                    inbox.c.update_id.in_(known), inbox.c.done_at.is_not(None)
                )
            )
            for update_id in handled:
                del rows[update_id]

    async def put_back(self, update_ids: Iterable[int]) -> None:
        """Don't count a try of updates that were loaded and never begun."""
        async with self._database.single(urgent=True) as connection:
            await connection.execute(
                update(inbox)
                .where(inbox.c.update_id.in_(list(update_ids)), inbox.c.done_at.is_(None))
                .values(tries=inbox.c.tries - 1)
            )

    async def given_up(self) -> list[str]:
        """Updates that two processes died of, or with; they are never handled any more."""
        tried_enough = (inbox.c.done_at.is_(None), inbox.c.tries >= _TRIES)
        async with self._database.write(urgent=True) as connection:
            raws = await connection.scalars(
                select(inbox.c.raw).where(*tried_enough).order_by(inbox.c.update_id)
            )
            given_up = list(raws)
            await connection.execute(
                update(inbox).where(*tried_enough).values(done_at=time.time(), raw=None)
            )
        return given_up

    async def leftovers(self) -> list[tuple[int, str]]:
        """Updates whose handler did not finish before, oldest first; each comes at most twice."""
        await self.given_up()
        async with self._database.write(urgent=True) as connection:
            waiting = inbox.c.done_at.is_(None)
            rows = await connection.execute(
                select(inbox.c.update_id, inbox.c.raw).where(waiting).order_by(inbox.c.update_id)
            )
            left = [(row.update_id, row.raw) for row in rows]
            await connection.execute(update(inbox).where(waiting).values(tries=inbox.c.tries + 1))
        return left

    async def overlooked(self, in_hand: Collection[int], age: float) -> list[tuple[int, str]]:
        """Updates older than `age` seconds that nobody has begun with; each counts as tried."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(inbox.c.update_id, inbox.c.raw)
                .where(inbox.c.done_at.is_(None), inbox.c.received_at < time.time() - age)
                .order_by(inbox.c.update_id)
            )
            left = [(row.update_id, row.raw) for row in rows if row.update_id not in in_hand]
        if not left:
            return []
        async with self._database.single(urgent=True) as connection:
            # Whoever had one in hand may have finished with it since it was read.
            open_still = await connection.scalars(
                update(inbox)
                .where(
                    inbox.c.update_id.in_([update_id for update_id, _ in left]),
                    inbox.c.done_at.is_(None),
                )
                .values(tries=inbox.c.tries + 1)
                .returning(inbox.c.update_id)
            )
            numbers = set(open_still)
        return [(update_id, raw) for update_id, raw in left if update_id in numbers]

    async def tidy(self) -> None:
        """Drop what Telegram can no longer send again (it keeps updates for 24 hours)."""
        async with self._database.single(urgent=True) as connection:
            await connection.execute(
                delete(inbox).where(inbox.c.done_at < time.time() - _REMEMBERED)
            )


async def _mark(connection: AsyncConnection, update_ids: list[int]) -> None:
    await connection.execute(_DONE, {"ids": update_ids, "done_at": time.time(), "raw": None})
