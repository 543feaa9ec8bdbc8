"""Fixtures for tests of the whole bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.telegram.api import Person
from bot.settings import Settings
from tests.support.audio_kit import SharedWorkers
from tests.support.bot_kit import KEY, World, logging_into

pytest_plugins = ["tests.support.pg_kit"]


@pytest.fixture
async def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Telegram and music-01, and a bot that has not started; judged at the end."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # as bot.cli does
    monkeypatch.setattr("bot.audio.isolation.runners.best", SharedWorkers)
    world = World(tmp_path)
    with logging_into(world.lines, [world.telegram.token, KEY]):
        async with world:
            yield world
    world.judge()


@pytest.fixture
async def world(outside: World) -> World:
    """The same with the bot at work."""
    await outside.start()
    return outside


@pytest.fixture
def ada(outside: World) -> Person:
    """Somebody who may use the bot."""
    return outside.telegram.person(1001)
