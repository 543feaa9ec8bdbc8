"""Long polling: an offset advances only when what came before it is kept."""

import asyncio
import logging
from collections.abc import Sequence

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter  # no public way builds one

from bot.store import StoreUnavailable
from bot.telegram.inbound.dispatcher import Intake
from bot.telegram.inbound.health import Pulse
from bot.telegram.inbound.raw_updates import ALLOWED_UPDATES, Raw, is_update
from bot.telegram.reconnect import Patience, Pauses

log = logging.getLogger(__name__)

_LIMIT = 100
_SLACK = 10.0
_SOON = 1.0


class Poller:
    """Asks Telegram for updates until it is cancelled.

    Args:
        bot: Initialized; its general request is used, so that answers stay raw.
        intake: Where updates go; while it is crowded, nothing is asked for.
        pulse: Told of every answer.
        allowed_updates: Kinds of updates to ask for.
        timeout: Seconds Telegram may hold a poll open.
        pauses: How long it waits after failures.
    """

    def __init__(
        self,
        bot: Bot,
        intake: Intake,
        pulse: Pulse,
        *,
        allowed_updates: Sequence[str] = ALLOWED_UPDATES,
        timeout: int = 30,
        pauses: Pauses = Pauses(),  # noqa: B008 - frozen
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._pulse = pulse
        self._allowed = list(allowed_updates)
        self._timeout = timeout
        self._pauses = pauses
        self._patience = Patience(pauses, bot)
        self._offset: int | None = None
        self._before: set[int] = set()

    async def run(self) -> None:
        """Poll for ever.

        Raises:
            TokenRefused: Telegram does not know the bot.
        """
        await self._patience.get(self._bot.delete_webhook)
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            await self._intake.room()
            asked = loop.time()
            updates = await self._patience.get(self._ask)
            self._pulse.beat()
            try:
                await self._intake.accept(updates)
            except StoreUnavailable:
                failures += 1
                await asyncio.sleep(self._pauses.after(failures))
                continue
            failures = 0
            # Ids start anew at random after a week of silence: no offset outlives its answer.
            self._offset = max(map(_id, updates)) + 1 if updates else None
            if self._is_nothing_new(updates) and (left := asked + _SOON - loop.time()) > 0:
                await asyncio.sleep(left)  # a server that holds no poll open is not asked at once

    def _is_nothing_new(self, updates: list[Raw]) -> bool:
        """Whether an answer brought nothing, or what the one before it brought."""
        ids, before = {_id(update) for update in updates}, self._before
        self._before = ids
        return ids <= before

    async def _ask(self) -> list[Raw]:
        parameters = {
            "offset": self._offset,
            "limit": _LIMIT,
            "timeout": self._timeout,
            "allowed_updates": self._allowed,
        }
        answer: object = await self._bot.request.post(
            f"{self._bot.base_url}/getUpdates",
            RequestData(
                [
                    RequestParameter.from_input(name, value)
                    for name, value in parameters.items()
                    if value is not None
                ]
            ),
            read_timeout=self._timeout + _SLACK,
        )
        found = answer[:_LIMIT] if isinstance(answer, list) else [answer]
        usable = [update for update in found if is_update(update)]
        if found and not usable:
            raise TelegramError("getUpdates was answered with something else than updates")
        if len(usable) < len(found):
            log.warning("%d things that are no updates were dropped", len(found) - len(usable))
        return usable


def _id(update: Raw) -> int:
    found: int = update["update_id"]
    return found
