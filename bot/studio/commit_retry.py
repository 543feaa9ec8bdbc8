"""Writing down what has happened outside, even if the store is away for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.backoff import Backoff
from bot.store import StoreUnavailable

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_BACKOFF = Backoff(first=0.2, longest=3.0, deadline=900.0)


async def retry_commit(commit: Callable[[], Awaitable[Result]]) -> Result:
    """Repeat a commit until the store takes it.

    A track that Telegram has taken, or that was paid for and came back, has to be in its row
    before anybody looks at that again: otherwise it would be sent or paid for twice.

    Args:
        commit: Harmless to repeat, for the answer to a commit may be lost.

    Raises:
        StoreUnavailable: it was away for a quarter of an hour.
    """
    tries = _BACKOFF.begin()
    while True:
        try:
            return await commit()
        except StoreUnavailable as error:
            pause = tries.failed()
            if pause is None:
                raise
            if tries.failures == 1:
                log.error("what has happened cannot be written down yet: %s", error)  # noqa: TRY400 - one line
        await asyncio.sleep(pause)
