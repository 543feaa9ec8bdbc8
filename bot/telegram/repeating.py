"""Repeating what Telegram has certainly not done; nothing else is ever repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.error import NetworkError, RetryAfter

from bot.telegram.request import Unsent

Answer = TypeVar("Answer")

_PAUSES = (0.5, 1.0, 2.0)
_LONGEST = 10.0


async def repeated(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Make a call, and make it again as long as Telegram refuses it for now.

    A flood limit is waited for, a refusal of the server or a connection that never came about
    is met with a short pause. A call whose answer was lost may have been acted on: that error
    goes to the caller at once.

    Args:
        call: Begins the call anew every time.

    Raises:
        TelegramError: It did not work out within some seconds.
    """
    for pause in _PAUSES:
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
    return await call()


def refused(error: NetworkError) -> bool:
    """Whether the call had certainly no effect: not sent, or answered by a 5xx."""
    return isinstance(error, Unsent) or type(error) is NetworkError


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks to wait; PTB gives either type, by an environment variable."""
    after = error.retry_after
    return after if isinstance(after, int) else after.total_seconds()
