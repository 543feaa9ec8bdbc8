"""Every rule of paid calls and their results, on both databases."""

import asyncio

from bot.model import Failure, Outcome, TrackStatus
from bot.store import (
    Store,
    Track,
)
from bot.store.ledger import PENDING
from tests.support.store_kit import AT_ONCE, at_once, attempted, generating, won


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
