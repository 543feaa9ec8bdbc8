"""What a person reads when something goes wrong in a handler; the log has the rest."""

import logging
import time
from collections.abc import Iterable

from telegram import Bot, Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import ContextTypes

from bot.store import StoreUnavailable
from bot.telegram.languages import Languages
from bot.texts import texts
from handlers.desk import App, reply, toast

log = logging.getLogger(__name__)

_SAY_AGAIN = 300.0
_MOST = 10_000


class Trouble:
    """Says what goes wrong before any handler is asked."""

    def __init__(self, bot: Bot, languages: Languages) -> None:
        self._bot = bot
        self._languages = languages

    async def flood(self, update: Update) -> None:
        """More came from one person than can be followed."""
        user = update.effective_user
        say = texts(user.language_code if user else None)
        await toast(update)
        await reply(update, say("flood"), patient=False)

    async def gave_up(self, update: Update) -> None:
        """A handler took longer than anybody waits."""
        user = update.effective_user
        say = texts(user.language_code if user else None)
        await toast(update)
        await reply(update, say("trouble"), patient=False)

    async def store_away(self, chat_ids: Iterable[int]) -> None:
        """Nothing can be written down; the store cannot be asked for languages either."""
        for chat_id in chat_ids:
            say = texts(self._languages.known(chat_id))
            try:
                await self._bot.send_message(chat_id, say("store-trouble"))
            except TelegramError as error:
                log.warning("the person could not be told: %s", type(error).__name__)


class Errors:
    """Tells each chat of trouble once in a while, in one sentence."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], float] = {}

    async def handle(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log an error and tell the person who met it."""
        error = context.error
        if isinstance(error, Forbidden):
            log.info("a person cannot be reached any more")
            return
        if isinstance(error, StoreUnavailable):
            log.error("%s", error)
            await self._tell(update, "store-trouble")
            return
        if isinstance(error, NetworkError | RetryAfter) and not isinstance(error, BadRequest):
            log.warning("a person was not answered: %s", type(error).__name__)
        else:
            log.error("a handler failed", exc_info=error)
        await self._tell(update, "trouble")

    async def _tell(self, update: object, key: str) -> None:
        if not isinstance(update, Update) or update.effective_chat is None:
            return
        user = update.effective_user
        say = texts(user.language_code if user else None)
        await toast(update, say.plain(key), alert=True)
        chat_key = (update.effective_chat.id, key)
        if update.callback_query or self._told.get(chat_key, 0) > time.monotonic():
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        try:
            await reply(update, say(key), patient=False)
        except TelegramError as error:
            log.warning("the person could not be told: %s", type(error).__name__)
        else:
            self._told[chat_key] = time.monotonic() + _SAY_AGAIN


def add(app: App) -> None:
    """Answer for whatever a handler lets through."""
    app.add_error_handler(Errors().handle)
