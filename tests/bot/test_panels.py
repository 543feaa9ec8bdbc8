"""One panel at a time: it says what was found out, and no old button looks alive."""

from typing import Any

import pytest

from bot.sandbox.telegram.api import Person, SeenMessage
from bot.sandbox.telegram.media import person_file
from tests.support import audio_material
from tests.support.bot_kit import (
    LYRICS,
    World,
    asked_purpose,
    chosen,
    count,
    created,
    delivered,
    press,
    previewed,
    said,
    says,
    song,
    toasted,
    until,
    voice,
    write,
)

SILENCE = audio_material.encoded(audio_material.silence(12))
TOPIC = 77


def view(person: Person, message_id: int) -> SeenMessage:
    return next(message for message in person.messages if message.id == message_id)


def armed(person: Person) -> list[int]:
    """The messages with buttons that belong to a draft."""
    return [m.id for m in person.messages if any(b.data[:1] in "pcxmbain" for b in m.buttons)]


def held_up(world: World) -> None:
    """Let the next recording be heard some seconds after it came."""
    world.telegram.fail("getFile", "429", 1, retry_after=1)


@pytest.mark.parametrize("at", ["purpose", "lyrics", "preview"])
async def test_a_panel_becomes_the_refusal_of_its_recording(
    world: World, ada: Person, at: str
) -> None:
    held_up(world)
    panel = await asked_purpose(ada, SILENCE)
    if at != "purpose":
        panel = await chosen(ada)
    if at == "preview":
        await ada.send_text(LYRICS)
        panel = await ada.wait_for(said("preview"))
    before = len(ada.messages)
    refusal = await ada.wait_for(says("recording-silent"), after=0)
    await world.quiet()
    assert refusal.id == panel.id
    assert refusal.buttons == []
    assert says("lyrics-kept")(refusal) == (at == "preview")
    assert len(ada.messages) == before
    assert armed(ada) == []
    assert count(ada, "purpose-question") == 0
    await asked_purpose(ada)
    again = await chosen(ada)
    assert said("preview" if at == "preview" else "lyrics-question")(again)


async def test_a_press_on_a_recording_that_was_refused_meanwhile(
    world: World, ada: Person
) -> None:
    held_up(world)
    question = await asked_purpose(ada, SILENCE)
    await ada.wait_for(says("recording-silent"), after=0)
    answer = await ada.press_forged(question.id, question.buttons[0].data)
    assert answer is not None
    assert answer.text == ""
    await world.quiet()
    (draft,) = world.rows("SELECT step FROM drafts")
    assert draft["step"] == "purpose"
    assert says("recording-silent")(ada.messages[-1])
    assert world.music.uploads == []


async def test_a_refusal_without_a_panel_answers_the_recording(world: World, ada: Person) -> None:
    held_up(world)
    question = await asked_purpose(ada, SILENCE)
    await world.quiet()
    world.telegram.state.delete(world.telegram.state.chats[ada.id], question.id)
    refusal = await ada.wait_for(says("recording-silent"), after=0)
    assert refusal.reply_to == min(message.id for message in ada.messages)


async def test_a_partner_of_no_use_is_replaced_by_the_next_recording(
    world: World, ada: Person
) -> None:
    await previewed(ada, "voice")
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"))
    await ada.send_audio(SILENCE, duration=12)
    refusal = await ada.wait_for(says("recording-silent"), after=0)
    await world.quiet()
    assert view(ada, refusal.id).button_texts == ["Go on without it"]
    await ada.send_audio(song(13), duration=13)
    await ada.wait_for(lambda m: said("preview")(m) and "over that music" in m.text)
    await world.quiet()
    assert armed(ada) == [ada.messages[-1].id]
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert {upload.purpose for upload in world.music.uploads} == {"voice", "instrumental"}


async def test_a_partner_of_no_use_can_be_done_without(world: World, ada: Person) -> None:
    await previewed(ada, "voice")
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"))
    await ada.send_audio(SILENCE, duration=12)
    await ada.wait_for(says("recording-silent"), after=0)
    await world.quiet()
    await press(ada, "b:")
    await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons))
    await press(ada, "c:")
    await ada.wait_for("audio")
    (call,) = world.music.generated
    assert call.beat is None


@pytest.mark.parametrize("then", ["recording", "words", "partner", "cancel", "rewrite"])
async def test_old_buttons_are_removed(world: World, ada: Person, then: str) -> None:
    if then == "rewrite":
        await delivered(ada)
    await previewed(ada, "voice", content=song(14))
    match then:
        case "recording":
            await asked_purpose(ada, song(13))
        case "words":
            await ada.send_text("Evening falls\non every roof")
            await ada.wait_for(lambda m: "Evening" in m.text and m.from_bot)
        case "partner":
            await press(ada, "m:")
            await ada.wait_for(said("send-beat"))
        case "cancel":
            await ada.send_text("/cancel")
            await ada.wait_for(said("cancel-draft"))
        case _:
            await press(ada, "w:")
            await ada.wait_for(said("lyrics-question"))
    await world.quiet()
    newest = ada.messages[-1].id
    assert armed(ada) == ([] if then in {"cancel", "rewrite"} else [newest])


