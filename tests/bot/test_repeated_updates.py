"""An update that is handled again after a kill: nothing changes that a person could see."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.sandbox.telegram.api import Person
from bot.telegram.inbound.dispatcher import Dispatcher
from tests.support.bot_kit import (
    LYRICS,
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
    song,
    toasted,
    tracks,
    until,
    write,
)

Scene = Callable[[World, Person], Awaitable[None]]


async def recorded(world: World, ada: Person) -> None:
    await asked_purpose(ada)


async def answered(world: World, ada: Person) -> None:
    await asked_purpose(ada)
    await chosen(ada, "voice")


async def partner_asked(world: World, ada: Person) -> None:
    await previewed(ada, "voice")
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"))


async def partner_sent(world: World, ada: Person) -> None:
    await partner_asked(world, ada)
    await ada.send_audio(song(13), duration=13)
    await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons))


async def partner_waived(world: World, ada: Person) -> None:
    await partner_asked(world, ada)
    await press(ada, "b:")
    await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons))


async def dropped(world: World, ada: Person) -> None:
    await previewed(ada)
    await press(ada, "x:")
    await ada.wait_for(said("cancel-draft"))


async def dropped_by_command(world: World, ada: Person) -> None:
    await slow_track(world, ada)
    await previewed(ada, content=song(13))
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))


async def slow_track(world: World, ada: Person) -> None:
    world.music.latency = 30
    await created(ada)
    await until(lambda: world.music.generated)
    await ada.wait_for(said("status-generating"), after=0)


async def begun(world: World, ada: Person) -> None:
    await delivered(ada)
    await world.reaches("delivered")
    await ada.wait_for(said("status-delivered"), after=0)


async def taken(world: World, ada: Person) -> None:
    await begun(world, ada)
    await press(ada, "t:")
    await ada.wait_for("audio")
    await world.reaches("delivered", 2)
    await until(lambda: count(ada, "status-delivered") == 2)


async def rewritten(world: World, ada: Person) -> None:
    await begun(world, ada)
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))


async def sent_again(world: World, ada: Person) -> None:
    world.telegram.fail("sendAudio", "lost", 2)
    await created(ada)
    await ada.wait_for(said("status-unsure"), after=0)
    await press(ada, "s:")
    await until(lambda: len(tracks(ada)) == 2)
    await until(lambda: count(ada, "notice-unsure") == 2)
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE status = 'unsure' AND told = 1"))


async def ready(world: World, ada: Person) -> None:
    await previewed(ada, "voice")


SCENES: list[Scene] = [
    *(recorded, answered, partner_asked, partner_sent, partner_waived, dropped),
    *(dropped_by_command, begun, taken, rewritten, sent_again),
]


def seen(world: World, ada: Person) -> tuple[Any, ...]:
    """Everything that must not change."""
    drafts = world.rows("SELECT step, revision, lyrics, purpose, partner_id FROM drafts")
    states = world.rows("SELECT status, stop_wanted FROM tracks")
    chat = [
        (m.id, m.kind, m.button_texts, "" if said("status-generating")(m) else m.text)
        for m in ada.messages
        if m.from_bot
    ]
    return [tuple(row) for row in drafts], [tuple(row) for row in states], chat


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_the_last_update_handled_again_changes_nothing(
    world: World, ada: Person, scene: Scene
) -> None:
    await scene(world, ada)
    await world.quiet()
    before = seen(world, ada)
    answers: list[str] = []
    world.telegram.on_event(
        lambda event: answers.append(event.data["text"]) if event.kind == "answer" else None
    )
    await handled_again(world, 1)
    assert seen(world, ada) == before
    assert "".join(answers) == ""


async def test_the_last_two_updates_handled_again_keep_the_words(
    world: World, ada: Person
) -> None:
    await rewritten(world, ada)
    await ada.send_text("/help")
    await ada.wait_for(said("help"))
    await world.quiet()
    (before,) = world.rows("SELECT revision FROM drafts")
    await handled_again(world, 2)
    (after,) = world.rows("SELECT revision FROM drafts")
    assert after["revision"] == before["revision"]
    assert count(ada, "lyrics-question") == 2  # the track's own, and the one for new words


async def test_words_before_an_answer_leave_the_question_good(world: World, ada: Person) -> None:
    question = await asked_purpose(ada)
    data = newest_data(ada, ":song")
    await ada.send_text(LYRICS)
    await ada.wait_for(said("purpose-question"))
    answer = await ada.press_forged(question.id, data)
    await ada.wait_for(said("preview"))
    assert answer is not None
    assert answer.text == ""


async def test_a_recording_sent_once_more_leaves_its_question_good(
    world: World, ada: Person
) -> None:
    question = await asked_purpose(ada)
    data = newest_data(ada, ":song")
    sent = next(message for message in ada.messages if message.kind == "audio")
    again = await ada.send_again(sent.id)
    await ada.wait_for(lambda m: said("purpose-question")(m) and m.id > again.id)
    await until(lambda: question.id not in {m.id for m in ada.messages if m.buttons})
    answer = await ada.press_forged(question.id, data)
    await ada.wait_for(said("lyrics-question"))
    assert answer is not None
    assert answer.text == ""
    assert len(world.rows('SELECT 1 FROM "references"')) == 1


async def test_words_sent_once_more_leave_create_good(world: World, ada: Person) -> None:
    preview = await previewed(ada)
    data = newest_data(ada, "c:")
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    answer = await ada.press_forged(preview.id, data)
    assert answer is not None
    assert answer.text == ""
    await ada.wait_for("audio")


PRESSED_TWICE: dict[str, tuple[Scene, str]] = {
    "purpose": (recorded, ":song"),
    "create": (ready, "c:"),
    "partner": (ready, "m:"),
    "back": (partner_asked, "b:"),
    "drop": (ready, "x:"),
    "take": (begun, "t:"),
}


@pytest.mark.parametrize("act", PRESSED_TWICE)
async def test_a_question_asked_twice_and_answered_twice(
    world: World, ada: Person, act: str
) -> None:
    """After a kill a question stands twice; neither of its buttons is called an old one."""
    scene, what = PRESSED_TWICE[act]
    await scene(world, ada)
    message, data = newest(ada, what), newest_data(ada, what)
    first = await ada.press_forged(message.id, data)
    await world.quiet()
    before = [tuple(row) for row in world.rows("SELECT step, revision FROM drafts")]
    second = await ada.press_forged(message.id, data)
    assert first is not None
    assert first.text == ""
    assert second is not None
    assert not toasted(second, "toast-stale")
    assert [tuple(row) for row in world.rows("SELECT step, revision FROM drafts")] == before


async def test_a_verse_on_its_way_makes_create_an_old_button(world: World, ada: Person) -> None:
    """Nobody pays for a song without the verse that they have just sent."""
    preview = await previewed(ada)
    data = newest_data(ada, "c:")
    await ada.send_text("And one more verse\nfor the end of the song")
    await ada.wait_for(lambda m: any(b.data.startswith("a:") for b in m.buttons))
    answer = await ada.press_forged(preview.id, data)
    assert toasted(answer, "toast-stale")
    assert world.rows("SELECT 1 FROM tracks") == []


async def test_all_updates_of_a_track_handled_again_change_nothing(
    world: World, ada: Person
) -> None:
    await begun(world, ada)
    await world.quiet()
    before = seen(world, ada)
    await handled_again(world, 4)  # the recording, what it is, the words, Create
    assert seen(world, ada) == before
    assert len(world.music.generated) == 1


async def test_a_cancel_handled_again_stops_one_track(world: World, ada: Person) -> None:
    world.music.upload_latency = 60
    await created(ada)
    await created(ada, content=song(13))
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-track"))
    await world.quiet()
    await handled_again(world, 1)
    statuses = [row["status"] for row in world.rows("SELECT status FROM tracks ORDER BY id")]
    assert statuses == ["queued", "cancelled"]


async def handled_again(world: World, updates: int) -> None:
    """Start anew, the latest updates not being marked as done, as a kill leaves them."""
    rows = world.rows("SELECT update_id FROM inbox ORDER BY update_id DESC LIMIT ?", updates)
    numbers = sorted(row["update_id"] for row in rows)
    await world.stop()
    await write(world.data, "DELETE FROM inbox WHERE update_id >= ?", numbers[0])
    for number in numbers:
        world.telegram.redeliver(number)
    await world.start()
    await world.quiet()


async def failed(world: World, ada: Person) -> None:
    world.music.fail("2037")
    await created(ada)
    await ada.wait_for(said("failed-voice-length"), after=0)


KILLED: dict[str, tuple[Scene, str, str, str]] = {
    "purpose": (recorded, ":voice", "drafts WHERE step = 'lyrics'", "lyrics-question"),
    "partner": (ready, "m:", "drafts WHERE step = 'partner'", "send-beat"),
    "back": (partner_asked, "b:", "drafts WHERE step = 'preview'", "preview"),
    "drop": (ready, "x:", "drafts WHERE step = 'closed'", "cancel-draft"),
    "command": (ready, "/cancel", "drafts WHERE step = 'closed'", "cancel-draft"),
    "create": (ready, "c:", "tracks", "status-delivered"),
    "take": (begun, "t:", "tracks WHERE id = 2", "status-delivered"),
    "rewrite": (begun, "w:", "drafts WHERE step = 'lyrics'", "lyrics-question"),
    "replace": (failed, "o:", "drafts WHERE step = 'recording'", "send-recording"),
}


@pytest.mark.parametrize("act", KILLED)
async def test_killed_between_writing_down_and_answering(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The answer comes after the start, once, and the press is not called an old one."""
    monkeypatch.setattr(Dispatcher.stop, "__defaults__", (0.1,))
    scene, what, written, answer = KILLED[act]
    await scene(world, ada)
    await world.quiet()
    before = count(ada, answer)
    for method in ("sendMessage", "editMessageText", "answerCallbackQuery"):
        world.telegram.fail(method, "500", 1000)
    if what.startswith("/"):
        await ada.send_text(what)
    else:
        data = newest_data(ada, what)
        await ada.press(data, wait=0)
    await until(lambda: world.rows(f"SELECT 1 FROM {written}"))  # noqa: S608 - our own words
    await world.stop()
    answers: list[str] = []
    world.telegram.on_event(
        lambda event: answers.append(event.data["text"]) if event.kind == "answer" else None
    )
    world.telegram.clear_faults()
    await world.start()
    await until(lambda: count(ada, answer) == before + 1)
    await world.quiet()
    assert count(ada, answer) == before + 1
    assert "".join(answers) == ""
    assert len(world.rows("SELECT 1 FROM tracks")) <= 2


def newest_data(person: Person, part: str) -> str:
    for message in reversed(person.messages):
        for button in message.buttons:
            if button.data.startswith(part) or button.data.endswith(part):
                return button.data
    raise LookupError(part)
