"""Every rule of tracks and of what is told about them, on both databases."""

import time

import pytest

from bot.model import TrackStatus
from bot.store import (
    Store,
    Track,
)
from tests.support.store_kit import (
    ADA,
    BOB,
    at_once,
    attempted,
    created,
    generating,
    made,
    previewed,
    won,
)


async def test_a_status_moves_once(store: Store) -> None:
    track = await made(store)
    moved = await at_once(
        lambda _: store.tracks.move(track.id, TrackStatus.MADE, TrackStatus.SENDING)
    )
    assert [one.status for one in moved if one] == [TrackStatus.SENDING]


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


async def test_what_is_not_there_is_a_lookup_error(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.tracks.get(1)
    with pytest.raises(LookupError):
        await store.recordings.get(1)


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
