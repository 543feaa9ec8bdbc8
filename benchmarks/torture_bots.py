"""A bot whose processes are killed at chosen moments and started again."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.telegram.api import TelegramApi
from bot.sandbox.telegram.server import Call

ROOT = Path(__file__).parents[1]
MOMENTS = (
    "at any time",
    "an update is given out",
    "an answer is sent",
    "a preview is shown",
    "a recording is fetched",
    "a recording is uploaded",
    "a track is asked for",
    "a track is charged",
    "a track is being sent",
    "a track has arrived",
)
"""When to kill; each names what is seen from outside just before."""

_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_JUST_AFTER = 0.06  # a commit takes a few milliseconds: this lies around the next ones
_ANY_TIME = 1.5
_LONG_AFTER = 0.4  # a track that came back is inspected first
_PATIENCE = 6.0
_START = 30.0  # a busy machine starts slowly, and a bot that never lives tells nothing
_OK = 200


class Music(MusicApi):
    """Music-01 that says when it has been asked for a track, before it works on it.

    Attributes:
        on_asked: Called then.
    """

    def __init__(self, track: bytes, latency: float) -> None:
        super().__init__(latency=latency, upload_latency=latency / 8, balance=1e9)
        self.stock = track
        self.on_asked: Callable[[], None] = _nothing

    async def pause(self, seconds: float) -> None:
        if seconds == self.latency:
            self.on_asked()
        await super().pause(seconds)


def _nothing() -> None:
    """Nobody wants to know."""


class Stalked:
    """Processes of one bot between the two stand-ins.

    Args:
        name: Of the engine, for the table.
        commands: What is started, for example `("run",)` or `("run", "worker")`.
        folder: Where its data and log are.
        telegram: Listening.
        music: Listening.
        settings: More settings.

    Attributes:
        kills: How often a process was killed, by moment.
    """

    def __init__(
        self,
        name: str,
        commands: tuple[str, ...],
        folder: Path,
        telegram: TelegramApi,
        music: Music,
        **settings: str,
    ) -> None:
        self.name = name
        self.kills: Counter[str] = Counter()
        self.folder = folder
        self._commands = commands
        self._telegram = telegram
        self._music = music
        self._settings = settings
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._happened: dict[str, asyncio.Event] = {name: asyncio.Event() for name in MOMENTS}
        telegram.on_call(self._heard)
        music.on_call(self._answered)
        music.on_asked = self._happened["a track is asked for"].set

    async def start(self) -> None:
        """Start every process, and wait until one polls."""
        for number in range(len(self._commands)):
            await self._start(number)
        async with asyncio.timeout(60):
            while not self._telegram.state.updates.is_polled:  # noqa: ASYNC110 - has no event
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End them in order, and kill what does not end."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self._processes.values():
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def torture(self, kills: int) -> None:
        """Kill a process again and again, each time at another moment, and start it again."""
        moments: list[str] = []
        for _ in range(kills):
            moments = moments or random.sample(MOMENTS, len(MOMENTS))
            moment = await self._wait(moments.pop())
            number = random.randrange(len(self._commands))
            process = self._processes[number]
            if process.returncode is not None:
                said = self._log(number).read_text(errors="replace")[-3000:]
                raise RuntimeError(f"a process of {self.name} ended by itself:\n{said}")
            process.kill()
            await process.wait()
            self.kills[moment] += 1
            await self._start(number)
            await self._settled()

    def _log(self, number: int) -> Path:
        return self.folder / f"log-{number}"

    async def _wait(self, moment: str) -> str:
        """Wait for a moment; gives the one that came."""
        event = self._happened[moment]
        event.clear()
        if moment == MOMENTS[0]:
            await asyncio.sleep(random.uniform(0, _ANY_TIME))
            return moment
        try:
            async with asyncio.timeout(_PATIENCE):
                await event.wait()
        except TimeoutError:
            return MOMENTS[0]
        if random.random() < 0.7:
            after = _LONG_AFTER if moment == "a track is charged" else _JUST_AFTER
            await asyncio.sleep(random.uniform(0, after))
        return moment

    async def _settled(self) -> None:
        """Let somebody poll again, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_START):
                await asyncio.sleep(0.2)
                while not self._telegram.state.updates.is_polled:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.02)

    async def _start(self, number: int) -> None:
        with self._log(number).open("ab") as said:
            self._processes[number] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *self._commands[number].split()),
                cwd=self.folder,
                env=self._environment(number),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def _environment(self, number: int) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_TOKEN": self._telegram.token,
            "TELEGRAM_API_URL": self._telegram.url,
            "AIMLAPI_KEY": self._music.key,
            "AIMLAPI_URL": self._music.url,
            "DATA_DIR": str(self.folder / f"data-{number}"),
            "ACCESS": "open",
            "HTTP_PORT": "0",
            "STOP_GRACE": "10",
            "CLAIM_SECONDS": "3",
            "TRACKS_PER_USER": "100",
            "TRACKS_PER_DAY": "none",
            **self._settings,
        }

    def _heard(self, call: Call) -> None:
        if call.method == "getUpdates":
            self._happened["an update is given out"].set()
        elif call.method == "file":
            self._happened["a recording is fetched"].set()
        elif call.method in {"sendMessage", "editMessageText"}:
            self._happened["an answer is sent"].set()
            if '"c:' in str(call.params.get("reply_markup")).replace("'", '"'):
                self._happened["a preview is shown"].set()
        elif call.method == "sendAudio":
            self._happened["a track is being sent"].set()
            asyncio.get_running_loop().call_later(0.01, self._happened["a track has arrived"].set)

    def _answered(self, _: str, path: str, status: int, *__: Any) -> None:
        if path.endswith("/upload"):
            self._happened["a recording is uploaded"].set()
        elif path.endswith("/generate") and status == _OK:
            self._happened["a track is charged"].set()
