"""What the world does to a bot at work: databases, networks, disks and clocks that fail.

`OUTAGE_SECONDS=60 pytest tests/process/test_outages.py --timeout 400` makes the outages long.
"""

import asyncio
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks.torture_people import track_of
from bot.backoff import Backoff
from bot.sandbox.telegram.api import Person
from bot.sandbox.telegram.server import Call
from tests.support.bot_kit import (
    LYRICS,
    World,
    count,
    created,
    delivered,
    press,
    previewed,
    said,
    tracks,
    until,
    voice,
)
from tests.support.pg_kit import driven, through, to_postgres, wire
from tests.support.postgres import Postgres, rows
from tests.support.process_kit import Processes

AWAY = float(os.environ.get("OUTAGE_SECONDS", "2.5"))
PATIENCE = 40.0 + AWAY
CROWD = 4


def _shifted(real: Callable[[], float], by: float) -> float:
    return real() + by


def _asked_again(outside: World, before: int) -> bool:
    return len(outside.music.generated) > before


def _answered_later(outside: World, before: int) -> bool:
    return outside.log.count("a person is answered when it is back") > before


async def arrives(person: Person) -> None:
    await person.wait_for("audio", after=0, timeout=PATIENCE)


async def test_a_track_comes_back_while_the_database_is_away(
    outside: World, ada: Person, postgres: Postgres, ready_url: str
) -> None:
    outside.music.latency = 0.7
    async with wire(to_postgres(postgres)) as line:
        await outside.start(database_url=through(line, ready_url))
        bob = outside.telegram.person(1002)
        await bob.send_text("/start")
        await bob.wait_for("text")
        await created(ada)
        await until(lambda: outside.music.generated)
        line.cut()
        await bob.send_text("/help")
        await asyncio.sleep(AWAY)
        assert outside.music.billed == 1
        assert outside.telegram.pending_updates == 1
        await line.mend()
        await arrives(ada)
        await until(lambda: outside.telegram.pending_updates == 0, PATIENCE)
        await until(lambda: count(bob, "help") == 1, PATIENCE)
        await until(lambda: _statuses(ready_url) == ["delivered"], PATIENCE)
        assert outside.music.billed == 1
        assert len(tracks(ada)) == 1
        assert "Updates cannot be kept, so they stay with Telegram" in outside.log
        await outside.stop()


async def test_a_database_that_goes_right_after_a_delivery_hears_of_it_later(
    outside: World, ada: Person, postgres: Postgres, ready_url: str
) -> None:
    async with wire(to_postgres(postgres)) as line:
        await outside.start(database_url=through(line, ready_url))

        def cut(call: Call) -> None:
            if call.method == "sendAudio":
                line.cut()

        outside.telegram.on_call(cut)
        await created(ada)
        await arrives(ada)
        await asyncio.sleep(AWAY)
        await line.mend()
        await until(lambda: _statuses(ready_url) == ["delivered"], PATIENCE)
        assert len(tracks(ada)) == 1
        await outside.stop()


async def test_a_database_restarted_under_load_loses_nothing(
    outside: World, postgres: Postgres, ready_url: str
) -> None:
    outside.music.latency = 0.5
    await outside.start(database_url=driven(ready_url))
    arrived = Counter[int]()
    outside.telegram.on_call(
        lambda call: arrived.update([track_of(call)] if call.method == "sendAudio" else [])
    )
    people = [outside.telegram.person(2000 + number) for number in range(CROWD)]

    async def converse(person: Person, pause: float) -> None:
        await asyncio.sleep(pause)
        await _patiently(person)

    work = asyncio.gather(*(converse(one, 0.3 * n) for n, one in enumerate(people)))
    await asyncio.sleep(1.2)
    await asyncio.to_thread(postgres.restart)
    await work
    await until(lambda: set(_statuses(ready_url)) == {"delivered"}, PATIENCE)
    assert len(arrived) >= CROWD
    assert set(arrived.values()) == {1}
    assert outside.music.billed == len(arrived)
    await outside.stop()


