"""The claims of a process: renewed together, lost without harm, given back once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.draft_steps import DraftEvent
from bot.model import Purpose, TrackStatus
from bot.store import NewRecording, Store, StoreUnavailable, Track
from bot.studio.claim_renewal import ClaimRenewal

SHORT = 0.6


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'db'}", claim_seconds=SHORT)
    yield store
    await store.aclose()


@pytest.fixture
async def track(store: Store) -> Track:
    draft, _ = await store.drafts.record(NewRecording(1, 1, 10, "file", "song", 12.0, None))
    chosen = await store.drafts.choose(draft, Purpose.SONG)
    assert chosen
    ready = await store.drafts.change(chosen, DraftEvent.LYRICS_CHANGED, lyrics="La la")
    assert ready
    created = await store.tracks.create(ready, 99, 5)
    assert isinstance(created, Track)
    return created


async def test_a_claim_lives_as_long_as_its_block(store: Store, track: Track) -> None:
    renewal, claims = ClaimRenewal("w1"), store.tracks.claims
    async with renewal.holding(claims, track.id) as mine:
        assert mine
        assert mine.claimed_by == "w1"
        await asyncio.sleep(SHORT * 2)
        async with ClaimRenewal("w2").holding(claims, track.id) as other:
            assert other is None
    assert (await store.tracks.get(track.id)).claimed_by is None


async def test_a_claim_that_went_to_somebody_else_stays_theirs(
    store: Store, track: Track, caplog: pytest.LogCaptureFixture
) -> None:
    renewal, claims = ClaimRenewal("w1"), store.tracks.claims
    async with renewal.holding(claims, track.id):
        async with store._database.write() as connection:
            await connection.execute(text("UPDATE tracks SET claimed_by = 'w2'"))
        await asyncio.sleep(SHORT)
        assert "has gone to somebody else" in caplog.text
    assert (await store.tracks.get(track.id)).claimed_by == "w2"


@pytest.mark.parametrize("trouble", [StoreUnavailable("away"), ValueError("a bug")])
async def test_a_renewal_that_fails_is_tried_again(
    store: Store,
    track: Track,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
) -> None:
    renewal, claims, tries = ClaimRenewal("w1"), store.tracks.claims, 0
    renew = claims.renew_all

    async def failing_once(ids: set[int], worker: str) -> set[int]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise trouble
        return await renew(ids, worker)

    monkeypatch.setattr(claims, "renew_all", failing_once)
    async with renewal.holding(claims, track.id):
        before = (await store.tracks.get(track.id)).claimed_until or 0.0
        await asyncio.sleep(SHORT)
        assert ((await store.tracks.get(track.id)).claimed_until or 0.0) > before
    assert "1 claims could not be renewed" in caplog.text


async def test_the_last_word_on_a_track_ends_its_claim(store: Store, track: Track) -> None:
    renewal, claims = ClaimRenewal("w1"), store.tracks.claims
    async with renewal.holding(claims, track.id):
        failed = await store.tracks.move(track.id, TrackStatus.QUEUED, TrackStatus.FAILED)
        assert failed
        assert not await store.tracks.told(track.id, TrackStatus.MADE)
        assert (await store.tracks.get(track.id)).claimed_by == "w1"
        assert await store.tracks.told(track.id, TrackStatus.FAILED)
        renewal.let_go(claims, track.id)
        assert await claims.take(track.id, "w2")
    assert (await store.tracks.get(track.id)).claimed_by == "w2"
