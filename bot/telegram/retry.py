"""Repeating what Telegram has certainly not done, and what does no harm when done twice."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from bot.backoff import Backoff
from bot.telegram.api_answers import LONGEST_PAUSE, SHORTEST_PAUSE
from bot.telegram.checked_bot import UNREADABLE
from bot.telegram.request import Broken, Unsent
from bot.untrusted import clamped

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

GATEWAYS = ("Bad Gateway", "Gateway Timeout", "(502)", "(504)")
"""What an answer says that comes from what stands before Telegram."""

BACKOFF = Backoff(first=0.8, longest=10.0, factor=1.3, deadline=900.0)
"""For whoever waits for Telegram itself: a quarter of an hour."""

SHORT_TRIES = 3
"""Tries after the first that everybody waits for: some seconds. More are for the patient."""

LOST = 3
"""How often a call that does no harm when done twice is made again after its answer was lost."""

_LONGEST_SHORT_PAUSE = 10.0
"""Seconds; a longer pause, as Telegram may ask for, is for the patient too."""

handler_limit: ContextVar[asyncio.Timeout | None] = ContextVar("handler_limit", default=None)
"""What ends the handler that is running; waiting for Telegram does not count."""


async def repeated(
    call: Callable[[], Awaitable[Answer]], *, patient: bool = False, harmless: bool = False
) -> Answer:
    """Make a call, and make it again as long as Telegram refuses it for now.

    A flood limit is waited for, a refusal of the server or a connection that never came about
    is met with a short pause. A call whose answer was lost may have been acted on: it is made
    again only where a second one does no harm, as with a question.

    Args:
        call: Begins the call anew every time.
        patient: Whether Telegram itself is waited for while it is away or asks for a pause.
        harmless: Whether it may be done twice.

    Raises:
        TelegramError: It did not work out within some seconds; for the patient, in a quarter of
            an hour.
    """
    loop, tries, warned = asyncio.get_running_loop(), BACKOFF.begin(), False
    lost = LOST if harmless else 0
    while True:
        begun, waits_long = loop.time(), tries.failures >= SHORT_TRIES
        try:
            return await call()
        except (TelegramError, *UNREADABLE) as error:
            if lost and is_lost(error):
                lost -= 1
            elif not _had_no_effect(error, waits_long=waits_long):
                raise
            asked = seconds(error) if isinstance(error, RetryAfter) else None
            pause = tries.failed(at_least=asked)
            waits_long = waits_long or (pause or 0.0) > _LONGEST_SHORT_PAUSE
            if pause is None or (waits_long and not patient):
                raise
        if waits_long and not warned:
            log.warning("Telegram is away; a person is answered when it is back")
            warned = True
        await asyncio.sleep(pause)
        if waits_long:
            _extend_handler_limit(loop.time() - begun)


def _had_no_effect(error: Exception, *, waits_long: bool) -> bool:
    """Whether the call may be made again, though it must not be done twice."""
    if isinstance(error, RetryAfter):
        return True
    return isinstance(error, NetworkError) and (away if waits_long else refused)(error)


def _extend_handler_limit(waited: float) -> None:
    """Give a handler that waited for Telegram its time back, unless it was cut off already."""
    limit = handler_limit.get()
    if limit and not limit.expired() and (end := limit.when()) is not None:
        limit.reschedule(end + waited)


def away(error: NetworkError) -> bool:
    """Whether Telegram was not even reached, or says that it is not itself.

    What stands before it (502, 504) may have lost an answer; to ask that for a quarter of an
    hour would be to ask a person ninety times.
    """
    return refused(error) and not any(gateway in error.message for gateway in GATEWAYS)


def refused(error: NetworkError) -> bool:
    """Whether the call had certainly no effect: not sent, or answered by a 5xx."""
    return isinstance(error, Unsent) or type(error) is NetworkError


def is_lost(error: Exception) -> bool:
    """Whether the call was sent and no answer came of which anything can be made."""
    return isinstance(error, (Broken, TimedOut, *UNREADABLE)) and not isinstance(error, Unsent)


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait, within bounds; PTB gives either type."""
    return clamped(error.retry_after, SHORTEST_PAUSE, LONGEST_PAUSE)
