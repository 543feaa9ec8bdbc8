"""What the commands that stay share: signals, and one line for what cannot start."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from bot.commands._remarks import all_of_them
from bot.settings import CannotStart, Settings, SettingsError
from bot.store import AlreadyOpen, NewerSchema, StoreUnavailable
from bot.telegram.checked_bot import NotTheBotApi
from bot.telegram.inbound.webhook import CannotListen
from bot.telegram.reconnect import NeverAnswered

log = logging.getLogger(__name__)

Opened = TypeVar("Opened")


def stop_signal(grace: float) -> asyncio.Event:
    """Set by SIGTERM or SIGINT; a second one ends the process at once.

    Args:
        grace: Seconds that paid calls will get, for the log.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        log.info("stopping; paid calls get %.0f s to finish", grace)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(on_signal))
    return stop


async def opened(
    stack: AsyncExitStack, context: AbstractAsyncContextManager[Opened], stop: asyncio.Event
) -> Opened | None:
    """Enter what may take long to open, as while Telegram is away.

    Returns:
        What was opened, closed with `stack`; None if the order to stop came first.
    """
    entered: list[Opened] = []

    async def enter() -> None:
        entered.append(await stack.enter_async_context(context))

    await first(enter(), stop.wait())
    return entered[0] if entered else None


async def first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of these ends, end the others, and raise what it raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def serve(settings: Settings, service: Coroutine[Any, Any, None]) -> int:
    """Run until it ends by itself.

    Raises:
        SettingsError: it cannot run with these settings; one line says why.
        CannotStart: it cannot run now, with the same settings perhaps later.
    """
    for remark in all_of_them():
        log.warning(remark)
    where = "DATABASE_URL" if settings.database_url else "DATA_DIR"
    try:
        asyncio.run(service)
    except NewerSchema as error:
        raise SettingsError(f"{where}: {error}") from None
    except (CannotListen, NeverAnswered) as error:
        raise CannotStart(str(error)) from error
    except NotTheBotApi as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one line that says what is wrong
        return 1
    except (AlreadyOpen, StoreUnavailable) as error:
        raise CannotStart(f"{where}: {error}") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CannotStart(f"DATA_DIR: {settings.data_dir}: {why}") from error
    return 0
