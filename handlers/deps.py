"""What every handler works with, made once by the composition root; and short answers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from telegram import InlineKeyboardMarkup, Message, ReactionTypeEmoji, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import Application, ExtBot, filters

from bot.i18n import Texts, texts
from bot.store import Draft, Store
from bot.studio import Messenger, Studio
from bot.telegram.outbound.languages import Languages
from bot.telegram.outbound.messages import send_in_topic
from bot.telegram.retry import repeated

App = Application[Any, Any, Any, Any, Any, Any]

ONE_LINE = filters.UpdateType.MESSAGES & ~filters.Regex(r"\n")
"""Commands in a message of one line; with more lines it may be a song that begins with "/"."""

_SEND_TIMEOUT = 8.0
"""Seconds in which Telegram confirms a short message; after that the answer counts as lost."""

_ANSWER_TIMEOUT = 2.0
"""Seconds that one try to end a button's spinning may take."""


@dataclass(frozen=True, slots=True)
class Deps:
    """The dependencies of a handler.

    Attributes:
        service: The music service's name, as people know it.
        keep_days: How long recordings and tracks are kept, in days.
    """

    bot: ExtBot[None]
    studio: Studio
    store: Store
    messenger: Messenger
    languages: Languages
    service: str
    keep_days: tuple[float, float]

    async def texts(self, update: Update) -> Texts:
        """The texts in the language of whoever sent an update."""
        user = update.effective_user
        if user is None:
            return texts(None)
        await self.languages.note(user.id, user.language_code)
        return texts(user.language_code)

    async def draft(self, update: Update) -> Draft | None:
        """The draft of whoever sent an update, in the chat it came from."""
        chat, user = update.effective_chat, update.effective_user
        return await self.store.drafts.get(chat.id, user.id) if chat and user else None


async def reply(
    update: Update,
    text: str,
    buttons: InlineKeyboardMarkup | None = None,
    *,
    topic: int | None = None,
    patient: bool = True,
) -> Message | None:
    """Answer in the chat that an update came from; retried while Telegram cannot be reached.

    An answer whose confirmation is lost is sent again: twice is better than not at all.

    Args:
        update: What is answered.
        text: HTML.
        buttons: Under it.
        topic: Of the private chat, where it is not that of the update.
        patient: Whether to wait until Telegram can be reached again.
    """
    send = _sender(update, topic)
    if send is None:
        return None
    return await repeated(
        lambda: send(
            text=text,
            parse_mode=ParseMode.HTML,
            reply_markup=buttons,
            read_timeout=_SEND_TIMEOUT,
        ),
        patient=patient,
        harmless=True,
    )


def _sender(update: Update, topic: int | None) -> Callable[..., Awaitable[Message]] | None:
    """How to write to whoever sent an update, also under a message that Telegram only names."""
    chat = update.effective_chat
    if chat is None:
        return None
    if topic is None:
        topic = topic_of(update, None)
    return partial(send_in_topic, update.get_bot().send_message, chat.id, topic)


def topic_of(update: Update, draft: Draft | None) -> int | None:
    """The topic of a private chat that an answer belongs to.

    Args:
        update: What is answered.
        draft: Whose topic it is where Telegram only names the pressed message.
    """
    message = update.effective_message
    if message is not None and message.is_topic_message:
        return message.message_thread_id
    return draft.topic_id if draft and update.callback_query else None


def press_of(update: Update) -> str:
    """A name for what a person asked for, by which it is known if the update comes again."""
    query = update.callback_query
    return f"press:{query.id[:64]}" if query else f"update:{update.update_id}"


async def toast(update: Update, text: str | None = None, *, alert: bool = False) -> None:
    """Answer a pressed button; Telegram refuses to answer old presses, which does no harm.

    Without a text it only ends the button's spinning, and is given less time: the next step
    waits for it.
    """
    query = update.callback_query
    if query is None:
        return

    async def answer() -> None:
        await query.answer(
            text, show_alert=alert, read_timeout=_SEND_TIMEOUT if text else _ANSWER_TIMEOUT
        )

    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(_SEND_TIMEOUT):
            await repeated(answer, harmless=True)


async def receipt(message: Message, emoji: str) -> None:
    """React to a message; chats may forbid reactions, so a failure is ignored."""
    with suppress(TelegramError):
        await message.set_reaction(ReactionTypeEmoji(emoji), read_timeout=_SEND_TIMEOUT)


def editable_id(update: Update) -> int | None:
    """The pressed message, if it is text that can be edited."""
    message = update.callback_query.message if update.callback_query else None
    if isinstance(message, Message) and message.is_accessible and message.text:
        return message.message_id
    return None


def data_of(update: Update) -> str:
    """A pressed button's data."""
    return (update.callback_query.data if update.callback_query else None) or ""


def numbers_of(update: Update) -> list[int]:
    """The numbers in a pressed button's data."""
    return [int(part) for part in data_of(update).split(":") if part.isdigit()]
