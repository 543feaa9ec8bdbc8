"""How tracks begin: once for each press, and no more than a person may have."""

import time
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam as given
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Purpose, Recipe, Step, TrackStatus, recipe
from bot.store.database import Database
from bot.store.ledger import pass_on
from bot.store.rows import Draft, Track
from bot.store.schema import drafts, sounds, tracks
from bot.store.statements import moved, one_of

UNFINISHED = (
    TrackStatus.QUEUED,
    TrackStatus.GENERATING,
    TrackStatus.MADE,
    TrackStatus.SENDING,
)

_CLOSE = update(drafts).where(
    drafts.c.id == given("draft"),
    drafts.c.revision == given("as_shown"),
    drafts.c.step == Step.PREVIEW,
)
_UNFINISHED = (
    select(func.count())
    .select_from(tracks)
    .where(tracks.c.user_id == given("user"), one_of(tracks.c.status, UNFINISHED))
)
_INSERT = insert(tracks).returning(*tracks.c)


class NotNow(StrEnum):
    """Why a track was not begun."""

    STALE = "stale"
    STOPPING = "stopping"
    TOO_MANY = "too-many"


class Orders:
    """Inserts tracks; limit and uniqueness are checked in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, draft: Draft, panel_id: int | None, limit: int, origin: str | None = None
    ) -> Track | NotNow:
        """Close a draft and begin its track in one transaction.

        Args:
            draft: As its buttons show it, in step preview.
            panel_id: The message that becomes the track's status message, if there is one.
            limit: Unfinished tracks the person may have, this one included.
            origin: Names the press, so that it is known if it comes again.
        """
        if not (draft.reference_id and draft.purpose and draft.lyrics):
            return NotNow.STALE
        ingredients = recipe(
            draft.reference_id, Purpose(draft.purpose), draft.partner_id, draft.lyrics
        )
        async with self._database.write_for(draft.user_id) as connection:
            if await _unfinished(connection, draft.user_id) >= limit:
                return NotNow.TOO_MANY
            closed = await moved(
                connection,
                _CLOSE,
                draft=draft.id,
                as_shown=draft.revision,
                step=Step.CLOSED,
                revision=draft.revision + 1,
                panel_id=None,
                old_panel_id=None,
            )
            if not closed:
                return NotNow.STALE
            return await _insert(
                connection,
                ingredients,
                draft_id=draft.id,
                draft_revision=draft.revision,
                origin=origin,
                chat_id=draft.chat_id,
                user_id=draft.user_id,
                panel_id=panel_id,
                topic_id=draft.topic_id,
            )

    async def another(
        self, before: Track, origin: str, panel_id: int | None, limit: int
    ) -> Track | NotNow:
        """Begin another track from a finished one's recipe, once for each press.

        A sound that `before` still has is handed on, and so is a promise of one: what was paid
        for is not bought again.

        Args:
            before: The track under whose button the person pressed.
            origin: Names the press, so that it counts once.
            panel_id: The message that becomes the new track's status message, if there is one.
            limit: Unfinished tracks the person may have, this one included.
        """
        async with self._database.write_for(before.user_id) as connection:
            running = await connection.scalar(
                select(func.min(tracks.c.stop_wanted)).where(
                    or_(tracks.c.predecessor_id == before.id, tracks.c.id == before.id),
                    tracks.c.status.in_(UNFINISHED),
                )
            )
            pressed = await connection.scalar(select(tracks.c.id).where(tracks.c.origin == origin))
            if running is not None or pressed:
                return NotNow.STOPPING if running and not pressed else NotNow.STALE
            if await _unfinished(connection, before.user_id) >= limit:
                return NotNow.TOO_MANY
            track = await _insert(
                connection,
                before.recipe,
                origin=origin,
                predecessor_id=before.id,
                chat_id=before.chat_id,
                user_id=before.user_id,
                panel_id=panel_id,
                topic_id=before.topic_id,
                take=await _next_take(connection, before),
            )
            if before.status is not TrackStatus.FAILED:
                return track
            handed_on = update(sounds).where(sounds.c.track_id == before.id)
            if await moved(connection, handed_on, track_id=track.id):
                values = {"status": TrackStatus.MADE, "seconds": before.seconds}
                await moved(connection, update(tracks).where(tracks.c.id == track.id), **values)
                return replace(track, status=TrackStatus.MADE, seconds=before.seconds)
            await pass_on(connection, before.id, track.id)
            return track


async def _next_take(connection: AsyncConnection, before: Track) -> int:
    """The number of the next track from a recipe; one that never came leaves its own to it."""
    highest = await connection.scalar(
        select(func.max(tracks.c.take)).where(
            tracks.c.user_id == before.user_id,
            tracks.c.chat_id == before.chat_id,
            tracks.c.voice_ref.is_not_distinct_from(before.voice_ref),
            tracks.c.beat_ref.is_not_distinct_from(before.beat_ref),
            tracks.c.lyrics == before.lyrics,
            or_(
                tracks.c.status.not_in([TrackStatus.FAILED, TrackStatus.CANCELLED]),
                tracks.c.id.in_(select(sounds.c.track_id)),
            ),
        )
    )
    return (highest or 0) + 1


async def _unfinished(connection: AsyncConnection, user_id: int) -> int:
    return await connection.scalar(_UNFINISHED, {"user": user_id}) or 0


async def _insert(connection: AsyncConnection, ingredients: Recipe, **values: Any) -> Track:
    row = await connection.execute(
        _INSERT,
        {
            "voice_ref": ingredients.voice,
            "beat_ref": ingredients.beat,
            "lyrics": ingredients.lyrics,
            "status": TrackStatus.QUEUED,
            "created_at": time.time(),
            **values,
        },
    )
    return Track.of(row.one())
