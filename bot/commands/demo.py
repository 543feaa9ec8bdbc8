"""`refrain demo`: the whole bot on this machine, without any account."""

import argparse
import asyncio
import errno
import signal
import webbrowser
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

from rich.console import Console

from bot.i18n import texts
from bot.model import Purpose
from bot.sandbox.environment import Environment
from bot.sandbox.page.server import Page
from bot.sandbox.scenario import Interrupted, Recording, play
from bot.sandbox.synthesis import samples
from bot.sandbox.transcript import Transcript
from bot.settings import Settings

LATENCY = 5.0
_LYRICS = "Morning comes in slowly\nthe kettle starts to sing\n\nI hum along"
_TRIES = 20
_LAST_PORT = 65_535


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Open the sandbox in the browser, or play one conversation, print it, leave the track."""
    console = Console()
    if options.once is None:
        return asyncio.run(_open(settings, options, console))
    purpose = Purpose.VOICE if options.beat else options.purpose or Purpose.SONG
    sample = {
        Purpose.SONG: (samples.song, "song.mp3"),
        Purpose.VOICE: (samples.hum, "hum.ogg"),
        Purpose.INSTRUMENTAL: (samples.beat, "beat.mp3"),
    }
    recordings = []
    try:
        recordings.append(_recording(options.once, *sample[purpose]))
        if options.beat is not None:
            recordings.append(_recording(options.beat, *sample[Purpose.INSTRUMENTAL]))
    except OSError as error:
        console.print(texts(None).plain("make-no-file", path=str(error.filename)), style="red")
        return 1
    return asyncio.run(_once(settings, options, console, *recordings))


def _recording(path: Path, sample: Callable[[], bytes], name: str) -> Recording:
    """The file that is named, or a sample where none is.

    Raises:
        OSError: it cannot be read.
    """
    return Recording(path.read_bytes(), path.name) if path.name else Recording(sample(), name)


async def _open(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    """Serve the page until a signal comes."""
    say = texts(None)
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        environment = _environment(settings, options.backend)
        page = await stack.enter_async_context(Page(environment))
        if not await listen(page, options.port):
            console.print(say.plain("demo-no-port", port=str(options.port)), style="red")
            return 1
        await stack.enter_async_context(page.environment)
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
    recording: Recording,
    partner: Recording | None = None,
) -> int:
    """Play one conversation with a recording, print it, and leave the track."""
    say = texts(None)
    purpose = Purpose.VOICE if partner else options.purpose or Purpose.SONG
    words = options.lyrics or _LYRICS
    output = options.output or Path("refrain-demo.mp3")
    async with _environment(settings, options.backend) as environment:
        person = environment.telegram.person(id=Environment.OWNER)
        with Transcript(environment.telegram, person, _printing(console)):
            try:
                track = await play(person, recording, purpose, words, partner)
            except Interrupted:
                track = None
    if track is None or track.file is None or track.file.content is None:
        return 1
    output.write_bytes(track.file.content)
    console.print(say.plain("make-done", path=str(output)), markup=False)
    return 0


def _printing(console: Console) -> Callable[[str], None]:
    return partial(console.print, markup=False, highlight=False, soft_wrap=True, end="\n\n")


def _environment(settings: Settings, backend: str) -> Environment:
    unset = [field.upper() for field in type(settings).model_fields]
    return Environment(unset=unset, latency=LATENCY, backend=backend)
