"""`refrain check`: names each thing that is missing or wrong."""

import argparse
import asyncio
import os
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import av
from rich.console import Console
from rich.table import Table
from telegram.error import InvalidToken, TelegramError

from bot import app
from bot.music import Finding, MusicBackend
from bot.services import music_services
from bot.settings import Settings, SettingsError
from bot.store import AnotherBot, NewerSchema, Store, StoreUnavailable
from bot.texts import Texts, texts

_DECODERS = ("opus", "mp3", "aac", "vorbis", "flac", "pcm_s16le")
_ENCODERS = ("libmp3lame",)


def command(settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Print the tables; 0 if all is good, 1 if not."""
    say, console = texts(None), Console()
    findings, services = asyncio.run(_everything(settings, say))
    table = Table(title=say.plain("check-title", version=version("refrain")), show_header=False)
    for finding in findings:
        table.add_row(_mark(good=finding.good), finding.subject, finding.detail)
    console.print(table)
    if services.row_count:
        console.print(services)
    return 0 if all(finding.good for finding in findings) else 1


async def _everything(settings: Settings, say: Texts) -> tuple[list[Finding], Table]:
    services = Table(title=say.plain("check-services"))
    findings = [
        await _telegram(settings, say),
        _owner(settings, say),
        *await _music(settings, say, services),
        _data(settings.data_dir, say),
        await _store(settings, say),
        _audio(say),
    ]
    return findings, services


async def _telegram(settings: Settings, say: Texts) -> Finding:
    subject = say.plain("check-telegram")
    if settings.telegram_token is None:
        return Finding(subject, good=False, detail=say.plain("check-telegram-missing"))
    bot = app.telegram_bot(settings)
    try:
        async with bot:
            return Finding(
                subject, good=True, detail=say.plain("check-telegram-good", name=bot.username)
            )
    except InvalidToken:
        return Finding(subject, good=False, detail=say.plain("check-telegram-refused"))
    except TelegramError:
        return Finding(subject, good=False, detail=say.plain("check-telegram-away"))


def _owner(settings: Settings, say: Texts) -> Finding:
    subject = say.plain("check-owner")
    if settings.owner_id is not None:
        owner = say.plain("check-owner-good", id=str(settings.owner_id))
        return Finding(subject, good=True, detail=owner)
    if settings.access == "open" or settings.allowed_users:
        return Finding(subject, good=True, detail=say.plain("check-owner-open"))
    return Finding(subject, good=False, detail=say.plain("check-owner-missing"))


async def _music(settings: Settings, say: Texts, table: Table) -> list[Finding]:
    """Look at every configured service; `table` gets a row for each."""
    for name in ("service", "model", "makes", "price", "length"):
        table.add_column(say.plain(f"check-column-{name}"))
    try:
        async with music_services(settings) as services:
            checked = await services.check()
            for backend in services:
                good = all(finding.good for finding in checked[backend.name])
                table.add_row(f"{_mark(good=good)} {backend.name}", *_told(backend, say))
    except SettingsError as error:
        return [Finding(say.plain("check-music"), good=False, detail=str(error))]
    several = len(checked) > 1
    return [
        replace(finding, subject=f"{name}: {finding.subject}") if several else finding
        for name, findings in checked.items()
        for finding in findings
    ]


def _told(backend: MusicBackend, say: Texts) -> list[str]:
    """Model, what it makes, price and length, as cells."""
    can = backend.abilities
    makes = [say.plain(f"kind-{purpose}") for purpose in can.purposes]
    if can.pairs:
        makes.append(say.plain("check-pairs"))
    free = can.price_usd is None
    price = say.plain("check-free") if free else f"${can.price_usd:.3f}"
    return [can.model, ", ".join(makes), price, f"{can.track_seconds} s"]


def _mark(*, good: bool) -> str:
    return "[green]✓[/]" if good else "[red]✗[/]"


def _data(folder: Path, say: Texts) -> Finding:
    subject = say.plain("check-data")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError:
        return Finding(subject, good=False, detail=say.plain("check-data-bad", path=str(folder)))
    return Finding(subject, good=True, detail=str(folder))


async def _store(settings: Settings, say: Texts) -> Finding:
    subject = say.plain("check-store")
    token = settings.telegram_token
    bot_id = token.get_secret_value().partition(":")[0] if token else None
    try:
        store = await Store.open(settings.database, alone=False, upgrade=False, bot_id=bot_id)
    except (StoreUnavailable, NewerSchema, AnotherBot, OSError) as error:
        reason = say.plain("check-store-bad", reason=str(error))
        return Finding(subject, good=False, detail=reason)
    await store.aclose()
    return Finding(subject, good=True, detail=say.plain("check-store-good"))


def _audio(say: Texts) -> Finding:
    subject = say.plain("check-audio")
    missing = [name for name in _DECODERS if not _has(name, "r")]
    missing += [name for name in _ENCODERS if not _has(name, "w")]
    if missing:
        lacks = say.plain("check-audio-bad", names=", ".join(missing))
        return Finding(subject, good=False, detail=lacks)
    ffmpeg = str(av.ffmpeg_version_info)
    return Finding(subject, good=True, detail=say.plain("check-audio-good", version=ffmpeg))


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.codec.Codec(name, mode)
    except (ValueError, av.error.FFmpegError):
        return False
    return True
