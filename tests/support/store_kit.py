"""Rows to test the store with, on both databases."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.draft_steps import DraftEvent
from bot.model import Purpose, TrackStatus
from bot.store import (
    Attempt,
    DailyLimitReached,
    Draft,
    NewRecording,
    NotNow,
    Store,
    Track,
)

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


async def aged(url: str, seconds: float) -> None:
    """Let drafts be older, behind the store's back."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            older = text("UPDATE drafts SET changed_at = changed_at - :seconds")
            await connection.execute(older, {"seconds": seconds})
    finally:
        await engine.dispose()


@asynccontextmanager
async def raw_connection(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
