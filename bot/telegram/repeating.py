"""Repeating what Telegram has certainly not done; nothing else is ever repeated."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

from telegram.error import NetworkError, RetryAfter

from bot.telegram.request import Unsent

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

GATEWAYS = ("Bad Gateway", "Gateway Timeout", "(502)", "(504)")
"""What an answer says that comes from what stands before Telegram."""

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the tries of whatever is refused."""

LONG_PAUSES = (1.0, 2.0, 3.0, 5.0, 5.0, *[10.0] * 88)
"""Seconds between further tries of a call that never reached Telegram: a quarter of an hour."""

_LONGEST = 10.0

handler_limit: ContextVar[asyncio.Timeout | None] = ContextVar("handler_limit", default=None)
"""What ends the handler that is running; waiting for Telegram does not count."""


async def repeated(call: Callable[[], Awaitable[Answer]], *, patient: bool = False) -> Answer:
    """Make a call, and make it again as long as Telegram refuses it for now.

    A flood limit is waited for, a refusal of the server or a connection that never came about
    is met with a short pause. A call whose answer was lost may have been acted on: that error
    goes to the caller at once.

    Args:
        call: Begins the call anew every time.
        patient: Whether Telegram itself is waited for while it is away.

    Raises:
        TelegramError: It did not work out within some seconds; for the patient, in a quarter of
            an hour.
    """
    for pause in PAUSES:
        try:
            return await call()
        except RetryAfter as error:
            pause = max(pause, seconds(error))  # noqa: PLW2901 - Telegram knows better
            if pause > _LONGEST:
                raise
        except NetworkError as error:
            if not refused(error):
                raise
        await asyncio.sleep(pause)
    return await _waited_for(call) if patient else await call()


async def _waited_for(call: Callable[[], Awaitable[Answer]]) -> Answer:
    loop, said = asyncio.get_running_loop(), False
    for pause in LONG_PAUSES:
        begun = loop.time()
        try:
            return await call()
        except NetworkError as error:
            if not away(error):
                raise
            if not said:
                log.warning("Telegram is away; a person is answered when it is back")
            said = True
        await asyncio.sleep(pause)
        if (limit := handler_limit.get()) and (end := limit.when()) is not None:
            limit.reschedule(end + loop.time() - begun)
    return await call()


def away(error: NetworkError) -> bool:
    """Whether Telegram was not even reached, or says that it is not itself.

    What stands before it (502, 504) may have lost an answer; to ask that for a quarter of an
    hour would be to ask a person ninety times.
    """
    return refused(error) and not any(gateway in error.message for gateway in GATEWAYS)


def refused(error: NetworkError) -> bool:
    """Whether the call had certainly no effect: not sent, or answered by a 5xx."""
    return isinstance(error, Unsent) or type(error) is NetworkError


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait; PTB gives either type, by an environment variable."""
    after = error.retry_after
    return after if isinstance(after, int) else after.total_seconds()
