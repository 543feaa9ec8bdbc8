"""How tracks begin: once for each press, and no more than a person may have.

All of it runs in a transaction of `bot.store.tracks`, which commits it as one.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.draft_steps import DraftEvent, accepts, next_step
from bot.model import Outcome, Purpose, Recipe, Step, TrackStatus, recipe
from bot.store.daily_limits import DAY, Daily, DailyLimitReached
from bot.store.db.sql import moved, one_of
from bot.store.ledger import pass_on
from bot.store.recordings import FORGOTTEN
from bot.store.rows import Draft, Track
from bot.store.schema import attempts, drafts, sounds, tracks, uploads

UNFINISHED = (
    TrackStatus.QUEUED,
    TrackStatus.GENERATING,
    TrackStatus.MADE,
    TrackStatus.SENDING,
)

_CLOSE = update(drafts).where(
    drafts.c.id == bindparam("draft"),
    drafts.c.revision == bindparam("as_shown"),
    one_of(drafts.c.step, [step for step in Step if accepts(step, DraftEvent.TRACK_CREATED)]),
)
_UNFINISHED = (
    select(func.count())
    .select_from(tracks)
    .where(tracks.c.user_id == bindparam("user"), one_of(tracks.c.status, UNFINISHED))
    .scalar_subquery()
)
_FOR_NOTHING = and_(
    tracks.c.status == TrackStatus.FAILED,
    ~select(attempts.c.track_id)
    .where(
        attempts.c.track_id == tracks.c.id,
        or_(attempts.c.outcome.is_(None), attempts.c.outcome != Outcome.REFUSED),
    )
    .exists(),
)
_LAST_THAT_COUNTS = (
    select(tracks.c.created_at)
    .where(
        tracks.c.user_id == bindparam("user"),
        tracks.c.created_at > bindparam("since"),
        ~_FOR_NOTHING,
    )
    .order_by(tracks.c.created_at.desc())
    .offset(bindparam("others"))
    .limit(1)
    .scalar_subquery()
)
_HELD = select(_UNFINISHED.label("unfinished"), _LAST_THAT_COUNTS.label("last"))
"""How many tracks a person has in the making, and when the one was begun that fills a day."""
_NEVER = 1 << 30  # more tracks than anybody begins in a day
_INSERT = insert(tracks).returning(*tracks.c)


class NotNow(StrEnum):
    """Why a track was not begun."""

    STALE = "stale"
    ALREADY = "already"  # another press has had the failed track made
    STOPPING = "stopping"
    TOO_MANY = "too-many"


async def from_draft(
    connection: AsyncConnection,
    draft: Draft,
    *,
    panel_id: int | None,
    limit: int,
    a_day: int | None,
    origin: str | None,
    lyrics_messages: Iterable[int],
) -> Track | NotNow:
    """Close a draft and begin its track (see `Tracks.create`)."""
    if not (draft.reference_id and draft.purpose and draft.lyrics):
        return NotNow.STALE
    ingredients = recipe(
        draft.reference_id, Purpose(draft.purpose), draft.partner_id, draft.lyrics
    )
    if await _too_many(connection, draft.user_id, limit, a_day):
        return NotNow.TOO_MANY
    closed = await moved(
        connection,
        _CLOSE,
        draft=draft.id,
        as_shown=draft.revision,
        step=next_step(draft.step, DraftEvent.TRACK_CREATED, has_lyrics=True),
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
        lyrics_messages=_listed(lyrics_messages),
        chat_id=draft.chat_id,
        user_id=draft.user_id,
        panel_id=panel_id,
        topic_id=draft.topic_id,
    )


async def from_track(
    connection: AsyncConnection,
    before: Track,
    *,
    origin: str,
    panel_id: int | None,
    limit: int,
    a_day: int | None,
) -> Track | NotNow:
    """Begin another track from a finished one's recipe (see `Tracks.another`)."""
    running = await connection.scalar(
        select(func.min(tracks.c.stop_wanted)).where(
            or_(tracks.c.predecessor_id == before.id, tracks.c.id == before.id),
            tracks.c.status.in_(UNFINISHED),
        )
    )
    pressed = await connection.scalar(select(tracks.c.id).where(tracks.c.origin == origin))
    if running is not None or pressed:
        return NotNow.STOPPING if running and not pressed else NotNow.STALE
    if before.status is TrackStatus.FAILED and await connection.scalar(
        select(tracks.c.id).where(
            tracks.c.predecessor_id == before.id,
            tracks.c.status.not_in([TrackStatus.FAILED, TrackStatus.CANCELLED]),
        )
    ):
        return NotNow.ALREADY
    if await _too_many(connection, before.user_id, limit, a_day):
        return NotNow.TOO_MANY
    track = await _insert(
        connection,
        before.recipe,
        origin=origin,
        predecessor_id=before.id,
        lyrics_messages=_listed(before.lyrics_messages),
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
    await forget_refusals(connection, before.recipe)
    return track


def _listed(message_ids: Iterable[int]) -> str:
    return " ".join(str(message_id) for message_id in message_ids)


async def _too_many(
    connection: AsyncConnection, user_id: int, limit: int, a_day: int | None
) -> bool:
    """Whether a person has as many tracks in the making as they may.

    Raises:
        DailyLimitReached: They have begun as many as they may in a day.
    """
    if a_day == 0:
        raise DailyLimitReached(Daily.TRACKS, 0, None)
    others = _NEVER if a_day is None else a_day - 1
    asked = {"user": user_id, "since": time.time() - DAY, "others": others}
    held = (await connection.execute(_HELD, asked)).one()
    if held.unfinished >= limit:
        return True
    if a_day is not None and held.last is not None:
        raise DailyLimitReached(Daily.TRACKS, a_day, held.last + DAY)
    return False


async def forget_refusals(connection: AsyncConnection, ingredients: Recipe) -> None:
    """Let recordings that a service has refused be offered to it once more."""
    await connection.execute(
        update(uploads)
        .where(uploads.c.reference_id.in_(ingredients.uploads()), uploads.c.refusal.is_not(None))
        .values(FORGOTTEN)
    )


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
