"""Recordings, and how each backend knows them."""

import time
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy import bindparam as given
from sqlalchemy.dialects import postgresql, sqlite

from bot.model import Flaw, Hint, Purpose, ReferenceStatus
from bot.store.claims import Claims, free
from bot.store.database import Database
from bot.store.rows import Reference, Upload
from bot.store.schema import references, uploads
from bot.store.statements import moved

_UNTIL_EXPIRY = 600.0

_GET = select(references).where(references.c.id == given("reference"))
_UPLOAD = select(uploads).where(
    uploads.c.reference_id == given("reference"),
    uploads.c.purpose == given("as"),
    uploads.c.backend == given("at"),
    or_(uploads.c.expires_at.is_(None), uploads.c.expires_at > given("then")),
)
_UNSEEN = update(references).where(
    references.c.id == given("reference"), references.c.status == ReferenceStatus.RECEIVED
)


class References:
    """References move from received to prepared or rejected; uploads are a cache beside them."""

    def __init__(self, database: Database, claim_seconds: float) -> None:
        self._database = database
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self.claims = Claims(database, references, claim_seconds, Reference.of)

    async def get(self, reference_id: int) -> Reference:
        """One reference.

        Raises:
            LookupError: there is none.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(_GET, {"reference": reference_id})).first()
        if row is None:
            raise LookupError(f"no reference {reference_id}")
        return Reference.of(row)

    async def prepared(
        self, reference_id: int, *, seconds: float, level: float, hints: tuple[Hint, ...]
    ) -> bool:
        """Received → prepared, with what was measured; False if it had moved already."""
        return await self._move(
            reference_id,
            status=ReferenceStatus.PREPARED,
            seconds=seconds,
            level=level,
            findings=" ".join(hints),
            told=int(not hints),
        )

    async def rejected(self, reference_id: int, reason: Flaw) -> bool:
        """Received → rejected; False if it had moved already."""
        return await self._move(reference_id, status=ReferenceStatus.REJECTED, reason=reason)

    async def told(self, reference_id: int) -> None:
        """Note that the person knows what became of the recording."""
        async with self._database.single() as connection:
            await connection.execute(
                update(references).where(references.c.id == reference_id).values(told=1)
            )

    async def hinted(self, reference_id: int, message_id: int) -> None:
        """Note in which message the person reads what is doubtful about the recording."""
        async with self._database.single() as connection:
            await connection.execute(
                update(references)
                .where(references.c.id == reference_id)
                .values(hint_message_id=message_id)
            )

    async def due(self) -> list[int]:
        """References with work left and nobody at it."""
        unfinished = and_(
            references.c.told == 0,
            or_(
                references.c.status == ReferenceStatus.RECEIVED,
                references.c.status == ReferenceStatus.REJECTED,
                references.c.findings != "",
            ),
        )
        async with self._database.read() as connection:
            rows = await connection.scalars(
                select(references.c.id)
                .where(unfinished, free(references, self._database.now()))
                .order_by("id")
            )
            return list(rows)

    async def upload(self, reference_id: int, purpose: Purpose, backend: str) -> Upload | None:
        """How a backend knows a recording, unless that is about to expire."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    _UPLOAD,
                    {
                        "reference": reference_id,
                        "as": purpose,
                        "at": backend,
                        "then": time.time() + _UNTIL_EXPIRY,
                    },
                )
            ).first()
        return Upload.of(row) if row else None

    async def keep_upload(
        self, reference_id: int, purpose: Purpose, backend: str, **values: Any
    ) -> None:
        """Store what a backend answered: ids, address and expiry, or a refusal."""
        empty = dict.fromkeys(("voice_id", "beat_id", "url", "expires_at", "refusal"))
        values = empty | values | {"uploaded_at": time.time()}
        key = {"reference_id": reference_id, "purpose": purpose, "backend": backend}
        async with self._database.single() as connection:
            await connection.execute(
                self._insert(uploads)
                .values(**key, **values)
                .on_conflict_do_update(index_elements=list(key), set_=values)
            )

    async def forget_upload(self, reference_id: int, purpose: Purpose, backend: str) -> None:
        """Drop an upload that the backend no longer knows."""
        async with self._database.single() as connection:
            await connection.execute(
                delete(uploads).where(
                    uploads.c.reference_id == reference_id,
                    uploads.c.purpose == purpose,
                    uploads.c.backend == backend,
                )
            )

    async def _move(self, reference_id: int, **values: Any) -> bool:
        async with self._database.single() as connection:
            return await moved(connection, _UNSEEN, reference=reference_id, **values)
