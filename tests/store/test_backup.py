"""A copy taken while the bot runs, and the bot started from it."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from bot.cli import main
from bot.i18n import texts
from bot.sandbox.telegram.api import Person
from bot.store.db.backup import backup
from tests.support.bot_kit import World, delivered, previewed, said, until


def the_file(world: World) -> Path:
    return world.data / "refrain.sqlite3"


async def test_a_conversation_goes_on_from_a_backup(
    world: World, ada: Person, tmp_path: Path
) -> None:
    preview = await previewed(ada)
    await until(lambda: not world.rows("SELECT 1 FROM inbox WHERE done_at IS NULL"))
    copy = tmp_path / "copy.sqlite3"
    size = await asyncio.to_thread(backup, the_file(world), copy)
    assert size == copy.stat().st_size > 0
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))
    await world.stop()

    for leftover in world.data.glob("refrain.sqlite3*"):
        leftover.unlink()
    shutil.copy(copy, the_file(world))
    await world.start()
    await ada.press_forged(preview.id, preview.buttons[0].data)
    await ada.wait_for("audio")


async def test_a_busy_database_is_copied_whole(world: World, ada: Person, tmp_path: Path) -> None:
    copies = [tmp_path / f"{number}.sqlite3" for number in range(5)]
    copying = asyncio.gather(
        *(asyncio.to_thread(backup, the_file(world), copy) for copy in copies)
    )
    await delivered(ada)
    await copying
    for copy in copies:
        database = sqlite3.connect(copy)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


def no_copy(folder: Path, into: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says that makes no copy; its folder stays as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match="1"):
        main(["backup", str(folder / into)])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.strip()


def test_why_there_is_no_copy_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    say = texts(None).plain
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    source = tmp_path / "refrain.sqlite3"
    assert no_copy(tmp_path, "copy", capsys) == say("backup-missing", path=str(source))
    sqlite3.connect(source).close()
    nowhere = str(tmp_path / "no such folder")
    assert no_copy(tmp_path, "no such folder/copy", capsys) == say(
        "backup-folder", path=nowhere, why="No such file or directory"
    )
    source.write_text("no database " * 100)
    assert no_copy(tmp_path, "copy", capsys) == say(
        "backup-failed", path=str(source), why="file is not a database"
    )


def test_postgresql_has_its_own_tool(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hush@127.0.0.1/x")
    with pytest.raises(SystemExit, match="2"):
        main(["backup", "copy"])
    told = capsys.readouterr().err
    assert "pg_dump" in told
    assert "hush" not in told
