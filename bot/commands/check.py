"""`refrain check`: names each thing that is missing or wrong, and changes nothing by looking."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import aiohttp
import av
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url
from telegram.error import InvalidToken, TelegramError, TimedOut

from bot import app
from bot.backends import music_services
from bot.commands._remarks import all_of_them
from bot.file_permissions import open_to_others
from bot.i18n import Texts, texts
from bot.music import CheckResult, MusicBackend
from bot.proxies import proxy_to
from bot.settings import Settings, SettingsError
from bot.store import AnotherBot, NewerSchema, Store, StoreUnavailable
from bot.telegram.request import Unsent

_DECODERS = ("opus", "mp3", "aac", "vorbis", "flac", "pcm_s16le")
_ENCODERS = ("libmp3lame",)
_TELEGRAM = 60.0


class Mark(Enum):
    """How something stands, as it is shown."""

    GOOD = "[green]✓[/]"
    ODD = "[yellow]![/]"
    BAD = "[red]✗[/]"


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, and what was found."""

    mark: Mark
    subject: str
    detail: str


def command(settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Print a line for each thing, and the services; 0 if nothing is wrong, 1 if something is."""
    say, console = texts(None), Console()
    lines, services = asyncio.run(_everything(settings, say))
    console.print(say.plain("check-title", version=version("refrain")), style="italic")
    _show(console, lines)
    if services.row_count:
        console.print(services)
    return 1 if any(line.mark is Mark.BAD for line in lines) else 0


def _show(console: Console, lines: Iterable[Line]) -> None:
    """Print lines in columns; none is folded, so that each can be searched for."""
    width = max(len(line.subject) for line in lines)
    for line in lines:
        console.print(line.mark.value, end=" ")
        text = f"{line.subject.ljust(width)}  {line.detail}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


async def _everything(settings: Settings, say: Texts) -> tuple[list[Line], Table]:
    services = Table(title=say.plain("check-services"))
    subject = say.plain("check-settings")
    lines = [
        *(Line(Mark.ODD, subject, remark) for remark in all_of_them()),
        await _telegram(settings, say),
        _owner(settings, say),
        *await _music(settings, say, services),
        _data(settings.data_dir, say),
        await _store(settings, say),
        _audio(say),
    ]
    return lines, services


async def _telegram(settings: Settings, say: Texts) -> Line:
    subject = say.plain("check-telegram")
    if settings.telegram_token is None:
        return Line(Mark.BAD, subject, say.plain("check-telegram-missing"))
    bot = app.telegram_bot(settings)
    try:
        async with asyncio.timeout(_TELEGRAM), bot:
            detail = say.plain("check-telegram-good", name=bot.username)
            return Line(Mark.GOOD, subject, detail)
    except Exception as error:  # noqa: BLE001 - anything at all may answer at TELEGRAM_API_URL
        return Line(Mark.BAD, subject, _telegram_trouble(error, settings, say))


def _telegram_trouble(error: Exception, settings: Settings, say: Texts) -> str:
    """What is wrong with the Bot API, or with the way there."""
    where = settings.telegram_at
    if isinstance(error, InvalidToken) and not isinstance(error.__cause__, TelegramError):
        return say.plain("check-telegram-refused", url=where)
    if not isinstance(error, Unsent | TimedOut | TimeoutError | aiohttp.ClientError) and not (
        isinstance(error.__cause__, aiohttp.ClientError)
    ):
        return say.plain("check-telegram-other", url=where)
    if proxy := proxy_to(settings.telegram_api_url):
        return say.plain("check-telegram-behind", url=where, proxy=proxy)
    if isinstance(error.__cause__, aiohttp.ClientConnectorDNSError):
        return say.plain("check-telegram-nameless", url=where)
    return say.plain("check-telegram-away", url=where)


def _owner(settings: Settings, say: Texts) -> Line:
    subject = say.plain("check-owner")
    if settings.owner_id is not None:
        owner = say.plain("check-owner-good", id=str(settings.owner_id))
        return Line(Mark.GOOD, subject, owner)
    if settings.access == "open" or settings.allowed_users:
        return Line(Mark.GOOD, subject, say.plain("check-owner-open"))
    return Line(Mark.ODD, subject, say.plain("check-owner-missing"))


async def _music(settings: Settings, say: Texts, table: Table) -> list[Line]:
    """Look at every configured service; `table` gets a row for each."""
    for name in ("service", "model", "makes", "price", "length"):
        table.add_column(say.plain(f"check-column-{name}"))
    try:
        async with music_services(settings) as services:
            checked = await services.check()
            for backend in services:
                mark = max((_mark(f) for f in checked[backend.name]), key=list(Mark).index)
                table.add_row(f"{mark.value} {backend.name}", *_cells(backend, say))
    except SettingsError as error:
        return [Line(Mark.BAD, say.plain("check-music"), str(error))]
    several = len(checked) > 1
    return [
        Line(
            _mark(finding),
            f"{name}: {finding.subject}" if several else finding.subject,
            finding.detail,
        )
        for name, findings in checked.items()
        for finding in _each_fault_once(findings)
    ]


def _each_fault_once(findings: Iterable[CheckResult]) -> Iterable[CheckResult]:
    """Without a fault that has been named: a service that is away is away for its key as well."""
    named: set[str] = set()
    for finding in findings:
        if finding.good or finding.detail not in named:
            yield finding
            named.add(finding.detail)


def _mark(finding: CheckResult) -> Mark:
    return Mark.GOOD if finding.good else Mark.BAD


def _cells(backend: MusicBackend, say: Texts) -> list[str]:
    """Model, what it makes, price and length, as cells."""
    can = backend.abilities
    makes = [say.plain(f"purpose-{purpose}") for purpose in can.purposes]
    if can.pairs:
        makes.append(say.plain("check-pairs"))
    free = can.price_usd is None
    price = say.plain("check-free") if free else f"${can.price_usd:.3f}"
    return [can.model, ", ".join(makes), price, f"{can.track_seconds} s"]


def _data(folder: Path, say: Texts) -> Line:
    """Look whether `DATA_DIR` can be written, without leaving anything there."""
    subject = say.plain("check-data")
    bad = Line(Mark.BAD, subject, say.plain("check-data-bad", path=str(folder)))
    if not folder.exists():
        parent = next(folder for folder in folder.absolute().parents if folder.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            return bad
        return Line(Mark.GOOD, subject, say.plain("check-data-new", path=str(folder)))
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError:
        return bad
    if open_to_others(folder):
        return Line(Mark.ODD, subject, say.plain("check-data-open", path=str(folder)))
    return Line(Mark.GOOD, subject, str(folder))


async def _store(settings: Settings, say: Texts) -> Line:
    subject = say.plain("check-store")
    where = "DATABASE_URL" if settings.database_url else "DATA_DIR"
    token = settings.telegram_token
    bot_id = token.get_secret_value().partition(":")[0] if token else None
    try:
        there = await Store.look(settings.database, bot_id=bot_id)
    except (NewerSchema, AnotherBot) as error:
        return Line(Mark.BAD, subject, f"{where}: {error}")
    except (StoreUnavailable, OSError):
        kind = "sqlite" if settings.is_sqlite else "postgresql"
        reason = say.plain(f"check-store-{kind}", setting=where)
        return Line(Mark.BAD, subject, reason)
    if settings.is_sqlite and there:
        file = Path(make_url(settings.database).database or "")
        if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
            reason = say.plain("check-store-readonly", path=str(file), setting=where)
            return Line(Mark.BAD, subject, reason)
    return Line(Mark.GOOD, subject, say.plain("check-store-good" if there else "check-store-new"))


def _audio(say: Texts) -> Line:
    subject = say.plain("check-audio")
    missing = [name for name in _DECODERS if not _has(name, "r")]
    missing += [name for name in _ENCODERS if not _has(name, "w")]
    if missing:
        lacks = say.plain("check-audio-bad", names=", ".join(missing))
        return Line(Mark.BAD, subject, lacks)
    ffmpeg = str(av.ffmpeg_version_info)
    return Line(Mark.GOOD, subject, say.plain("check-audio-good", version=ffmpeg))


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.codec.Codec(name, mode)
    except (ValueError, av.error.FFmpegError):
        return False
    return True
