"""What a person reads when a handler meets trouble, and what the log has."""

import asyncio
from functools import partial
from typing import Any

import pytest
from telegram.error import Forbidden

from bot.sandbox.telegram_api import Person
from bot.store import StoreUnavailable
from bot.studio import Studio
from bot.telegram.intake import Intake
from tests.bot_kit import LYRICS, World, asked_purpose, count, previewed, said, song, until


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


async def test_a_handler_that_hangs_is_given_up_and_the_next_one_runs(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.Intake", partial(Intake, deadline=0.5))

    async def hang(*_: Any) -> None:
        await asyncio.sleep(60)

    await outside.start()
    with monkeypatch.context() as broken:
        broken.setattr(Studio, "record", hang)
        await ada.send_audio(song(), duration=12)
        await ada.wait_for(said("trouble"))
    outside.tracebacks = outside.log.count("Traceback")
    await previewed(ada, lyrics=LYRICS)
