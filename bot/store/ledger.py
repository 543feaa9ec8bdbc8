"""The ledger of paid calls: a row is committed before the call and closed after it."""

import time

from sqlalchemy import Float, Text, bindparam, case, func, insert, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Outcome, TrackStatus
from bot.store.db.database import Database
from bot.store.db.sql import moved
from bot.store.finished_tracks import ATTEMPT, WIN, win_in_steps
from bot.store.rows import Attempt, Track
from bot.store.schema import attempts, tracks

_MOST = 50  # calls that a track may have, refused ones included
_RECENT = 20
_USUAL_FOR = 60.0


PENDING = "Pending"
"""Detail of an attempt that is not waited for any longer, and may bring its track one day."""

_PASSED_ON = "PassedOn"

_OF = select(attempts).where(attempts.c.track_id == bindparam("track")).order_by(attempts.c.number)

_BEFORE = (
    select(
        func.count().label("all"),
        func.count(case((attempts.c.outcome.is_(None), 1))).label("open"),
        func.count(case((attempts.c.outcome != Outcome.REFUSED, 1))).label("counted"),
    )
    .where(attempts.c.track_id == bindparam("track"))
    .subquery()
)
_NEXT = (
    select(
        tracks.c.id,
        _BEFORE.c.all + 1,
        bindparam("as", type_=Text),
        bindparam("request", type_=Text),
        bindparam("now", type_=Float),
    )
    .join_from(tracks, _BEFORE, true())
    .where(
        tracks.c.id == bindparam("track"),
        tracks.c.claimed_by == bindparam("worker"),
        tracks.c.status == TrackStatus.GENERATING,
        tracks.c.stop_wanted == 0,
        _BEFORE.c.open == 0,
        _BEFORE.c.counted < bindparam("cap"),
        _BEFORE.c.all < _MOST,
    )
    .with_for_update(of=tracks)
)
"""The next attempt of a track: its worker's, still wanted, with none open and some left."""


class Ledger:
    """Attempts of tracks; the one place where money is booked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self._book = (
            insert(attempts)
            .from_select(("track_id", "number", "backend", "request_id", "opened_at"), _NEXT)
            .on_conflict_do_nothing()  # of two that count at the same time, one is inserted
            .returning(*attempts.c)
        )
        self._usual: float | None = None
        self._usual_until = 0.0

    async def of(self, track_id: int) -> list[Attempt]:
        """Every attempt of a track, the first first."""
        async with self._database.read() as connection:
            rows = await connection.execute(_OF, {"track": track_id})
            return [Attempt.of(row) for row in rows]

    async def open(
        self, track_id: int, worker: str, backend: str, request_id: str, cap: int
    ) -> Attempt | None:
        """Book a call that is about to be made.

        Returns:
            The open attempt, or None if the track is not this worker's any more, was
            cancelled, has an open attempt, or has used up its counted attempts, or has had
            more refused ones than any honest service gives.
        """
        booked = {
            "track": track_id,
            "worker": worker,
            "as": backend,
            "request": request_id,
            "now": time.time(),
            "cap": cap,
        }
        async with self._database.single() as connection:
            row = (await connection.execute(self._book, booked)).first()
        return Attempt.of(row) if row else None

    async def knows(self, backend: str, ticket: str) -> bool:
        """Whether a ticket of a backend belongs to an attempt already."""
        async with self._database.read() as connection:
            track_id = await connection.scalar(
                select(attempts.c.track_id)
                .where(attempts.c.backend == backend, attempts.c.ticket == ticket)
                .limit(1)
            )
        return track_id is not None

    async def note_ticket(self, attempt: Attempt, ticket: str) -> None:
        """Store the promise of a track before it is waited for."""
        async with self._database.single() as connection:
            await moved(
                connection, ATTEMPT, track=attempt.track_id, which=attempt.number, ticket=ticket
            )

    async def close(
        self,
        attempt: Attempt,
        outcome: Outcome,
        detail: str = "",
        *,
        provider_request_id: str | None = None,
        cost_usd: float | None = None,
    ) -> bool:
        """Say how a call ended that brought no track; False if it was closed already."""
        async with self._database.single() as connection:
            return await moved(
                connection,
                ATTEMPT.where(attempts.c.outcome.is_(None)),
                track=attempt.track_id,
                which=attempt.number,
                outcome=outcome,
                detail=detail,
                provider_request_id=provider_request_id,
                cost_usd=cost_usd,
                closed_at=time.time(),
            )

    async def win(
        self,
        attempt: Attempt,
        *,
        audio: bytes,
        cover: bytes,
        note: str,
        seconds: float,
        kept_until: float,
        cancelled_kept_until: float,
        provider_request_id: str | None,
        cost_usd: float | None,
    ) -> Track | None:
        """Keep a track that came back, with or without a claim, and close its attempt.

        The track becomes `made`; a cancelled one becomes or stays `cancelled`, its sound kept
        for the person to ask for.

        Returns:
            The track as it is now; None if it has another sound.
        """
        won = {
            "track": attempt.track_id,
            "which": attempt.number,
            "provider_request": provider_request_id,
            "cost": cost_usd,
            "now": time.time(),
            "length": seconds,
            "sound": audio,
            "picture": cover,
            "remark": note,
            "until": kept_until,
            "until_cancelled": cancelled_kept_until,
        }
        if self._database.is_sqlite:
            async with self._database.write() as connection:
                row = await win_in_steps(connection, won)
        else:
            async with self._database.single() as connection:
                row = (await connection.execute(WIN, won)).first()
        return Track.of(row) if row else None

    async def usual_seconds(self) -> float | None:
        """How long the latest successful calls took, on average; None before the first.

        Asked for every status message, so the answer is a minute old at most.
        """
        if time.monotonic() > self._usual_until:
            self._usual_until = time.monotonic() + _USUAL_FOR
            latest = (
                select((attempts.c.closed_at - attempts.c.opened_at).label("took"))
                .where(attempts.c.outcome == Outcome.WON)
                .order_by(attempts.c.opened_at.desc())
                .limit(_RECENT)
                .subquery()
            )
            async with self._database.read() as connection:
                self._usual = await connection.scalar(select(func.avg(latest.c.took)))
        return self._usual


async def pass_on(connection: AsyncConnection, before: int, after: int) -> None:
    """Hand the promises of a failed track to the one that follows it, each once.

    An attempt with a ticket begins anew; one that must be looked up keeps its time.

    Args:
        connection: In a transaction that writes.
        before: The failed track's id.
        after: Its successor's.
    """
    promises = (
        attempts.c.track_id == before,
        attempts.c.outcome == Outcome.UNKNOWN,
        attempts.c.detail == PENDING,
    )
    rows = await connection.execute(select(attempts).where(*promises).order_by("number"))
    for number, row in enumerate(rows.all(), start=1):
        await connection.execute(
            insert(attempts).values(
                track_id=after,
                number=number,
                backend=row.backend,
                request_id=row.request_id,
                ticket=row.ticket,
                opened_at=time.time() if row.ticket else row.opened_at,
            )
        )
    await connection.execute(update(attempts).where(*promises).values(detail=_PASSED_ON))
