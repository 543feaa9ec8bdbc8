"""Every rule of the store, on both databases."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.draft_steps import DraftEvent
from bot.model import Failure, Flaw, Hint, Outcome, Purpose, RecordingStatus, Step, TrackStatus
from bot.store import (
    AlreadyOpen,
    Attempt,
    Daily,
    DailyLimitReached,
    Draft,
    NewerSchema,
    NewRecording,
    NotNow,
    Store,
    StoreUnavailable,
    Track,
)
from bot.store.db import database
from bot.store.ledger import PENDING
from bot.store.schema import metadata
from tests.support.pg_kit import driven
from tests.support.postgres import rows

ADA, BOB = 7, 8
AT_ONCE = 8
SHORT = 2.0
WRITTEN = DraftEvent.LYRICS_CHANGED


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Store]:
    store = await Store.open(url, **options)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as one:
        yield one


@pytest.fixture
async def hasty(database_url: str) -> AsyncIterator[Store]:
    """A store whose claims expire quickly."""
    async with opened(database_url, claim_seconds=SHORT) as one:
        yield one


def recording(message_id: int, user_id: int = ADA, album: str | None = None) -> NewRecording:
    return NewRecording(user_id, user_id, message_id, f"file-{message_id}", "song", 12.0, album)


async def previewed(store: Store, user_id: int = ADA, message_id: int = 10) -> Draft:
    draft, _ = await store.drafts.record(recording(message_id, user_id))
    chosen = await store.drafts.choose(draft, Purpose.SONG)
    assert chosen is not None
    ready = await store.drafts.change(chosen, WRITTEN, lyrics="La la")
    assert ready is not None
    return ready


async def created(store: Store, user_id: int = ADA, message_id: int = 10) -> Track:
    track = await store.tracks.create(await previewed(store, user_id, message_id), 99, 5)
    assert isinstance(track, Track)
    return track


async def generating(store: Store, worker: str = "w1") -> Track:
    track = await created(store)
    claimed = await store.tracks.claims.take(track.id, worker, status=TrackStatus.GENERATING)
    assert claimed is not None
    return claimed


async def attempted(store: Store, track: Track, worker: str = "w1", cap: int = 2) -> Attempt:
    attempt = await store.ledger.open(track.id, worker, "aimlapi", "request", cap)
    assert attempt is not None
    return attempt


async def won(store: Store, attempt: Attempt, kept: float = 1000) -> Track | None:
    return await store.ledger.win(
        attempt,
        audio=b"mp3",
        cover=b"jpg",
        note="",
        seconds=60.0,
        kept_until=time.time() + kept,
        cancelled_kept_until=time.time() + kept,
        provider_request_id="p",
        cost_usd=0.03,
    )


async def made(store: Store) -> Track:
    track = await generating(store)
    assert await won(store, await attempted(store, track))
    return await store.tracks.get(track.id)


async def at_once(work: Callable[[int], Awaitable[Any]], times: int = AT_ONCE) -> list[Any]:
    return await asyncio.gather(*(work(number) for number in range(times)))


async def test_an_update_is_kept_once_and_comes_back_until_it_is_done(store: Store) -> None:
    assert await store.inbox.keep([(2, "b"), (1, "a")]) == [2, 1]
    assert await store.inbox.keep([(2, "b"), (3, "c")], done=[1]) == [2, 3]
    await store.inbox.keep([], done=[2])
    assert await store.inbox.keep([(1, "a"), (2, "b")]) == []
    assert await store.inbox.leftovers() == [(3, "c")]


async def test_a_leftover_comes_twice_at_most(store: Store) -> None:
    await store.inbox.keep([(1, "a")])
    assert await store.inbox.leftovers() == [(1, "a")]
    assert await store.inbox.leftovers() == []
    assert await store.inbox.keep([(1, "a")]) == []


async def test_a_leftover_that_was_not_begun_is_not_counted(store: Store) -> None:
    await store.inbox.keep([(1, "a")])
    for _ in range(3):
        assert await store.inbox.leftovers() == [(1, "a")]
        await store.inbox.put_back([1])


async def test_an_old_update_is_forgotten_and_a_new_one_is_not(store: Store) -> None:
    await store.inbox.keep([(1, "a"), (2, "b")])
    await store.inbox.keep([], done=[1])
    await store.tidy()
    assert await store.inbox.keep([(1, "a")]) == []


async def test_a_draft_changes_once_for_each_revision(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))

    async def choose(number: int) -> Draft | None:
        return await store.drafts.change(draft, WRITTEN, lyrics=f"words {number}")

    changed = [one for one in await at_once(choose) if one is not None]
    assert len(changed) == 1
    assert changed[0].revision == draft.revision + 1
    assert await store.drafts.get(ADA, ADA) == changed[0]


async def test_a_recording_counts_once_and_an_album_too(store: Store) -> None:
    draft, changed = await store.drafts.record(recording(1, album="a"))
    assert changed
    assert await store.drafts.record(recording(1, album="a")) == (draft, False)
    assert await store.drafts.record(recording(2, album="a")) == (draft, False)
    other, changed = await store.drafts.record(recording(3))
    assert changed
    assert other.id == draft.id
    assert other.reference_id != draft.reference_id


async def test_so_many_recordings_a_day_and_no_more_however_they_come(store: Store) -> None:
    async def send(number: int) -> bool:
        try:
            await store.drafts.record(recording(number), 3)
        except DailyLimitReached as reached:
            right = (reached.what, reached.limit) == (Daily.RECORDINGS, 3)
            return not (right and 0 < (reached.seconds or 0) <= 86_400)
        return True

    assert sum(await at_once(send, 12)) == 3
    draft, changed = await store.drafts.record(recording(99), None)
    assert changed
    assert await store.drafts.record(recording(99), 3) == (draft, False)
    assert not await send(100)
    assert (await store.drafts.record(recording(101, BOB), 3))[1]
    with pytest.raises(DailyLimitReached) as reached:
        await store.drafts.record(recording(102, BOB), 0)
    assert reached.value.seconds is None


async def test_the_day_is_the_last_24_hours(store: Store) -> None:
    await store.drafts.record(recording(1), 1)
    async with store._database.write() as connection:
        await connection.execute(text('UPDATE "references" SET created_at = created_at - 86300'))
    with pytest.raises(DailyLimitReached) as reached:
        await store.drafts.record(recording(2), 1)
    assert reached.value.seconds == pytest.approx(100, abs=10)
    async with store._database.write() as connection:
        await connection.execute(text('UPDATE "references" SET created_at = created_at - 101'))
    assert (await store.drafts.record(recording(2), 1))[1]


async def test_media_replaced_in_a_message_takes_the_place_once(store: Store) -> None:
    first = replace(recording(1), unique_id="one")
    draft, _ = await store.drafts.record(first)
    second = replace(recording(1), unique_id="two", file_id="other")
    changed = [one for one in await at_once(lambda _: store.drafts.replace(second)) if one]
    assert len(changed) == 1
    assert changed[0].revision == draft.revision
    assert changed[0].step is draft.step
    assert changed[0].reference_id not in {None, draft.reference_id}
    assert await store.drafts.replace(second) is None
    assert await store.drafts.record(second) == (changed[0], False)
    back = await store.drafts.replace(first)
    assert back is not None
    assert (await store.recordings.get(back.reference_id or 0)).unique_id == "one"
    assert await store.drafts.replace(replace(recording(7), unique_id="x")) is None


async def test_media_replaced_after_its_track_leaves_the_track_alone(store: Store) -> None:
    track = await created(store)
    new = replace(recording(10), unique_id="two")
    assert await store.drafts.replace(new) is None
    assert await store.recordings.track_uses_replaced(new)
    assert not await store.recordings.track_uses_replaced(recording(10))
    other_message = replace(recording(11), unique_id="two")
    assert not await store.recordings.track_uses_replaced(other_message)
    assert (await store.tracks.get(track.id)).voice_ref == track.voice_ref


async def test_a_recording_is_superseded_when_nothing_is_made_of_it(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    first = draft.reference_id or 0
    assert not await store.recordings.superseded(first)
    await store.drafts.record(recording(2))
    assert first in await store.recordings.due()
    assert await store.recordings.superseded(first)
    assert first not in await store.recordings.due()
    assert (await store.recordings.get(first)).status is RecordingStatus.SUPERSEDED
    track = await created(store, message_id=3)
    await store.drafts.record(recording(4))
    assert not await store.recordings.superseded(track.voice_ref or 0)


async def test_the_same_file_is_known_by_its_unique_id(store: Store) -> None:
    numbers = []
    for message, unique in ((1, "a"), (2, "b"), (3, "a"), (4, "")):
        draft, _ = await store.drafts.record(replace(recording(message), unique_id=unique))
        numbers.append(draft.reference_id or 0)
    last = await store.recordings.get(numbers[2])
    assert [twin.id for twin in await store.recordings.twins(last)] == [numbers[0]]
    nameless = await store.recordings.get(numbers[3])
    assert await store.recordings.twins(nameless) == []
    assert await store.recordings.of_person(ADA) == numbers[::-1]


async def test_only_a_voice_is_said_to_talk(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    number = draft.reference_id or 0
    hints = (Hint.QUIET, Hint.TALKING)
    await store.recordings.prepared(number, seconds=12, level=-42, hints=hints)
    assert (await store.recordings.get(number)).hints == (Hint.QUIET,)
    await store.drafts.choose(draft, Purpose.VOICE)
    assert (await store.recordings.get(number)).hints == hints


async def test_purpose_is_on_draft_and_reference_together(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    assert draft.reference_id is not None
    assert await store.drafts.choose(draft, Purpose.VOICE)
    assert await store.drafts.choose(draft, Purpose.SONG) is None
    reference = await store.recordings.get(draft.reference_id)
    assert reference.purpose is Purpose.VOICE


async def test_open_conversations_are_listed_by_step(store: Store) -> None:
    await previewed(store, ADA)
    await created(store, BOB, 11)
    assert await store.drafts.steps() == {(ADA, ADA): Step.PREVIEW}


async def test_create_pressed_many_times_at_once_makes_one_track(store: Store) -> None:
    draft = await previewed(store)
    results = await at_once(lambda _: store.tracks.create(draft, 99, 5))
    tracks = [one for one in results if isinstance(one, Track)]
    assert len(tracks) == 1
    assert results.count(NotNow.STALE) == AT_ONCE - 1
    assert tracks[0].status is TrackStatus.QUEUED


async def test_nobody_gets_more_unfinished_tracks_than_allowed(store: Store) -> None:
    first = await created(store)
    draft = await previewed(store, message_id=11)
    assert await store.tracks.create(draft, 99, 1) is NotNow.TOO_MANY
    await store.tracks.move(first.id, TrackStatus.QUEUED, TrackStatus.FAILED)
    assert isinstance(await store.tracks.create(draft, 99, 1), Track)


async def test_another_take_comes_once_for_a_press_and_keeps_to_the_limit(store: Store) -> None:
    track = await made(store)
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    await store.tracks.delivered(track.id, "sent")
    results = await at_once(lambda _: store.tracks.another(track, "press:1", None, 1))
    assert sum(isinstance(one, Track) for one in results) == 1


async def test_another_take_by_two_presses_at_once_keeps_to_the_limit(store: Store) -> None:
    track = await made(store)
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    await store.tracks.delivered(track.id, "sent")
    results = await at_once(lambda n: store.tracks.another(track, f"press:{n}", None, 1))
    assert sum(isinstance(one, Track) for one in results) == 1


async def test_a_claim_is_taken_once(store: Store) -> None:
    track = await created(store)
    taken = await at_once(lambda n: store.tracks.claims.take(track.id, f"w{n}"))
    assert [one.id for one in taken if one] == [track.id]


async def test_a_claim_is_on_a_row_in_the_status_it_is_wanted_in(store: Store) -> None:
    track = await created(store)
    claims = store.tracks.claims
    assert await claims.take(track.id, "w1", frozenset({TrackStatus.MADE})) is None
    assert await claims.take(track.id + 1, "w1") is None
    taken = await claims.take(track.id, "w1", frozenset({TrackStatus.MADE, TrackStatus.QUEUED}))
    assert taken == await store.tracks.get(track.id)
    assert taken.claimed_by == "w1"


async def test_an_expired_claim_goes_to_the_next_and_is_not_renewed(hasty: Store) -> None:
    claims = hasty.tracks.claims
    track = await created(hasty)
    assert await claims.take(track.id, "w1")
    assert not await claims.take(track.id, "w2")
    assert await hasty.tracks.due() == []
    await asyncio.sleep(SHORT * 0.6)
    assert await claims.renew_all([track.id], "w1") == {track.id}
    await asyncio.sleep(SHORT * 0.6)
    assert not await claims.take(track.id, "w2")
    await asyncio.sleep(SHORT * 0.6)
    assert await hasty.tracks.due() == [(track.id, TrackStatus.QUEUED)]
    assert await claims.take(track.id, "w2")
    assert await claims.renew_all([track.id], "w1") == set()
    await claims.release(track.id, "w1")
    assert not await claims.take(track.id, "w3")
    await claims.release(track.id, "w2")
    assert await claims.take(track.id, "w3")


async def test_claims_are_renewed_together(store: Store) -> None:
    claims = store.tracks.claims
    mine, other, free = [(await created(store, ADA, number)).id for number in (10, 11, 12)]
    await claims.take(mine, "w1")
    await claims.take(other, "w2")
    before = {i: (await store.tracks.get(i)).claimed_until or 0.0 for i in (mine, other)}
    await asyncio.sleep(0.05)
    assert await claims.renew_all([mine, other, free], "w1") == {mine}
    assert ((await store.tracks.get(mine)).claimed_until or 0.0) > before[mine]
    assert (await store.tracks.get(other)).claimed_until == before[other]
    assert (await store.tracks.get(free)).claimed_until is None
    assert await claims.renew_all([], "w1") == set()


async def test_only_a_database_of_ones_own_is_taken_over(store: Store) -> None:
    track = await created(store)
    await store.tracks.claims.take(track.id, "dead")
    await store.take_over()
    assert bool(await store.tracks.claims.take(track.id, "new")) is store.is_sqlite


async def test_a_claim_changes_the_status_of_a_row_that_is_still_as_it_was_seen(
    store: Store,
) -> None:
    track = await created(store)
    seen, begun = frozenset({TrackStatus.QUEUED}), TrackStatus.GENERATING
    taken = await at_once(
        lambda n: store.tracks.claims.take(track.id, f"w{n}", seen, status=begun)
    )
    (winner,) = [one for one in taken if one]
    assert winner.status is TrackStatus.GENERATING
    await store.tracks.claims.release(track.id, winner.claimed_by or "")
    assert await store.tracks.claims.take(track.id, "late", seen, status=begun) is None


async def test_cancelling_a_queued_track_that_was_called_for_is_left_to_its_maker(
    store: Store,
) -> None:
    before = await generating(store)
    attempt = await attempted(store, before)
    await store.ledger.note_ticket(attempt, "t-1")
    await store.ledger.close(attempt, Outcome.UNKNOWN, PENDING)
    failed = await store.tracks.move(
        before.id, TrackStatus.GENERATING, TrackStatus.FAILED, reason=Failure.TIMEOUT
    )
    assert failed is not None
    track = await store.tracks.another(failed, "press:1", None, 5)
    assert isinstance(track, Track)
    assert await store.tracks.want_stop(track.id)
    after = await store.tracks.get(track.id)
    assert (after.status, after.stop_wanted) == (TrackStatus.QUEUED, True)
    (promised,) = await store.ledger.of(track.id)
    await store.tracks.claims.take(track.id, "w2", status=TrackStatus.GENERATING)
    assert await won(store, promised)
    assert (await store.tracks.get(track.id)).status is TrackStatus.CANCELLED
    assert await store.tracks.has_sound(track.id)


async def test_the_ledger_opens_one_call_at_a_time(store: Store) -> None:
    track = await generating(store)
    opened_calls = await at_once(
        lambda n: store.ledger.open(track.id, "w1", "aimlapi", f"request-{n}", AT_ONCE)
    )
    assert sum(one is not None for one in opened_calls) == 1


async def test_the_ledger_never_goes_above_the_cap(store: Store) -> None:
    track = await generating(store)
    for outcome in (Outcome.UNKNOWN, Outcome.REFUSED, Outcome.BAD):
        attempt = await attempted(store, track)
        assert await store.ledger.close(attempt, outcome, "why")
        assert not await store.ledger.close(attempt, Outcome.REFUSED)
    assert await store.ledger.open(track.id, "w1", "aimlapi", "request", 2) is None
    kept = await store.ledger.of(track.id)
    assert [(one.number, one.outcome) for one in kept] == [
        (1, Outcome.UNKNOWN),
        (2, Outcome.REFUSED),
        (3, Outcome.BAD),
    ]


async def test_the_ledger_refuses_whoever_has_no_claim(store: Store) -> None:
    track = await generating(store, "w1")
    assert await store.ledger.open(track.id, "w2", "aimlapi", "request", 2) is None
    await store.tracks.want_stop(track.id)
    assert await store.ledger.open(track.id, "w1", "aimlapi", "request", 2) is None


async def test_a_cancellation_and_a_call_do_not_both_go_through(store: Store) -> None:
    """Whichever commits first: a call after a cancellation is never opened."""
    track = await generating(store)
    _, attempt = await asyncio.gather(
        store.tracks.want_stop(track.id),
        store.ledger.open(track.id, "w1", "aimlapi", "request", 2),
    )
    if attempt:
        await store.ledger.close(attempt, Outcome.UNKNOWN)
    assert await store.ledger.open(track.id, "w1", "aimlapi", "again", 2) is None


async def test_a_late_result_is_kept_without_a_claim(hasty: Store) -> None:
    track = await generating(hasty, "w1")
    attempt = await attempted(hasty, track)
    await asyncio.sleep(SHORT * 1.3)
    assert await hasty.tracks.claims.take(track.id, "w2")
    await hasty.ledger.close(attempt, Outcome.UNKNOWN, "CutOff")
    second = await attempted(hasty, track, "w2")
    assert await won(hasty, attempt)
    found = await hasty.tracks.get(track.id)
    assert found.status is TrackStatus.MADE
    assert not await won(hasty, second)
    assert [one.outcome for one in await hasty.ledger.of(track.id)] == [Outcome.WON] * 2
    assert await hasty.tracks.sound(track.id) == (b"mp3", b"jpg", "")


async def test_two_results_at_once_make_one_sound(store: Store) -> None:
    track = await generating(store)
    first = await attempted(store, track)
    await store.ledger.close(first, Outcome.UNKNOWN)
    second = await attempted(store, track)
    results = await asyncio.gather(won(store, first), won(store, second))
    assert sorted(one is not None for one in results) == [False, True]


async def test_a_late_result_of_a_failed_track_is_delivered_after_all(store: Store) -> None:
    track = await generating(store)
    attempt = await attempted(store, track)
    await store.ledger.close(attempt, Outcome.UNKNOWN)
    await store.tracks.move(
        track.id, TrackStatus.GENERATING, TrackStatus.FAILED, reason=Failure.UPSTREAM
    )
    assert await won(store, attempt)
    assert (await store.tracks.get(track.id)).status is TrackStatus.MADE


async def test_a_result_after_cancelling_is_kept_and_not_delivered(store: Store) -> None:
    track = await generating(store)
    attempt = await attempted(store, track)
    assert await store.tracks.want_stop(track.id)
    assert await won(store, attempt)
    assert (await store.tracks.get(track.id)).status is TrackStatus.CANCELLED
    assert await store.tracks.has_sound(track.id)
    assert not await store.tracks.want_stop(track.id)


async def test_a_ticket_is_kept(store: Store) -> None:
    track = await generating(store)
    attempt = await attempted(store, track)
    await store.ledger.note_ticket(attempt, "t-1")
    assert [one.ticket for one in await store.ledger.of(track.id)] == ["t-1"]


async def test_a_status_moves_once(store: Store) -> None:
    track = await made(store)
    moved = await at_once(
        lambda _: store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    )
    assert [one.status for one in moved if one] == [TrackStatus.SENDING]


async def test_only_who_has_the_claim_sends(hasty: Store) -> None:
    track = await made(hasty)
    assert await hasty.tracks.sending(track.id, "w2") is None
    await asyncio.sleep(SHORT * 1.3)
    sending = await hasty.tracks.sending(track.id, "w1")
    assert sending
    assert sending.status is TrackStatus.SENDING
    assert await hasty.tracks.claims.take(track.id, "w2") is None  # it was renewed with it
    assert await hasty.tracks.sending(track.id, "w1") is None


async def test_a_second_result_of_a_cancelled_track_changes_nothing(store: Store) -> None:
    track = await generating(store)
    first = await attempted(store, track)
    await store.ledger.close(first, Outcome.UNKNOWN)
    second = await attempted(store, track)
    await store.tracks.want_stop(track.id)
    assert await won(store, first)
    await store.tracks.told(track.id, TrackStatus.CANCELLED)
    before = await store.tracks.get(track.id)
    assert await won(store, second) is None
    assert await store.tracks.get(track.id) == before


async def test_a_server_that_said_goodbye_is_noticed_before_it_is_asked(
    ready_url: str,
) -> None:
    farewell = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with opened(driven(ready_url)) as store:
        for connect in (store._database.read, store._database.single, store._database.write):
            async with connect() as connection:
                await connection.execute(text("SELECT 1"))
            rows(ready_url, farewell)
            await asyncio.sleep(0.2)
            async with connect() as connection:
                assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_delivered_track_has_no_bytes_and_nothing_left_to_do(store: Store) -> None:
    track = await made(store)
    await store.tracks.claims.release(track.id, "w1")
    assert not await store.tracks.delivered(track.id, "sent")
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    assert await store.tracks.delivered(track.id, "sent")
    assert not await store.tracks.has_sound(track.id)
    assert await store.tracks.due() == [(track.id, TrackStatus.DELIVERED)]
    await store.tracks.told(track.id, TrackStatus.SENDING)
    assert await store.tracks.due() != []
    await store.tracks.told(track.id, TrackStatus.DELIVERED)
    assert await store.tracks.due() == []
    assert await store.tracks.backlog() == 0


async def test_work_that_waits_is_not_due_before_its_time(store: Store) -> None:
    track = await made(store)
    await store.tracks.claims.release(track.id, "w1")
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    later = {"wake_at": time.time() + 60}
    await store.tracks.move(track.id, TrackStatus.SENDING, TrackStatus.MADE, **later)
    assert await store.tracks.due() == []
    assert await store.tracks.backlog() == 1


async def test_a_track_that_is_sent_again_is_looked_at_again(store: Store) -> None:
    track = await made(store)
    await store.tracks.claims.release(track.id, "w1")
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    await store.tracks.move(track.id, TrackStatus.SENDING, TrackStatus.UNSURE)
    await store.tracks.told(track.id, TrackStatus.UNSURE)
    assert await store.tracks.due() == []
    await store.tracks.move(track.id, TrackStatus.UNSURE, TrackStatus.MADE)
    assert await store.tracks.due() == [(track.id, TrackStatus.MADE)]


async def test_bytes_nobody_fetched_are_dropped(store: Store) -> None:
    track = await generating(store)
    await won(store, await attempted(store, track), kept=-1)
    await store.tidy()
    assert await store.tracks.has_sound(track.id)  # it still waits to be delivered
    await store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.UNDELIVERABLE)
    await store.tidy()
    assert not await store.tracks.has_sound(track.id)


async def previews(store: Store, chats: range) -> list[Draft]:
    """A draft of the same person in each of many chats, ready for Create."""
    ready = []
    for chat in chats:
        new = NewRecording(chat, ADA, 10, f"file-{chat}", "song", 12.0, None)
        draft, _ = await store.drafts.record(new)
        chosen = await store.drafts.choose(draft, Purpose.SONG)
        assert chosen
        changed = await store.drafts.change(chosen, WRITTEN, lyrics="La la")
        assert changed
        ready.append(changed)
    return ready


async def or_limit(begun: Awaitable[Track | NotNow]) -> Track | NotNow | DailyLimitReached:
    """What a press leads to, a day that is over included."""
    try:
        return await begun
    except DailyLimitReached as reached:
        return reached


async def test_a_day_has_so_many_tracks_and_not_one_more(database_url: str) -> None:
    """Fifty presses at once, in two programs."""
    async with opened(database_url) as one, opened(database_url, alone=False) as other:
        drafts = await previews(one, range(100, 150))
        both = (one, other)
        results = await at_once(
            lambda n: or_limit(both[n % 2].tracks.create(drafts[n], 99, 1000, a_day=20)), 50
        )
        begun = [track for track in results if isinstance(track, Track)]
        full = [each for each in results if isinstance(each, DailyLimitReached)]
        assert (len(begun), len(full)) == (20, 30)
        first = min(track.created_at for track in begun)
        assert {(day.what, day.limit, day.frees_at) for day in full} == {
            (Daily.TRACKS, 20, first + 86_400)
        }
        left = await one.drafts.get(drafts[results.index(full[0])].chat_id, ADA)
        assert left is not None
        assert left.step is Step.PREVIEW
        assert await one.tracks.move(begun[0].id, TrackStatus.QUEUED, TrackStatus.DELIVERED)
        done = await one.tracks.get(begun[0].id)
        again = await at_once(
            lambda n: or_limit(
                both[n % 2].tracks.another(done, f"press:{n}", None, 1000, a_day=20)
            )
        )
        assert {type(each) for each in again} == {DailyLimitReached}
        taken = await at_once(
            lambda n: both[n % 2].tracks.another(done, f"press:{n}", None, 1000, a_day=21)
        )
        assert sum(isinstance(each, Track) for each in taken) == 1


async def test_what_failed_and_cost_nothing_is_no_track_of_the_day(store: Store) -> None:
    drafts = await previews(store, range(100, 104))
    free = await store.tracks.create(drafts[0], 99, 5, a_day=1)
    assert isinstance(free, Track)
    assert await store.tracks.claims.take(free.id, "w1", status=TrackStatus.GENERATING)
    refused = await attempted(store, free)
    await store.ledger.close(refused, Outcome.REFUSED)
    await store.tracks.move(free.id, TrackStatus.GENERATING, TrackStatus.FAILED)
    paid = await store.tracks.create(drafts[1], 99, 5, a_day=1)
    assert isinstance(paid, Track)
    assert await store.tracks.claims.take(paid.id, "w1", status=TrackStatus.GENERATING)
    await store.ledger.close(await attempted(store, paid), Outcome.UNKNOWN)
    await store.tracks.move(paid.id, TrackStatus.GENERATING, TrackStatus.FAILED)
    with pytest.raises(DailyLimitReached):
        await store.tracks.create(drafts[2], 99, 5, a_day=1)
    assert isinstance(await store.tracks.create(drafts[2], 99, 5, a_day=None), Track)
    with pytest.raises(DailyLimitReached) as reached:
        await store.tracks.create(drafts[3], 99, 5, a_day=0)
    assert reached.value.frees_at is None


async def test_a_track_is_found_by_the_messages_its_lyrics_came_in(store: Store) -> None:
    draft = await previewed(store)
    track = await store.tracks.create(draft, 99, 5, lyrics_messages=[12, 345])
    assert isinstance(track, Track)
    assert track.lyrics_messages == (12, 345)
    for number, found in ((12, track), (345, track), (1, None), (34, None), (2345, None)):
        assert await store.tracks.with_lyrics_from(track.chat_id, ADA, number) == found
    assert await store.tracks.with_lyrics_from(track.chat_id, BOB, 12) is None
    assert await store.tracks.move(track.id, TrackStatus.QUEUED, TrackStatus.DELIVERED)
    take = await store.tracks.another(await store.tracks.get(track.id), "press", None, 5)
    assert await store.tracks.with_lyrics_from(track.chat_id, ADA, 12) == take


async def test_a_dropped_draft_keeps_no_lyrics(store: Store) -> None:
    draft = await previewed(store)
    dropped = await store.drafts.change(draft, DraftEvent.DROPPED)
    assert dropped is not None
    assert dropped.lyrics is None


@pytest.mark.parametrize(
    ("status", "reason", "hours", "kept"),
    [
        (None, None, 2, True),
        (TrackStatus.DELIVERED, None, 0, True),
        (TrackStatus.DELIVERED, None, 2, False),
        (TrackStatus.FAILED, Failure.UPSTREAM, 2, False),
        (TrackStatus.FAILED, Failure.RECORDING, 2, True),
        (TrackStatus.FAILED, Failure.VOICE_LENGTH, 2, True),
        (TrackStatus.FAILED, Failure.RECORDING, 31 * 24, False),
        (TrackStatus.CANCELLED, None, 2, False),
    ],
)
async def test_a_closed_draft_keeps_its_lyrics_while_its_track_needs_them(
    store: Store,
    database_url: str,
    status: TrackStatus | None,
    reason: Failure | None,
    hours: int,
    kept: bool,
) -> None:
    earlier = await created(store)  # of the same draft; it says nothing about the later one
    await store.tracks.move(
        earlier.id, TrackStatus.QUEUED, TrackStatus.FAILED, reason=Failure.RECORDING
    )
    track = await created(store, message_id=11)
    if status:
        await store.tracks.move(track.id, TrackStatus.QUEUED, status, reason=reason)
    await aged(database_url, hours * 3600.0)
    await store.tidy()
    draft = await store.drafts.get(ADA, ADA)
    assert draft is not None
    assert (draft.lyrics == "La la") is kept
    assert (await store.tracks.get(track.id)).lyrics == "La la"


async def aged(url: str, seconds: float) -> None:
    """Let drafts be older, behind the store's back."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            older = text("UPDATE drafts SET changed_at = changed_at - :seconds")
            await connection.execute(older, {"seconds": seconds})
    finally:
        await engine.dispose()


