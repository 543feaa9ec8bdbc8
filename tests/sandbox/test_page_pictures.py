"""The README's picture: `PICTURES=docs pytest tests/sandbox/test_page_pictures.py` makes it."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.support.browser_kit import Show, show

LYRICS = "Morning comes in slowly\nThe kettle starts to sing\n\nI hum along beside it"
SIZE = (1000, 800)
LARGEST = 200_000  # bytes


async def test_picture_of_the_readme() -> None:
    folder = os.environ.get("PICTURES")
    if folder is None:
        pytest.skip("the README's picture is made when PICTURES names a folder")
    async with show(SIZE, latency=1) as it:
        it.environment.music.stock = None
        await it.to_preview(LYRICS)
        await it.button("Create").click()
        await expect(it.tracks).to_have_count(1)
        await expect(it.message("Your track is below")).to_be_visible()
        await _play(it)
        picture = Image.open(io.BytesIO(await it.tab.screenshot(scale="css")))
        path = Path(folder) / "sandbox.png"
        picture.convert("RGB").quantize(256, kmeans=2).save(path, optimize=True)
        assert path.stat().st_size < LARGEST


async def _play(it: Show) -> None:
    await it.tracks.locator(".play").click()
    await it.tracks.locator(".seek").fill("400")
    await it.tracks.locator(".seek").blur()
    await it.tab.mouse.move(5, 5)
    await expect(it.tracks.locator(".time")).to_contain_text("/ 0:2")
    await it.tab.wait_for_timeout(600)
