"""Bad input: what each gets, row by row."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.telegram.api import Person
from tests.support import audio_material
from tests.support.bot_kit import (
    LYRICS,
    OWNER,
    World,
    asked_purpose,
    chosen,
    count,
    created,
    delivered,
    newest,
    press,
    previewed,
    said,
    says,
    song,
    toasted,
    tracks,
    until,
    write,
)

PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.mp3\n"


def quiet_voice(gain: float) -> bytes:
    return audio_material.encoded(
        audio_material.tone(12, gain=gain), "ogg", "libopus", rate=48_000
    )


# What Telegram itself says of a file is judged at once.
AT_ONCE: dict[str, tuple[str, dict[str, Any]]] = {
    "too-big": ("audio", {"duration": 60, "file_size": 21 * 1024 * 1024}),
    "empty": ("voice", {"duration": 12, "file_size": 0}),
    "not-audio": ("document", {"file_name": "holiday.jpg", "mime_type": "image/jpeg"}),
}

# The rest is judged when it has been heard.
HEARD: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "short-after-all": ("too-short", song(4), {"duration": 0}),
    "ten-seconds": ("too-short", song(10), {"duration": 10}),
    "short": ("too-short", song(4), {"duration": 4}),
    "silent": ("silent", audio_material.encoded(audio_material.silence(12)), {"duration": 12}),
    "unreadable": ("unreadable", b"not a recording at all " * 100, {"duration": 12}),
    "playlist": ("unreadable", PLAYLIST, {"duration": 12}),
    "no-sound": ("not-audio", audio_material.silent_film(), {"duration": 12}),
    "truly-empty": ("empty", b"", {"duration": 12, "file_size": 5000}),
}


@pytest.mark.parametrize("flaw", AT_ONCE)
async def test_a_recording_that_is_refused_at_once(world: World, ada: Person, flaw: str) -> None:
    kind, fields = AT_ONCE[flaw]
    await ada.send_text(LYRICS)
    await ada.wait_for(said("send-recording"))
    await ada.send_file(kind, song(), **fields)
    told = await ada.wait_for(lambda m: m.text.endswith("Your words are kept."))
    assert says(f"recording-{flaw}")(told)
    await world.quiet()
    assert world.rows('SELECT 1 FROM "references"') == []
    assert world.telegram.counts["getFile"] == 0
    await asked_purpose(ada)
    assert LYRICS in (await chosen(ada)).text


@pytest.mark.parametrize("case", HEARD)
async def test_a_recording_that_is_refused_when_heard(
    world: World, ada: Person, case: str
) -> None:
    flaw, content, fields = HEARD[case]
    sent = await ada.send_audio(content, **fields)
    told = await ada.wait_for(said(f"recording-{flaw}"))
    await world.quiet()
    assert [(m.id, m.buttons) for m in ada.messages if m.id > sent.id] == [(told.id, [])]
    await until(lambda: world.rows('SELECT 1 FROM "references" WHERE told = 1'))
    await ada.send_text(LYRICS)
    kept = await ada.wait_for(said("send-recording"))
    assert kept.buttons == []
    await world.quiet()
    assert world.music.uploads == []
    assert world.music.generated == []
    await asked_purpose(ada)
    preview = await chosen(ada)
    assert LYRICS in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_a_recording_found_bad_after_create(world: World, ada: Person) -> None:
    world.telegram.fail("getFile", "429", 2, retry_after=4)
    await created(ada, content=b"not a recording at all " * 100)
    failed = await ada.wait_for(says("recording-unreadable"), after=0)
    assert failed.button_texts == ["Another recording"]
    assert world.music.uploads == []
    await asked_purpose(ada)
    assert LYRICS in (await chosen(ada)).text


async def test_a_file_telegram_does_not_hand_out(world: World, ada: Person) -> None:
    await ada.send_document(None, "take.mp3", "audio/mpeg", file_size=30_000_000)
    await ada.wait_for(said("recording-too-big"))
    await world.quiet()
    assert count(ada, "purpose-question") == 0


WARNED: dict[str, tuple[Callable[[], bytes], int]] = {
    "quiet": (lambda: quiet_voice(0.006), 12),
    "clipped": (
        lambda: audio_material.encoded((audio_material.tone(12, gain=3)).clip(-1, 1)),
        12,
    ),
    "cut-off": (lambda: song(30)[: len(song(30)) // 2], 30),
    "talking": (
        lambda: audio_material.encoded(audio_material.speech(12), "ogg", "libopus", rate=48_000),
        12,
    ),
}


@pytest.mark.parametrize("hint", WARNED)
async def test_a_doubtful_recording_is_warned_about_once_and_used(
    world: World, ada: Person, hint: str
) -> None:
    make, seconds = WARNED[hint]
    await ada.send_audio(make(), duration=seconds)
    await ada.wait_for(said("purpose-question"), after=0)
    await until(lambda: world.rows('SELECT 1 FROM "references" WHERE told = 1'))
    await world.quiet()
    assert hint_lines(ada, hint) == (hint != "talking")  # which matters for voices alone
    await chosen(ada, "voice")
    await world.quiet()
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert hint_lines(ada, hint) == 1


async def test_talking_is_no_fault_of_music(world: World, ada: Person) -> None:
    make, seconds = WARNED["talking"]
    await ada.send_audio(make(), duration=seconds)
    await ada.wait_for(said("purpose-question"))
    await until(lambda: world.rows('SELECT 1 FROM "references" WHERE told = 1'))
    await chosen(ada, "instrumental")
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await world.quiet()
    assert hint_lines(ada, "talking") == 0


def hint_lines(person: Person, hint: str) -> int:
    return sum(says(f"hint-{hint}")(message) for message in person.messages)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("\u200b\u2060\ufeff", "lyrics-empty"),
        ("\u2800 \u3164", "lyrics-empty"),
        ("## ##", "lyrics-empty"),
        ("🎵🎶 …!", "lyrics-empty"),
        ("la " * 200, "lyrics-long"),
        ("x" * 597, "lyrics-long"),
        ("x" * 4096, "lyrics-long"),
    ],
)
async def test_lyrics_that_cannot_be_sung(world: World, ada: Person, text: str, key: str) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await ada.send_text(text)
    told = await ada.wait_for(said(key))
    if key == "lyrics-long":
        over = len(text.strip()) - 596
        assert "one character too" in told.text or f"{over:,} characters too" in told.text
    await ada.send_text("x" * 596)
    assert "596 of 596" in (await ada.wait_for(said("preview"))).text


async def test_lyrics_too_long_can_be_edited_into_shape(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    words = await ada.send_text("y" * 700)
    await ada.wait_for(said("lyrics-long"))
    await ada.edit_text(words.id, LYRICS)
    preview = await ada.wait_for(said("preview"))
    create = preview.buttons[0].data
    await ada.edit_text(words.id, "z" * 700)
    told = await ada.wait_for(said("lyrics-long"))
    assert told.id == preview.id
    assert told.buttons == []
    assert toasted(await ada.press_forged(preview.id, create), "toast-stale")
    await ada.edit_text(words.id, "Back in shape")
    await ada.wait_for(lambda m: said("preview")(m) and "Back in shape" in m.text)
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == "##Back in shape##"


async def test_long_lyrics_are_advised_against(world: World, ada: Person) -> None:
    preview = await previewed(ada, lyrics="la " * 150)
    assert "Fewer words often come out clearer." in preview.text


@pytest.mark.parametrize("kind", ["sticker", "photo"])
async def test_something_else_instead_of_lyrics(world: World, ada: Person, kind: str) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await (ada.send_sticker() if kind == "sticker" else ada.send_photo(song()))
    await ada.wait_for(said("lyrics-wrong-kind"))
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


@pytest.mark.parametrize("name", ["words.jpg", "words.zip", "words.json"])
async def test_a_file_of_neither_words_nor_sound_instead_of_lyrics(
    world: World, ada: Person, name: str
) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await ada.send_document(b"\xff\xd8", name, "application/octet-stream")
    await ada.wait_for(said("lyrics-wrong-kind"))
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


async def test_something_else_instead_of_a_recording(world: World, ada: Person) -> None:
    await ada.send_sticker()
    await ada.wait_for(said("send-recording-first"))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"x" * 20_000, "lyrics-file-big"),
        (b"\xff\x80\x81 latin", "lyrics-file-unreadable"),
        (b"", "lyrics-empty"),
        (b"\xef\xbb\xbf  \n", "lyrics-empty"),
    ],
)
async def test_text_files_that_give_no_lyrics(
    world: World, ada: Person, content: bytes, key: str
) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await ada.send_document(content, "lyrics.txt", "text/plain")
    await ada.wait_for(said(key))
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


async def test_a_text_file_that_lies_about_its_size(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await ada.send_document(b"x" * 30_000, "lyrics.txt", "text/plain", file_size=100)
    await ada.wait_for(said("lyrics-file-big"))


FORGED = (
    *("", "c", "c:", "c:1", "c:1:0", "c:999999:1", "c:1:1:song", "x:1:99", "m:1:1", "p:1:1:tune"),
    *("p:1:1", "t:999", "w:999", "k:999", "s:999", "t:0", "zzz", "c:-1:2", "t:1:2:3"),
    *("t:9999999999999999999", "c:9223372036854775808:1", "p:1:1:song; DROP TABLE drafts"),
    *("c:\u0661:\u0661", "k:1e3", "☃" * 20),
)


@pytest.mark.parametrize("data", FORGED)
async def test_forged_buttons_are_answered_without_effect(
    world: World, ada: Person, data: str
) -> None:
    preview = await previewed(ada)
    before = world.rows("SELECT revision, step FROM drafts")
    answer = await ada.press_forged(preview.id, data)
    assert answer is not None
    assert toasted(answer, "toast-stale")
    assert [tuple(row) for row in world.rows("SELECT revision, step FROM drafts")] == [
        tuple(row) for row in before
    ]
    assert world.rows("SELECT 1 FROM tracks") == []


async def test_stale_buttons(world: World, ada: Person) -> None:
    question = await asked_purpose(ada)
    data = question.buttons[0].data
    await chosen(ada)
    assert toasted(await ada.press_forged(question.id, data), "toast-stale")
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    create = next(b.data for b in preview.buttons if b.data.startswith("c:"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert toasted(await ada.press_forged(preview.id, create), "toast-already")
    for old in (data, create.replace("c", "x"), create.replace("c", "m")):
        assert toasted(await ada.press_forged(preview.id, old), "toast-stale")
    await world.quiet()
    assert len(world.music.generated) == 1


async def test_create_pressed_twice_makes_one_track(world: World, ada: Person) -> None:
    preview = await previewed(ada)
    data = newest(ada, "c:").buttons[0].data
    answers = await asyncio.gather(*(ada.press_forged(preview.id, data) for _ in range(5)))
    assert None not in answers
    assert sum(toasted(answer, "toast-already") for answer in answers) == 4
    await ada.wait_for("audio")
    await world.quiet()
    assert len(world.rows("SELECT 1 FROM tracks")) == 1
    assert len(world.music.generated) == 1


async def test_buttons_of_another_person(world: World, ada: Person) -> None:
    eve = world.telegram.person(666, "Eve")
    track = await delivered(ada)
    await previewed(eve)
    for button in track.buttons:
        assert toasted(await eve.press_forged(eve.last.id, button.data), "toast-not-yours")
    world.music.latency = 1
    await press(ada, "t:")
    await until(lambda: len(world.music.generated) == 2)
    assert toasted(await eve.press_forged(eve.last.id, "k:2"), "toast-not-yours")
    assert toasted(await eve.press_forged(eve.last.id, "s:2"), "toast-not-yours")
    await until(lambda: len(tracks(ada)) == 2)
    await previewed(ada, content=song(13))
    create = newest(ada, "c:").buttons[0].data
    assert toasted(await eve.press_forged(eve.last.id, create), "toast-stale")
    assert len(world.music.generated) == 2


async def test_an_update_delivered_twice_is_done_once(world: World, ada: Person) -> None:
    recording = await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("purpose-question"))
    await world.quiet()
    assert recording.update_id is not None
    world.telegram.redeliver(recording.update_id)
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await world.quiet()
    assert count(ada, "purpose-question") == 1
    assert len(world.rows('SELECT 1 FROM "references"')) == 1


async def test_the_same_press_delivered_twice_is_one_take(world: World, ada: Person) -> None:
    await delivered(ada)
    await press(ada, "t:")
    await ada.wait_for("audio")
    numbers = [row["update_id"] for row in world.rows("SELECT update_id FROM inbox")]
    world.telegram.redeliver(max(numbers))
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await world.quiet()
    assert len(world.rows("SELECT 1 FROM tracks")) == 2


async def test_a_flood_is_bounded_and_holds_up_nobody(world: World, ada: Person) -> None:
    world.telegram.latency = 0.05
    bob = world.telegram.person(2002, "Bob")
    for number in range(100):
        await ada.send_text(f"/help {number}")
    await bob.send_text("/start")
    await bob.wait_for(said("start"))
    assert count(ada, "help") < 20
    await ada.wait_for(said("flood"), after=0)
    await world.quiet()
    assert count(ada, "flood") == 1
    assert count(ada, "help") < 100
    await ada.send_text("/privacy")
    await ada.wait_for(said("privacy"))


async def test_a_full_disk_loses_nothing_and_is_said_once(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    async with full_disk(world, "inbox"):
        await ada.send_text(LYRICS)
        await ada.wait_for(said("store-trouble"))
        await ada.send_text("/help")
        await asyncio.sleep(0.3)
        assert count(ada, "store-trouble") == 1
    await ada.wait_for(said("help"))
    assert count(ada, "preview") == 1
    assert world.log.count("[error") == 1
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_a_draft_that_cannot_be_written(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await world.quiet()
    async with full_disk(world, "drafts", "UPDATE"):
        answer = await press(ada, ":song")
        assert toasted(answer, "store-trouble")
    (draft,) = world.rows("SELECT step, purpose FROM drafts")
    assert (draft["step"], draft["purpose"]) == ("purpose", None)
    await chosen(ada)
    await world.uploaded()


async def test_a_paid_track_waits_for_a_place_to_be_written(world: World, ada: Person) -> None:
    world.music.latency = 0.5
    await created(ada)
    await until(lambda: world.music.generated)
    made = (world.data / "made").rename(world.data / "away")
    await until(lambda: "cannot be written yet" in world.log)
    made.rename(world.data / "made")
    await ada.wait_for("audio", after=0)
    assert world.outcomes() == ["won"]


async def test_no_track_is_asked_for_without_room_for_it_and_the_owner_is_told(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.telegram.person(OWNER)
    await owner.send_text("/start")
    monkeypatch.setattr("bot.studio.generation._LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("bot.studio.generation._ROOM", 1 << 60)
    await created(ada)
    await owner.wait_for(said("owner-disk"))
    await until(lambda: world.log.count("the disk is full") > 1)
    assert world.music.generated == []
    assert count(owner, "owner-disk") == 1
    monkeypatch.setattr("bot.studio.generation._ROOM", 0)
    await ada.wait_for("audio", after=0)
    assert world.outcomes() == ["won"]


async def test_a_paid_track_survives_a_full_disk(world: World, ada: Person) -> None:
    await previewed(ada)
    await world.uploaded()
    async with full_disk(world, "sounds"):
        await press(ada, "c:")
        await until(lambda: world.music.generated)
        await until(lambda: "disk is full" in world.log)
        await asyncio.sleep(0.3)
        assert world.outcomes() == [None]
        assert world.log.count("disk is full") == 1
    await ada.wait_for("audio")
    assert len(world.music.generated) == 1
    assert world.outcomes() == ["won"]


async def test_a_locked_store_is_waited_for(world: World, ada: Person) -> None:
    await previewed(ada)
    database = sqlite3.connect(world.data / "refrain.sqlite3", isolation_level=None)
    await world.quiet()
    database.execute("BEGIN IMMEDIATE")
    pressing = asyncio.create_task(press(ada, "c:"))
    await asyncio.sleep(0.3)
    assert world.rows("SELECT 1 FROM tracks") == []
    database.execute("ROLLBACK")
    database.close()
    await pressing
    await ada.wait_for("audio")


WRONG = {
    "TELEGRAM_API_URL": "api.telegram.org-5ecret",
    "OWNER_ID": "5ecret",
    "HTTP_PORT": "5ecret",
    "WEBHOOK_SECRET": "5ecret!",
    "ACCESS": "5ecret",
    "GENERATE_ATTEMPTS": "0",
    "DATABASE_URL": "mysql://5ecret",
    "LOG_LEVEL": "5ecret",
    "MUSIC_BACKEND": "5ecret",
    "ALLOWED_USERS": "1,5ecret",
    "RECORDINGS_PER_DAY": "5ecret",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    ended = refrain("run", tmp_path, {**GOOD, name: WRONG[name]})
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(name)
    assert "5ecret" not in line
    assert ended.stdout == ""


@pytest.mark.parametrize("name", ["TELEGRAM_TOKEN", "AIMLAPI_KEY"])
def test_a_missing_secret_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    ended = refrain("run", tmp_path, {k: v for k, v in GOOD.items() if k != name})
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(name)
    assert name != "TELEGRAM_TOKEN" or list(tmp_path.iterdir()) == []


def test_a_setting_in_a_file_is_named_as_well(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("UPLOAD_TIMEOUT=5ecret\nPOSTGRES_PASSWORD=foreign\n")
    ended = refrain("run", tmp_path, GOOD)
    assert ended.returncode == 2
    assert ended.stderr.startswith("UPLOAD_TIMEOUT")


@pytest.mark.parametrize("where", ["file", "below-a-file", "database"])
def test_a_data_directory_that_cannot_be_used(tmp_path: Path, where: str) -> None:
    taken = tmp_path / "taken"
    if where == "database":
        (taken / "refrain.sqlite3").mkdir(parents=True)
    else:
        taken.write_text("a file")
    folder = taken / "data" if where == "below-a-file" else taken
    ended = refrain("run", tmp_path, {**GOOD, "DATA_DIR": str(folder)})
    assert ended.returncode in {1, 2}
    (line,) = ended.stderr.splitlines()
    assert "Traceback" not in line


async def test_a_token_that_telegram_refuses(outside: World) -> None:
    settings = {
        **GOOD,
        "TELEGRAM_API_URL": outside.telegram.url,
        "TELEGRAM_TOKEN": "111111:AAwrongwrongwrongwrongwrongwrongwro",
        "DATA_DIR": str(outside.data),
    }
    ended = await asyncio.to_thread(refrain, "run", outside.data.parent, settings)
    assert ended.returncode == 2
    assert [line for line in ended.stderr.splitlines() if line.startswith("TELEGRAM_TOKEN")]
    assert "AAwrong" not in ended.stderr


GOOD = {
    "TELEGRAM_TOKEN": "123456789:AAsandboxsandboxsandboxsandboxsand0",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "AIMLAPI_KEY": "sk-nothing",
    "HTTP_PORT": "0",
}


def refrain(
    command: str, folder: Path, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *command.split()],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2]), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@asynccontextmanager
async def full_disk(world: World, table: str, verb: str = "INSERT") -> AsyncIterator[None]:
    """While inside, one kind of writing fails as it does on a full disk."""
    raised = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    await write(world.data, f"CREATE TRIGGER disk BEFORE {verb} ON {table} {raised}")
    try:
        yield
    finally:
        await write(world.data, "DROP TRIGGER disk")
