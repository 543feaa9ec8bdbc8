"""What a person reads when something goes wrong in a handler; the log has the rest."""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress

from telegram import Bot, Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import ContextTypes

from bot.i18n import texts
from bot.store import StoreUnavailable
from bot.telegram.inbound.dispatcher import TookTooLong
from bot.telegram.inbound.raw_updates import ReplyTo
from bot.telegram.outbound.languages import Languages
from bot.telegram.outbound.messages import send_in_topic
from bot.throttle import Throttle
from handlers.deps import App, Deps, reply, toast, topic_of

log = logging.getLogger(__name__)

_A_MINUTE = 60.0
_NO_BUG = (NetworkError, RetryAfter, TookTooLong, TimeoutError)


class UnhandledUpdates:
    """Tells people of updates that no handler saw through."""

    def __init__(self, bot: Bot, languages: Languages) -> None:
        self._bot = bot
        self._languages = languages

    async def flood(self, update: Update) -> None:
        """More came from one person than can be followed."""
        await _say(update, "flood")

    async def gave_up(self, update: Update) -> None:
        """A handler took longer than anybody waits."""
        await _say(update, "trouble")

    async def unread(self, place: ReplyTo) -> None:
        """Something came from a person that cannot even be read."""
        await self._say(place, "unread")

    async def store_away(self, places: Iterable[ReplyTo]) -> None:
        """Nothing can be written down; the store cannot be asked for languages either."""
        for place in places:
            await self._say(place, "store-trouble")

    async def _say(self, place: ReplyTo, key: str) -> None:
        """One sentence where there is no update that handlers could answer."""
        say = texts(self._languages.known(place.chat_id))
        try:
            await send_in_topic(self._bot.send_message, *place, text=say(key))
        except TelegramError as error:
            log.warning("the person could not be told: %s", type(error).__name__)


async def _say(update: Update, key: str) -> None:
    """One sentence about an update that no handler saw through."""
    user = update.effective_user
    say = texts(user.language_code if user else None)
    await toast(update)
    try:
        await reply(update, say(key), patient=False)
    except TelegramError as error:
        log.warning("the person could not be told: %s", type(error).__name__)


class ErrorHandler:
    """Apologises in one sentence, once for everything that was sent before the apology."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._apologies = Throttle(_A_MINUTE, clock=time.time)

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
        if isinstance(error, _NO_BUG) and not isinstance(error, BadRequest):
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
        apology = (update.effective_chat.id, key)
        message = update.effective_message
        sent = (message.edit_date or message.date) if message else None
        # A press may have been answered already, so that no toast shows; it has no date itself.
        since = sent.timestamp() if sent and not update.callback_query else None
        if not self._apologies.is_due(apology, since):
            return
        try:
            topic = await self._topic(update)
            answer = await reply(update, say(key), topic=topic, patient=False)
        except TelegramError as error:
            log.warning("the person could not be told: %s", type(error).__name__)
            return
        if answer:
            self._apologies.note(apology, at=answer.date.timestamp())

    async def _topic(self, update: Update) -> int | None:
        """The topic that an update belongs to, also where Telegram only names its message."""
        topic = topic_of(update, None)
        if topic is None and update.callback_query:
            with suppress(StoreUnavailable):
                topic = topic_of(update, await self._deps.draft(update))
        return topic


def add(app: App, deps: Deps) -> None:
    """Answer for whatever a handler lets through."""
    app.add_error_handler(ErrorHandler(deps).handle)
