"""What is wrong at the first start does not spoil the second."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.sandbox.telegram.api import Person
from tests.bot.test_bad_input import GOOD, refrain
from tests.support.bot_kit import World, delivered


def test_half_a_token_is_named_and_kept_nowhere(tmp_path: Path) -> None:
    half = "AAsandboxsandboxsandboxsandboxsand0"
    data = tmp_path / "data"
    settings = {**GOOD, "TELEGRAM_TOKEN": half, "DATA_DIR": str(data)}
    ended = refrain("run", tmp_path, settings)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("TELEGRAM_TOKEN")
    assert half not in line
    assert not data.exists()


async def test_a_wrong_token_first_does_not_lock_the_right_one_out(
    outside: World, ada: Person
) -> None:
    settings = {
        **GOOD,
        "TELEGRAM_API_URL": outside.telegram.url,
        "TELEGRAM_TOKEN": "111111:AAwrongwrongwrongwrongwrongwrongwro",
        "DATA_DIR": str(outside.data),
    }
    ended = await asyncio.to_thread(refrain, "run", outside.data.parent, settings)
    assert ended.returncode == 2
    await outside.start()
    await delivered(ada)
    ended = await asyncio.to_thread(refrain, "run", outside.data.parent, settings)
    assert "another" in ended.stderr
    await outside.stop()
    ended = await asyncio.to_thread(refrain, "check", outside.data.parent, settings)
    assert "belongs to another bot" in ended.stdout


def test_a_file_of_settings_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("ACESTEP_PROMPT=früh\n".encode("latin-1"))
    ended = refrain("run", tmp_path, GOOD)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(".env: is not UTF-8")


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE identity SET value = '42'", "belongs to another bot"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer"),
    ],
)
async def test_a_file_that_is_not_ours_is_not_touched(
    outside: World, journal: str, change: str, why: str
) -> None:
    await outside.start()
    await outside.stop()
    file = outside.data / "refrain.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(change)
        database.execute(f"PRAGMA journal_mode={journal}")
    before = file.read_bytes()
    settings = {
        "TELEGRAM_TOKEN": outside.telegram.token,
        "TELEGRAM_API_URL": outside.telegram.url,
        "AIMLAPI_KEY": "k",
        "DATA_DIR": str(outside.data),
    }
    ended = await asyncio.to_thread(refrain, "run", outside.data.parent, settings)
    assert ended.returncode == 2
    assert why in ended.stderr
    assert file.read_bytes() == before