async def test_buttons_that_could_not_be_removed_go_when_they_are_pressed(
    world: World, ada: Person
) -> None:
    old = await previewed(ada)
    await world.quiet()
    world.telegram.fail("editMessageReplyMarkup", "500", 1)
    await asked_purpose(ada, song(13))
    await world.quiet()
    assert view(ada, old.id).buttons
    assert toasted(await ada.press("Create", message_id=old.id), "toast-stale")
    await world.quiet()
    assert view(ada, old.id).buttons == []


async def test_removing_old_buttons_holds_up_no_answer(world: World, ada: Person) -> None:
    await previewed(ada)
    await world.quiet()
    world.telegram.fail("editMessageReplyMarkup", "hang", 1)
    await ada.send_audio(song(13), duration=13)
    await ada.wait_for(said("purpose-question"), timeout=3)


async def test_a_track_that_is_no_longer_kept_has_no_button(world: World, ada: Person) -> None:
    world.telegram.fail("sendAudio", "reset")
    await created(ada)
    unsure = await ada.wait_for(said("status-unsure"), after=0)
    await write(world.data, "DELETE FROM sounds")
    assert toasted(await press(ada, "s:"), "toast-gone")
    await world.quiet()
    assert view(ada, unsure.id).buttons == []


async def test_something_else_after_a_refusal_is_answered_with_it(
    world: World, ada: Person
) -> None:
    await ada.send_audio(SILENCE, duration=12)
    await ada.wait_for(says("recording-silent"), after=0)
    await ada.send_sticker()
    await ada.wait_for(says("recording-silent"))


async def test_a_status_message_keeps_its_buttons(world: World, ada: Person) -> None:
    world.music.latency = 30
    status = await created(ada)
    await until(lambda: world.music.generated)
    await previewed(ada, content=song(13))
    await world.quiet()
    assert view(ada, status.id).button_texts == ["Cancel"]


@pytest.mark.parametrize(
    ("button", "answer"),
    [("x:", "cancel-draft"), ("c:", "status-queued"), ("m:", "send-beat")],
)
async def test_buttons_of_a_message_that_telegram_only_names(
    world: World, ada: Person, button: str, answer: str
) -> None:
    world.music.latency = 30
    world.music.upload_latency = 30
    preview = await previewed(ada, "voice")
    data = next(b.data for b in preview.buttons if b.data.startswith(button))
    toast = await ada.press_forged(999_001, data)
    assert toast is not None
    assert toast.text == ""
    told = await ada.wait_for(said(answer))
    assert told.id > preview.id
    await world.quiet()
    assert view(ada, preview.id).buttons == []


async def test_everything_stays_in_its_topic(world: World, ada: Person) -> None:
    chat = world.telegram.state.chats[ada.id]

    def say(content: dict[str, Any]) -> None:
        topic = {"message_thread_id": TOPIC, "is_topic_message": True}
        message = world.telegram.state.add_message(chat, ada.user, {**content, **topic})
        world.telegram.state.updates.put("message", message.data)

    files = world.telegram.state.files
    sound = {"duration": 12, "mime_type": "audio/ogg"}
    say({"voice": person_file(files, "voice", voice(), sound).details})
    await ada.wait_for(said("purpose-question"), after=0)
    await press(ada, ":voice")
    await ada.wait_for(said("lyrics-question"), after=0)
    say({"text": LYRICS})
    await ada.wait_for(said("preview"), after=0)
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"), after=0)
    await press(ada, "b:")
    await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons), after=0)
    await world.quiet()
    await press(ada, "c:")
    await ada.wait_for("audio", after=0)
    await press(ada, "t:")
    await until(lambda: len(world.sent("sendAudio")) == 2)
    await world.reaches("delivered", 2)
    world.music.fail("1026")
    await press(ada, "t:")
    await ada.wait_for(says("notice-failed"), after=0)
    for method in ("sendMessage", "sendAudio", "sendChatAction"):
        topics = {str(call.get("message_thread_id")) for call in world.sent(method)}
        assert topics <= {str(TOPIC)}, method


async def test_where_the_recording_goes_is_said_once_to_a_person(
    world: World, ada: Person
) -> None:
    first = await asked_purpose(ada)
    again = await asked_purpose(ada, song(13))
    assert [says("purpose-privacy")(m) for m in (first, again)] == [True, True]
    await chosen(ada)
    last = await asked_purpose(ada, song(14))
    assert not says("purpose-privacy")(last)


@pytest.mark.parametrize("purpose", ["song", "voice", "instrumental"])
async def test_words_that_nobody_sings_are_explained(
    world: World, ada: Person, purpose: str
) -> None:
    await asked_purpose(ada)
    question = await chosen(ada, purpose)
    unsung = purpose == "instrumental"
    assert said("lyrics-question-unsung" if unsung else "lyrics-question")(question)
    assert ("to sing" in question.text) is not unsung
