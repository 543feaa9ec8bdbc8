"""What is wrong at the first start does not spoil the second."""

import asyncio
from pathlib import Path

from bot.sandbox.telegram_api import Person
from tests.bot_kit import World, delivered
from tests.test_bad_input import GOOD, refrain


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
