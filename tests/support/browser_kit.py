"""The page, with or without the real bot behind it, and a browser to look at it with."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, async_playwright, expect
from playwright.async_api import Page as Tab

from bot.sandbox.environment import Environment
from bot.sandbox.page.server import Page
from bot.sandbox.synthesis import samples

_USUAL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (  # a container's root has no sandbox, and nothing is to be asked of the network
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)
DESK, PHONE = (1280, 800), (390, 844)
PATIENCE = 30_000  # ms

expect.set_options(timeout=PATIENCE)


def chromium() -> str:
    """Where the browser is: `CHROMIUM`, or one of the usual names."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _USUAL)), None)
    if found is None and os.environ.get("REQUIRE_CHROMIUM") == "1":
        pytest.fail("there is no Chromium: install Debian's chromium, or set CHROMIUM")
    if found is None:
        pytest.skip("no Chromium here (CHROMIUM or the usual paths): the page is not looked at")
    return found


@asynccontextmanager
async def quiet() -> AsyncIterator[Page]:
    """The page on both stand-ins, without a bot."""
    environment = Environment()
    page = Page(environment)
    try:
        await environment.telegram.start()
        await environment.music.start()
        yield await page.start(0)
    finally:
        await page.aclose()
        await environment.__aexit__(None, None, None)


@dataclass
class Show:
    """An environment with the real bot, its page, and a tab that has it open."""

    environment: Environment
    page: Page
    tab: Tab

    def button(self, name: str) -> Locator:
        """The newest button of this name."""
        return self.tab.get_by_role("button", name=name, exact=True).last

    def message(self, text: str) -> Locator:
        """The newest message with this text."""
        return self.tab.locator(".message", has_text=text).last

    @property
    def tracks(self) -> Locator:
        """The players in the bot's messages."""
        return self.tab.locator(".message:not(.mine) .player")

    async def call(self, method: str, **params: Any) -> Any:
        """Be the bot: call a method of the Bot API."""
        answer = await self._answer(method, params)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> None:
        """Be the bot: call a method of the Bot API that says no."""
        assert not (await self._answer(method, params))["ok"]

    async def _answer(self, method: str, params: dict[str, Any]) -> Any:
        telegram = self.environment.telegram
        url = f"{telegram.url}/bot{telegram.token}/{method}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"chat_id": Environment.OWNER, **params}) as answer,
        ):
            return await answer.json()

    async def write(self, text: str) -> None:
        """Type a text and send it."""
        await self.tab.get_by_role("textbox", name="Write a message").fill(text)
        await self.button("Send").click()

    async def to_preview(self, lyrics: str, purpose: str = "Voice and music") -> None:
        """Go from the empty chat to the preview."""
        await self.button("Send a short song").click()
        await self.button(purpose).click()
        await expect(self.message("Now the words")).to_be_visible()
        await self.write(lyrics)
        await expect(self.button("Create")).to_be_visible()


@asynccontextmanager
async def show(
    size: tuple[int, int] = DESK,
    *,
    scheme: str = "light",
    latency: float = 0.3,
    bot: bool = True,
) -> AsyncIterator[Show]:
    """Start it all; whatever the page complains of in its console fails the test.

    Without the bot, a test speaks for it; see `Show.call`.
    """
    program = chromium()
    troubles: list[str] = []
    async with _page(latency, bot=bot) as page, async_playwright() as playwright:
        environment = page.environment
        browser = await playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
            permissions=["microphone"],
        )
        tab = await context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on(
            "console",
            lambda line: troubles.append(line.text) if _is_trouble(line.type, line.text) else None,
        )
        await tab.goto(page.url)
        yield Show(environment, page, tab)
        await browser.close()
    assert not troubles


@asynccontextmanager
async def _page(latency: float, *, bot: bool) -> AsyncIterator[Page]:
    if not bot:
        async with quiet() as page:
            yield page
        return
    environment = Environment(latency=latency)
    environment.music.stock = samples.song()
    async with environment, Page(environment) as page:
        yield await page.start(0)


def _is_trouble(kind: str, text: str) -> bool:
    """Refused by the server on purpose, or cut off by a test, is none."""
    return kind == "error" and not re.search(r"status of 4\d\d|WebSocket|ERR_FAILED", text)
