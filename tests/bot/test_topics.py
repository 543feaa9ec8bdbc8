"""Whatever is said to somebody who writes in a topic of their private chat is said in there."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.sandbox.telegram.api import Person
from bot.store import StoreUnavailable
from bot.studio import Studio
from tests.support.bot_kit import (
    LYRICS,
    World,
    count,
    press,
    said,
    song,
    until,
    write,
)

TOPIC = 77

SAID: dict[str, Callable[[Person], Awaitable[object]]] = {
    "start": lambda ada: ada.send_text("/start", topic=TOPIC),
    "help": lambda ada: ada.send_text("/help", topic=TOPIC),
    "privacy": lambda ada: ada.send_text("/privacy", topic=TOPIC),
    "cancel-nothing": lambda ada: ada.send_text("/cancel", topic=TOPIC),
    "unknown-command": lambda ada: ada.send_text("/sing la la", topic=TOPIC),
    "talk-data": lambda ada: ada.send_text("delete my data", topic=TOPIC),
    "send-recording-first": lambda ada: ada.send_photo(topic=TOPIC),
    "send-recording": lambda ada: ada.send_text(LYRICS, topic=TOPIC),
    "words-use-question": lambda ada: ada.send_text("la la la la la", topic=TOPIC),
    "recording-not-audio": lambda ada: ada.send_document(b"x", "a.zip", topic=TOPIC),
    "purpose-question": lambda ada: ada.send_audio(song(), topic=TOPIC),
}


@pytest.mark.parametrize("key", SAID)
async def test_an_answer_comes_where_it_was_asked_for(world: World, ada: Person, key: str) -> None:
    await SAID[key](ada)
    await ada.wait_for(said(key))
    in_topic(world)


async def test_what_cannot_be_read_is_answered_in_its_topic(world: World, ada: Person) -> None:
    chat, topic = world.telegram.state.chats[ada.id], {"message_thread_id": TOPIC}
    content = {"dice": {"a kind": "of next year"}, "is_topic_message": True, **topic}
    message = world.telegram.state.add_message(chat, ada.user, content)
    world.telegram.state.updates.put("message", message.data)
    await ada.wait_for(said("unread"), after=0)
    in_topic(world)


async def test_an_outage_of_the_store_is_said_in_every_topic(world: World, ada: Person) -> None:
    full = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    await write(world.data, f"CREATE TRIGGER disk BEFORE INSERT ON inbox {full}")
    await ada.send_text("/help", topic=TOPIC)
    await ada.send_text("/help", topic=TOPIC + 1)
    await until(lambda: count(ada, "store-trouble") == 2)
    topics = [m.topic for m in ada.messages if said("store-trouble")(m)]
    assert topics == [TOPIC, TOPIC + 1]
    await write(world.data, "DROP TRIGGER disk")


def _failing(error: Exception) -> Any:
    async def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StoreUnavailable("away")])
async def test_an_apology_comes_where_the_trouble_was(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Studio, "record", _failing(error))
    await ada.send_audio(song(), topic=TOPIC)
    key = "store-trouble" if isinstance(error, StoreUnavailable) else "trouble"
    await ada.wait_for(said(key))
    in_topic(world)
    world.tracebacks = world.log.count("Traceback")


async def test_an_apology_for_a_press_under_a_message_that_is_only_named(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.send_audio(song(), topic=TOPIC)
    asked = await ada.wait_for(said("purpose-question"))
    monkeypatch.setattr(Studio, "choose", _failing(RuntimeError("a bug")))
    await world.quiet()
    data = next(b.data for b in asked.buttons if b.data.endswith(":song"))
    await ada.press_forged(999_001, data)
    await ada.wait_for(said("trouble"))
    in_topic(world)
    world.tracebacks = world.log.count("Traceback")


async def test_where_a_topic_was_deleted_the_answer_comes_beside_it(
    world: World, ada: Person
) -> None:
    await ada.send_audio(song(), topic=TOPIC)
    await ada.wait_for(said("purpose-question"))
    await world.quiet()
    world.telegram.state.chats[ada.id].topics.clear()
    await press(ada, ":song")
    assert (await ada.wait_for(said("lyrics-question"), after=0)).topic is None


def in_topic(world: World) -> None:
    """Every message of the bot has gone into the topic."""
    assert world.sent("sendMessage")
    for call in world.sent("sendMessage"):
        assert str(call.get("message_thread_id")) == str(TOPIC), call
