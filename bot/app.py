"""The composition root: opens everything once, in order, and closes it in the reverse."""

import asyncio
import logging
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder, ExtBot

import handlers.create
import handlers.errors
import handlers.gate
import handlers.help
import handlers.privacy
import handlers.start
import handlers.tracks
from bot import music
from bot.audio import Limits, Workshop
from bot.jobs import Kind, LocalJobs
from bot.settings import Settings, SettingsError
from bot.store import Store
from bot.studio import Context, Rules, Studio
from bot.telegram.courier import Courier
from bot.telegram.door import Door
from bot.telegram.intake import Intake
from bot.telegram.languages import Languages
from bot.telegram.persistence import DraftPersistence
from bot.telegram.request import AiohttpRequest
from bot.texts import languages, texts
from handlers.desk import App, Desk

log = logging.getLogger(__name__)

PERFORMER = "Refrain"
_DAY = 86_400.0
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that is at work."""

    studio: Studio
    store: Store
    application: App


def rules(settings: Settings) -> Rules:
    """How the studio works, by the settings."""
    return Rules(
        upload_timeout=settings.upload_timeout,
        generate_timeout=settings.generate_timeout,
        attempts=settings.generate_attempts,
        tracks_per_user=settings.tracks_per_user,
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
    )


@asynccontextmanager
async def music_service(settings: Settings) -> AsyncIterator[music.MusicBackend]:
    """The music service that the settings name.

    Raises:
        SettingsError: there is no such service, or it lacks its key.
    """
    name = settings.music_backend[0] if settings.music_backend else ""
    if name not in music.BACKENDS:
        raise SettingsError(f"MUSIC_BACKEND: must be one of {', '.join(music.BACKENDS)}")
    if settings.aimlapi_key is None:
        raise SettingsError("AIMLAPI_KEY: is needed to make tracks")
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session:
        service = music.backend(
            name,
            session,
            key=settings.aimlapi_key,
            url=settings.aimlapi_url,
            upload_timeout=settings.upload_timeout,
            generate_timeout=settings.generate_timeout,
        )
        try:
            yield service
        finally:
            await service.aclose()


def telegram_bot(settings: Settings) -> ExtBot[None]:
    """The bot on its own aiohttp session, not yet initialised.

    Raises:
        SettingsError: there is no token.
    """
    if settings.telegram_token is None:
        raise SettingsError("TELEGRAM_TOKEN: is needed; @BotFather gives you one")
    return ExtBot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(read_timeout=20),
        get_updates_request=AiohttpRequest(read_timeout=20),
    )


@asynccontextmanager
async def studio(
    settings: Settings, store: Store, courier: Courier
) -> AsyncIterator[tuple[Studio, music.MusicBackend]]:
    """The studio with its tools, ready to start; stopped and closed when the block ends."""
    workshop = Workshop()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(workshop.aclose)
        service = await stack.enter_async_context(music_service(settings))
        at_once = {
            Kind.REFERENCE: _AT_ONCE,
            Kind.TRACK: settings.max_concurrent_tracks,
            Kind.DELIVERY: _AT_ONCE,
        }
        context = Context(
            store=store,
            jobs=LocalJobs(at_once),
            music=service,
            workshop=workshop,
            courier=courier,
            rules=rules(settings),
            worker=f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            files=settings.data_dir,
            stopping=asyncio.Event(),
        )
        at_work = Studio(context, PERFORMER)
        stack.push_async_callback(at_work.stop, settings.stop_grace)
        yield at_work, service


def application(bot: ExtBot[None], store: Store, desk: Desk, settings: Settings) -> App:
    """PTB's application with every handler; it polls nothing and starts no task of its own."""
    app: App = (
        ApplicationBuilder()
        .bot(bot)
        .updater(None)
        .job_queue(None)
        .persistence(DraftPersistence(store))
        .build()
    )
    everybody = settings.access == "open"
    known = settings.allowed_users | ({settings.owner_id} if settings.owner_id else frozenset())
    handlers.gate.add(app, desk, None if everybody else known)
    for room in (
        handlers.start,
        handlers.help,
        handlers.privacy,
        handlers.tracks,
        handlers.create,
    ):
        room.add(app, desk)
    handlers.errors.add(app)
    return app


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Door]:
    """The whole bot, talking and working until the block ends.

    Raises:
        SettingsError: something it needs is missing or refused.
        StoreUnavailable: the database cannot be opened.
        OSError: `DATA_DIR` or the port cannot be used.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.database, claim_seconds=settings.claim_seconds)
        stack.push_async_callback(store.aclose)
        bot = telegram_bot(settings)
        people = Languages(store)
        courier = Courier(bot, people, settings.owner_id, PERFORMER)
        at_work, service = await stack.enter_async_context(studio(settings, store, courier))
        days = (settings.keep_recordings, settings.keep_tracks)
        desk = Desk(bot, at_work, store, courier, people, service.title, days)
        app = application(bot, store, desk, settings)
        try:
            await app.initialize()
        except InvalidToken as error:
            raise SettingsError("TELEGRAM_TOKEN: Telegram refuses it") from error
        stack.push_async_callback(app.shutdown)
        await at_work.start()
        introducing = asyncio.create_task(_introduce(bot))
        stack.callback(introducing.cancel)
        trouble = handlers.errors.Trouble(bot, people)
        door = Intake(
            store.inbox,
            bot,
            app.process_update,
            trouble.flood,
            on_store_trouble=trouble.store_away,
        )
        yield await stack.enter_async_context(Door(settings, store, bot, door))


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


async def run(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT; a second one ends it at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        log.info("stopping; paid calls get %.0f s to finish", settings.stop_grace)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(on_signal))
    async with running(settings) as door:
        waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(door.serve())]
        done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        for task in done:
            task.result()
