"""Claims: who works on a row, and until when."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Table, bindparam, or_, update
from sqlalchemy.sql.dml import ReturningUpdate

from bot.store.db.database import Database
from bot.store.db.sql import changed, one_of

Item = TypeVar("Item")


def free(table: Table, now: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether nobody has a live claim on a row."""
    return or_(table.c.claimed_until.is_(None), table.c.claimed_until < now)


class Claims(Generic[Item]):
    """Takes, renews and releases claims on one table, by compare-and-set.

    Args:
        database: Where the table is.
        table: With columns id, status, claimed_by, claimed_until.
        seconds: How long a claim lives without being renewed.
        read: Makes of a row what it stands for.

    Attributes:
        until: When a claim taken now ends, in a statement.
    """

    def __init__(
        self, database: Database, table: Table, seconds: float, read: Callable[[Row[Any]], Item]
    ) -> None:
        self._database = database
        self._table = table
        self._read = read
        self.seconds = seconds
        self.until = database.now() + seconds
        self._takes: dict[Collection[str] | None, ReturningUpdate[Any]] = {}
        mine = (table.c.id == bindparam("row"), table.c.claimed_by == bindparam("worker"))
        self._release = update(table).where(*mine).values(claimed_by=None, claimed_until=None)

    async def take(
        self, row_id: int, worker: str, statuses: frozenset[str] | None = None, **values: Any
    ) -> Item | None:
        """Claim a row that nobody has.

        Args:
            row_id: Which one.
            worker: Who wants it.
            statuses: Those it is wanted in; in any, if None.
            values: What is written into it on that occasion.

        Returns:
            The row as it is now; None if it is somebody else's, or in another status.
        """
        statement = self._takes.get(statuses)
        if statement is None:
            statement = self._takes[statuses] = self._take_in(statuses)
        async with self._database.single() as connection:
            row = await changed(connection, statement, row=row_id, claimed_by=worker, **values)
        return self._read(row) if row else None

    async def renew_all(self, row_ids: Iterable[int], worker: str) -> set[int]:
        """Keep claims, in one statement; those that have gone to somebody else are left out."""
        async with self._database.single() as connection:
            kept = await connection.scalars(
                update(self._table)
                .where(self._table.c.id.in_(list(row_ids)), self._table.c.claimed_by == worker)
                .values(claimed_until=self.until)
                .returning(self._table.c.id)
            )
            return set(kept)

    async def release(self, row_id: int, worker: str) -> None:
        """Give a claim back."""
        async with self._database.single() as connection:
            await connection.execute(self._release, {"row": row_id, "worker": worker})

    async def release_all(self) -> None:
        """Forget every claim; only for a database that one process has alone."""
        async with self._database.single() as connection:
            await connection.execute(
                update(self._table)
                .where(self._table.c.claimed_by.is_not(None))
                .values(claimed_by=None, claimed_until=None)
            )

    def _take_in(self, statuses: Collection[str] | None) -> ReturningUpdate[Any]:
        wanted = [] if statuses is None else [one_of(self._table.c.status, statuses)]
        return (
            update(self._table)
            .where(
                self._table.c.id == bindparam("row"),
                free(self._table, self._database.now()),
                *wanted,
            )
            .values(claimed_until=self.until)
            .returning(*self._table.c)
        )
