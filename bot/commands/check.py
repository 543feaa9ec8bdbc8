"""`refrain check`: names each thing that is missing or wrong."""

import argparse
import asyncio
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import av
from rich.console import Console
from rich.table import Table
from telegram.error import InvalidToken, TelegramError

from bot import app
from bot.music import Finding
from bot.settings import Settings, SettingsError
from bot.store import Store, StoreUnavailable
from bot.texts import Texts, texts

_DECODERS = ("opus", "mp3", "aac", "vorbis", "flac", "pcm_s16le")
_ENCODERS = ("libmp3lame",)


def command(settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Print the table; 0 if all is good, 1 if not."""
    say = texts(None)
    findings = asyncio.run(_findings(settings, say))
    table = Table(title=say.plain("check-title", version=version("refrain")), show_header=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.good else "[red]✗[/]"
        table.add_row(mark, finding.subject, finding.detail)
    Console().print(table)
    return 0 if all(finding.good for finding in findings) else 1


async def _findings(settings: Settings, say: Texts) -> list[Finding]:
    return [
        await _telegram(settings, say),
        _owner(settings, say),
        *await _music(settings, say),
        _data(settings.data_dir, say),
        await _store(settings, say),
        _audio(say),
    ]


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


async def _music(settings: Settings, say: Texts) -> list[Finding]:
    try:
        async with app.music_service(settings) as service:
            return await service.check()
    except SettingsError as error:
        return [Finding(say.plain("check-music"), good=False, detail=str(error))]


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
    try:
        store = await Store.open(settings.database, alone=False)
    except (StoreUnavailable, OSError) as error:
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
