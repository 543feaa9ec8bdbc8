"""Tracks: asked for once, moved forward by compare-and-set, never lost."""

import time
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, literal, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from bot.model import Recipe, TrackStatus
from bot.store.claims import Claims, free
from bot.store.db.database import Database
from bot.store.db.sql import changed, moved, one_of
from bot.store.finished_tracks import DELIVER, DELIVER_AND_DROP
from bot.store.rows import Draft, Track
from bot.store.schema import attempts, sounds, tracks
from bot.store.track_creation import (
    UNFINISHED,
    NotNow,
    forget_refusals,
    from_draft,
    from_track,
)

_ONE = tracks.c.id == bindparam("track")
_GET = select(tracks).where(_ONE)
_TOLD = update(tracks).where(_ONE, tracks.c.status == bindparam("seen"))
_UNRUNG = update(tracks).where(_ONE, tracks.c.status == bindparam("seen"), tracks.c.rung == 0)
_SOUND = select(sounds.c.audio, sounds.c.cover, sounds.c.note).where(
    sounds.c.track_id == bindparam("track")
)
_CALLED = exists().where(attempts.c.track_id == tracks.c.id, attempts.c.outcome.is_(None))
_UNCALLED = update(tracks).where(_ONE, tracks.c.status == TrackStatus.QUEUED, ~_CALLED)
_UNMADE = update(tracks).where(
    _ONE, one_of(tracks.c.status, (TrackStatus.QUEUED, TrackStatus.GENERATING))
)


