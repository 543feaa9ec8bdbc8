"""Every rule of claims, on both databases."""

import asyncio

from bot.model import Outcome, TrackStatus
from bot.store import (
    Store,
)
from tests.support.store_kit import (
    ADA,
    SHORT,
    at_once,
    attempted,
    created,
    generating,
    made,
    won,
)


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


async def test_the_ledger_refuses_whoever_has_no_claim(store: Store) -> None:
    track = await generating(store, "w1")
    assert await store.ledger.open(track.id, "w2", "aimlapi", "request", 2) is None
    await store.tracks.want_stop(track.id)
    assert await store.ledger.open(track.id, "w1", "aimlapi", "request", 2) is None


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


async def test_only_who_has_the_claim_sends(hasty: Store) -> None:
    track = await made(hasty)
    assert await hasty.tracks.sending(track.id, "w2") is None
    await asyncio.sleep(SHORT * 1.3)
    sending = await hasty.tracks.sending(track.id, "w1")
    assert sending
    assert sending.status is TrackStatus.SENDING
    assert await hasty.tracks.claims.take(track.id, "w2") is None  # it was renewed with it
    assert await hasty.tracks.sending(track.id, "w1") is None
