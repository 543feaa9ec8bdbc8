"""`refrain worker`: more workers for one bot."""

import argparse
import logging
from contextlib import AsyncExitStack

from bot import app
from bot.commands._runtime import opened, serve, stop_signal
from bot.settings import Settings, SettingsError

log = logging.getLogger(__name__)


def command(settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Work until a signal comes."""
    if settings.is_sqlite:
        raise SettingsError(
            "DATABASE_URL: workers need PostgreSQL; on SQLite `refrain run` does all the work"
        )
    return serve(settings, _work(settings))


async def _work(settings: Settings) -> None:
    stop = stop_signal(settings.stop_grace)
    async with AsyncExitStack() as stack:
        if await opened(stack, app.working(settings, stopping=stop), stop):
            log.info("ready for up to %d tracks at a time", settings.max_concurrent_tracks)
            await stop.wait()
