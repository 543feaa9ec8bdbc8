"""PTB's bot, which learns at its start whether it speaks to the Bot API at all."""

from typing import Any

from telegram import User
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.telegram.api_answers import address

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What PTB raises on objects that lack what every such object has."""


class NotTheBotApi(TelegramError):
    """What answers is certainly not the Bot API; the message is one line for the owner."""


class CheckedBot(ExtBot[None]):
    """A bot that says in one line what is wrong with the other side."""

    async def get_me(self, **options: Any) -> User:
        """Ask who this bot is, as PTB does at its start.

        Raises:
            NotTheBotApi: It is answered with something that is no bot.
            TelegramError: There is no answer now.
        """
        try:
            return await super().get_me(**options)
        except UNREADABLE as error:
            raise NotTheBotApi(
                f"TELEGRAM_API_URL: what answers at {address(self.base_url)} "
                "does not say who this bot is, as the Bot API does"
            ) from error
