"""`refrain make`: one track without Telegram."""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot import app
from bot.audio import AudioProcessor, Limits, Unusable, tagged
from bot.backends import accounts, music_services
from bot.i18n import texts
from bot.model import Purpose, recipe
from bot.music import (
    INVISIBLE,
    Abilities,
    Failover,
    MusicBackend,
    MusicError,
    OperatorFault,
    Order,
    PassingFault,
    Ticket,
    TrackFile,
    Unanswered,
    Unready,
    UserFault,
    UserReason,
)
from bot.settings import Settings, without_password
from bot.studio import lyrics
from bot.studio.backend_choice import narrowed
from bot.studio.order_builder import without_joiners

_REFUSED = {
    UserReason.SENSITIVE: "make-sensitive",
    UserReason.INVALID: "make-invalid",
    UserReason.VOICE_LENGTH: "make-voice-length",
    UserReason.TOO_LARGE: "make-too-large",
}
_USUAL = 60.0
_MARGIN = 10.0


class _CannotError(Exception):
    """No service can make this; the message is for the person."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be made, and with what."""

    settings: Settings
    options: argparse.Namespace
    words: str
    audio_processor: AudioProcessor
    bar: Progress

    def count(self, can: Abilities) -> int:
        """How many characters a service counts."""
        return len(lyrics.final(self.words, self.options.purpose, marks=can.marks))

    def fits(self, can: Abilities) -> bool:
        """Whether a service takes lyrics of this length."""
        most = min(self.settings.lyrics_max, can.lyrics_max)
        return can.lyrics_min <= self.count(can) <= most


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Make the track and write it; a progress bar tells how far it is."""
    return asyncio.run(_make(settings, options, Console(stderr=True)))


async def _make(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    say = texts(None)
    words = lyrics.normalised(options.lyrics)
    if not any(c.isalnum() for c in words):
        return _failed(console, say.plain("make-no-words"))
    if not options.recording.is_file():
        return _failed(console, say.plain("make-no-file", path=str(options.recording)))
    audio_processor = AudioProcessor()
    try:
        async with music_services(settings) as services:
            with _bar(console) as bar:
                await _produce(_Job(settings, options, words, audio_processor, bar), services)
    except _CannotError as error:
        return _failed(console, str(error))
    except Unusable:
        return _failed(console, say.plain("make-no-track"))
    except (MusicError, TimeoutError) as error:
        return _failed(console, _words_for(error, settings))
    finally:
        await audio_processor.aclose()
    console.print(say.plain("make-done", path=str(options.output)))
    return 0


async def _produce(job: _Job, services: Failover) -> None:
    """Prepare the recording, then ask one service after the other until one need not be mended.

    Raises:
        _CannotError: no service can make this.
        OperatorFault: of the last service.
    """
    say = texts(None)
    step = job.bar.add_task(say.plain("make-preparing"), total=None)
    with tempfile.TemporaryDirectory() as folder:
        prepared, made = Path(folder) / "recording.mp3", Path(folder) / "track.mp3"
        service = _able(job, services, {})
        await _prepare(job, narrowed(app.rules(job.settings).limits, service.abilities), prepared)
        tried: dict[str, OperatorFault] = {}
        while True:
            try:
                await _order(job, service, prepared, made, step)
                break
            except OperatorFault as fault:
                tried[service.name] = fault
                service = _able(job, services, tried)
        await _write(job, made)
        job.bar.update(step, total=1, completed=1)


async def _prepare(job: _Job, limits: Limits, prepared: Path) -> None:
    """Bring the recording into the form that services take.

    Raises:
        _CannotError: it cannot be used.
    """
    try:
        await job.audio_processor.prepare(job.options.recording, prepared, limits)
        if job.options.purpose == Purpose.VOICE:
            await job.audio_processor.to_mono(prepared, prepared)
    except Unusable as error:
        least, most = int(limits.shortest), round(limits.longest / 60)
        raise _CannotError(
            texts(None).plain(f"make-{error.flaw}", least=least, most=most)
        ) from error


def _able(job: _Job, services: Failover, tried: Mapping[str, OperatorFault]) -> MusicBackend:
    """The next service that can make this.

    Raises:
        OperatorFault: the last one tried, where there is no other.
        _CannotError: none ever could; it says why.
    """
    purpose = job.options.purpose
    wish = recipe(1, purpose, None, job.words)
    service = services.choose(lambda can: can.make(wish) and job.fits(can), tried)
    if service is not None:
        return service
    if tried:
        raise list(tried.values())[-1]
    say, can = texts(None), services.current.abilities
    if not can.make(wish):
        raise _CannotError(say.plain("make-not-offered", purpose=say.plain(f"purpose-{purpose}")))
    count, most = job.count(can), min(job.settings.lyrics_max, can.lyrics_max)
    if count < can.lyrics_min:
        raise _CannotError(say.plain("make-short", count=count, min=can.lyrics_min))
    raise _CannotError(say.plain("make-long", count=count, max=most, over=count - most))


async def _order(
    job: _Job, service: MusicBackend, prepared: Path, made: Path, step: TaskID
) -> None:
    """Upload the recording and wait for the track."""
    say, purpose = texts(None), job.options.purpose
    job.bar.update(step, description=say.plain("make-uploading"))
    uploaded = await service.upload(prepared, purpose)
    order = Order(
        request_id=f"refrain-make-{uuid.uuid4().hex[:16]}",
        lyrics=lyrics.final(job.words, purpose, marks=service.abilities.marks),
        voice=uploaded if purpose.has_voice else None,
        beat=uploaded if purpose.has_beat else None,
    )
    job.bar.update(step, description=say.plain("make-generating"), total=_USUAL)
    async with asyncio.timeout(job.settings.generate_timeout + _MARGIN):
        await _ticking(_ordered(service, order, made), job.bar, step)


async def _write(job: _Job, made: Path) -> None:
    """Write the track; what has been paid for is on disk before anything is tried with it."""
    output = job.options.output
    audio = await asyncio.to_thread(made.read_bytes)
    output.write_bytes(audio)
    inspected = await job.audio_processor.inspect(made)
    output.write_bytes(
        tagged(
            audio,
            title=lyrics.title(job.words),
            artist=app.PERFORMER,
            lyrics=job.words,
            cover=inspected.cover,
            comment=inspected.comment,
        )
    )


async def _ordered(service: MusicBackend, order: Order, made: Path) -> TrackFile:
    """Ask for the track; words whose joiners were refused are sent once more without them."""
    plain = without_joiners(order.lyrics)
    try:
        return await _made(service, order, made)
    except UserFault as fault:
        if fault.code != INVISIBLE or plain == order.lyrics:
            raise
    return await _made(service, replace(order, lyrics=plain), made)


async def _made(service: MusicBackend, order: Order, made: Path) -> TrackFile:
    answer = await service.submit(order, made)
    return await service.collect(answer, made) if isinstance(answer, Ticket) else answer


async def _ticking(work: Coroutine[None, None, TrackFile], bar: Progress, step: TaskID) -> None:
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


def _words_for(error: MusicError | TimeoutError, settings: Settings) -> str:
    """What went wrong, and what to do about it."""
    say = texts(None)
    if isinstance(error, UserFault):
        return say.plain(_REFUSED.get(error.reason, "make-refused"))
    if isinstance(error, OperatorFault):
        return say.plain(f"make-{error.reason}")
    if isinstance(error, TimeoutError | Unready):
        return say.plain("make-late")
    if isinstance(error, PassingFault) and error.http is None:
        return say.plain("make-offline", addresses=_addresses(settings))
    return say.plain("make-unanswered" if isinstance(error, Unanswered) else "make-no-track")


def _addresses(settings: Settings) -> str:
    """Where the services are that may have been asked, and the settings that say so."""
    known = accounts(settings)
    names = {known[name].url: name.partition("-")[0].upper() for name in settings.music_backend}
    return ", ".join(f"{without_password(url)} ({name}_URL)" for url, name in names.items())
