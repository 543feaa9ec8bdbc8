"""The composition root: opens everything once, in order, and closes it in the reverse."""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from telegram import BotCommand
from telegram.error import TelegramError
from telegram.ext import ApplicationBuilder, ExtBot

import handlers.conversation
import handlers.errors
import handlers.gate
import handlers.help
import handlers.privacy
import handlers.start
import handlers.tracks
from bot.audio import Limits, Workshop
from bot.backends import music_services, named
from bot.file_permissions import private_folder
from bot.i18n import languages, texts
from bot.jobs import Jobs, Kind, LocalJobs
from bot.settings import Settings, SettingsError
from bot.store import AnotherBot, Store
from bot.studio import Context, Rules, Studio
from bot.telegram.checked_bot import KnownBot
from bot.telegram.inbound.dispatcher import Intake
from bot.telegram.inbound.health import Standby
from bot.telegram.inbound.listener import Door
from bot.telegram.inbound.webhook import CannotListen, Server
from bot.telegram.outbound.files import Files
from bot.telegram.outbound.languages import Languages
from bot.telegram.outbound.messenger import Courier
from bot.telegram.persistence import DraftPersistence
from bot.telegram.reconnect import Patience, Pauses
from bot.telegram.request import AiohttpRequest
from handlers.deps import App, Desk

log = logging.getLogger(__name__)

PERFORMER = "Refrain"
_DAY = 86_400.0
_AT_ONCE = 8
_SWEEP_EVERY = 30.0
_ERASE_EVERY = 50.0
_CLAIM_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Base:
    """What works whether or not the bot is listening."""

    settings: Settings
    desk: Desk
    pace: float


def rules(settings: Settings, pace: float = 1.0) -> Rules:
    """How the studio works, by the settings; `pace` is a factor on its pauses."""
    return Rules(
        upload_timeout=settings.upload_timeout,
        generate_timeout=settings.generate_timeout,
        attempts=settings.generate_attempts,
        tracks_per_user=settings.tracks_per_user,
        tracks_per_day=settings.tracks_per_day,
        recordings_per_day=settings.recordings_per_day,
        owner_id=settings.owner_id,
        lyrics_max=settings.lyrics_max,
        lyrics_advice=settings.lyrics_advice,
        keep_recordings=settings.keep_recordings * _DAY,
        keep_tracks=settings.keep_tracks * _DAY,
        limits=Limits(
            silence_dbfs=settings.silence_dbfs,
            quiet_dbfs=settings.quiet_dbfs,
            active_seconds=settings.active_seconds,
            clipped_share=settings.clipped_share,
            decoded_share=settings.decoded_share,
            detect_talking=settings.detect_talking,
        ),
        pause=pace,
    )


def telegram_bot(settings: Settings) -> KnownBot:
    """The bot on its own aiohttp session, not yet initialised.

    Raises:
        SettingsError: there is no token.
    """
    if settings.telegram_token is None:
        raise SettingsError("TELEGRAM_TOKEN: is needed; @BotFather gives you one")
    return KnownBot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(read_timeout=20),
        get_updates_request=AiohttpRequest(read_timeout=20),
    )


@asynccontextmanager
async def base(
    settings: Settings,
    *,
    work: bool = True,
    pace: float = 1.0,
    stopping: asyncio.Event | None = None,
) -> AsyncIterator[Base]:
    """Store, bot and studio, at work until the block ends; it does not yet listen.

    Args:
        settings: What its owner chose.
        work: Whether tracks are made in this process.
        pace: A factor on its pauses and its looks for lost work; tests hurry.
        stopping: Set as soon as no new paid call may begin, before the block ends.

    Raises:
        SettingsError: something it needs is missing or refused.
        StoreUnavailable, NewerSchema, AlreadyOpen: the database cannot be had.
        OSError: `DATA_DIR` cannot be used.
    """
    private_folder(settings.data_dir)
    bot = telegram_bot(settings)
    async with AsyncExitStack() as stack:
        store = await _store(settings, bot)
        stack.push_async_callback(store.aclose)
        store.erasing.start(_ERASE_EVERY * pace)
        services = await stack.enter_async_context(music_services(settings, pace))
        workshop = Workshop()
        stack.push_async_callback(workshop.aclose)
        warming = asyncio.create_task(workshop.warm())
        stack.callback(warming.cancel)
        people = Languages(store)
        files = Files(bot, settings.telegram_local_dir, pace)
        courier = Courier(
            bot, people, settings.owner_id, PERFORMER, named(services), files=files, pace=pace
        )
        stack.push_async_callback(bot.shutdown)
        await Patience(Pauses(), bot).get(bot.initialize)
        if not await store.belongs_to(str(bot.id)):
            raise _another_bot(settings, AnotherBot())
        context = Context(
            store=store,
            jobs=jobs(settings, store, pace, work=work),
            music=services,
            workshop=workshop,
            courier=courier,
            rules=rules(settings, pace),
            worker=f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            files=settings.data_dir,
            stopping=stopping or asyncio.Event(),
        )
        studio = Studio(context, PERFORMER)
        stack.push_async_callback(studio.stop, settings.stop_grace)
        await studio.start()
        days = (settings.keep_recordings, settings.keep_tracks)
        desk = Desk(bot, studio, store, courier, people, services.title, days)
        yield Base(settings, desk, pace)


