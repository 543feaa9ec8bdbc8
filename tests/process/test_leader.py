"""Several processes on one database: who talks, who works, and what cannot start."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.telegram.api import Person
from bot.store import Store
from tests.support.bot_kit import asked_purpose, chosen, created, press, previewed, said, until
from tests.support.pg_kit import driven
from tests.support.postgres import Postgres, rows
from tests.support.process_kit import Processes

TAKEOVER = 15.0
LISTENING = "listening as @refrain_bot"
STANDBY = "standing by"
OWNER = "SELECT value FROM identity WHERE key = 'bot'"


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Processes]:
    """Processes on SQLite, all in one directory."""
    async with Processes(tmp_path, DATA_DIR=str(tmp_path / "data")) as processes:
        yield processes


@pytest.fixture
async def many(tmp_path: Path, ready_url: str) -> AsyncIterator[Processes]:
    """Processes on one PostgreSQL."""
    async with Processes(tmp_path, DATABASE_URL=ready_url) as processes:
        yield processes


def somebody(processes: Processes) -> Person:
    return processes.telegram.person(1001)


async def test_one_of_two_talks_and_the_other_takes_over_where_it_stood(many: Processes) -> None:
    first = await many.start("run")
    await many.says(first, LISTENING)
    second = await many.start("run")
    await many.says(second, STANDBY)
    ada = somebody(many)
    await asked_purpose(ada)
    await chosen(ada)
    assert LISTENING not in many.said(second)
    first.kill()
    killed = time.monotonic()
    await ada.send_text("Morning light upon the water")
    await ada.wait_for(said("preview"), timeout=40)
    await many.says(second, LISTENING)
    assert time.monotonic() - killed < TAKEOVER
    await press(ada, "c:")
    await ada.wait_for("audio", timeout=40)


async def test_one_that_stops_in_order_hands_over(many: Processes) -> None:
    first = await many.start("run")
    await many.says(first, LISTENING)
    second = await many.start("run")
    await many.says(second, STANDBY)
    first.terminate()
    assert await first.wait() == 0
    await many.says(second, LISTENING)
    second.terminate()
    assert await second.wait() == 0


async def test_a_restarted_database_is_waited_for(
    many: Processes, postgres: Postgres, ready_url: str
) -> None:
    bot = await many.start("run")
    await many.says(bot, LISTENING)
    ada = somebody(many)
    many.music.latency = 2.0
    await created(ada)
    await until(lambda: len(many.music.generated) == 1)
    await asyncio.to_thread(postgres.restart)
    await ada.wait_for("audio", timeout=60)
    await until(lambda: rows(ready_url, "SELECT 1 FROM tracks WHERE status = 'delivered'"), 30)
    assert many.music.billed == 1
    await previewed(ada)
    assert bot.returncode is None


async def test_a_worker_killed_at_its_work_is_replaced(many: Processes, ready_url: str) -> None:
    talker = await many.start("run", "--no-work")
    await many.says(talker, LISTENING)
    workers = [await many.start("worker") for _ in range(2)]
    many.music.latency = 3.0
    ada = somebody(many)
    await created(ada)
    await until(lambda: len(many.music.generated) == 1, 40)
    query = "SELECT claimed_by FROM tracks"
    (row,) = rows(ready_url, query)
    victim = next(one for one in workers if f"-{one.pid}-" in row["claimed_by"])
    victim.kill()
    await ada.wait_for("audio", timeout=60)
    attempts = rows(ready_url, 'SELECT outcome FROM attempts ORDER BY "number"')
    assert [one["outcome"] for one in attempts] == ["unknown", "won"]
    assert len(many.music.generated) == 2
    assert "asking for a track" not in many.said(talker)


@pytest.mark.parametrize("command", [("worker",), ("run", "--no-work")])
async def test_workers_want_postgresql(
    alone: Processes, command: tuple[str, ...], tmp_path: Path
) -> None:
    code, line = await alone.ends(*command)
    assert code == 2
    assert "\n" not in line
    assert line.startswith("DATABASE_URL: ")
    assert "PostgreSQL" in line
    assert not (tmp_path / "data").exists()


async def test_a_file_has_one_process(alone: Processes) -> None:
    first = await alone.start("run")
    await alone.says(first, LISTENING)
    code, line = await alone.ends("run")
    assert code == 2
    assert "\n" not in line
    assert "another refrain is at work on this SQLite file" in line
    assert first.returncode is None


@pytest.mark.parametrize(
    ("command", "url"),
    [
        ("run", "postgresql://u:hush@127.0.0.1:1/nothing"),
        ("worker", "postgresql://u:hush@127.0.0.1:1/nothing"),
        ("run", "postgresql://u:hush@nowhere.invalid/nothing"),
        ("run", "mysql://u:hush@127.0.0.1/nothing"),
        ("run", "hush"),
        ("run", "postgresql://u:hush@127.0.0.1:hush/x"),
    ],
)
async def test_a_database_that_cannot_be_had_is_one_line(
    alone: Processes, url: str, command: str
) -> None:
    code, line = await alone.ends(command, DATABASE_URL=url)
    assert code == 2, line
    assert "\n" not in line
    assert line.startswith("DATABASE_URL: ")
    assert "hush" not in line


async def test_a_newer_schema_is_left_alone(many: Processes, ready_url: str) -> None:
    rows(ready_url, "UPDATE alembic_version SET version_num = '9999' RETURNING version_num")
    code, line = await many.ends("run")
    assert code == 2
    assert "\n" not in line
    assert "newer" in line
    assert "9999" in line
    assert rows(ready_url, OWNER) == []
    assert not many.telegram.calls


async def test_a_database_of_another_bot_is_left_alone(many: Processes, ready_url: str) -> None:
    store = await Store.open(driven(ready_url))
    assert await store.belongs_to("42")
    await store.aclose()
    for command in ("run", "worker"):
        code, line = await many.ends(command)
        assert code == 2
        assert "\n" not in line
        assert "belongs to another bot" in line
    assert rows(ready_url, OWNER) == [{"value": "42"}]
    assert not many.telegram.calls
