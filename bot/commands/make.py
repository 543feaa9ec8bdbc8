"""`refrain make`: one track without Telegram."""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Coroutine
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot import app
from bot.audio import Unusable, Workshop, tagged
from bot.model import Purpose
from bot.music import (
    MusicBackend,
    MusicError,
    OperatorFault,
    Order,
    Sound,
    Ticket,
    UserFault,
)
from bot.settings import Settings
from bot.studio import lyrics
from bot.texts import texts

_USUAL = 60.0


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Make the track and write it; a progress bar tells how far it is."""
    return asyncio.run(_make(settings, options, Console(stderr=True)))


async def _make(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    say = texts(None)
    words = lyrics.normalised(options.lyrics)
    final = lyrics.final(words, options.purpose)
    if not any(c.isalnum() for c in words):
        return _failed(console, say.plain("lyrics-empty"))
    if len(final) > settings.lyrics_max:
        over = len(final) - settings.lyrics_max
        most = settings.lyrics_max
        return _failed(console, say.plain("lyrics-long", count=len(final), max=most, over=over))
    if not options.recording.is_file():
        return _failed(console, say.plain("make-no-file", path=str(options.recording)))
    workshop = Workshop()
    try:
        async with app.music_service(settings) as service:
            with _bar(console) as bar:
                await _produce(settings, options, service, workshop, words, bar)
    except Unusable as error:
        return _failed(console, say.plain(f"recording-{error.flaw}"))
    except UserFault as error:
        return _failed(console, say.plain(f"failed-{error.reason}"))
    except OperatorFault as error:
        return _failed(console, say.plain(f"make-{error.reason}"))
    except (MusicError, TimeoutError):
        return _failed(console, say.plain("failed-upstream"))
    finally:
        await workshop.aclose()
    console.print(say.plain("make-done", path=str(options.output)))
    return 0


async def _produce(
    settings: Settings,
    options: argparse.Namespace,
    service: MusicBackend,
    workshop: Workshop,
    words: str,
    bar: Progress,
) -> None:
    say = texts(None)
    step = bar.add_task(say.plain("make-preparing"), total=None)
    with tempfile.TemporaryDirectory() as folder:
        prepared, made = Path(folder) / "recording.mp3", Path(folder) / "track.mp3"
        await workshop.prepare(options.recording, prepared, app.rules(settings).limits)
        bar.update(step, description=say.plain("make-uploading"))
        uploaded = await service.upload(prepared, options.purpose)
        purpose: Purpose = options.purpose
        order = Order(
            request_id=f"refrain-make-{uuid.uuid4().hex[:16]}",
            lyrics=lyrics.final(words, purpose),
            voice=uploaded if purpose.has_voice else None,
            beat=uploaded if purpose.has_beat else None,
        )
        bar.update(step, description=say.plain("make-generating"), total=_USUAL)
        async with asyncio.timeout(settings.generate_timeout):
            await _ticking(_ordered(service, order, made), bar, step)
        # What has been paid for is on disk before anything else is tried with it.
        audio = made.read_bytes()
        options.output.write_bytes(audio)
        inspected = await workshop.inspect(made)
        name = lyrics.title(words)
        cover, note = inspected.cover, inspected.comment
        options.output.write_bytes(
            tagged(
                audio, title=name, artist=app.PERFORMER, lyrics=words, cover=cover, comment=note
            )
        )
        bar.update(step, total=1, completed=1)


async def _ordered(service: MusicBackend, order: Order, made: Path) -> Sound:
    answer = await service.submit(order, made)
    return await service.collect(answer, made) if isinstance(answer, Ticket) else answer


async def _ticking(work: Coroutine[None, None, Sound], bar: Progress, step: TaskID) -> None:
    """Move the bar by the second while the call is under way; it never reaches the end alone."""
    task = asyncio.ensure_future(work)
    begun = time.monotonic()
    try:
        while not task.done():
            await asyncio.wait([task], timeout=0.25)
            bar.update(step, completed=min(_USUAL - 1, time.monotonic() - begun))
        task.result()
    finally:
        task.cancel()


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=not console.is_terminal)


def _failed(console: Console, text: str) -> int:
    console.print(text, style="red", markup=False, highlight=False)
    return 1
