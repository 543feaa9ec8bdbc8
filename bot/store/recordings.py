"""Recordings, and how each backend knows them."""

import time
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Flaw, Hint, Purpose, RecordingStatus, Step
from bot.store.claims import Claims, free
from bot.store.db.database import Database
from bot.store.db.sql import moved
from bot.store.drafts import NewRecording
from bot.store.rows import Recording, Upload
from bot.store.schema import drafts, references, tracks, uploads

_UNTIL_EXPIRY = 600.0
_FRESH = 600.0  # what has just been uploaded is used, whatever clocks say of its end
_DAY = 86_400.0
_A_DAY = 8  # uploads of one recording for one purpose to one backend

FORGOTTEN = {
    "voice_id": None,
    "beat_id": None,
    "url": None,
    "refusal": None,
    "expires_at": 0.0,
    "uploaded_at": 0.0,
}
"""The columns of an upload that is of no use any more; it stays to be counted."""
_VERDICT_SECONDS = 86_400.0
_MOST_TWINS = 20
_MOST_KEPT = 500

_GET = select(references).where(references.c.id == bindparam("recording"))
_UPLOAD = select(uploads).where(
    uploads.c.reference_id == bindparam("recording"),
    uploads.c.purpose == bindparam("as"),
    uploads.c.backend == bindparam("at"),
    or_(
        uploads.c.expires_at.is_(None),
        uploads.c.expires_at > bindparam("then"),
        uploads.c.uploaded_at > bindparam("fresh"),
    ),
)
_TIMES = select(uploads.c.times).where(
    uploads.c.reference_id == bindparam("recording"),
    uploads.c.purpose == bindparam("as"),
    uploads.c.backend == bindparam("at"),
    uploads.c.since > bindparam("then"),
)
_UNSEEN = update(references).where(
    references.c.id == bindparam("recording"), references.c.status == RecordingStatus.RECEIVED
)


