"""Every rule of how tracks begin, on both databases."""

import pytest

from bot.model import Outcome, Step, TrackStatus
from bot.store import (
    Daily,
    DailyLimitReached,
    NotNow,
    Store,
    Track,
)
from tests.support.store_kit import (
    ADA,
    AT_ONCE,
    at_once,
    attempted,
    created,
    made,
    opened,
    or_limit,
    previewed,
    previews,
)


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
