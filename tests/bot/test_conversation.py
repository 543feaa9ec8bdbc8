"""Whole conversations, from a recording to a track, over real sockets."""

import asyncio
import io
from typing import Any

import av
import pytest

from bot.audio import frames
from bot.sandbox.telegram.api import Attachment, Person, SeenMessage
from tests.support.bot_kit import (
    LYRICS,
    World,
    asked_purpose,
    chosen,
    count,
    created,
    delivered,
    film,
    press,
    previewed,
    said,
    song,
    toasted,
    tracks,
    until,
    voice,
)

FINAL = {"song": f"##{LYRICS}##", "voice": LYRICS, "instrumental": f"##{LYRICS}##"}
NEW = "Evening falls\non every roof"


async def send(person: Person, kind: str) -> SeenMessage:
    match kind:
        case "voice":
            return await person.send_voice(voice())
        case "audio":
            return await person.send_audio(song(), duration=12)
        case "document":
            return await person.send_document(song(), "take.mp3", "audio/mpeg")
        case "video_note":
            return await person.send_video_note(film())
        case _:
            return await person.send_video(film())


@pytest.mark.parametrize("purpose", ["song", "voice", "instrumental"])
@pytest.mark.parametrize("kind", ["voice", "audio", "document", "video_note", "video"])
async def test_every_kind_of_recording_becomes_a_track(
    world: World, ada: Person, kind: str, purpose: str
) -> None:
    recording = await send(ada, kind)
    question = await ada.wait_for(said("purpose-question"))
    await press(ada, f":{purpose}")
    unsung = "-unsung" if purpose == "instrumental" else ""
    await ada.wait_for(said(f"lyrics-question{unsung}"))
    await world.uploaded()
    await world.quiet()
    assert count(ada, "purpose-chosen") == 1
    assert newest_view(ada, question.id).buttons == []
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    assert preview.button_texts[0] == "Create"
    await press(ada, "c:")
    track = await ada.wait_for("audio")
    (upload,), (call,) = world.music.uploads, world.music.generated
    assert upload.purpose == purpose
    assert upload.content_type == "audio/mpeg"
    assert upload.seconds == pytest.approx(12, abs=0.2)
    assert call.lyrics == FINAL[purpose]
    assert (call.voice, call.beat) == (
        upload.ids.get("voice_id"),
        upload.ids.get("instrumental_id"),
    )
    assert newest_view(ada, recording.id).reactions == ["👌"]
    assert track.button_texts == ["Another take", "New lyrics"]
    assert world.music.billed == 1
    assert world.outcomes() == ["won"]


async def test_the_track_is_the_services_frames_with_our_tags(world: World, ada: Person) -> None:
    track = await delivered(ada, lyrics="  # Café at dawn!\n\n\n\nla la")
    file = track.attached
    assert world.music.stock is not None
    assert file.content is not None
    assert frames(file.content) == frames(world.music.stock)
    with av.open(io.BytesIO(file.content)) as opened:
        tags = {name.lower(): value for name, value in opened.metadata.items()}
        (picture,) = opened.streams.video
        assert (picture.width, picture.height) == (320, 320)
    assert tags["title"] == file.title == "Café at dawn"
    assert tags["artist"] == file.performer == "Refrain"
    assert tags["lyrics-und"] == "# Café at dawn!\n\nla la"
    assert file.duration == 3
    assert file.file_name == "Café at dawn.mp3"
    assert file.mime_type == "audio/mpeg"
    assert file.thumbnail is not None
    assert file.thumbnail[:3] == b"\xff\xd8\xff"
    assert said("caption")(track)
    assert "Café" not in track.text


