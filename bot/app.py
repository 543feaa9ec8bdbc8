"""The composition root: opens everything once, in order, and closes it in the reverse.

`running` is the whole bot: `working` (store, studio, jobs) and `listening` (updates, handlers).
The parts that they put together follow below them.
"""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from telegram.ext import ApplicationBuilder, ExtBot

import handlers.conversation
import handlers.errors
import handlers.gate
import handlers.help
import handlers.privacy
import handlers.start
import handlers.tracks
from bot.audio import AudioProcessor, Limits
from bot.backends import music_services, titles_and_keys
from bot.file_permissions import private_folder
from bot.jobs import Jobs, Kind, LocalJobs
from bot.settings import Settings, SettingsError
from bot.store import AnotherBot, Store
from bot.studio import BackendChoice, ClaimRenewal, Context, OwnerNotices, Rules, Studio
from bot.telegram.checked_bot import CheckedBot
from bot.telegram.inbound.dispatcher import Dispatcher
from bot.telegram.inbound.health import Standby
from bot.telegram.inbound.listener import Listener
from bot.telegram.inbound.webhook import CannotListen, Server
from bot.telegram.outbound.command_menu import announce
from bot.telegram.outbound.files import Files
from bot.telegram.outbound.languages import Languages
from bot.telegram.outbound.messenger import Messenger
from bot.telegram.persistence import DraftPersistence
from bot.telegram.reconnect import Reconnector
from bot.telegram.request import AiohttpRequest
from handlers.deps import App, Deps

log = logging.getLogger(__name__)

PERFORMER = "Refrain"
_SECONDS_PER_DAY = 86_400.0
_CONCURRENT_TRANSFERS = 8  # recordings being fetched and uploaded; as many tracks being delivered
_SWEEP_EVERY = 30.0  # seconds between two looks for lost work, at the most
_ERASE_EVERY = 50.0  # seconds
_CLAIM_SHARE = 0.6  # of CLAIM_SECONDS; the rest is for the sweep that finds an expired claim


@dataclass(frozen=True, slots=True)
class Core:
    """What works whether or not the bot is listening: the studio, and all that handlers need."""

    settings: Settings
    deps: Deps


@asynccontextmanager
async def running(settings: Settings, *, time_scale: float = 1.0) -> AsyncIterator[Listener]:
    """The whole bot, working and listening until the block ends."""
    async with working(settings, time_scale=time_scale) as core, listening(core) as listener:
        yield listener


@asynccontextmanager
async def working(
    settings: Settings,
    *,
    work: bool = True,
    time_scale: float = 1.0,
    stopping: asyncio.Event | None = None,
) -> AsyncIterator[Core]:
    """Store, bot and studio, working until the block ends; nobody is listened to yet.

    Args:
        settings: The owner's.
        work: Whether tracks are made in this process.
        time_scale: A factor on pauses and on the time between sweeps; tests use a small one.
        stopping: Set as soon as no new paid call may begin, before the block ends.

    Raises:
        SettingsError: something it needs is missing or refused.
        StoreUnavailable, NewerSchema, AlreadyOpen: the database cannot be had.
        OSError: `DATA_DIR` cannot be used.
    """
    bot = telegram_bot(settings)
    private_folder(settings.data_dir)
    async with AsyncExitStack() as stack:
        store = await _store(settings, bot)
        stack.push_async_callback(store.aclose)
        store.erasure.start(_ERASE_EVERY * time_scale)
        services = await stack.enter_async_context(music_services(settings, time_scale))
        audio_processor = AudioProcessor()
        stack.push_async_callback(audio_processor.aclose)
        warming = asyncio.create_task(audio_processor.warm())
        stack.callback(warming.cancel)
        user_languages = Languages(store)
        messenger = Messenger(
            bot,
            user_languages,
            settings.owner_id,
            PERFORMER,
            titles_and_keys(services),
            files=Files(bot, settings.telegram_local_dir, time_scale),
            time_scale=time_scale,
        )
        stack.push_async_callback(bot.shutdown)
        await Reconnector(bot=bot).answer(bot.initialize)
        if not await store.belongs_to(str(bot.id)):
            raise _another_bot(settings, AnotherBot())
        worker = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        studio_rules, owner_notices = rules(settings, time_scale), OwnerNotices(store, messenger)
        context = Context(
            store=store,
            jobs=jobs(settings, store, time_scale, work=work),
            music=services,
            backends=BackendChoice(services, studio_rules.limits, owner_notices),
            owner_notices=owner_notices,
            audio_processor=audio_processor,
            messenger=messenger,
            rules=studio_rules,
            claim_renewal=ClaimRenewal(worker),
            files=settings.data_dir,
            stopping=stopping or asyncio.Event(),
        )
        studio = Studio(context, PERFORMER)
        stack.push_async_callback(studio.stop, settings.stop_grace)
        await studio.start()
        keep_days = (settings.keep_recordings, settings.keep_tracks)
        deps = Deps(bot, studio, store, messenger, user_languages, services.title, keep_days)
        yield Core(settings, deps)


