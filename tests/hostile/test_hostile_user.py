"""What a person could do with recordings to stop the bot for everybody, and what comes of it."""

import io
import os
import shutil
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bot.audio import AudioProcessor, Limits, Prepared, Unusable
from bot.model import Flaw
from bot.sandbox.telegram.api import Person, SeenMessage
from bot.sandbox.telegram.media import person_file
from tests.support.audio_material import encoded, id3, silence, tone
from tests.support.bot_kit import (
    LYRICS,
    OWNER,
    World,
    asked_purpose,
    chosen,
    count,
    delivered,
    press,
    said,
    song,
    until,
    voice,
)

MANY = 6


@pytest.fixture
async def workshop() -> AsyncIterator[AudioProcessor]:
    shop = AudioProcessor(at_once=2)
    yield shop
    await shop.aclose()


async def prepared(workshop: AudioProcessor, folder: Path, recording: bytes) -> Prepared:
    (folder / "recording").write_bytes(recording)
    return await workshop.prepare(folder / "recording", folder / "prepared", Limits())


@cache
def heavy_flac() -> bytes:
    """Ten minutes of eight channels at 655 kHz in half a megabyte: one packet again and again."""
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as out:
        stream: Any = out.add_stream("flac", rate=655_350, layout="7.1")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 65_535 * 8), np.int16), "s16", "7.1")
        frame.sample_rate = 655_350
        packet = next(iter([*stream.encode(frame), *stream.encode(None)]))
        for number in range(6000):
            again = av.Packet(bytes(packet))
            again.stream, again.time_base = stream, packet.time_base
            again.pts = again.dts = number * 100
            out.mux(again)
    return made.getvalue()