async def test_the_recording_goes_up_while_the_lyrics_are_typed(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    assert world.music.uploads == []
    await chosen(ada)
    await world.uploaded()
    assert world.music.generated == []
    assert len(world.music.uploads) == 1


async def test_create_need_not_wait_for_the_upload(world: World, ada: Person) -> None:
    world.music.upload_latency = 0.5
    status = await created(ada)
    assert world.rows("SELECT 1 FROM uploads") == []
    await ada.wait_for("audio")
    assert newest_view(ada, status.id).text
    assert len(world.music.uploads) == 1


async def test_the_status_message_moves_and_ends(world: World, ada: Person) -> None:
    world.music.latency = 1.3
    seen: list[str] = []
    preview = await previewed(ada)
    stop = world.telegram.on_event(
        lambda event: (
            seen.append(newest_view(ada, preview.id).text)
            if event.message_id == preview.id
            else None
        )
    )
    await press(ada, "c:")
    await ada.wait_for("audio")
    await ada.wait_for(said("status-delivered"))
    stop()
    making = [text for text in seen if text.startswith("Making")]
    assert any("0:00" in text for text in making)
    assert any("0:01" in text for text in making)
    assert set(ada.actions) == {"record_voice"}
    assert newest_view(ada, preview.id).buttons == []


async def test_lyrics_first(world: World, ada: Person) -> None:
    await ada.send_text(LYRICS)
    await ada.wait_for(said("send-recording"))
    await asked_purpose(ada)
    preview = await chosen(ada, "voice")
    assert said("preview")(preview)
    assert LYRICS in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == LYRICS


async def test_lyrics_between_recording_and_purpose(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await ada.send_text(LYRICS)
    again = await ada.wait_for(lambda m: bool(m.buttons))
    assert again.button_texts == ["Only my voice", "Voice and music", "Only music"]
    preview = await chosen(ada)
    assert LYRICS in preview.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_lyrics_as_a_text_file(world: World, ada: Person, encoding: str) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    text = "Käse\r\nund Brot"
    await ada.send_document(text.encode(encoding), "lyrics.txt", "text/plain")
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == "##Käse\nund Brot##"


async def test_an_edit_before_create_counts(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    words = await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    await ada.edit_text(words.id, NEW)
    changed = await ada.wait_for(lambda m: "Evening" in m.text)
    assert changed.id == preview.id
    assert count(ada, "preview") == 1
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == f"##{NEW}##"


async def test_an_edit_of_lyrics_that_came_first_counts(world: World, ada: Person) -> None:
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("send-recording"))
    await ada.edit_text(words.id, NEW)
    await world.quiet()
    await asked_purpose(ada)
    assert "Evening" in (await chosen(ada)).text


async def test_an_edit_after_create_does_not(world: World, ada: Person) -> None:
    world.music.latency = 0.4
    await asked_purpose(ada)
    await chosen(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.edit_text(words.id, NEW)
    await ada.wait_for("audio")
    await world.quiet()
    assert world.music.generated[0].lyrics == FINAL["song"]
    assert len(world.music.generated) == 1


async def test_an_edit_of_another_message_changes_nothing(world: World, ada: Person) -> None:
    early = await ada.send_text("/help")
    await ada.wait_for(said("help"))
    preview = await previewed(ada)
    await ada.edit_text(early.id, NEW)
    await world.quiet()
    assert newest_view(ada, preview.id).text == preview.text


async def test_a_better_recording_replaces_the_old_and_keeps_the_lyrics(
    world: World, ada: Person
) -> None:
    old = await previewed(ada)
    await asked_purpose(ada, song(14))
    preview = await chosen(ada, "voice")
    assert said("preview")(preview)
    assert LYRICS in preview.text
    assert newest_view(ada, old.id).buttons == []
    stale = await ada.press_forged(old.id, old.buttons[0].data)
    assert toasted(stale, "toast-stale")
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].voice == world.music.uploads[-1].ids["voice_id"]
    assert world.music.uploads[-1].seconds == pytest.approx(14, abs=0.2)


async def test_a_track_after_a_track_begins_without_the_old_lyrics(
    world: World, ada: Person
) -> None:
    await delivered(ada)
    await asked_purpose(ada, song(13))
    assert said("lyrics-question")(await chosen(ada))


async def test_an_album_counts_once(world: World, ada: Person) -> None:
    fields: dict[str, Any] = {"file_name": "a.mp3", "mime_type": "audio/mpeg", "duration": 12}
    await ada.send_album([Attachment("audio", song(), fields) for _ in range(3)])
    await ada.wait_for(said("purpose-question"))
    await world.quiet()
    assert count(ada, "purpose-question") == 1
    assert len(world.rows('SELECT 1 FROM "references"')) == 1
    await chosen(ada)
    await world.uploaded()


@pytest.mark.parametrize("step", ["recording", "purpose", "lyrics", "preview", "partner"])
async def test_cancel_drops_the_draft_at_every_step(world: World, ada: Person, step: str) -> None:
    if step == "recording":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("send-recording"))
    else:
        await asked_purpose(ada)
    if step in {"lyrics", "preview", "partner"}:
        await chosen(ada, "voice")
    if step in {"preview", "partner"}:
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
    if step == "partner":
        await press(ada, "m:")
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))
    (draft,) = world.rows("SELECT step FROM drafts")
    assert draft["step"] == "closed"
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-nothing"))
    await asked_purpose(ada, song(13))
    assert said("lyrics-question")(await chosen(ada))
    assert world.music.generated == []


