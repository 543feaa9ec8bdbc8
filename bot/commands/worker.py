"""`refrain worker`: more workers for one bot."""

import argparse
from contextlib import AsyncExitStack

from bot import app
from bot.commands.serving import opened, serve, stop_signal
from bot.settings import Settings, SettingsError


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
        if await opened(stack, app.base(settings, stopping=stop), stop):
            await stop.wait()
