"""Somebody else with an account on the same machine, or with the disk or a backup in hand."""

import json
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.sandbox.telegram.api import Person
from bot.settings import Settings
from bot.store import Store
from bot.store.db.backup import backup
from tests.support import audio_material
from tests.support.bot_kit import LYRICS, World, created, delivered, previewed, said, until
from tests.support.process_kit import Processes

LINE = LYRICS.partition("\n")[0]


@pytest.fixture
def careless() -> object:
    """The umask that most systems give their users."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """What others may do with a folder and everything in it."""
    kept = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    modes = {path: path.stat().st_mode for path in kept}
    return {p.name: stat.filemode(mode) for p, mode in modes.items() if mode & 0o077}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def at_work(processes: Processes, data: Path) -> None:
    """Start a bot on a folder, wait until it listens, look at the folder, and stop it."""
    process = await processes.start("run", DATA_DIR=str(data))
    await processes.says(process, "listening as")
    try:
        assert (data / "refrain.sqlite3-wal").exists()
        assert open_to_others(data) == {}
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.usefixtures("careless")
async def test_nobody_else_reads_what_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with Processes(tmp_path) as processes:
        code, said_ = await processes.ends("check", DATA_DIR=str(data))
        assert code == 0, said_
        await at_work(processes, data)
        assert open_to_others(data) == {}
        assert "others on this machine" not in said_


@pytest.mark.usefixtures("careless")
async def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "recordings").mkdir(parents=True)
    (data / "recordings" / "1.mp3").write_bytes(b"sound")
    (data / "refrain.sqlite3.lock").touch()
    sqlite3.connect(data / "refrain.sqlite3").close()
    (data / "refrain.sqlite3").touch()
    assert len(open_to_others(data)) == 5
    async with Processes(tmp_path) as processes:
        await at_work(processes, data)


@pytest.mark.usefixtures("careless")
async def test_a_folder_that_holds_other_things_is_left_and_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "holiday.jpg").touch()
    async with Processes(tmp_path) as processes:
        process = await processes.start("run", DATA_DIR=str(data))
        await processes.says(process, "listening as")
        process.terminate()
        await process.wait()
        assert "DATA_DIR: others on this machine can look into" in processes.said(process)
    assert set(open_to_others(data)) == {"data", "holiday.jpg"}


@pytest.mark.usefixtures("careless")
async def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.touch()
    (data / "refrain.sqlite3.lock.old").symlink_to(elsewhere)
    async with Processes(tmp_path) as processes:
        await at_work(processes, data)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


@pytest.mark.usefixtures("careless")
async def test_a_database_elsewhere_is_closed_as_well(tmp_path: Path) -> None:
    file = tmp_path / "other" / "songs.db"
    file.parent.mkdir()
    sqlite3.connect(file).close()
    file.touch()
    async with Processes(tmp_path, DATABASE_URL=f"sqlite+aiosqlite:///{file}") as processes:
        process = await processes.start("run")
        await processes.says(process, "listening as")
        kept = {path.name: path for path in file.parent.iterdir()}
        assert set(kept) == {"songs.db", "songs.db-wal", "songs.db-shm", "songs.db.lock"}
        assert [name for name, path in kept.items() if path.stat().st_mode & 0o077] == []
        process.terminate()
        await process.wait()


NAMES = [
    "music%20bot",
    "what?now",
    "a#b",
    "two words ",
    "Müsik 歌",
    'it\'s "mine"',
    "a&mode=ro",
    "100%",
    "file:x",
    ":memory:",
    "a[b]*",
    "semi;colon\\",
    "~nobody-of-that-name/x",
]


@pytest.mark.parametrize("name", NAMES)
async def test_the_database_is_in_data_dir_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(_env_file=None, data_dir=Path(name))
    assert settings.is_sqlite
    assert not await Store.look(settings.database)
    assert names_in(tmp_path) == set()
    settings.data_dir.mkdir(parents=True)
    store = await Store.open(settings.database)
    assert await store.belongs_to("42")
    assert await Store.look(settings.database)
    await store.aclose()
    assert names_in(Path(name)) - {"refrain.sqlite3.lock"} == {"refrain.sqlite3"}
    assert await Store.look(settings.database)
    assert names_in(tmp_path) == {name.partition("/")[0]}
    backup(Path(name) / "refrain.sqlite3", tmp_path / "copy")
    for file in (tmp_path / name / "refrain.sqlite3", tmp_path / "copy"):
        with closing(sqlite3.connect(file)) as opened:
            assert opened.execute("SELECT value FROM identity").fetchone() == ("42",)


async def test_a_bot_in_a_folder_of_an_odd_name(tmp_path: Path) -> None:
    name = "music%20bot? #1"
    home = tmp_path / "home"
    home.mkdir()
    async with Processes(home) as processes:
        process = await processes.start("run", DATA_DIR=name)
        await processes.says(process, "listening as")
        process.terminate()
        await process.wait()
        code, told = await processes.ends("check", DATA_DIR=name)
        assert code == 0, told
        code, told = await processes.ends("backup", "copy", DATA_DIR=name)
        assert code == 0, told
    assert (home / name / "refrain.sqlite3").exists()
    assert {path.name for path in home.iterdir() if "log" not in path.name} == {name, "copy"}
    assert stat.S_IMODE((home / "copy").stat().st_mode) == 0o600


def found(data: Path, *words: bytes) -> list[str]:
    """Which files of the bot still hold any of these."""
    hits = []
    for path in data.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # the bot drops files meanwhile
            content = path.read_bytes()
            hits += [path.name for word in words if word in content]
    return hits


def another_song() -> bytes:
    """A track that has nothing in common with the recording."""
    return audio_material.encoded(audio_material.speech(60))


def inside(sound: bytes | None) -> list[bytes]:
    """Pieces of a sound, so that none of it may be left."""
    assert sound is not None
    return [sound[at : at + 64] for at in range(1000, len(sound) - 64, len(sound) // 20)]


async def test_a_delivered_track_is_in_no_free_page_and_no_log(world: World, ada: Person) -> None:
    world.music.stock = another_song()
    pieces = inside(world.music.stock)
    world.telegram.fail("sendAudio", "429", 3, retry_after=1)
    await created(ada)
    await until(lambda: found(world.data, *pieces))
    await ada.wait_for("audio", timeout=30)
    await world.reaches("delivered")
    await until(lambda: not found(world.data, *pieces))
    await world.stop()
    assert found(world.data, *pieces) == []
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_stop_erases_what_was_just_delivered(outside: World, ada: Person) -> None:
    outside.music.stock = another_song()
    await outside.start()
    await delivered(ada)
    await outside.reaches("delivered")
    await outside.stop()
    assert found(outside.data, *inside(outside.music.stock)) == []


@pytest.mark.parametrize("way", ["/cancel", "button"])
async def test_words_that_were_dropped_are_nowhere(world: World, ada: Person, way: str) -> None:
    await previewed(ada)
    assert found(world.data, LINE.encode())
    if way == "button":
        await ada.press("Cancel")
        await ada.wait_for(said("cancel-draft"), after=0)
    else:
        await ada.send_text("/cancel")
        await ada.wait_for(said("cancel-draft"))
    await world.quiet()
    await until(lambda: not found(world.data, LINE.encode()))
    await world.stop()
    assert found(world.data, LINE.encode()) == []


async def test_words_of_a_draft_that_became_a_track_are_kept_once(
    world: World, ada: Person
) -> None:
    await delivered(ada)
    await world.reaches("delivered")
    await world.stop()
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute("UPDATE drafts SET changed_at = changed_at - 7200")
        assert database.execute("SELECT lyrics FROM drafts").fetchone() == (LYRICS,)
    await world.start()
    await until(
        lambda: [row["lyrics"] for row in world.rows("SELECT lyrics FROM drafts")] == [None]
    )
    assert [row["lyrics"] for row in world.rows("SELECT lyrics FROM tracks")] == [LYRICS]


async def test_a_backup_holds_nothing_that_was_deleted(tmp_path: Path) -> None:
    source, copy = tmp_path / "refrain.sqlite3", tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(source)) as database:  # as an older version left it
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, words TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(n, "hush " * 50) for n in range(99)])
        database.commit()
        database.execute("DELETE FROM t WHERE id > 3")
        database.execute("UPDATE t SET words = 'loud'")
        database.commit()
    assert b"hush" in source.read_bytes()
    async with Processes(tmp_path) as processes:
        code, told = await processes.ends("backup", str(copy), DATA_DIR=str(tmp_path))
    assert code == 0, told
    assert b"hush" not in copy.read_bytes()
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT count(*), max(words) FROM t").fetchone() == (4, "loud")


async def test_secrets_are_in_no_line_and_no_byte(tmp_path: Path) -> None:
    key, password = "sk-0a/9Zb+8Yc=7Xd&6We%5Vf4Ug3", "pr0xy-pass/word+1"
    async with Processes(tmp_path, LOG_LEVEL="DEBUG") as processes:
        processes.music.key = key
        secret = {
            "AIMLAPI_KEY": f" '{key}' ",
            "HTTPS_PROXY": f"http://me:{quote(password, safe='')}@127.0.0.1:9",
        }
        person = processes.telegram.person(1001)
        process = await processes.start("run", **secret)
        await processes.says(process, "listening as")
        await delivered(person)
        processes.telegram.fail("sendMessage", "reset")
        await person.send_text("/help")
        await person.send_text("/start")
        await person.wait_for(said("start"))
        process.terminate()
        await process.wait()
        await processes.ends("check", **secret)
    half = processes.telegram.token.partition(":")[2]
    words = [half, half[5:25], key, quote(key, safe=""), json.dumps(key)[1:-1], password]
    kept = found(tmp_path, *[word.encode() for word in (*words, quote(password, safe=""))])
    assert kept == []
