"""An outage of the store: said once when it begins, once when it is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from bot.telegram.inbound.raw_updates import ReplyTo

log = logging.getLogger(__name__)

Tell = Callable[[list[ReplyTo]], Awaitable[None]]

_PATIENCE = 30.0


class Outage:
    """Remembers whether the store is away, and who has been told.

    Args:
        tell: Says where people wrote that the bot cannot listen now; None tells nobody.
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell
        self._telling: set[asyncio.Task[None]] = set()
        self._told: set[ReplyTo] = set()
        self._on = False

    @property
    def on(self) -> bool:
        """Whether the store is away."""
        return self._on

    def begins(self, error: Exception, places: Iterable[ReplyTo | None] = ()) -> None:
        """Note a failure, and have every place told that has not been since it began."""
        if not self._on:
            self._on = True
            log.error("Updates cannot be kept, so they stay with Telegram: %s", error)
        new = [place for place in dict.fromkeys(places) if place and place not in self._told]
        if new and self._tell is not None:
            self._told.update(new)
            task = asyncio.get_running_loop().create_task(self._say(self._tell, new))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def ends(self) -> None:
        """Note a success."""
        if self._on:
            self._on = False
            self._told.clear()
            log.info("Updates can be kept again")

    async def aclose(self) -> None:
        """Stop telling."""
        telling = list(self._telling)
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)

    async def _say(self, tell: Tell, places: list[ReplyTo]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await tell(places)
        except Exception:  # telling is a courtesy; the dispatcher goes on
            log.exception("Nobody could be told that the store is away")