async def test_a_notice_is_given_once_a_while(store: Store) -> None:
    given = await at_once(lambda _: store.users.due("credit", 60))
    assert given.count(True) == 1
    assert await store.users.due("other", 60)
    given = await at_once(lambda _: store.users.due("credit", 0))
    assert any(given)


async def test_a_user_is_one_row_whose_language_changes(store: Store) -> None:
    await at_once(lambda _: store.users.seen(ADA, "de"))
    assert await store.users.language(ADA) == "de"
    await store.users.seen(ADA, "en")
    assert await store.users.language(ADA) == "en"
    assert await store.users.language(BOB) is None


async def test_an_upload_that_is_about_to_expire_is_not_used(store: Store) -> None:
    draft = await previewed(store)
    reference_id = draft.reference_id
    assert reference_id is not None
    soon, late = time.time() + 60, time.time() + 3600
    keep, find = store.recordings.keep_upload, store.recordings.upload
    told = {"voice_id": "v", "expires_at": soon}
    await keep(reference_id, Purpose.SONG, "aimlapi", **told)
    fresh = await find(reference_id, Purpose.SONG, "aimlapi")
    assert fresh is not None, "what was uploaded a moment ago is used, not uploaded again"
    long_ago = time.time() - 3600
    await keep(reference_id, Purpose.SONG, "aimlapi", **told, uploaded_at=long_ago)
    assert await find(reference_id, Purpose.SONG, "aimlapi") is None
    await at_once(
        lambda _: keep(reference_id, Purpose.SONG, "aimlapi", beat_id="b", expires_at=late)
    )
    found = await find(reference_id, Purpose.SONG, "aimlapi")
    assert found is not None
    assert (found.voice_id, found.beat_id) == (None, "b")
    assert await find(reference_id, Purpose.VOICE, "aimlapi") is None
    await store.recordings.forget_upload(reference_id, Purpose.SONG, "aimlapi")
    assert await find(reference_id, Purpose.SONG, "aimlapi") is None


