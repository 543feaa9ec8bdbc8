"""The program itself, in processes of its own."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.telegram.api import TelegramApi
from tests.support import music_kit

MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
"""What lets coverage see into the processes that a test starts."""

_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_PATIENCE = 40.0


class Processes:
    """Starts `refrain …` against the two stand-ins, and ends whatever is left.

    Args:
        folder: Where they keep their data and write their log.
        settings: Of all of them.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.telegram = TelegramApi()
        self.music = MusicApi("sandbox-key", 0.2)
        self.music.stock = music_kit.mp3(3)
        self.settings = settings
        self._folder = folder
        self._started: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        await self.telegram.start()
        await self.music.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._started:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self.telegram.aclose()
        await self.music.aclose()

    async def start(self, *arguments: str, **settings: str) -> asyncio.subprocess.Process:
        """Start one; it need not be ready when this returns."""
        number = len(self._started)
        with (self._folder / f"log-{number}").open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *arguments),
                cwd=self._folder,
                env=self._environment(number) | settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        self._started.append(process)
        return process

    async def ends(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Run one to its end; its exit code, and everything it said."""
        process = await self.start(*arguments, **settings)
        code = await asyncio.wait_for(process.wait(), _PATIENCE)
        return code, self.said(process).strip()

    def said(self, process: asyncio.subprocess.Process) -> str:
        """What one has written so far."""
        return (self._folder / f"log-{self._started.index(process)}").read_text()

    async def says(self, process: asyncio.subprocess.Process, part: str) -> None:
        """Wait until one has written this."""
        async with asyncio.timeout(_PATIENCE):
            while part not in self.said(process):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)

    def _environment(self, number: int) -> dict[str, Any]:
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ} | MEASURED
        return kept | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "AIMLAPI_KEY": self.music.key,
            "AIMLAPI_URL": self.music.url,
            "DATA_DIR": str(self._folder / f"data-{number}"),
            "ACCESS": "open",
            "HTTP_PORT": "0",
            "STOP_GRACE": "5",
            "CLAIM_SECONDS": "3",
            **self.settings,
        }