@asynccontextmanager
async def listening(core: Core) -> AsyncIterator[Listener]:
    """Updates are taken in and handled until the block ends; each draft says where its person is.

    Raises:
        CannotListen: the port cannot be used.
        StoreUnavailable: the conversations cannot be read.
    """
    settings, deps = core.settings, core.deps
    app = application(deps, settings)
    await app.initialize()
    announcing = asyncio.create_task(announce(deps.bot))
    unhandled = handlers.errors.UnhandledUpdates(deps.bot, deps.languages)
    dispatcher = Dispatcher(
        deps.store.inbox,
        deps.bot,
        app.process_update,
        unhandled.flood,
        on_store_trouble=unhandled.store_away,
        gave_up=unhandled.gave_up,
        unread=unhandled.unread,
        known=access_rule(settings),
    )
    try:
        async with Listener(settings, deps.store, deps.bot, dispatcher) as listener:
            yield listener
    finally:
        announcing.cancel()


@asynccontextmanager
async def standing_by(settings: Settings) -> AsyncIterator[None]:
    """Answer /healthz while another process is listening, if the port is free."""
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


def application(deps: Deps, settings: Settings) -> App:
    """PTB's application with every handler; it polls nothing and starts no task of its own."""
    app: App = (
        ApplicationBuilder()
        .bot(deps.bot)
        .updater(None)
        .job_queue(None)
        .persistence(DraftPersistence(deps.store))
        .build()
    )
    handlers.gate.add(app, deps, access_rule(settings), owned=settings.owner_id is not None)
    handlers.start.add(app, deps)
    handlers.help.add(app, deps)
    handlers.privacy.add(app, deps)
    handlers.tracks.add(app, deps)
    handlers.conversation.add(app, deps)
    handlers.errors.add(app, deps)
    return app


def access_rule(settings: Settings) -> Callable[[int], bool]:
    """Tells of a user's id whether they may use the bot."""
    owner = {settings.owner_id} if settings.owner_id else set()
    let_in = settings.allowed_users | owner
    is_open = settings.access == "open"
    return lambda user_id: is_open or user_id in let_in


def telegram_bot(settings: Settings) -> CheckedBot:
    """The bot with an aiohttp session of its own; not yet initialised.

    Raises:
        SettingsError: there is no token.
    """
    if settings.telegram_token is None:
        raise SettingsError("TELEGRAM_TOKEN: is needed; @BotFather gives you one")
    return CheckedBot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(read_timeout=20),
        get_updates_request=AiohttpRequest(read_timeout=20),
    )


async def _store(settings: Settings, bot: ExtBot[None]) -> Store:
    """The database; opening fails, before anything is written, if it is another bot's."""
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


def jobs(settings: Settings, store: Store, time_scale: float, *, work: bool) -> Jobs:
    """The job adapter that goes with the database.

    Args:
        settings: Name the database, and how many tracks are made at once.
        store: Open, on that database.
        time_scale: A factor on the time between sweeps.
        work: Whether this process works, or only wakes workers.
    """
    concurrency = {
        Kind.RECORDING: _CONCURRENT_TRANSFERS,
        Kind.TRACK: settings.max_concurrent_tracks,
        Kind.DELIVERY: _CONCURRENT_TRANSFERS,
    }
    # Lost work is found within CLAIM_SECONDS: first its claim expires, then a sweep comes.
    sweep_every = min(_SWEEP_EVERY, settings.claim_seconds * (1 - _CLAIM_SHARE)) * time_scale
    if store.is_sqlite:
        return LocalJobs(concurrency, sweep_every=sweep_every)
    # Imported only here: SQLite needs neither psycopg nor procrastinate.
    postgres = import_module("bot.jobs.postgres")
    adapter: Jobs = postgres.PostgresJobs(settings.database, concurrency, sweep_every, work=work)
    return adapter


def rules(settings: Settings, time_scale: float = 1.0) -> Rules:
    """How the studio works, by the settings; `time_scale` is a factor on its pauses."""
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
        keep_recordings=settings.keep_recordings * _SECONDS_PER_DAY,
        keep_tracks=settings.keep_tracks * _SECONDS_PER_DAY,
        limits=Limits(
            silence_dbfs=settings.silence_dbfs,
            quiet_dbfs=settings.quiet_dbfs,
            active_seconds=settings.active_seconds,
            clipped_share=settings.clipped_share,
            decoded_share=settings.decoded_share,
            detect_talking=settings.detect_talking,
        ),
        pause=time_scale,
    )
