"""Asking Telegram until it answers: one line when trouble begins, one when it is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.backoff import Backoff
from bot.telegram.api_answers import LONGEST_PAUSE, SHORTEST_PAUSE, address
from bot.telegram.checked_bot import NotTheBotApi
from bot.untrusted import clamped, printable

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

BACKOFF = Backoff(first=1.0, longest=30.0)
"""Between the calls of a loop that must go on for as long as the bot runs."""

_REFUSALS = 3
"""How often in a row Telegram must say that it doesn't know the bot: a proxy may say it once."""

_LINE = 300
"""Characters of a foreign error in the log."""


class NeverAnswered(Exception):
    """There will be no answer before the owner has done something; the message is one line."""


class TokenRefused(NeverAnswered):
    """Telegram does not know the token; the message is one line for the owner."""


class Reconnector:
    """Repeats a harmless call until Telegram answers it.

    Args:
        backoff: How long it waits between tries; its longest pause while somebody else polls
            with the same token.
        bot: Asked who it is before a refused token is believed; without one, repeated refusals
            are enough.
    """

    def __init__(self, backoff: Backoff = BACKOFF, bot: Bot | None = None) -> None:
        self._backoff = backoff
        self._bot = bot
        self._failures = 0
        self._logged = ""

    async def answer(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a call until it is answered, whatever goes wrong in between.

        Raises:
            NeverAnswered, NotTheBotApi: There will never be an answer.
        """
        refusals = 0
        while True:
            try:
                answer = await call()
            except NeverAnswered:
                raise
            except (InvalidToken, NotTheBotApi) as error:
                refusals = refusals + 1 if await self._is_refused() else 0
                if refusals == _REFUSALS:
                    if isinstance(error, NotTheBotApi):
                        raise
                    raise TokenRefused(self._refusal()) from error
                await asyncio.sleep(self._pause(error))
            except Exception as error:  # noqa: BLE001 - one odd answer must not end the process
                refusals = 0
                await asyncio.sleep(self._pause(error))
            else:
                self._answered()
                return answer

    async def _is_refused(self) -> bool:
        """Whether `getMe` is refused too: one method's refusal may be a proxy's."""
        if self._bot is None:
            return True
        try:
            await self._bot.get_me()
        except InvalidToken:
            return True
        except Exception as error:  # noqa: BLE001 - any other error says nothing of the token
            return isinstance(error, NotTheBotApi)
        return False

    def _refusal(self) -> str:
        """What the owner reads: which setting is wrong."""
        base = self._bot.base_url if self._bot else ""
        if base.count("/bot") > 1:
            return (
                "TELEGRAM_API_URL: must be the server's address alone, "
                "without /bot and what follows it"
            )
        where = f"at {address(base)} (TELEGRAM_API_URL)" if base else "at TELEGRAM_API_URL"
        return f"TELEGRAM_TOKEN: Telegram does not know this bot {where}"

    def _pause(self, error: Exception) -> float:
        """Seconds until the next call, by what went wrong with this one."""
        self._failures += 1
        if isinstance(error, RetryAfter):
            self._log("Telegram asks for a pause: %s", error)
            return clamped(error.retry_after, SHORTEST_PAUSE, LONGEST_PAUSE)
        if isinstance(error, Conflict):
            self._log(
                "Somebody else takes this bot's updates: another process runs with the same "
                "TELEGRAM_TOKEN. Stop it, or give this one a bot of its own. (%s)",
                error,
            )
            return self._backoff.longest
        if isinstance(error, InvalidToken):
            self._log("Telegram says that it doesn't know this bot, asking again: %s", error)
        elif isinstance(error, TelegramError):
            self._log("Telegram cannot be reached, trying again: %s", error)
        else:
            self._log("Telegram's answer cannot be understood, trying again: %s", error)
            log.debug("the answer that cannot be understood", exc_info=error)
        return self._backoff.pause(self._failures)

    def _log(self, line: str, error: Exception) -> None:
        """Log a kind of trouble when it begins, not each time it is met."""
        if line != self._logged:
            self._logged = line
            log.warning(line, printable(str(error) or type(error).__name__, _LINE))

    def _answered(self) -> None:
        if self._logged:
            log.info("Telegram answers again")
        self._logged = ""
        self._failures = 0
