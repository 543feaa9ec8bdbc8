"""Telegram on its bad days: waited for, or repeated where that is harmless."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from bot.sandbox.telegram.api import Person
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
    song,
    toasted,
    tracks,
    until,
    write,
)

REFUSED = ["429", "500", "502"]


@pytest.mark.parametrize("kind", ["429", "500"])
async def test_a_refused_delivery_is_repeated(world: World, ada: Person, kind: str) -> None:
    world.telegram.fail("sendAudio", kind, 2)  # type: ignore[arg-type]  # a Kind
    await delivered(ada)
    await world.reaches("delivered")
    assert len(tracks(ada)) == 1
    assert world.telegram.counts["sendAudio"] == 3
    assert world.music.billed == 1


@pytest.mark.parametrize("kind", ["timeout", "hang"])
async def test_the_status_says_that_the_track_is_being_sent(
    world: World, ada: Person, kind: str
) -> None:
    """No answer comes while the assertions are made: the request waits for 20 s and more."""
    world.telegram.fail("sendAudio", kind)  # type: ignore[arg-type]  # a Kind
    preview = await created(ada)
    sending = await ada.wait_for(said("status-sending"), after=0)
    assert sending.id == preview.id
    assert sending.buttons == []
    if kind == "timeout":
        await ada.wait_for("audio", after=0)
    assert world.status() == "sending"


async def test_a_status_that_cannot_be_edited_holds_no_delivery_up(
    world: World, ada: Person
) -> None:
    await previewed(ada)
    world.telegram.fail("editMessageText", "hang", 1000)
    await press(ada, "c:")
    await ada.wait_for("audio", after=0)
    await world.reaches("delivered")


async def test_a_delivery_that_is_refused_for_long_waits_for_its_button(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.studio.delivery._TRIES", 3)
    world.telegram.fail("sendAudio", "500", 1000)
    await created(ada)
    waiting = await ada.wait_for(said("status-undeliverable"), after=0)
    assert world.telegram.counts["sendAudio"] == 4
    world.telegram.clear_faults()
    await ada.press(waiting.button_texts[0])
    await ada.wait_for("audio", after=0)
    await world.reaches("delivered")
    assert world.music.billed == 1


async def test_a_made_track_whose_sound_is_gone_has_failed(world: World, ada: Person) -> None:
    world.telegram.fail("sendAudio", "429", 1000, retry_after=1)
    await created(ada)
    await until(lambda: world.telegram.counts["sendAudio"])
    await world.reaches("made")
    await write(world.data, "DELETE FROM sounds")
    await ada.wait_for(said("failed-upstream"), after=0)
    assert "has no sound any more" in world.log
    assert list((world.data / "made").iterdir()) == []


@pytest.mark.parametrize(("kind", "arrived"), [("lost", 1), ("reset", 0)])
async def test_a_delivery_without_an_answer_is_the_persons_to_judge(
    world: World, ada: Person, kind: str, arrived: int
) -> None:
    world.telegram.fail("sendAudio", kind)  # type: ignore[arg-type]  # a Kind
    await created(ada)
    unsure = await ada.wait_for(said("status-unsure"), after=0)
    assert unsure.button_texts == ["Send it again"]
    assert world.status() == "unsure"
    assert len(tracks(ada)) == arrived
    await world.restart()
    await world.quiet()
    assert world.telegram.counts["sendAudio"] == 1
    await press(ada, "s:")
    await until(lambda: len(tracks(ada)) == arrived + 1)
    await world.reaches("delivered")
    await ada.wait_for(said("status-delivered"), after=0)
    assert world.music.billed == 1
    await until(lambda: world.rows("SELECT 1 FROM sounds") == [])


async def test_send_again_pressed_twice_sends_once(world: World, ada: Person) -> None:
    world.telegram.fail("sendAudio", "reset")
    await created(ada)
    unsure = await ada.wait_for(said("status-unsure"), after=0)
    data = unsure.buttons[0].data
    await ada.press_forged(unsure.id, data)
    again = await ada.press_forged(unsure.id, data)
    await world.reaches("delivered")
    await world.quiet()
    assert len(tracks(ada)) == 1
    assert again is not None


async def test_blocked_and_back(world: World, ada: Person) -> None:
    world.music.latency = 0.4
    await created(ada)
    await until(lambda: world.music.generated)
    await ada.block()
    await world.reaches("undeliverable")
    assert tracks(ada) == []
    await ada.unblock()
    await ada.wait_for("audio")
    await world.reaches("delivered")
    assert world.music.billed == 1


async def test_blocked_and_back_by_start(world: World, ada: Person) -> None:
    world.music.latency = 0.4
    await created(ada)
    await until(lambda: world.music.generated)
    await ada.block()
    await world.reaches("undeliverable")
    world.telegram.state.chats[ada.id].blocked = False
    await ada.send_text("/start")
    await ada.wait_for("audio")
    assert len(tracks(ada)) == 1


@pytest.mark.parametrize("kind", ["429", "500", "reset", "lost"])
async def test_flooded_edits_are_never_answered_with_new_messages(
    world: World, ada: Person, kind: str
) -> None:
    world.music.latency = 0.6
    preview = await previewed(ada)
    before = world.telegram.counts["sendMessage"]
    world.telegram.fail("editMessageText", kind, 4)  # type: ignore[arg-type]  # a Kind
    await press(ada, "c:")
    await ada.wait_for("audio")
    done = await ada.wait_for(said("status-delivered"), after=0)
    assert done.id == preview.id
    assert world.telegram.counts["sendMessage"] == before


async def test_a_flood_of_edits_waits_as_long_as_it_is_told(world: World, ada: Person) -> None:
    world.music.latency = 0.8
    await previewed(ada)
    world.telegram.fail("editMessageText", "429", 1, retry_after=30)
    await press(ada, "c:")
    await ada.wait_for("audio")
    making = [
        call
        for call in world.telegram.calls
        if call.method == "editMessageText" and "Making" in call.params["text"]
    ]
    assert making == []


@pytest.mark.parametrize("kind", ["429", "500", "reset", "lost"])
async def test_a_recording_is_fetched_again(world: World, ada: Person, kind: str) -> None:
    world.telegram.fail("getFile", kind, 2)  # type: ignore[arg-type]  # a Kind
    world.telegram.fail("file", "500" if kind == "429" else kind)  # type: ignore[arg-type]
    await delivered(ada)
    assert world.telegram.counts["getFile"] >= 3
    assert len(world.music.uploads) == 1


@pytest.mark.parametrize("kind", ["429", "500", "502", "reset", "lost"])
async def test_polling_goes_on(world: World, ada: Person, kind: str) -> None:
    world.telegram.fail("getUpdates", kind)  # type: ignore[arg-type]  # a Kind
    await ada.send_text("/start")
    await ada.wait_for(said("start"))
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    assert (count(ada, "start"), count(ada, "help")) == (1, 1)


@pytest.mark.parametrize("kind", ["429", "500", "reset", "lost"])
@pytest.mark.parametrize("method", ["setMessageReaction", "answerCallbackQuery", "sendChatAction"])
async def test_courtesies_are_worth_no_failure(
    world: World, ada: Person, method: str, kind: str
) -> None:
    world.telegram.fail(method, kind, 20)  # type: ignore[arg-type]  # a Kind
    await ada.send_audio(song(), duration=12)
    question = await ada.wait_for(said("purpose-question"))
    await ada.press("Voice and music", wait=0)
    await ada.wait_for(said("lyrics-question"))
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await ada.press("Create", wait=0)
    await ada.wait_for("audio")
    assert question.id
    assert world.music.billed == 1


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_refused_answer_is_given_again(world: World, ada: Person, kind: str) -> None:
    world.telegram.fail("sendMessage", kind, 2)  # type: ignore[arg-type]  # a Kind
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await world.quiet()
    assert [said("help")(message) for message in ada.messages if message.from_bot] == [True]


async def test_a_question_is_asked_once_telegram_listens_again(world: World, ada: Person) -> None:
    world.telegram.fail("sendMessage", "500", 8)
    await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("purpose-question"), timeout=25)
    await chosen(ada)
    await world.quiet()
    assert (count(ada, "purpose-chosen"), count(ada, "trouble")) == (1, 0)
    assert count(ada, "purpose-question") == 0


STEPS = ["purpose-question", "lyrics-question", "preview"]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("kind", ["lost", "reset"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_question_that_got_lost_is_asked_again(
    world: World, ada: Person, step: str, kind: str, times: int
) -> None:
    async def lose() -> None:
        await world.quiet()
        world.telegram.fail("sendMessage", kind, times)  # type: ignore[arg-type]  # a Kind

    steps: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: ada.send_audio(song(), duration=12),
        lambda: ada.press("Voice and music", wait=0),
        lambda: ada.send_text(LYRICS),
    )
    for name, act in zip(STEPS, steps, strict=True):
        if name == step:
            await lose()
        await act()
        asked = times + 1 if (name, kind) == (step, "lost") else 1
        await until(partial(_is_asked, ada, name, asked))
    await world.quiet()
    assert count(ada, "trouble") == 0
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.billed == 1


@pytest.mark.parametrize("kind", ["lost", "reset"])
async def test_an_answer_that_got_lost_is_given_again(
    world: World, ada: Person, kind: str
) -> None:
    for command in ("help", "privacy"):
        world.telegram.fail("sendMessage", kind)  # type: ignore[arg-type]  # a Kind
        await ada.send_text(f"/{command}")
        await until(partial(_is_asked, ada, command, 2 if kind == "lost" else 1))
    assert count(ada, "trouble") == 0


async def test_a_question_that_hangs_is_asked_again(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.deps._SEND_TIMEOUT", 0.3)
    world.telegram.fail("sendMessage", "hang")
    await asked_purpose(ada)
    assert count(ada, "trouble") == 0


@pytest.mark.parametrize("kind", ["lost", "reset", "500"])
async def test_words_in_answer_to_a_press_are_said_again(
    outside: World, ada: Person, kind: str
) -> None:
    await outside.start(tracks_per_user=0)
    await previewed(ada)
    outside.telegram.fail("answerCallbackQuery", kind)  # type: ignore[arg-type]  # a Kind
    answer = await press(ada, "c:")
    assert toasted(answer, "toast-off")


async def test_a_pause_that_telegram_asks_for_is_waited_for(world: World, ada: Person) -> None:
    world.telegram.fail("sendMessage", "429", retry_after=12)
    await ada.send_text("/help")
    await ada.wait_for(said("help"), timeout=20)
    assert count(ada, "trouble") == 0
    assert world.telegram.counts["sendMessage"] == 2


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_preview_that_cannot_be_edited_yet_is_no_second_preview(
    world: World, ada: Person, kind: str
) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    words = await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    world.telegram.fail("editMessageText", kind, 2)  # type: ignore[arg-type]  # a Kind
    await ada.edit_text(words.id, "Evening falls")
    changed = await ada.wait_for(lambda message: "Evening" in message.text)
    assert changed.id == preview.id
    assert count(ada, "preview") == 1


async def test_a_warning_about_a_recording_is_said_once_telegram_listens(
    world: World, ada: Person
) -> None:
    await ada.send_audio(song(), duration=0)
    await ada.wait_for(said("purpose-question"))
    world.telegram.fail("sendMessage", "429", 2)
    await ada.send_audio(b"no audio at all" * 100, duration=12)
    await ada.wait_for(said("recording-unreadable"))
    await world.quiet()
    assert count(ada, "recording-unreadable") == 1


async def test_telegram_too_old_to_answer_a_press(world: World, ada: Person) -> None:
    world.telegram.latency = 0.2
    await asked_purpose(ada)
    await ada.press("Voice and music", wait=0)
    world.telegram.expire_queries()
    await ada.wait_for(said("lyrics-question"))


async def test_a_status_message_that_is_gone(world: World, ada: Person) -> None:
    world.music.latency = 0.3
    status = await created(ada)
    world.telegram.state.delete(world.telegram.state.chats[ada.id], status.id)
    await ada.wait_for("audio")
    await world.reaches("delivered")
    await until(lambda: world.rows("SELECT told FROM tracks WHERE told = 1"))


@pytest.mark.parametrize("end", ["failed-sensitive", "status-unsure"])
async def test_an_end_without_a_status_message_is_said_in_a_new_one(
    world: World, ada: Person, end: str
) -> None:
    world.music.latency = 0.3
    if end == "status-unsure":
        world.telegram.fail("sendAudio", "reset")
    else:
        world.music.fail("1026")
    status = await created(ada)
    world.telegram.state.delete(world.telegram.state.chats[ada.id], status.id)
    told = await ada.wait_for(said(end))
    assert told.button_texts
    await until(lambda: world.rows("SELECT told FROM tracks WHERE told = 1"))
    assert count(ada, end) == 1
    if end == "status-unsure":
        await press(ada, "s:")
        await ada.wait_for("audio")
        assert world.music.billed == 1


async def test_a_track_whose_status_cannot_be_shown_yet_is_shown_later(
    world: World, ada: Person
) -> None:
    world.music.fail("1026")
    preview = await previewed(ada)
    world.telegram.fail("editMessageText", "500", 6)
    await press(ada, "c:")
    failed = await ada.wait_for(said("failed-sensitive"))
    assert failed.id == preview.id


def _is_asked(person: Person, key: str, times: int) -> bool:
    """Whether something stands in the chat so often."""
    return count(person, key) == times
