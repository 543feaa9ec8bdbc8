"""A worker that is slow to learn that its track has gone to another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.sandbox.telegram.api import Person
from bot.store import StoreUnavailable
from bot.store.tracks import Tracks
from bot.telegram.outbound.messenger import Messenger
from tests.support.bot_kit import PACE, World, count, created, press, previewed, tracks, until
from tests.support.pg_kit import driven
from tests.support.postgres import rows

PATIENCE = 40.0


@asynccontextmanager
async def two_workers(outside: World, url: str, folder: Path) -> AsyncIterator[None]:
    """The whole bot, and a worker beside it."""
    await outside.start(database_url=driven(url))
    second = outside.settings.model_copy(update={"data_dir": folder / "second"})
    async with app.working(second, time_scale=PACE):
        yield
    await outside.stop()


def _row(url: str) -> dict[str, Any]:
    (row,) = rows(url, "SELECT status, told, claimed_by FROM tracks")
    return row


async def _taken_over(url: str, first: str) -> None:
    """Let the first worker's claim have run out, until the other one has the track."""
    while _row(url)["claimed_by"] == first:
        rows(url, "UPDATE tracks SET claimed_by = 'nobody', claimed_until = 0 RETURNING id")
        await until(lambda: _row(url)["claimed_by"] != "nobody", PATIENCE)


@pytest.mark.parametrize("late", [4.0, 1.0])
async def test_both_results_come_and_one_is_delivered(
    outside: World,
    ada: Person,
    ready_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: float,
) -> None:
    """Whichever sends, the other one does not take its sending for one that was lost."""
    deliver = Messenger.deliver

    async def over_a_slow_line(self: Messenger, *parts: Any) -> str:
        await asyncio.sleep(3)
        return await deliver(self, *parts)

    monkeypatch.setattr(Messenger, "deliver", over_a_slow_line)
    outside.music.latency = late
    async with two_workers(outside, ready_url, tmp_path):
        await previewed(ada)
        await until(lambda: rows(ready_url, "SELECT 1 FROM uploads"))
        await press(ada, "c:")
        await until(lambda: outside.music.generated)
        await _taken_over(ready_url, _row(ready_url)["claimed_by"])
        await until(lambda: _row(ready_url)["told"], PATIENCE)
        assert _row(ready_url)["status"] == "delivered"
        assert count(ada, "status-unsure") == 0
        assert len(tracks(ada)) == 1
        assert len(outside.music.generated) <= 2


async def test_a_store_that_fails_once_at_the_end_costs_seconds(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending, failed = Tracks.sending, asyncio.Event()

    async def failing_once(*parts: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise StoreUnavailable("away for a moment")
        return await sending(*parts)

    monkeypatch.setattr(Tracks, "sending", failing_once)
    monkeypatch.setattr("bot.app._SWEEP_EVERY", 1000.0)
    await world.restart()
    await created(ada)
    await ada.wait_for("audio", after=0, timeout=10)
    assert failed.is_set()
    assert world.music.billed == 1


async def test_a_track_that_is_made_at_a_stop_goes_to_the_next_worker(
    outside: World, ada: Person, ready_url: str, tmp_path: Path
) -> None:
    outside.music.latency = 2.0
    await outside.start(database_url=driven(ready_url), stop_grace=20)
    await previewed(ada)
    await until(lambda: rows(ready_url, "SELECT 1 FROM uploads"))
    await press(ada, "c:")
    await until(lambda: outside.music.generated)
    second = outside.settings.model_copy(update={"data_dir": tmp_path / "second"})
    async with app.working(second, time_scale=1.0):  # which sweeps every twelve seconds
        await outside.stop()
        await ada.wait_for("audio", after=0, timeout=6)
        await until(lambda: _row(ready_url)["told"], PATIENCE)
    assert outside.music.billed == 1