async def test_a_recording_is_judged_once_and_told_about_once(store: Store) -> None:
    draft = await previewed(store)
    reference_id = draft.reference_id
    assert reference_id is not None
    assert await store.recordings.due() == [reference_id]
    hints = (Hint.QUIET, Hint.CLIPPED)
    judged = await asyncio.gather(
        store.recordings.prepared(reference_id, seconds=12, level=-42, hints=hints),
        store.recordings.rejected(reference_id, Flaw.SILENT),
    )
    assert sorted(judged) == [False, True]
    assert await store.recordings.due() == [reference_id]
    await store.recordings.told(reference_id)
    assert await store.recordings.due() == []
    assert (await store.recordings.get(reference_id)).status is not RecordingStatus.RECEIVED


async def test_what_is_not_there_is_a_lookup_error(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.tracks.get(1)
    with pytest.raises(LookupError):
        await store.recordings.get(1)


async def test_a_database_belongs_to_one_bot(store: Store) -> None:
    mine = await at_once(lambda _: store.belongs_to("111"))
    assert mine == [True] * AT_ONCE
    assert not await store.belongs_to("222")
    assert await store.belongs_to("111")


async def test_a_schema_newer_than_the_program_is_left_alone(database_url: str) -> None:
    async with opened(database_url) as store:
        await created(store)
        async with store._database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="9999"):
        await Store.open(database_url)
    async with _raw(database_url) as raw:
        kept = await raw.execute(text("SELECT version_num FROM alembic_version"))
        assert kept.scalar() == "9999"
        assert (await raw.execute(text("SELECT count(*) FROM tracks"))).scalar() == 1