async def test_cancel_under_the_preview(world: World, ada: Person) -> None:
    preview = await previewed(ada)
    await press(ada, "x:")
    dropped = await ada.wait_for(said("cancel-draft"))
    assert dropped.id == preview.id
    assert dropped.buttons == []
    assert world.rows("SELECT 1 FROM tracks") == []


@pytest.mark.parametrize("way", ["command", "button"])
async def test_cancel_while_generating(world: World, ada: Person, way: str) -> None:
    world.music.latency = 0.6
    await created(ada)
    await until(lambda: world.music.generated)
    if way == "command":
        await ada.send_text("/cancel")
        await ada.wait_for(said("cancel-track"))
    else:
        await press(ada, "k:")
    await ada.wait_for(said("status-stopping"), after=0)
    kept = await ada.wait_for(said("status-cancelled-kept"), after=0)
    assert kept.button_texts == ["Send it anyway"]
    assert tracks(ada) == []
    assert world.status() == "cancelled"
    (sound,) = world.rows("SELECT kept_until - strftime('%s', 'now') AS s FROM sounds")
    assert sound["s"] == pytest.approx(86_400, abs=60)
    await press(ada, "s:")
    await ada.wait_for("audio")
    await world.reaches("delivered")
    assert world.music.billed == 1


async def test_cancel_while_the_recording_still_goes_up(world: World, ada: Person) -> None:
    world.music.upload_latency = 1.0
    await created(ada)
    await ada.wait_for(said("status-queued"), after=0)
    await press(ada, "k:")
    await ada.wait_for(said("status-cancelled"), after=0)
    await world.uploaded()
    await world.quiet()
    assert world.music.generated == []
    assert world.status() == "cancelled"


@pytest.mark.parametrize("command", ["start", "help", "privacy"])
async def test_commands(world: World, ada: Person, command: str) -> None:
    await ada.send_text(f"/{command}")
    await ada.wait_for(said(command))


async def test_commands_do_not_disturb_a_draft(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await chosen(ada)
    await ada.send_text("/privacy")
    await ada.wait_for(said("privacy"))
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    assert LYRICS in preview.text


async def test_the_commands_are_announced(world: World, ada: Person) -> None:
    await until(lambda: world.sent("setMyCommands") and world.sent("setMyShortDescription"))
    announced = world.sent("setMyCommands")[0]["commands"]
    assert [each["command"] for each in announced] == ["start", "help", "cancel", "privacy"]


@pytest.mark.parametrize("first", ["voice", "instrumental"])
async def test_a_partner_makes_a_song_of_two_recordings(
    world: World, ada: Person, first: str
) -> None:
    await previewed(ada, first)
    await press(ada, "m:")
    await ada.wait_for(said("send-beat" if first == "voice" else "send-voice"))
    await ada.send_audio(song(13), duration=13)
    preview = await ada.wait_for(said("preview"))
    assert "your words sung by this voice over that music" in preview.text
    assert preview.button_texts == ["Create", "Cancel"]
    await press(ada, "c:")
    await ada.wait_for("audio")
    ids = {name: known for each in world.music.uploads for name, known in each.ids.items()}
    (call,) = world.music.generated
    assert len(world.music.uploads) == 2
    assert {upload.purpose for upload in world.music.uploads} == {"voice", "instrumental"}
    assert (call.voice, call.beat) == (ids["voice_id"], ids["instrumental_id"])
    assert call.lyrics == FINAL["song"]


async def test_a_partner_can_be_done_without(world: World, ada: Person) -> None:
    await previewed(ada, "voice")
    await press(ada, "m:")
    asked = await ada.wait_for(said("send-beat"))
    assert asked.button_texts == ["Go on without it"]
    await ada.press("Go on without it")
    await until(lambda: count(ada, "preview") == 2)
    assert LYRICS in ada.messages[-1].text
    await press(ada, "c:")
    await ada.wait_for("audio")
    (call,) = world.music.generated
    assert (call.voice is None, call.beat is None) == (False, True)


async def test_another_take_uploads_nothing(world: World, ada: Person) -> None:
    track = await delivered(ada)
    await press(ada, "t:")
    again = await ada.wait_for("audio")
    assert again.id > track.id
    assert len(world.music.uploads) == 1
    assert len(world.music.generated) == 2
    assert world.music.generated[0].lyrics == world.music.generated[1].lyrics
    await world.reaches("delivered", 2)


async def test_new_lyrics_upload_nothing(world: World, ada: Person) -> None:
    await delivered(ada, "voice")
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))
    await ada.send_text(NEW)
    preview = await ada.wait_for(said("preview"))
    assert NEW in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert len(world.music.uploads) == 1
    assert [call.lyrics for call in world.music.generated] == [LYRICS, NEW]
    assert world.music.generated[0].voice == world.music.generated[1].voice


