"""How a finished track is kept and how it is delivered, on PostgreSQL and on SQLite.

PostgreSQL changes several tables in one statement, and so in one trip to the server. SQLite
has no such statement: there the same changes are made one after the other in a transaction.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Float,
    LargeBinary,
    Row,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Outcome, TrackStatus
from bot.store.db.sql import one_of
from bot.store.schema import attempts, sounds, tracks

ATTEMPT = update(attempts).where(
    attempts.c.track_id == bindparam("track"), attempts.c.number == bindparam("which")
)
"""Changes one attempt."""

_WITHOUT_SOUND = and_(
    tracks.c.id == bindparam("track"),
    one_of(
        tracks.c.status,
        (
            TrackStatus.QUEUED,
            TrackStatus.GENERATING,
            TrackStatus.FAILED,
            TrackStatus.CANCELLED,
        ),
    ),
    ~exists().where(sounds.c.track_id == tracks.c.id),
)
_UNWANTED = (tracks.c.stop_wanted == 1) | (tracks.c.status == TrackStatus.CANCELLED)
_CLOSE = ATTEMPT.values(
    outcome=Outcome.WON,
    provider_request_id=bindparam("provider_request", type_=Text),
    cost_usd=bindparam("cost", type_=Float),
    closed_at=bindparam("now", type_=Float),
)
_MAKE = (
    update(tracks)
    .where(_WITHOUT_SOUND)
    .values(
        status=case((_UNWANTED, TrackStatus.CANCELLED), else_=TrackStatus.MADE),
        seconds=bindparam("length", type_=Float),
        reason=None,
        told=0,
        wake_at=0,
    )
    .returning(*tracks.c)
)
DELIVER = (
    update(tracks)
    .where(
        tracks.c.id == bindparam("track"),
        one_of(tracks.c.status, (TrackStatus.SENDING, TrackStatus.UNSURE)),
    )
    .values(
        status=TrackStatus.DELIVERED,
        file_id=bindparam("file", type_=Text),
        finished_at=bindparam("now", type_=Float),
        told=0,
    )
    .returning(*tracks.c)
)
"""Sending or unsure → delivered; on SQLite `bot.store.db.erasure` drops the sound later."""

_KEEP_SOUND = sqlite.insert(sounds).on_conflict_do_nothing().returning(sounds.c.track_id)

_won = _CLOSE.returning(attempts.c.track_id).cte("won")
_made = _MAKE.cte("made")
_kept = (
    postgresql.insert(sounds)
    .from_select(
        ("track_id", "audio", "cover", "note", "kept_until"),
        select(
            _made.c.id,
            bindparam("sound", type_=LargeBinary),
            bindparam("picture", type_=LargeBinary),
            bindparam("remark", type_=Text),
            case(
                (
                    _made.c.status == TrackStatus.CANCELLED,
                    bindparam("until_cancelled", type_=Float),
                ),
                else_=bindparam("until", type_=Float),
            ),
        ),
    )
    .on_conflict_do_nothing()
    .returning(sounds.c.track_id)
    .cte("kept")
)
WIN = select(*_made.c).join_from(_made, _kept, _made.c.id == _kept.c.track_id).add_cte(_won)
"""Close an attempt; move its track on and keep its sound. No row where it has one already."""


async def win_in_steps(connection: AsyncConnection, won: Mapping[str, Any]) -> Row[Any] | None:
    """Do what `WIN` does, for SQLite.

    Args:
        connection: In a transaction.
        won: The parameters of `WIN`.
    """
    close, make = ("track", "which", "provider_request", "cost", "now"), ("track", "length")
    await connection.execute(_CLOSE, {name: won[name] for name in close})
    row = (await connection.execute(_MAKE, {name: won[name] for name in make})).first()
    if row is None:
        return None
    cancelled = row.status == TrackStatus.CANCELLED
    sound = {
        "track_id": won["track"],
        "audio": won["sound"],
        "cover": won["picture"],
        "note": won["remark"],
        "kept_until": won["until_cancelled" if cancelled else "until"],
    }
    return row if await connection.scalar(_KEEP_SOUND, sound) is not None else None


_delivered = DELIVER.cte("delivered")
_dropped = (
    delete(sounds)
    .where(sounds.c.track_id.in_(select(_delivered.c.id)))
    .returning(literal(1))
    .cte("dropped")
)
DELIVER_AND_DROP = select(*_delivered.c).add_cte(_dropped)
"""Sending or unsure → delivered, and its sound dropped."""
