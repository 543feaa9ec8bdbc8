"""Who may use the bot, and where."""

import logging
import time
from collections.abc import Awaitable

from telegram import Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes, TypeHandler

from bot.store import StoreUnavailable
from handlers.desk import App, Desk, reply, toast

log = logging.getLogger(__name__)

_SAY_AGAIN = 3600.0
_MOST = 10_000


class Gate:
    """Stands before every other handler.

    A stranger gets one polite line an hour with their id (a command is always answered), and
    costs nothing else. Groups get one line with a link to the private chat, when they call the
    bot by a command. Whoever cannot be answered is kept out all the same.

    Args:
        desk: The handlers' tools.
        allowed: Telegram ids that may use the bot; None lets everybody in.
        owned: Whether it knows its owner.
    """

    def __init__(self, desk: Desk, allowed: frozenset[int] | None, *, owned: bool) -> None:
        self._desk = desk
        self._stranger = "stranger" if owned else "stranger-ownerless"
        self._allowed = allowed
        self._told: dict[int, float] = {}

    async def check(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Let an update through, or end it here."""
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or user.is_bot:
            raise ApplicationHandlerStop
        if chat.type != ChatType.PRIVATE:
            await _attempted(self._point_to_private_chat(update))
            raise ApplicationHandlerStop
        if self._allowed is not None and user.id not in self._allowed:
            await _attempted(self._turn_away(update, user.id))
            raise ApplicationHandlerStop

    async def _turn_away(self, update: Update, user_id: int) -> None:
        say = await self._desk.texts(update)
        await toast(update)
        if update.message is None:  # a button, or the bot was unblocked: nothing to answer
            return
        asked = (update.message.text or "").startswith("/")
        if not asked and self._told.get(user_id, 0) > time.monotonic():
            return
        if len(self._told) >= _MOST:
            self._told.clear()
        await reply(update, say(self._stranger, id=str(user_id)), patient=False)
        self._told[user_id] = time.monotonic() + _SAY_AGAIN

    async def _point_to_private_chat(self, update: Update) -> None:
        message = update.message
        if message and message.text and message.text.startswith("/"):
            _, _, name = message.text.split()[0].partition("@")
            if name.lower() in {"", (self._desk.bot.username or "").lower()}:
                say = await self._desk.texts(update)
                await reply(update, say("group", link=self._desk.bot.link), patient=False)


async def _attempted(answer: Awaitable[None]) -> None:
    """Give an answer; PTB would go on to the next handler if its failure came through."""
    try:
        await answer
    except (TelegramError, StoreUnavailable) as error:
        log.warning("somebody was kept out without a word: %s", type(error).__name__)
    except Exception:  # whatever it is, the gate stays shut
        log.exception("somebody was kept out without a word")


def add(app: App, desk: Desk, allowed: frozenset[int] | None, *, owned: bool) -> None:
    """Put the gate before every other handler."""
    app.add_handler(TypeHandler(Update, Gate(desk, allowed, owned=owned).check), group=-1)
