"""Writing and rewriting messages in the ways that handlers and the messenger share."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from telegram import Bot, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.telegram.outbound.lyrics_panels import Panel

_SAYS_SO_ALREADY = "message is not modified"


async def send_in_topic(
    send: Callable[..., Awaitable[Message]], chat_id: int, topic: int | None, **parts: Any
) -> Message:
    """Send into a topic of a chat; beside it, if the person has deleted the topic."""
    if topic is not None:
        with suppress(BadRequest):
            return await send(chat_id, message_thread_id=topic, **parts)
    return await send(chat_id, **parts)


async def show_panel(bot: Bot, chat_id: int, message_id: int | None, panel: Panel) -> bool:
    """Let a message show a panel.

    Returns:
        False if the message is gone, or none that can be edited.

    Raises:
        TelegramError: As Telegram refuses it for other reasons.
    """
    try:
        await bot.edit_message_text(
            panel.text,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=panel.buttons,
        )
    except BadRequest as error:
        return _SAYS_SO_ALREADY in error.message.lower()
    return True
