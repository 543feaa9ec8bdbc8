"""Whether the bot is well: what /healthz says."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.store import StoreUnavailable
from bot.telegram.inbound.dispatcher import Dispatcher

_STORE_TIMEOUT = 5.0


class Pulse:
    """When Telegram was last heard of."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Note that a poll was answered or a push came in."""
        self._last = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last beat, or since the start."""
        return time.monotonic() - self._last


class Health:
    """Reports on everything the bot needs to take updates in.

    Args:
        dispatcher: Its backlog and whether it can keep updates.
        pulse: When Telegram was last heard of.
        tracks: Reads from the store how many tracks are unfinished.
        longest_silence: Seconds without a beat that are still well; None where silence only
            means that nobody writes (webhook).
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        pulse: Pulse,
        tracks: Callable[[], Awaitable[int]],
        *,
        longest_silence: float | None,
    ) -> None:
        self._dispatcher = dispatcher
        self._pulse = pulse
        self._tracks = tracks
        self._longest_silence = longest_silence

    async def report(self) -> dict[str, Any]:
        """Say how things are; `ok` is the sum of it, the other numbers say why."""
        tracks = await self._count()
        store = tracks is not None and not self._dispatcher.store_away
        silent = self._longest_silence is not None and self._pulse.age > self._longest_silence
        return {
            "ok": store and not silent,
            "last_update_or_poll_seconds_ago": round(self._pulse.age, 1),
            "store": "ok" if store else "unavailable",
            "backlog": self._dispatcher.backlog,
            "lanes": self._dispatcher.lanes,
            "tracks": tracks,
        }

    async def _count(self) -> int | None:
        try:
            async with asyncio.timeout(_STORE_TIMEOUT):
                return await self._tracks()
        except (StoreUnavailable, TimeoutError):
            return None


class Standby:
    """What /healthz says while another process is listening."""

    async def report(self) -> dict[str, Any]:
        """Standing by is being well."""
        return {"ok": True, "standby": True}


def longest_silence(poll_timeout: float) -> float:
    """Seconds without an answered poll that are still well: two polls, and some air."""
    return 2 * poll_timeout + 10
