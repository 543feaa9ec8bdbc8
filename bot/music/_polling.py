"""Asking again and again whether a track is there."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from bot.backoff import Backoff
from bot.music.errors import MusicError, PassingFault, Unanswered, Unready

T = TypeVar("T")

PAUSES = Backoff(first=2.0, longest=5.0, factor=1.5, jitter=0.1)
"""Between two looks at a track in the making (docs/facts/services.md, Replicate)."""


async def until_there(
    look: Callable[[], Awaitable[T | None]], *, within: float, pauses: Backoff = PAUSES
) -> T:
    """Look until there is something; looking is harmless, so a passing fault ends nothing.

    Args:
        look: Brings what is looked for, or None while it is not there.
        within: Seconds for all of it.
        pauses: Between two looks.

    Raises:
        Unready: Nothing was there in time.
        MusicError: What `look` raises, unless that passes.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    fault: MusicError | None = None
    for looks in count(1):
        pause = pauses.pause(looks)
        try:
            async with asyncio.timeout_at(deadline):
                result = await look()
            if result is not None:
                return result
        except TimeoutError as error:
            raise Unready("no answer while waiting for the track") from error
        except (PassingFault, Unanswered) as error:
            fault, pause = error, max(pause, getattr(error, "retry_after", None) or 0.0)
        if loop.time() >= deadline:
            break
        await asyncio.sleep(min(pause, max(deadline - loop.time(), 0.0)))
    raise Unready("the track is not there in time") from fault
