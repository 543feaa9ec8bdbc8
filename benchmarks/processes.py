"""The programs that are measured, each in a process of its own, and what they occupy."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.telegram.api import TelegramApi

ROOT = Path(__file__).parents[1]
REFRAIN = ("-m", "bot", "run")
ECHO = ("-m", "benchmarks.echo")
SETTINGS = {
    "ACCESS": "open",
    "MAX_CONCURRENT_TRACKS": "200",
    "TRACKS_PER_USER": "1000",
    "TRACKS_PER_DAY": "none",
    "HTTP_PORT": "0",
    "STOP_GRACE": "2",
    "AIMLAPI_KEY": "sandbox-key",
}

_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_STOP = 20.0


@dataclass
class Program:
    """A running program.

    Attributes:
        log: What it wrote to its standard error.
    """

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise RuntimeError with the end of its log, if it has ended."""
        if self.process.returncode is not None:
            said = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"a measured program ended: {self.process.returncode}\n{said}")

    async def lives_until(self, event: asyncio.Event) -> None:
        """Wait for an event, at most a minute; raise RuntimeError if it ends before."""
        happens, ends = (asyncio.create_task(each) for each in (event.wait(), self.process.wait()))
        await asyncio.wait({happens, ends}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        happens.cancel()
        ends.cancel()
        if not event.is_set():
            self.check()
            raise RuntimeError("a bot did not poll within a minute")


@asynccontextmanager
async def running(
    arguments: tuple[str, ...], telegram: TelegramApi, folder: Path, **settings: str
) -> AsyncIterator[Program]:
    """Run a bot against a simulated Telegram until the block ends."""
    environment = (
        _environment()
        | SETTINGS
        | {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url}
        | settings
    )
    log = folder / "log"
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        yield Program(process, log)
    finally:
        await _end(process)


@asynccontextmanager
async def music(track: bytes) -> AsyncIterator[str]:
    """Run the music API; gives its address."""
    with tempfile.TemporaryDirectory(prefix="refrain-bench-") as name:
        path = Path(name) / "track.mp3"
        await asyncio.to_thread(path.write_bytes, track)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.music", str(path)),
            cwd=ROOT,
            env=_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            if process.stdout is None:
                raise RuntimeError("no pipe")
            yield (await process.stdout.readline()).decode().strip()
        finally:
            await _end(process)


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    """An empty directory."""
    with tempfile.TemporaryDirectory(prefix="refrain-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _environment() -> dict[str, str]:
    kept: Mapping[str, str] = {n: os.environ[n] for n in _INHERITED if n in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT)}


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