class Recordings:
    """Recordings move from received to prepared or rejected; uploads are a cache beside them."""

    def __init__(self, database: Database, claim_seconds: float) -> None:
        self._database = database
        self._insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self.claims = Claims(database, references, claim_seconds, Recording.of)

    async def get(self, recording_id: int) -> Recording:
        """One recording.

        Raises:
            LookupError: there is none.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(_GET, {"recording": recording_id})).first()
        if row is None:
            raise LookupError(f"no recording {recording_id}")
        return Recording.of(row)

    async def prepared(
        self, recording_id: int, *, seconds: float, level: float, hints: tuple[Hint, ...]
    ) -> bool:
        """Received → prepared, with what was measured; False if it had moved already."""
        return await self._move(
            recording_id,
            status=RecordingStatus.PREPARED,
            seconds=seconds,
            level=level,
            findings=" ".join(hints),
            told=int(not hints),
        )

    async def rejected(self, recording_id: int, reason: Flaw) -> bool:
        """Received → rejected; False if it had moved already."""
        return await self._move(
            recording_id, status=RecordingStatus.REJECTED, reason=reason, told=0
        )

    async def not_before(self, recording_id: int, moment: float) -> None:
        """Note that the messenger wants no call for this recording before a moment (Unix time)."""
        async with self._database.single() as connection:
            await connection.execute(
                update(references).where(references.c.id == recording_id).values(wake_at=moment)
            )

    async def superseded(self, recording_id: int) -> bool:
        """Whether nobody needs a recording any more; one not heard yet never will be.

        Needed is what an open draft or any track is made of.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(_GET, {"recording": recording_id})).first()
            if row is None or await _needed(connection, row):
                return False
        if row.status == RecordingStatus.RECEIVED:
            await self._move(recording_id, status=RecordingStatus.SUPERSEDED, told=1)
        return True

    async def in_message(self, chat_id: int, message_id: int) -> Recording | None:
        """The recording that came in a message, if one did."""
        found = select(references).where(
            references.c.chat_id == chat_id, references.c.message_id == message_id
        )
        async with self._database.read() as connection:
            row = (await connection.execute(found)).first()
        return Recording.of(row) if row else None

    async def track_uses_replaced(self, new: NewRecording) -> bool:
        """Whether a track was made of what a message held before it held this recording."""
        async with self._database.read() as connection:
            held = select(references.c.id).where(
                references.c.chat_id == new.chat_id,
                references.c.message_id == new.message_id,
                references.c.unique_id != new.unique_id,
            )
            number = await connection.scalar(held)
            if number is None:
                return False
            made = select(tracks.c.id).where(
                tracks.c.user_id == new.user_id,
                or_(tracks.c.voice_ref == number, tracks.c.beat_ref == number),
            )
            return await connection.scalar(made.limit(1)) is not None

    async def twins(self, recording: Recording) -> list[Recording]:
        """Other recordings of the last day that are the same file, the newest first."""
        if not recording.unique_id:
            return []
        same = (
            select(references)
            .where(
                references.c.unique_id == recording.unique_id,
                references.c.id != recording.id,
                references.c.created_at > time.time() - _VERDICT_SECONDS,
            )
            .order_by(references.c.id.desc())
            .limit(_MOST_TWINS)
        )
        async with self._database.read() as connection:
            return [Recording.of(row) for row in await connection.execute(same)]

    async def of_person(self, user_id: int) -> list[int]:
        """The ids of a person's latest recordings, the newest first."""
        latest = (
            select(references.c.id)
            .where(references.c.user_id == user_id)
            .order_by(references.c.created_at.desc())
            .limit(_MOST_KEPT)
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(latest))

    async def told(self, recording_id: int) -> None:
        """Note that the person knows what became of the recording."""
        async with self._database.single() as connection:
            await connection.execute(
                update(references).where(references.c.id == recording_id).values(told=1)
            )

    async def hinted(self, recording_id: int, message_id: int) -> None:
        """Note in which message the person reads what is doubtful about the recording."""
        async with self._database.single() as connection:
            await connection.execute(
                update(references)
                .where(references.c.id == recording_id)
                .values(hint_message_id=message_id)
            )

    async def due(self) -> list[int]:
        """Recordings with work left and nobody at it."""
        unfinished = and_(
            references.c.told == 0,
            or_(
                references.c.status == RecordingStatus.RECEIVED,
                references.c.status == RecordingStatus.REJECTED,
                references.c.findings != "",
            ),
        )
        async with self._database.read() as connection:
            rows = await connection.scalars(
                select(references.c.id)
                .where(
                    unfinished,
                    references.c.wake_at <= time.time(),
                    free(references, self._database.now()),
                )
                .order_by("id")
            )
            return list(rows)

    async def upload(self, recording_id: int, purpose: Purpose, backend: str) -> Upload | None:
        """How a backend knows a recording, unless that is about to expire.

        What was uploaded a moment ago counts, also where it is said to expire at once: it would
        be uploaded without end.
        """
        now = time.time()
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    _UPLOAD,
                    {
                        "recording": recording_id,
                        "as": purpose,
                        "at": backend,
                        "then": now + _UNTIL_EXPIRY,
                        "fresh": now - _FRESH,
                    },
                )
            ).first()
        return Upload.of(row) if row else None

    async def keep_upload(
        self, recording_id: int, purpose: Purpose, backend: str, **values: Any
    ) -> None:
        """Store what a backend answered, and count it: ids, address and expiry, or a refusal."""
        now = time.time()
        empty = dict.fromkeys(("voice_id", "beat_id", "url", "expires_at", "refusal"))
        values = empty | {"uploaded_at": now} | values
        key = {"reference_id": recording_id, "purpose": purpose, "backend": backend}
        today = uploads.c.since > now - _DAY
        counted = {
            "times": case((today, uploads.c.times + 1), else_=1),
            "since": case((today, uploads.c.since), else_=now),
        }
        async with self._database.single() as connection:
            await connection.execute(
                self._insert(uploads)
                .values(**key, **values, times=1, since=now)
                .on_conflict_do_update(index_elements=list(key), set_=values | counted)
            )

    async def count_upload(self, recording_id: int, purpose: Purpose, backend: str) -> None:
        """Count an upload that brought nothing."""
        await self.keep_upload(recording_id, purpose, backend, **FORGOTTEN)

    async def may_upload(self, recording_id: int, purpose: Purpose, backend: str) -> bool:
        """Whether a recording has not been uploaded too often today: a few times are enough."""
        asked = {"recording": recording_id, "as": purpose, "at": backend}
        async with self._database.read() as connection:
            times = await connection.scalar(_TIMES, asked | {"then": time.time() - _DAY})
        return (times or 0) < _A_DAY

    async def forget_upload(self, recording_id: int, purpose: Purpose, backend: str) -> None:
        """Drop an upload that the backend no longer knows."""
        async with self._database.single() as connection:
            await connection.execute(
                update(uploads)
                .where(
                    uploads.c.reference_id == recording_id,
                    uploads.c.purpose == purpose,
                    uploads.c.backend == backend,
                )
                .values(FORGOTTEN)
            )

    async def _move(self, recording_id: int, **values: Any) -> bool:
        async with self._database.single() as connection:
            return await moved(connection, _UNSEEN, recording=recording_id, **values)


async def _needed(connection: AsyncConnection, recording: Row[Any]) -> bool:
    """Whether an open draft of its sender, or any track of theirs, has a recording."""
    number, person = recording.id, recording.user_id
    uses = (
        select(drafts.c.id).where(
            drafts.c.chat_id == recording.chat_id,
            drafts.c.user_id == person,
            drafts.c.step != Step.CLOSED,
            or_(drafts.c.reference_id == number, drafts.c.partner_id == number),
        ),
        select(tracks.c.id).where(
            tracks.c.user_id == person,
            or_(tracks.c.voice_ref == number, tracks.c.beat_ref == number),
        ),
    )
    for use in uses:
        if await connection.scalar(use.limit(1)) is not None:
            return True
    return False
