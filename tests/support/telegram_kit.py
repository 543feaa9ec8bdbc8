"""A real PTB bot on the simulated Telegram, over sockets."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image
from telegram import Bot

from bot.sandbox.telegram.api import Person, TelegramApi
from bot.telegram.request import AiohttpRequest

MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 100
OGG = b"OggS" + bytes(200)


@dataclass
class Stage:
    """What a test plays with."""

    api: TelegramApi
    bot: Bot
    ada: Person
    offset: int = 0

    async def is_polled(self) -> None:
        """Wait until a poll waits."""
        while not self.api.state.updates.is_polled:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)

    async def updates(self, wait: int = 0, **options: Any) -> tuple[Any, ...]:
        """Fetch what is new (`Update`s), and confirm what was fetched before."""
        found = await self.bot.get_updates(offset=self.offset, timeout=wait, **options)
        if found:
            self.offset = found[-1].update_id + 1
        return found

    async def update(self) -> Any:
        """Fetch the one update that must be there."""
        (only,) = await self.updates(wait=5)
        return only


@asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[Stage]:
    """Start a Telegram with one person in it, and a bot."""
    async with TelegramApi(**options) as api, bot_on(api) as bot:
        yield Stage(api, bot, api.person(first_name="Ada"))


def bot_on(api: TelegramApi, **options: Any) -> Bot:
    """Make a bot that speaks to a simulated Telegram through our request."""
    return Bot(
        api.token,
        base_url=f"{api.url}/bot",
        base_file_url=f"{api.url}/file/bot",
        request=AiohttpRequest(**options),
        get_updates_request=AiohttpRequest(),
    )


def picture(side: int = 320, kind: str = "JPEG") -> bytes:
    """Draw a square."""
    drawn = io.BytesIO()
    Image.new("RGB", (side, side), "navy").save(drawn, kind)
    return drawn.getvalue()
