"""Asking again and again whether a track is there."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.music.errors import MusicError, PassingFault, Unanswered, Unready

T = TypeVar("T")

PACE = (2.0, 5.0)
"""Seconds between two looks, at first and at most (docs/facts/services.md, Replicate)."""

_SLOWER = 1.5


async def until_there(
    look: Callable[[], Awaitable[T | None]], *, within: float, pace: tuple[float, float] = PACE
) -> T:
    """Look until there is something; looking is harmless, so a passing fault ends nothing.

    Args:
        look: Brings what is looked for, or None while it is not there.
        within: Seconds for all of it.
        pace: See `PACE`.

    Raises:
        Unready: Nothing was there in time.
        MusicError: What `look` raises, unless that passes.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + within, pace[0]
    fault: MusicError | None = None
    while True:
        rest = pause * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
        try:
            async with asyncio.timeout_at(deadline):
                found = await look()
            if found is not None:
                return found
        except TimeoutError as error:
            raise Unready("no answer while waiting for the track") from error
        except (PassingFault, Unanswered) as error:
            fault, rest = error, max(rest, getattr(error, "retry_after", None) or 0.0)
        if loop.time() >= deadline:
            raise Unready("the track is not there in time") from fault
        await asyncio.sleep(min(rest, max(deadline - loop.time(), 0.0)))
        pause = min(pace[1], pause * _SLOWER)