async def test_new_lyrics_for_a_pair_keep_the_pair(world: World, ada: Person) -> None:
    await previewed(ada, "instrumental")
    await press(ada, "m:")
    await ada.wait_for(said("send-voice"))
    await ada.send_audio(song(13), duration=13)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))
    await ada.send_text(NEW)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    one, two = world.music.generated
    assert (one.voice, one.beat) == (two.voice, two.beat)
    assert len(world.music.uploads) == 2


async def test_a_stranger_gets_one_line_and_costs_nothing(outside: World, ada: Person) -> None:
    await outside.start(access="closed", owner_id=7, allowed_users=frozenset({8}))
    await ada.send_text("/start")
    line = await ada.wait_for(said("stranger"))
    assert str(ada.id) in line.text
    await ada.send_audio(song(), duration=12)
    await ada.send_text(LYRICS)
    await ada.press_forged(line.id, "c:1:1")
    await outside.quiet()
    assert [m.id for m in ada.messages if m.from_bot] == [line.id]
    assert outside.rows("SELECT 1 FROM drafts") == []
    assert outside.rows('SELECT 1 FROM "references"') == []
    assert outside.music.uploads == []
    for welcome in (7, 8):
        person = outside.telegram.person(welcome)
        await person.send_text("/start")
        await person.wait_for(said("start"))


async def test_a_group_gets_one_line(world: World, ada: Person) -> None:
    group = world.telegram.group("Band", [ada])
    await ada.send_text("/start@refrain_bot", chat=group)
    line = await ada.wait_for(said("group"), chat=group)
    assert "t.me/refrain_bot" in line.text
    await ada.send_text("/start@another_bot", chat=group)
    await ada.send_text("hello @refrain_bot", chat=group)
    await world.quiet()
    assert [m.text for m in ada.history(group) if m.from_bot] == [line.text]
    assert world.rows("SELECT 1 FROM drafts") == []


async def test_people_do_not_get_in_each_others_way(world: World) -> None:
    people = [world.telegram.person(2000 + number) for number in range(8)]
    await asyncio.gather(*(delivered(person, lyrics=f"Song of {person.id}") for person in people))
    for person in people:
        (track,) = tracks(person)
        assert track.attached.title == f"Song of {person.id}"
    assert world.music.billed == len(people)


async def test_one_person_two_tracks_at_once(world: World, ada: Person) -> None:
    world.music.latency = 0.5
    await created(ada)
    await created(ada, lyrics=NEW, content=song(13))
    await previewed(ada, content=song(14))
    assert toasted(await press(ada, "c:"), "toast-too-many")
    await until(lambda: len(tracks(ada)) == 2)
    assert {track.attached.title for track in tracks(ada)} == {
        "Morning light upon the water",
        "Evening falls",
    }
    await press(ada, "c:")
    await until(lambda: len(tracks(ada)) == 3)


async def test_new_tracks_can_be_switched_off(outside: World, ada: Person) -> None:
    await outside.start()
    await delivered(ada)
    await outside.restart(tracks_per_user=0)
    assert toasted(await press(ada, "t:"), "toast-off")
    await previewed(ada, content=song(13))
    assert toasted(await press(ada, "c:"), "toast-off")
    assert outside.music.billed == 1


async def test_people_read_their_own_html_as_they_typed_it(world: World, ada: Person) -> None:
    words = "I <b>love</b> you & you <3\n</blockquote>"
    preview = await previewed(ada, lyrics=words)
    assert words in preview.text
    await press(ada, "c:")
    track = await ada.wait_for("audio")
    assert track.attached.title == "I <b>love</b> you & you <3"


def newest_view(person: Person, message_id: int) -> SeenMessage:
    return next(message for message in person.messages if message.id == message_id)