async def test_a_track_waits_for_a_telegram_that_is_away(outside: World, ada: Person) -> None:
    outside.music.latency = 0.7
    port = int(outside.telegram.url.rpartition(":")[2])
    async with wire(lambda: asyncio.open_connection("127.0.0.1", port)) as line:
        await outside.start(telegram_api_url=f"http://127.0.0.1:{line.port}")
        await created(ada)
        await until(lambda: outside.music.generated)
        line.cut()
        await asyncio.sleep(AWAY)
        assert outside.music.billed == 1
        assert tracks(ada) == []
        await ada.send_text("/help")
        await line.mend()
        await arrives(ada)
        await until(lambda: count(ada, "help") == 1, PATIENCE)
        await outside.reaches("delivered")
        assert len(tracks(ada)) == 1
        assert outside.music.billed == 1
        assert "Telegram cannot be reached, trying again" in outside.log
        await outside.stop()


async def test_a_question_waits_for_a_telegram_that_is_away(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = Backoff(first=0.1, longest=0.2, deadline=200)
    monkeypatch.setattr("bot.telegram.retry.BACKOFF", quick)
    await outside.start()
    for send, question in (
        (lambda: ada.send_voice(voice(), duration=12), "purpose-question"),
        (lambda: ada.press("Only my voice", wait=0), "lyrics-question"),
        (lambda: ada.send_text(LYRICS), "preview"),
    ):
        outside.telegram.fail("sendMessage", "500", 1000)
        outside.telegram.fail("editMessageText", "500", 1000)
        before = outside.log.count("a person is answered when it is back")
        await send()
        await until(partial(_answered_later, outside, before))
        await asyncio.sleep(AWAY)
        outside.telegram.clear_faults()
        await ada.wait_for(said(question), timeout=PATIENCE)
    assert count(ada, "trouble") == 0
    await press(ada, "c:")
    await arrives(ada)


async def test_a_clock_that_jumps_by_an_hour_changes_nothing(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.music.latency = 0.7
    await outside.start()
    real = time.time
    for jump in (3600, -3600):
        await previewed(ada)
        before = len(outside.music.generated)
        await _create(ada)
        await until(partial(_asked_again, outside, before))
        monkeypatch.setattr(time, "time", partial(_shifted, real, jump))
        await asyncio.sleep(0.5)
        await ada.wait_for("audio", timeout=PATIENCE)
    assert outside.music.billed == 2
    assert len(tracks(ada)) == 2
    await outside.reaches("delivered", 1)
    await outside.reaches("delivered", 2)
    await outside.restart()
    await delivered(ada)
    assert outside.music.billed == 3


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process is Linux's")
async def test_a_full_disk_leaves_updates_with_telegram(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        bot = await processes.start("run")
        await processes.says(bot, "listening as")
        ada = processes.telegram.person(1001)
        await previewed(ada)
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
        await ada.send_text("/help")
        await processes.says(bot, "Updates cannot be kept, so they stay with Telegram")
        assert processes.telegram.pending_updates == 1
        assert count(ada, "help") == 0
        assert bot.returncode is None
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, unlimited)
        await until(lambda: count(ada, "help") == 1, PATIENCE)
        await _create(ada)
        await arrives(ada)
        assert "Traceback" not in processes.said(bot)


def _statuses(url: str) -> list[str]:
    return [row["status"] for row in rows(url, "SELECT status FROM tracks ORDER BY id")]


async def _create(person: Person) -> None:
    button = next(b for m in reversed(person.messages) for b in m.buttons if b.data[:2] == "c:")
    await person.press(button.data, wait=0)


async def _patiently(person: Person) -> None:
    """One conversation, each step asked for again if no answer comes."""
    for _ in range(4):
        try:
            await created(person)
            await arrives(person)
        except (TimeoutError, LookupError, AssertionError):
            continue
        return
    raise TimeoutError(person.transcript())
