"""`refrain demo`: the whole bot on this machine, without any account."""

import argparse
import asyncio
import errno
import signal
import webbrowser
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from rich.console import Console

from bot.model import Purpose
from bot.sandbox import samples
from bot.sandbox.page.server import Page
from bot.sandbox.play import Interrupted, play
from bot.sandbox.stage import Stage
from bot.settings import Settings
from bot.texts import texts

LATENCY = 5.0
_LYRICS = "Morning comes in slowly\nthe kettle starts to sing\n\nI hum along"
_TRIES = 20
_LAST_PORT = 65_535


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Open the sandbox in the browser, or play one conversation, print it, leave the track."""
    console = Console()
    if options.once is None:
        return asyncio.run(_open(settings, options, console))
    given: Path | None = options.once if options.once.name else None
    if given and not given.is_file():
        console.print(texts(None).plain("make-no-file", path=str(given)), style="red")
        return 1
    recording = given.read_bytes() if given else samples.song()
    name = given.name if given else "song.mp3"
    return asyncio.run(_once(settings, options, console, recording, name))


async def _open(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    """Serve the page until a signal comes."""
    say = texts(None)
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(Page(_stage(settings)))
        if not await listen(page, options.port):
            console.print(say.plain("demo-no-port", port=str(options.port)), style="red")
            return 1
        await stack.enter_async_context(page.stage)
        if options.port and not page.url.endswith(f":{options.port}"):
            console.print(say.plain("demo-port", port=str(options.port)), markup=False)
        console.print(say.plain("demo-open", url=page.url), markup=False, highlight=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: Ctrl-C is an exception there
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if not options.no_browser:
            await asyncio.to_thread(webbrowser.open, page.url)
        await stop.wait()
    return 0


async def listen(page: Page, port: int) -> bool:
    """Take the port that was asked for, or the next free one."""
    for number in range(port, min(port + _TRIES, _LAST_PORT + 1)):
        try:
            await page.start(number)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
        else:
            return True
    return False


async def _once(
    settings: Settings,
    options: argparse.Namespace,
    console: Console,
    recording: bytes,
    name: str,
) -> int:
    """Play one conversation with a recording, print it, and leave the track."""
    say = texts(None)
    purpose = options.purpose or Purpose.SONG
    output = options.output or Path("refrain-demo.mp3")
    async with _stage(settings) as stage:
        person = stage.telegram.person(id=Stage.OWNER)
        try:
            track = await play(person, recording, name, purpose, options.lyrics or _LYRICS)
        except Interrupted:
            track = None
        console.print(person.transcript(), markup=False, highlight=False)
    if track is None or track.file is None or track.file.content is None:
        return 1
    output.write_bytes(track.file.content)
    console.print(say.plain("make-done", path=str(output)), markup=False)
    return 0


def _stage(settings: Settings) -> Stage:
    unset = [field.upper() for field in type(settings).model_fields]
    return Stage(unset=unset, latency=LATENCY)