class Tracks:
    """Every status change is one transaction that expects the status before."""

    def __init__(self, database: Database, claim_seconds: float) -> None:
        self._database = database
        self.claims = Claims(database, tracks, claim_seconds, Track.of)
        self._sending = (
            update(tracks)
            .where(
                _ONE,
                tracks.c.claimed_by == bindparam("worker"),
                tracks.c.status == TrackStatus.MADE,
            )
            .values(claimed_until=self.claims.until)
            .returning(*tracks.c)
        )

    async def get(self, track_id: int) -> Track:
        """One track.

        Raises:
            LookupError: there is none.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(_GET, {"track": track_id})).first()
        if row is None:
            raise LookupError(f"no track {track_id}")
        return Track.of(row)

    async def create(
        self,
        draft: Draft,
        panel_id: int | None,
        limit: int,
        *,
        a_day: int | None = None,
        origin: str | None = None,
        lyrics_messages: Iterable[int] = (),
    ) -> Track | NotNow:
        """Close a draft and begin its track in one transaction.

        Args:
            draft: As its buttons show it, in step preview.
            panel_id: The message that becomes the track's status message, if there is one.
            limit: Unfinished tracks the person may have, this one included.
            a_day: Tracks they may begin in 24 hours, those left out that failed and cost
                nothing; None if there is no such limit.
            origin: Names the press, so that it is known if it comes again.
            lyrics_messages: Ids of the messages that the lyrics came in.

        Raises:
            DailyLimitReached: They have begun as many.
        """
        async with self._database.write_for(draft.user_id) as connection:
            return await from_draft(
                connection,
                draft,
                panel_id=panel_id,
                limit=limit,
                a_day=a_day,
                origin=origin,
                lyrics_messages=lyrics_messages,
            )

    async def another(
        self,
        before: Track,
        origin: str,
        panel_id: int | None,
        limit: int,
        *,
        a_day: int | None = None,
    ) -> Track | NotNow:
        """Begin another track from a finished one's recipe, once for each press.

        A sound that `before` still has is handed on, and so is a promise of one: what was paid
        for is not bought again. That its recordings were refused is forgotten: whoever asks
        again wants them to be tried again.

        Args:
            before: The track under whose button the person pressed.
            origin: Names the press, so that it counts once.
            panel_id: The message that becomes the new track's status message, if there is one.
            limit: Unfinished tracks the person may have, this one included.
            a_day: Tracks they may begin in 24 hours, those left out that failed and cost
                nothing; None if there is no such limit.

        Raises:
            DailyLimitReached: They have begun as many.
        """
        async with self._database.write_for(before.user_id) as connection:
            return await from_track(
                connection, before, origin=origin, panel_id=panel_id, limit=limit, a_day=a_day
            )

    async def forget_refusals(self, ingredients: Recipe) -> None:
        """Let recordings that a service has refused be offered to it once more."""
        async with self._database.write() as connection:
            await forget_refusals(connection, ingredients)

    async def move(
        self,
        track_id: int,
        before: TrackStatus | tuple[TrackStatus, ...],
        after: TrackStatus,
        **values: Any,
    ) -> Track | None:
        """Change the status if it is still as expected.

        Returns:
            The track as it is now; None if somebody was quicker.
        """
        statement = _from(before if isinstance(before, tuple) else (before,))
        # Without this nobody would look at the row again: the status before was told.
        values = {"told": 0, "rung": 0} | values
        if after not in UNFINISHED:
            values = {"finished_at": time.time()} | values
        async with self._database.single() as connection:
            row = await changed(connection, statement, track=track_id, status=after, **values)
        return Track.of(row) if row else None

    async def want_stop(self, track_id: int, press: str | None = None) -> bool:
        """Cancel: at once while nothing has been called for, otherwise as soon as its maker looks.

        Args:
            track_id: Which one.
            press: The update that asks for it, so that it is known if it comes again.

        Returns:
            False if the track had already been made or finished.
        """
        ended = {"status": TrackStatus.CANCELLED, "finished_at": time.time(), "told": 0}
        async with self._database.write() as connection:
            if await moved(connection, _UNCALLED, track=track_id, pressed=press, **ended):
                return True
            return await moved(connection, _UNMADE, track=track_id, stop_wanted=1, pressed=press)

    async def ring(self, track_id: int, status: TrackStatus) -> bool:
        """Whether a new message may tell how a track has ended; if so, it counts as sent."""
        async with self._database.single() as connection:
            return await moved(connection, _UNRUNG, track=track_id, seen=status, rung=1)

    async def not_rung(self, track_id: int) -> None:
        """Note that the message has certainly not been sent after all."""
        async with self._database.single() as connection:
            await connection.execute(update(tracks).where(tracks.c.id == track_id).values(rung=0))

    async def asked_for(self, user_id: int, press: str) -> Track | None:
        """The track that an update of a person began, stopped or asked for again, if one did."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(tracks).where(
                        tracks.c.user_id == user_id,
                        or_(tracks.c.origin == press, tracks.c.pressed == press),
                    )
                )
            ).first()
        return Track.of(row) if row else None

    async def made_from(self, draft_id: int, revision: int) -> Track | None:
        """The track that Create has begun of a draft as it stood at a revision, if it has."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(tracks).where(
                        tracks.c.draft_id == draft_id, tracks.c.draft_revision == revision
                    )
                )
            ).first()
        return Track.of(row) if row else None

    async def sending(self, track_id: int, worker: str) -> Track | None:
        """Made → sending, for the worker that has the claim, which begins anew.

        Returns:
            The track as it is now; None if it is somebody else's, or in another status.
        """
        values = {"worker": worker, "status": TrackStatus.SENDING, "told": 0}
        async with self._database.single() as connection:
            row = await changed(connection, self._sending, track=track_id, **values)
        return Track.of(row) if row else None

    async def note_panel(self, track_id: int, panel_id: int) -> None:
        """Remember which message shows where a track stands."""
        async with self._database.single() as connection:
            await connection.execute(
                update(tracks).where(tracks.c.id == track_id).values(panel_id=panel_id)
            )

    async def told(self, track_id: int, status: TrackStatus) -> bool:
        """Note that the person has seen how the track ended: that ends the claim on it as well.

        Returns:
            False if the status has changed since.
        """
        over = {"told": 1, "claimed_by": None, "claimed_until": None}
        async with self._database.single() as connection:
            return await moved(connection, _TOLD, track=track_id, seen=status, **over)

    async def delivered(self, track_id: int, file_id: str) -> Track | None:
        """Sending or unsure → delivered; the bytes are Telegram's to keep now.

        On SQLite it is `bot.store.db.erasure` that drops them, a little later.

        Returns:
            The track as it is now; None if it was in another status.
        """
        parameters = {"track": track_id, "file": file_id, "now": time.time()}
        statement = DELIVER if self._database.is_sqlite else DELIVER_AND_DROP
        async with self._database.single() as connection:
            row = (await connection.execute(statement, parameters)).first()
        return Track.of(row) if row else None

    async def sound(self, track_id: int) -> tuple[bytes, bytes, str] | None:
        """Audio, cover and note of a track that was made and not yet delivered."""
        async with self._database.read() as connection:
            row = (await connection.execute(_SOUND, {"track": track_id})).first()
        return (row.audio, row.cover, row.note) if row else None

    async def has_sound(self, track_id: int) -> bool:
        """Whether a made track's bytes are still here."""
        async with self._database.read() as connection:
            with_sound = await connection.scalar(
                select(sounds.c.track_id)
                .join(tracks, tracks.c.id == sounds.c.track_id)
                .where(tracks.c.id == track_id, tracks.c.status != TrackStatus.DELIVERED)
            )
        return with_sound is not None

    async def some(self, track_ids: Iterable[int]) -> list[Track]:
        """Tracks by their ids; those that do not exist are left out."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tracks).where(tracks.c.id.in_(list(track_ids))))
            return [Track.of(row) for row in rows]

    async def latest(self, chat_id: int, user_id: int) -> list[Track]:
        """A person's unfinished tracks in a chat, the newest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(tracks)
                .where(
                    tracks.c.chat_id == chat_id,
                    tracks.c.user_id == user_id,
                    tracks.c.status.in_(UNFINISHED),
                )
                .order_by(tracks.c.id.desc())
            )
            return [Track.of(row) for row in rows]

    async def last_of(self, chat_id: int, user_id: int) -> Track | None:
        """The newest track of a person in a chat."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(tracks)
                .where(tracks.c.chat_id == chat_id, tracks.c.user_id == user_id)
                .order_by(tracks.c.id.desc())
                .limit(1)
            )
            row = rows.first()
        return Track.of(row) if row else None

    async def with_lyrics_from(self, chat_id: int, user_id: int, message_id: int) -> Track | None:
        """The newest track of a person whose lyrics came, in part or whole, in a message."""
        listed = literal(" ") + tracks.c.lyrics_messages + " "
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(tracks)
                .where(
                    tracks.c.user_id == user_id,
                    tracks.c.chat_id == chat_id,
                    listed.contains(f" {message_id} "),
                )
                .order_by(tracks.c.id.desc())
                .limit(1)
            )
            row = rows.first()
        return Track.of(row) if row else None

    async def shown_in(self, chat_id: int, user_id: int, panel_id: int) -> Track | None:
        """The newest track of a person whose status message this is."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(tracks)
                    .where(
                        tracks.c.user_id == user_id,
                        tracks.c.chat_id == chat_id,
                        tracks.c.panel_id == panel_id,
                    )
                    .order_by(tracks.c.id.desc())
                    .limit(1)
                )
            ).first()
        return Track.of(row) if row else None

    async def undelivered(self, user_id: int) -> list[Track]:
        """Tracks that wait for a person who had blocked the bot."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(tracks).where(
                    tracks.c.user_id == user_id,
                    tracks.c.status == TrackStatus.UNDELIVERABLE,
                )
            )
            return [Track.of(row) for row in rows]

    async def waiting_for(self, recording_id: int) -> list[int]:
        """Queued tracks that need a recording."""
        async with self._database.read() as connection:
            rows = await connection.scalars(
                select(tracks.c.id).where(
                    tracks.c.told == 0,
                    tracks.c.status == TrackStatus.QUEUED,
                    or_(tracks.c.voice_ref == recording_id, tracks.c.beat_ref == recording_id),
                )
            )
            return list(rows)

    async def due(self) -> list[tuple[int, TrackStatus]]:
        """Tracks with work left and nobody at it, the oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(tracks.c.id, tracks.c.status)
                .where(
                    and_(tracks.c.told == 0, tracks.c.wake_at <= time.time()),
                    free(tracks, self._database.now()),
                )
                .order_by(tracks.c.id)
            )
            return [(row.id, TrackStatus(row.status)) for row in rows]

    async def backlog(self) -> int:
        """How many tracks are asked for and not finished."""
        async with self._database.read() as connection:
            count = await connection.scalar(
                select(func.count()).where(tracks.c.told == 0, tracks.c.status.in_(UNFINISHED))
            )
        return count or 0

    async def tidy(self) -> None:
        """Drop the bytes of tracks that nobody fetched in time."""
        async with self._database.write() as connection:
            under_way = select(tracks.c.id).where(tracks.c.status.in_(UNFINISHED))
            await connection.execute(
                delete(sounds).where(
                    sounds.c.kept_until < time.time(), sounds.c.track_id.not_in(under_way)
                )
            )


@cache
def _from(before: tuple[TrackStatus, ...]) -> ReturningUpdate[Any]:
    """Changes a track that is in one of these statuses."""
    return update(tracks).where(_ONE, one_of(tracks.c.status, before)).returning(*tracks.c)
