"""`refrain run`: the bot."""

import argparse
import asyncio
import logging
from contextlib import AsyncExitStack

from bot import app
from bot.commands._runtime import first, opened, serve, stop_signal
from bot.settings import Settings, SettingsError

log = logging.getLogger(__name__)


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Run until a signal comes."""
    if options.no_work and settings.is_sqlite:
        raise SettingsError("DATABASE_URL: --no-work needs workers, and workers need PostgreSQL")
    return serve(settings, _run(settings, work=not options.no_work))


async def _run(settings: Settings, *, work: bool) -> None:
    """Work, and listen to Telegram whenever this process leads."""
    stop = stop_signal(settings.stop_grace)
    async with AsyncExitStack() as stack:
        core = await opened(stack, app.working(settings, work=work, stopping=stop), stop)
        if core is None:
            return
        if settings.access == "closed" and not (settings.owner_id or settings.allowed_users):
            log.warning(
                "nobody may use the bot yet: write to it, put the id it tells you into OWNER_ID"
            )
        while not stop.is_set():
            await _listen(core, stop)


async def _listen(core: app.Core, stop: asyncio.Event) -> None:
    """Wait to lead, and listen until the lead is lost or the order to stop comes."""
    async with AsyncExitStack() as stack:
        async with app.standing_by(core.settings):
            leading = core.deps.store.leader.elected(stop)
            lost = await stack.enter_async_context(leading)
        if stop.is_set():
            return
        async with app.listening(core) as listener:
            log.info("listening as @%s", core.deps.bot.username)
            await first(stop.wait(), lost.wait(), listener.serve())
    if lost.is_set():
        log.warning("another process may lead now; waiting to lead again")
        await asyncio.sleep(1)
