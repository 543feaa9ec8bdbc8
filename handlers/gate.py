"""Who may use the bot, and where."""

import logging
import time
from collections.abc import Awaitable, Callable

from telegram import Message, Update, User
from telegram.constants import ChatID, ChatType, ParseMode
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes, TypeHandler

from bot.i18n import texts
from handlers.deps import App, Deps

log = logging.getLogger(__name__)

_SAY_AGAIN = 3600.0
_EVERY = 1.0
_SOON = 8.0
_MOST = 10_000
_NOBODY = {ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL}
"""Who people are to a bot when they write in a group's or a channel's name."""


class _Pace:
    """Lets one through every so often, whoever it is."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def lets_through(self) -> bool:
        """Whether it is time again; True takes the turn."""
        now = time.monotonic()
        if now < self._free_at:
            return False
        self._free_at = now + _EVERY
        return True


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
        self._told: dict[int, float] = {}
        self._strangers, self._groups = _Pace(), _Pace()

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
            if self._strangers.lets_through():
                await update.callback_query.answer(read_timeout=_SOON)
        elif update.message and self._may_hear(user.id) and self._strangers.lets_through():
            say = texts(user.language_code)
            await _once(update.message, say(self._stranger, id=str(user.id)))
            self._has_heard(user.id)

    async def _point_to_private_chat(self, update: Update, user: User) -> None:
        """Tell whoever calls the bot in a group where it works, under whatever name they write."""
        message = update.message
        anonymous = user.id in _NOBODY
        if message is None or (user.is_bot and not anonymous) or not self._is_called(message):
            return
        known = not anonymous and self._known(user.id)
        who = message.chat_id  # each group hears it once an hour, whoever calls
        if (known or self._may_hear(who)) and self._groups.lets_through():
            say = texts(None if anonymous else user.language_code)
            await _once(message, say("group", link=self._deps.bot.link))
            if not known:
                self._has_heard(who)

    def _is_called(self, message: Message) -> bool:
        text = message.text or ""
        if not text.startswith("/"):
            return False
        _, _, name = text.split()[0].partition("@")
        return name.lower() in {"", (self._deps.bot.username or "").lower()}

    def _may_hear(self, stranger: int) -> bool:
        """Whether a stranger, or a group, has not been answered for an hour."""
        return self._told.get(stranger, 0) <= time.monotonic()

    def _has_heard(self, stranger: int) -> None:
        if len(self._told) >= _MOST:
            del self._told[next(iter(self._told))]
        self._told[stranger] = time.monotonic() + _SAY_AGAIN


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
