"""Long polling: an offset advances only when what came before it is kept."""

import asyncio
import logging

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter  # no public way builds one

from bot.backoff import Backoff
from bot.store import StoreUnavailable
from bot.telegram.inbound.dispatcher import Dispatcher
from bot.telegram.inbound.health import Pulse
from bot.telegram.inbound.raw_updates import ALLOWED_UPDATES, Raw, is_update
from bot.telegram.reconnect import BACKOFF, Reconnector

log = logging.getLogger(__name__)

_LIMIT = 100  # updates of one poll: Telegram's own maximum
_SLACK = 10.0  # seconds that the answer to a poll may take beyond the poll's own timeout
_SHORTEST_POLL = 1.0  # seconds between two polls that bring nothing


class Poller:
    """Asks Telegram for updates until it is cancelled.

    Args:
        bot: Initialized; its general request is used, so that answers stay raw.
        dispatcher: Where updates go; while it is crowded, nothing is asked for.
        pulse: Told of every answer.
        timeout: Seconds Telegram may hold a poll open.
        backoff: How long it waits after failures, Telegram's and the store's.
    """

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        pulse: Pulse,
        *,
        timeout: int = 30,
        backoff: Backoff = BACKOFF,
    ) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._pulse = pulse
        self._timeout = timeout
        self._backoff = backoff
        self._reconnector = Reconnector(backoff, bot)
        self._offset: int | None = None
        self._previous: set[int] = set()

    async def run(self) -> None:
        """Poll for ever.

        Raises:
            TokenRefused: Telegram does not know the bot.
        """
        await self._reconnector.answer(self._bot.delete_webhook)
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            await self._dispatcher.room()
            asked = loop.time()
            updates = await self._reconnector.answer(self._ask)
            self._pulse.beat()
            try:
                await self._dispatcher.accept(updates)
            except StoreUnavailable:
                failures += 1
                await asyncio.sleep(self._backoff.pause(failures))
                continue
            failures = 0
            # Ids start anew at random after a week of silence: no offset outlives its answer.
            self._offset = max(map(_id, updates)) + 1 if updates else None
            if self._is_nothing_new(updates):  # a server may not hold polls open
                await asyncio.sleep(max(0.0, asked + _SHORTEST_POLL - loop.time()))

    def _is_nothing_new(self, updates: list[Raw]) -> bool:
        """Whether an answer brought nothing, or what the one before it brought."""
        ids, previous = {_id(update) for update in updates}, self._previous
        self._previous = ids
        return ids <= previous

    async def _ask(self) -> list[Raw]:
        parameters = {
            "offset": self._offset,
            "limit": _LIMIT,
            "timeout": self._timeout,
            "allowed_updates": list(ALLOWED_UPDATES),
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
        entries = answer[:_LIMIT] if isinstance(answer, list) else [answer]
        updates = [entry for entry in entries if is_update(entry)]
        if entries and not updates:
            raise TelegramError("getUpdates was answered with something else than updates")
        if len(updates) < len(entries):
            log.warning("%d things that are no updates were dropped", len(entries) - len(updates))
        return updates


def _id(update: Raw) -> int:
    update_id: int = update["update_id"]
    return update_id
