"""What a person reads when a handler meets trouble, and what the log has."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from telegram.error import Forbidden

from bot.sandbox.telegram.api import Person
from bot.store import StoreUnavailable
from bot.studio import Studio
from bot.telegram.inbound.dispatcher import Dispatcher
from handlers.prompts import Prompts
from tests.support.bot_kit import (
    LYRICS,
    World,
    asked_purpose,
    count,
    press,
    previewed,
    said,
    song,
    toasted,
    until,
)


def _failing(error: Exception) -> Any:
    async def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "key", "logged"),
    [
        (RuntimeError("a bug"), "trouble", "a handler failed"),
        (StoreUnavailable("the disk is gone"), "store-trouble", "the disk is gone"),
    ],
)
async def test_trouble_is_said_once_in_one_sentence(
    world: World,
    ada: Person,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    key: str,
    logged: str,
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Studio, "record", _failing(error))
        for _ in range(2):
            await ada.send_audio(song(), duration=12)
        await ada.wait_for(said(key))
        await until(lambda: world.log.count(logged) == 2)
        await world.quiet()
        assert count(ada, key) == 1
        assert str(error) not in ada.transcript()
    world.tracebacks = world.log.count("Traceback")  # the bug's own
    await asked_purpose(ada)


async def test_trouble_with_a_button_is_said_where_it_was_pressed(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked_purpose(ada)
    with monkeypatch.context() as broken:
        broken.setattr(Studio, "choose", _failing(StoreUnavailable("away")))
        answer = await ada.press("Only my voice")
    assert answer is not None
    assert answer.show_alert
    await ada.press("Only my voice")
    await ada.wait_for(said("lyrics-question"))


async def test_who_has_blocked_the_bot_is_let_go(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Studio, "record", _failing(Forbidden("bot was blocked by the user")))
    await ada.send_audio(song(), duration=12)
    await until(lambda: "cannot be reached any more" in world.log)
    await world.quiet()
    assert count(ada, "trouble") == 0


STEPS: dict[str, Callable[[Person], Awaitable[object]]] = {
    "purpose-question": lambda ada: ada.send_audio(song(), duration=12),
    "lyrics-question": lambda ada: ada.press("Voice and music", wait=0),
    "preview": lambda ada: ada.send_text(LYRICS),
}


@pytest.mark.parametrize("step", STEPS)
async def test_what_was_committed_is_asked_though_its_handler_was_cut_off(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr("bot.app.Dispatcher", partial(Dispatcher, deadline=1.0))
    asks = Prompts.ask

    async def hang(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(Prompts, "ask", asks)
        await asyncio.sleep(60)

    await outside.start()
    for name, act in STEPS.items():
        if name == step:
            monkeypatch.setattr(Prompts, "ask", hang)
        await act(ada)
        await ada.wait_for(said(name))
    assert count(ada, "trouble") == 0
    assert "cut off after its commit" in outside.log
    answer = await press(ada, "c:")
    assert not toasted(answer, "toast-stale")
    await ada.wait_for("audio")


async def test_a_cancel_that_was_cut_off_is_a_cancel_and_is_said_to_be_repeated(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.Dispatcher", partial(Dispatcher, deadline=1.0))
    await outside.start()
    await previewed(ada)
    await outside.quiet()
    outside.telegram.fail("sendMessage", "hang")
    monkeypatch.setattr("handlers.deps._SEND_TIMEOUT", 30)
    await ada.send_text("/cancel")
    await ada.wait_for(said("trouble"))
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-nothing"))
    await previewed(ada)


async def test_every_message_after_an_apology_gets_one_of_its_own(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Studio, "record", _failing(StoreUnavailable("away")))
    for number in (1, 2, 3):
        await ada.send_audio(song(), duration=12)
        await until(partial(_apologised, ada, number))
        await asyncio.sleep(1.1)  # Telegram's times are whole seconds


def _apologised(person: Person, times: int) -> bool:
    return count(person, "store-trouble") == times


async def test_a_handler_that_hangs_is_given_up_and_the_next_one_runs(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.Dispatcher", partial(Dispatcher, deadline=0.5))

    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.sleep(60)

    await outside.start()
    with monkeypatch.context() as broken:
        broken.setattr(Studio, "record", hang)
        await ada.send_audio(song(), duration=12)
        await ada.wait_for(said("trouble"))
    outside.tracebacks = outside.log.count("Traceback")
    await previewed(ada, lyrics=LYRICS)
