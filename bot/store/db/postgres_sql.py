"""What PostgreSQL does in one statement, and so in one trip; SQLite takes several for it."""

from sqlalchemy import (
    Float,
    LargeBinary,
    Text,
    and_,
    case,
    delete,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy import bindparam as given
from sqlalchemy.dialects.postgresql import insert

from bot.model import Outcome, TrackStatus
from bot.store.db.sql import one_of
from bot.store.schema import attempts, sounds, tracks

_MAY_LACK_IT = (
    TrackStatus.QUEUED,
    TrackStatus.GENERATING,
    TrackStatus.FAILED,
    TrackStatus.CANCELLED,
)
SOUNDLESS = and_(
    tracks.c.id == given("track"),
    one_of(tracks.c.status, _MAY_LACK_IT),
    ~exists().where(sounds.c.track_id == tracks.c.id),
)
"""Whether a track has no sound yet."""

UNWANTED = (tracks.c.stop_wanted == 1) | (tracks.c.status == TrackStatus.CANCELLED)
"""Whether the person wants no track any more."""

_won = (
    update(attempts)
    .where(attempts.c.track_id == given("track"), attempts.c.number == given("which"))
    .values(
        outcome=Outcome.WON,
        provider_request_id=given("provider_request", type_=Text),
        cost_usd=given("cost", type_=Float),
        closed_at=given("now", type_=Float),
    )
    .returning(attempts.c.track_id)
    .cte("won")
)
_made = (
    update(tracks)
    .where(SOUNDLESS)
    .values(
        status=case((UNWANTED, TrackStatus.CANCELLED), else_=TrackStatus.MADE),
        seconds=given("length", type_=Float),
        reason=None,
        told=0,
        wake_at=0,
    )
    .returning(*tracks.c)
    .cte("made")
)
_kept = (
    insert(sounds)
    .from_select(
        ("track_id", "audio", "cover", "note", "kept_until"),
        select(
            _made.c.id,
            given("sound", type_=LargeBinary),
            given("picture", type_=LargeBinary),
            given("remark", type_=Text),
            case(
                (_made.c.status == TrackStatus.CANCELLED, given("until_cancelled", type_=Float)),
                else_=given("until", type_=Float),
            ),
        ),
    )
    .on_conflict_do_nothing()
    .returning(sounds.c.track_id)
    .cte("kept")
)
WIN = select(*_made.c).join_from(_made, _kept, _made.c.id == _kept.c.track_id).add_cte(_won)
"""Close an attempt, keep its sound, and move its track on (see `bot.store.ledger`)."""

_delivered = (
    update(tracks)
    .where(
        tracks.c.id == given("track"),
        one_of(tracks.c.status, (TrackStatus.SENDING, TrackStatus.UNSURE)),
    )
    .values(
        status=TrackStatus.DELIVERED,
        file_id=given("file", type_=Text),
        finished_at=given("now", type_=Float),
        told=0,
    )
    .returning(*tracks.c)
    .cte("delivered")
)
_dropped = (
    delete(sounds)
    .where(sounds.c.track_id.in_(select(_delivered.c.id)))
    .returning(literal(1))
    .cte("dropped")
)
DELIVER = select(*_delivered.c).add_cte(_dropped)
"""Sending or unsure → delivered, and its sound dropped (see `bot.store.tracks`)."""
