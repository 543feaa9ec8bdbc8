"""Who may use the bot, and where."""

import logging
from collections.abc import Awaitable, Callable

from telegram import Message, Update, User
from telegram.constants import ChatID, ChatType, ParseMode
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes, TypeHandler

from bot.i18n import texts
from bot.throttle import Throttle
from handlers.deps import App, Deps

log = logging.getLogger(__name__)

_AN_HOUR = 3600.0
_EVERY = 1.0
"""Seconds between two answers to strangers, and between two to groups, whoever they are."""

_SOON = 8.0
_NOBODY = {ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL}
"""Who people are to a bot when they write in a group's or a channel's name."""


class Gate:
    """Stands before every other handler.

    A stranger gets one polite line an hour with their id, all strangers together one a second,
    and costs nothing else: nothing is written down, nothing is tried twice. Groups get one line
    with a link to the private chat, when they call the bot by a command. Whoever cannot be
    answered is kept out all the same.

    Args:
        deps: What handlers work with.
        known: Whether somebody may use the bot.
        owned: Whether it knows its owner.
    """

    def __init__(self, deps: Deps, known: Callable[[int], bool], *, owned: bool) -> None:
        self._deps = deps
        self._stranger = "stranger" if owned else "stranger-ownerless"
        self._known = known
        self._answered = Throttle(_AN_HOUR)
        self._overall = Throttle(_EVERY)

    async def check(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Let an update through, or end it here."""
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None:
            raise ApplicationHandlerStop
        if chat.type != ChatType.PRIVATE:
            await _attempted(self._point_to_private_chat(update, user))
            raise ApplicationHandlerStop
        if user.is_bot:
            raise ApplicationHandlerStop
        if not self._known(user.id):
            await _attempted(self._turn_away(update, user))
            raise ApplicationHandlerStop

    async def _turn_away(self, update: Update, user: User) -> None:
        if update.callback_query:  # a button from when they were let in
            if self._overall.take("strangers"):
                await update.callback_query.answer(read_timeout=_SOON)
        elif update.message and self._answered.is_due(user.id) and self._overall.take("strangers"):
            say = texts(user.language_code)
            await _once(update.message, say(self._stranger, id=str(user.id)))
            self._answered.note(user.id)

    async def _point_to_private_chat(self, update: Update, user: User) -> None:
        """Tell whoever calls the bot in a group where it works, under whatever name they write."""
        message = update.message
        anonymous = user.id in _NOBODY
        if message is None or (user.is_bot and not anonymous) or not self._is_called(message):
            return
        known = not anonymous and self._known(user.id)
        group = message.chat_id  # each hears it once an hour, whoever calls
        if (known or self._answered.is_due(group)) and self._overall.take("groups"):
            say = texts(None if anonymous else user.language_code)
            await _once(message, say("group", link=self._deps.bot.link))
            if not known:
                self._answered.note(group)

    def _is_called(self, message: Message) -> bool:
        text = message.text or ""
        if not text.startswith("/"):
            return False
        _, _, name = text.split()[0].partition("@")
        return name.lower() in {"", (self._deps.bot.username or "").lower()}


async def _once(message: Message, text: str) -> None:
    """Answer without trying twice."""
    await message.reply_text(text, parse_mode=ParseMode.HTML, read_timeout=_SOON)


async def _attempted(answer: Awaitable[None]) -> None:
    """Give an answer; PTB would go on to the next handler if its failure came through."""
    try:
        await answer
    except TelegramError as error:
        log.warning("somebody was kept out without a word: %s", type(error).__name__)
    except Exception:  # whatever it is, the gate stays shut
        log.exception("somebody was kept out without a word")


def add(app: App, deps: Deps, known: Callable[[int], bool], *, owned: bool) -> None:
    """Put the gate before every other handler."""
    app.add_handler(TypeHandler(Update, Gate(deps, known, owned=owned).check), group=-1)