def picture(side: int) -> bytes:
    """A PNG of a few kilobytes that is large when it is decoded."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(side * 3 + 1) * side, 9)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def pictures() -> bytes:
    large = picture(6000)
    frames = [(b"APIC", b"\0image/png\0" + bytes([3 + n]) + b"\0" + large) for n in range(20)]
    return id3(*frames) + encoded(tone(12))


def thick_wav() -> bytes:
    head = struct.pack("<HHIIHH", 1, 60, 3_000, 60 * 3_000, 60, 8)
    data = bytes(10_000_000)
    return b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + head + b"data\xff\xff\xff\xff" + data


WORK: dict[str, Callable[[], bytes]] = {
    "a FLAC of eight channels at 655 kHz": heavy_flac,
    "an AMR of a million empty frames": lambda: b"#!AMR\n" + b"\x7c" * 5_000_000,
    "an AMR of frames that are lost": lambda: b"#!AMR\n" + b"\x74" * 5_000_000,
    "an AMR of hours": lambda: b"#!AMR\n" + (b"\x04" + bytes(range(12))) * 400_000,
    "a WAV of sixty channels": thick_wav,
}  # fmt: skip


@pytest.mark.parametrize("kind", WORK)
async def test_no_file_costs_more_than_seconds(
    workshop: AudioProcessor, tmp_path: Path, kind: str
) -> None:
    recording = WORK[kind]()
    await workshop.warm()
    before = os.times()
    with pytest.raises(Unusable) as refusal:
        await prepared(workshop, tmp_path, recording)
    assert refusal.value.flaw in {Flaw.UNREADABLE, Flaw.TOO_LONG, Flaw.SILENT}
    await workshop.aclose()
    after = os.times()
    spent = after.children_user + after.children_system
    assert spent - before.children_user - before.children_system < 10


async def test_pictures_are_not_looked_at(workshop: AudioProcessor, tmp_path: Path) -> None:
    found = await prepared(workshop, tmp_path, pictures())  # within a child's 400 MB
    assert found.seconds == pytest.approx(12, abs=0.1)
    assert found.hints == ()


def send(person: Person, world: World, content: bytes, unique: str | None = None) -> SeenMessage:
    """Send music; with an id, as the file that has it."""
    fields = {"file_name": "song.mp3", "mime_type": "audio/mpeg", "duration": 12}
    details = person_file(world.telegram.state.files, "audio", content, fields).details
    if unique:
        details["file_unique_id"] = unique
    return person._say(None, {"audio": details}, None)


async def test_one_person_s_heavy_files_hold_up_nobody(world: World, ada: Person) -> None:
    eve = world.telegram.person(666, "Eve")
    hostile = heavy_flac()
    for _ in range(MANY):
        send(eve, world, hostile)
    await until(lambda: len(world.rows('SELECT 1 FROM "references"')) == MANY, 30)
    await ada.send_voice(voice(), duration=12)
    await until(lambda: status(world, ada) == "prepared", 60)
    over = {"rejected", "superseded"}
    await until(lambda: {row["status"] for row in of(world, eve)} <= over, 60)
    assert [row["status"] for row in of(world, eve)].count("rejected") <= 2


def of(world: World, person: Person) -> list[Any]:
    return world.rows('SELECT * FROM "references" WHERE user_id = ? ORDER BY id', person.id)


def status(world: World, person: Person) -> str:
    return str(of(world, person)[-1]["status"]) if of(world, person) else ""


async def test_the_same_file_again_is_neither_fetched_nor_heard(world: World, ada: Person) -> None:
    bob = world.telegram.person(2002, "Bob")
    for person in (ada, ada, bob):
        send(person, world, song(), "same-file")
        await world.quiet()
        await is_prepared(world, person)
    await world.quiet()
    assert world.telegram.counts["getFile"] == 1
    await person_chooses(world, ada)
    await person_chooses(world, bob)
    assert world.telegram.counts["getFile"] == 1
    assert len(world.music.uploads) == 2


async def person_chooses(world: World, person: Person) -> None:
    await person.wait_for(said("purpose-question"), after=0)
    before = len(world.music.uploads)
    await press(person, ":song")
    await until(lambda: len(world.music.uploads) > before)


async def is_prepared(world: World, person: Person) -> None:
    await until(lambda: status(world, person) == "prepared")


async def refused_as_silent(person: Person, sent: SeenMessage) -> None:
    """The question that was asked for this recording turns into the refusal."""
    await person.wait_for(lambda m: said("recording-silent")(m) and m.id > sent.id, after=0)


async def test_a_refused_file_again_is_refused_unheard(world: World, ada: Person) -> None:
    quiet = encoded(silence(12))
    for _ in range(3):
        sent = send(ada, world, quiet, "silence")
        await refused_as_silent(ada, sent)
    assert world.telegram.counts["getFile"] == 1


async def test_a_file_that_was_only_gone_is_fetched_again(world: World, ada: Person) -> None:
    world.telegram.fail("getFile", "429", 1, retry_after=1)
    send(ada, world, song(), "a-file")
    await until(lambda: status(world, ada) == "prepared")
    assert world.telegram.counts["getFile"] == 2


def shelf(world: World) -> list[str]:
    return sorted(path.name for path in (world.data / "recordings").iterdir())


async def test_a_replaced_recording_is_cleared_away_at_once(world: World, ada: Person) -> None:
    for seconds in (12, 13, 14):
        send(ada, world, song(seconds))
        await until(lambda: status(world, ada) == "prepared")
    newest = of(world, ada)[-1]["id"]
    await until(lambda: shelf(world) == [f"{newest}.mp3"])


async def test_a_recording_with_a_track_stays_when_another_comes(
    world: World, ada: Person
) -> None:
    await delivered(ada)
    await asked_purpose(ada, song(13))
    await until(lambda: status(world, ada) == "prepared")
    await until(lambda: shelf(world) == ["1.mp3", "2.mp3"])
    await press(ada, "t:")
    await ada.wait_for("audio")


async def test_a_recording_nobody_waits_for_is_not_prepared(world: World, ada: Person) -> None:
    world.telegram.fail("getFile", "429", 1, retry_after=1)
    await asked_purpose(ada)
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))
    await until(lambda: status(world, ada) == "superseded")
    assert shelf(world) == []
    await delivered(ada, content=song(14))


async def test_a_person_has_a_bound_of_bytes(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.studio.recording_cache._ONE_PERSON", len(song()) * 5 // 2)
    for seconds in (12.0, 12.1, 12.2):
        await delivered(ada, content=song(seconds))
    await asked_purpose(ada, song(12.3))
    await until(lambda: status(world, ada) == "prepared")
    assert "1.mp3" not in shelf(world)
    assert {"2.mp3", "3.mp3", "4.mp3"} <= set(shelf(world))


async def test_all_recordings_have_a_bound_and_the_oldest_go(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.studio.recording_cache._ALL", len(song()) * 3 // 2)
    people = [world.telegram.person(3000 + number) for number in range(3)]
    for person in people:
        await asked_purpose(person)
        await is_prepared(world, person)
    assert len(shelf(world)) == 2
    assert "1.mp3" not in shelf(world)
    for purpose in ("song",):  # made anew from Telegram's file for whoever goes on
        await chosen(people[0], purpose)
        await world.uploaded()


async def test_without_room_nothing_is_fetched_and_the_owner_knows(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = world.telegram.person(OWNER)
    await owner.send_text("/start")
    monkeypatch.setattr(
        "bot.studio.recording_cache._LEFT_FREE", shutil.disk_usage(world.data).total * 2
    )
    await asked_purpose(ada)
    await owner.wait_for(said("owner-disk"))
    assert world.telegram.counts["getFile"] == 0
    monkeypatch.setattr("bot.studio.recording_cache._LEFT_FREE", 0)
    await chosen(ada)
    await world.uploaded()


async def test_so_many_recordings_a_day_and_then_when_it_goes_on(
    outside: World, ada: Person
) -> None:
    await outside.start(recordings_per_day=2)
    await asked_purpose(ada)
    await asked_purpose(ada)
    await ada.send_audio(song(), duration=12)
    told = await ada.wait_for(said("daily-limit-recordings"))
    assert "(2)" in told.text
    assert "in about 24 hours" in told.text
    assert len(of(outside, ada)) == 2
    await chosen(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    bob = outside.telegram.person(2002, "Bob")
    await asked_purpose(bob)
    owner = outside.telegram.person(OWNER)
    for _ in range(4):
        await asked_purpose(owner)


async def test_no_recordings_at_all_and_any_number(outside: World, ada: Person) -> None:
    await outside.start(recordings_per_day=0)
    await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("recordings-off"))
    await outside.restart(recordings_per_day="none")
    for _ in range(3):
        await asked_purpose(ada)


def edited(world: World, person: Person, sent: SeenMessage, content: bytes) -> None:
    """Replace the media of a message, as apps let people do."""
    fields = {"file_name": "second.mp3", "mime_type": "audio/mpeg", "duration": 25}
    stored = person_file(world.telegram.state.files, "audio", content, fields)
    chat = world.telegram.state.chats[person.id]
    world.telegram._actions.edit(chat, chat.messages[sent.id], {"audio": stored.details})


@pytest.mark.parametrize("step", ["purpose", "lyrics", "preview"])
async def test_a_recording_replaced_in_its_message_is_the_one_that_is_used(
    world: World, ada: Person, step: str
) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    question = await ada.wait_for(said("purpose-question"))
    if step != "purpose":
        await chosen(ada)
        await world.uploaded()
    if step == "preview":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
    edited(world, ada, sent, song(25))
    await ada.wait_for(said("recording-replaced"))
    if step == "purpose":  # the question that was asked goes on being right
        await press_on(ada, question, ":song")
        await ada.wait_for(said("lyrics-question"))
    if step != "preview":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert round(world.music.uploads[-1].seconds) == 25
    assert world.music.generated[0].voice == world.music.uploads[-1].ids["voice_id"]
    await until(lambda: shelf(world) == ["2.mp3"])


async def press_on(person: Person, message: SeenMessage, part: str) -> None:
    data = next(b.data for b in message.buttons if b.data.endswith(part))
    assert await person.press_forged(message.id, data) is not None


async def test_a_replacement_handled_twice_is_done_once(world: World, ada: Person) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    await ada.wait_for(said("purpose-question"))
    edited(world, ada, sent, song(25))
    await ada.wait_for(said("recording-replaced"))
    chat = world.telegram.state.chats[ada.id]
    world.telegram._actions.edit(chat, chat.messages[sent.id], {})  # the same once more
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await world.quiet()
    assert count(ada, "recording-replaced") == 1
    assert len(of(world, ada)) == 2
    assert world.rows("SELECT revision FROM drafts")[0]["revision"] == 1


async def test_a_recording_replaced_after_its_track_is_said(world: World, ada: Person) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    await ada.wait_for(said("purpose-question"))
    await chosen(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    edited(world, ada, sent, song(25))
    await ada.wait_for(said("recording-replaced-late"))


async def test_a_caption_written_later_changes_nothing(world: World, ada: Person) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    await ada.wait_for(said("purpose-question"))
    await ada.edit_caption(sent.id, "my song")
    await chosen(ada)
    assert count(ada, "recording-replaced") == 0
    assert len(of(world, ada)) == 1


async def test_a_caption_of_a_recording_that_was_sent_twice_changes_nothing(
    world: World, ada: Person
) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    await ada.wait_for(said("purpose-question"))
    again = await ada.send_again(sent.id)
    await ada.wait_for(lambda m: said("purpose-question")(m) and m.id > again.id)
    await chosen(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    for message in (sent, again):
        await ada.edit_caption(message.id, "my song")
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert len(of(world, ada)) == 1


@pytest.mark.parametrize("how", ["dropped", "another"])
async def test_a_recording_that_is_not_used_any_more_is_taken_in_when_it_is_replaced(
    world: World, ada: Person, how: str
) -> None:
    sent = await ada.send_audio(song(12), duration=12)
    await ada.wait_for(said("purpose-question"))
    if how == "dropped":
        await ada.send_text("/cancel")
        await ada.wait_for(said("cancel-draft"))
    else:
        await ada.send_audio(song(13), duration=13)
        await ada.wait_for(said("purpose-question"))
    await world.quiet()
    before = ada.last
    edited(world, ada, sent, song(25))
    await ada.wait_for(lambda m: said("purpose-question")(m) and m.id > before.id)
    await ada.edit_caption(sent.id, "my song")
    await chosen(ada)
    await world.uploaded()
    assert round(world.music.uploads[-1].seconds) == 25


LYING = [
    ("voice", {"duration": 1}),
    ("audio", {"duration": 1}),
    ("audio", {"duration": 1200}),
    ("video_note", {"duration": 3, "length": 384}),
]


@pytest.mark.parametrize(("kind", "fields"), LYING)
async def test_a_wrong_length_refuses_nothing(
    world: World, ada: Person, kind: str, fields: dict[str, Any]
) -> None:
    await ada.send_file(kind, song(20), **fields)
    await ada.wait_for(said("purpose-question"))
    await chosen(ada)
    await world.uploaded()
    assert of(world, ada)[0]["seconds"] == pytest.approx(20, abs=0.1)


NAMES = [
    ("song.mp3 ", "application/octet-stream"),
    ("song.mp3.mpeg", "application/octet-stream"),
    ("2024.11.27 take", "application/octet-stream"),
    ("Recording (3)", "application/octet-stream"),
    ("memo.caf", "application/octet-stream"),
    ("song.mp3", "text/plain"),
    ("song.mp3", "application/x-download"),
    ("\u202egnos.3pm\n" + "x" * 300 + ".mp3", "audio/mpeg"),
    ("take", "application/ogg"),
    ("", None),
]


@pytest.mark.parametrize(("name", "kind"), NAMES)
async def test_no_name_keeps_sound_from_the_decoder(
    world: World, ada: Person, name: str, kind: str | None
) -> None:
    fields: dict[str, Any] = ({"file_name": name} if name else {}) | (
        {"mime_type": kind} if kind else {}
    )
    await ada.send_file("document", song(), **fields)
    await ada.wait_for(said("purpose-question"))
    await until(lambda: status(world, ada) == "prepared")
    assert "\n" not in of(world, ada)[0]["title"]
    assert len(of(world, ada)[0]["title"]) <= 200


@pytest.mark.parametrize(
    ("name", "kind"), [("pictures.zip", "application/zip"), ("a.jpg", "image/jpeg")]
)
async def test_what_is_no_sound_is_said_at_once(
    world: World, ada: Person, name: str, kind: str
) -> None:
    await ada.send_document(b"PK\x03\x04", name, kind)
    await ada.wait_for(said("recording-not-audio"))
    assert of(world, ada) == []


async def test_a_zip_in_disguise_is_found_out(world: World, ada: Person) -> None:
    await ada.send_document(b"PK\x03\x04" + bytes(1000), "song.mp3", "audio/mpeg")
    await ada.wait_for(said("recording-not-audio"), after=0)


async def test_many_at_once_keep_to_the_day(outside: World, ada: Person) -> None:
    await outside.start(recordings_per_day=3)
    for number in range(8):
        send(ada, outside, song(), f"file-{number}")
    await outside.quiet()
    assert len(of(outside, ada)) == 3
    assert count(ada, "daily-limit-recordings") == 5


async def test_a_refusal_turns_into_a_question_when_the_recording_is_replaced(
    world: World, ada: Person
) -> None:
    sent = await ada.send_audio(encoded(silence(12)), duration=12)
    await ada.wait_for(said("recording-silent"), after=0)
    await ada.edit_media(sent.id, "audio", song(), duration=14)
    question = await ada.wait_for(lambda m: said("purpose-question")(m) and bool(m.buttons))
    assert question.id > sent.id