def jobs(settings: Settings, store: Store, pace: float, *, work: bool) -> Jobs:
    """The job adapter that goes with the database.

    Args:
        settings: Name the database, and how much is done at once.
        store: Open, on that database.
        pace: A factor on the time between looks for lost work.
        work: Whether work is done here, or only woken.
    """
    at_once = {
        Kind.REFERENCE: _AT_ONCE,
        Kind.TRACK: settings.max_concurrent_tracks,
        Kind.DELIVERY: _AT_ONCE,
    }
    # A claim's life and a look for lost work together last no longer than CLAIM_SECONDS.
    sweep_every = min(_SWEEP_EVERY, settings.claim_seconds * (1 - _CLAIM_SHARE)) * pace
    if store.is_sqlite:
        return LocalJobs(at_once, sweep_every=sweep_every)
    # psycopg and procrastinate are loaded by those who use them.
    postgres = import_module("bot.jobs.postgres")
    adapter: Jobs = postgres.PostgresJobs(settings.database, at_once, sweep_every, work=work)
    return adapter


def application(desk: Desk, settings: Settings) -> App:
    """PTB's application with every handler; it polls nothing and starts no task of its own."""
    app: App = (
        ApplicationBuilder()
        .bot(desk.bot)
        .updater(None)
        .job_queue(None)
        .persistence(DraftPersistence(desk.store))
        .build()
    )
    handlers.gate.add(app, desk, known_to(settings), owned=settings.owner_id is not None)
    for room in (
        handlers.start,
        handlers.help,
        handlers.privacy,
        handlers.tracks,
        handlers.conversation,
    ):
        room.add(app, desk)
    handlers.errors.add(app, desk)
    return app


def known_to(settings: Settings) -> Callable[[int], bool]:
    """Whether somebody may use the bot."""
    known = settings.allowed_users | ({settings.owner_id} if settings.owner_id else frozenset())
    everybody = settings.access == "open"
    return lambda user_id: everybody or user_id in known


@asynccontextmanager
async def talking(at_work: Base) -> AsyncIterator[Door]:
    """The bot's door, open until the block ends; conversations stand where the drafts say.

    Raises:
        CannotListen: the port cannot be used.
        StoreUnavailable: the conversations cannot be read.
    """
    settings, desk = at_work.settings, at_work.desk
    app = application(desk, settings)
    await app.initialize()
    introducing = asyncio.create_task(_introduce(desk.bot))
    trouble = handlers.errors.Trouble(desk.bot, desk.languages)
    door = Intake(
        desk.store.inbox,
        desk.bot,
        app.process_update,
        trouble.flood,
        on_store_trouble=trouble.store_away,
        gave_up=trouble.gave_up,
        unread=trouble.unread,
        known=known_to(settings),
    )
    try:
        async with Door(settings, desk.store, desk.bot, door) as opened:
            yield opened
    finally:
        introducing.cancel()


@asynccontextmanager
async def standing_by(settings: Settings) -> AsyncIterator[None]:
    """Answer /healthz while another process is listening, if the port is to be had."""
    if settings.is_sqlite:
        yield
        return
    server = Server(Standby(), None, host=settings.http_host, port=settings.http_port)
    try:
        await server.start()
    except CannotListen:
        log.info("standing by without /healthz: its port is in use")
        yield
        return
    try:
        yield
    finally:
        await server.aclose()


@asynccontextmanager
async def running(settings: Settings, *, pace: float = 1.0) -> AsyncIterator[Door]:
    """The whole bot, at work and with its door open, until the block ends."""
    async with base(settings, pace=pace) as at_work, talking(at_work) as door:
        yield door


async def _introduce(bot: ExtBot[None]) -> None:
    """Tell Telegram the commands and what the bot is, in every language there is."""
    for language in languages():
        say, code = texts(language), None if language == languages()[0] else language
        names = ("start", "help", "cancel", "privacy")
        commands = [BotCommand(name, say.plain(f"command-{name}")) for name in names]
        try:
            await bot.set_my_commands(commands, language_code=code)
            await bot.set_my_short_description(say.plain("about"), language_code=code)
        except TelegramError as error:
            log.info("the commands were not announced: %s", type(error).__name__)


async def _store(settings: Settings, bot: ExtBot[None]) -> Store:
    """The database, which is written to only if it is nobody else's."""
    try:
        return await Store.open(
            settings.database,
            claim_seconds=settings.claim_seconds * _CLAIM_SHARE,
            bot_id=bot.token.partition(":")[0],
        )
    except AnotherBot as error:
        raise _another_bot(settings, error) from None


def _another_bot(settings: Settings, error: AnotherBot) -> SettingsError:
    where = "DATABASE_URL" if settings.database_url else "DATA_DIR"
    return SettingsError(f"{where}: {error}")