@asynccontextmanager
async def _raw(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def test_starts_at_the_same_time_migrate_once(empty_url: str) -> None:
    stores = await at_once(lambda _: Store.open(empty_url, alone=False), 3)
    try:
        drafts = await asyncio.gather(
            *(previewed(store, n, n) for n, store in enumerate(stores, 1))
        )
        assert len({draft.id for draft in drafts}) == len(stores)
    finally:
        for store in stores:
            await store.aclose()


async def test_a_new_file_has_large_pages_and_a_log(tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'new'}") as store:
        for connect in (store._database.read, store._database.single):
            async with connect() as connection:
                assert await connection.scalar(text("PRAGMA page_size")) == 16_384
                assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_a_file_is_opened_once_and_a_server_often(database_url: str) -> None:
    async with opened(database_url) as store:
        if store.is_sqlite:
            with pytest.raises(AlreadyOpen, match="another refrain"):
                await Store.open(database_url)
        else:
            async with opened(database_url) as second:
                await created(second)
    async with opened(database_url) as again:
        await previewed(again, message_id=77)


async def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
        return [one for one in found if "procrastinate" not in repr(one)]

    async with store._database.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_wait_for_the_database_has_an_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = await created(store)
    async with store._database.write() as connection:
        await connection.execute(text("UPDATE tracks SET told = told"))
        monkeypatch.setattr(database, "_LONGEST", 0.2)
        with pytest.raises(StoreUnavailable, match="in time"):
            await store.tracks.claims.take(track.id, "a")
    assert await store.tracks.claims.take(track.id, "a")


async def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(StoreUnavailable) as failure:
        await Store.open("postgresql+psycopg://u:hush@127.0.0.1:1/nothing")
    assert "\n" not in str(failure.value)
    assert "hush" not in str(failure.value)


async def test_what_showed_a_draft_before_is_remembered(store: Store) -> None:
    draft = await previewed(store)
    await store.drafts.note_panel(draft, 7, 77)
    draft = await store.drafts.get(ADA, ADA) or draft
    assert (draft.panel_id, draft.old_panel_id, draft.topic_id) == (7, None, 77)
    changed = await store.drafts.change(draft, DraftEvent.PARTNER_WANTED, by=1, panel_id=None)
    assert changed is not None
    assert (changed.panel_id, changed.old_panel_id) == (None, 7)
    again = await store.drafts.change(changed, DraftEvent.PARTNER_DECLINED, by=2, panel_id=None)
    assert again is not None
    assert (again.panel_id, again.old_panel_id, again.handled) == (None, 7, (1, 2))
    track = await store.tracks.create(again, 9, 5, origin="press:1")
    assert isinstance(track, Track)
    assert (track.topic_id, track.take) == (77, 1)
    closed = await store.drafts.get(ADA, ADA)
    assert closed is not None
    assert (closed.panel_id, closed.old_panel_id) == (None, None)
    for begun in (
        await store.tracks.asked_for(ADA, "press:1"),
        await store.tracks.shown_in(ADA, ADA, 9),
    ):
        assert begun is not None
        assert begun.id == track.id
    assert await store.tracks.asked_for(ADA, "press:2") is None


async def test_the_latest_updates_of_a_draft_are_remembered(store: Store) -> None:
    draft: Draft | None = await previewed(store)
    for number in range(30):
        assert draft is not None
        draft = await store.drafts.change(draft, WRITTEN, by=number, lyrics=f"words {number}")
    assert draft is not None
    assert draft.handled == tuple(range(10, 30))


async def test_a_take_that_never_came_leaves_its_number(store: Store) -> None:
    first = await created(store)
    await store.tracks.move(first.id, TrackStatus.QUEUED, TrackStatus.DELIVERED)
    takes = []
    for end in (TrackStatus.FAILED, TrackStatus.DELIVERED, TrackStatus.CANCELLED):
        track = await store.tracks.another(first, f"press:{end}", None, 5)
        assert isinstance(track, Track)
        takes.append(track.take)
        await store.tracks.move(track.id, TrackStatus.QUEUED, end)
    assert takes == [2, 2, 3]


async def test_a_take_that_is_being_stopped_is_said_to_be(store: Store) -> None:
    first = await created(store)
    await store.tracks.move(first.id, TrackStatus.QUEUED, TrackStatus.DELIVERED)
    second = await store.tracks.another(first, "press:1", None, 5)
    assert isinstance(second, Track)
    await store.tracks.claims.take(second.id, "w1", status=TrackStatus.GENERATING)
    assert await store.tracks.another(first, "press:2", None, 5) is NotNow.STALE
    assert await store.tracks.want_stop(second.id, "press:3")
    assert await store.tracks.another(first, "press:4", None, 5) is NotNow.STOPPING
    assert await store.tracks.another(first, "press:1", None, 5) is NotNow.STALE


async def test_an_end_rings_once(store: Store) -> None:
    track = await created(store)
    await store.tracks.move(track.id, TrackStatus.QUEUED, TrackStatus.FAILED, reason="upstream")
    turns = await at_once(lambda _: store.tracks.ring(track.id, TrackStatus.FAILED))
    assert turns.count(True) == 1
    await store.tracks.not_rung(track.id)
    assert not await store.tracks.ring(track.id, TrackStatus.UNSURE)
    assert await store.tracks.ring(track.id, TrackStatus.FAILED)


async def test_what_is_over_may_be_told_again(store: Store) -> None:
    assert await store.users.due("aimlapi:key", 3600)
    assert await store.users.due("aimlapi-cover:key", 3600)
    assert await store.users.over("aimlapi")
    assert not await store.users.over("aimlapi")
    assert await store.users.due("aimlapi:key", 3600)
    assert not await store.users.due("aimlapi-cover:key", 3600)


async def test_who_has_chosen_knows_where_recordings_go(store: Store) -> None:
    await store.users.seen(ADA, "en")
    assert not await store.users.knows_privacy(ADA)
    await previewed(store)
    assert await store.users.knows_privacy(ADA)
    await store.users.seen(ADA, "de")
    assert await store.users.knows_privacy(ADA)
