"""Asking Telegram until it answers: one line when trouble begins, one when it is over."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.telegram.api_answers import LONGEST_PAUSE, SHORTEST_PAUSE, address
from bot.telegram.checked_bot import NotTheBotApi
from bot.untrusted import clamped, printable

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_SURE = 3
"""How often in a row Telegram must say that it doesn't know the bot: a proxy may say it once."""


_LINE = 300


class NeverAnswered(Exception):
    """There will be no answer before the owner has done something; the message is one line."""


class TokenRefused(NeverAnswered):
    """Telegram does not know the token; the message is one line for the owner."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between tries.

    Attributes:
        first: After the first failure; each further one doubles it.
        longest: What doubling ends at.
        conflict: While somebody else polls with the same token.
    """

    first: float = 1.0
    longest: float = 30.0
    conflict: float = 30.0

    def after(self, failures: int) -> float:
        """How long to wait after so many failures in a row, jittered down to a half."""
        full = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return random.uniform(full / 2, full)  # noqa: S311 - jitter is no secret


class Patience:
    """Repeats what may be repeated until Telegram answers.

    Args:
        pauses: How long it waits between tries.
        bot: Asked who it is before a refused token is believed; without one, repeated refusals
            are enough.
    """

    def __init__(self, pauses: Pauses, bot: Bot | None = None) -> None:
        self._pauses = pauses
        self._bot = bot
        self._trouble = ""
        self._failures = 0

    async def get(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer, whatever is answered instead.

        Raises:
            NeverAnswered, NotTheBotApi: There will never be one.
        """
        refused = 0
        while True:
            try:
                answer = await ask()
            except NeverAnswered:
                raise
            except (InvalidToken, NotTheBotApi) as error:
                refused = refused + 1 if await self._is_so() else 0
                if refused == _SURE:
                    if isinstance(error, NotTheBotApi):
                        raise
                    raise TokenRefused(self._unknown()) from error
                await asyncio.sleep(self._pause(error))
            except Exception as error:  # noqa: BLE001 - one odd answer must not end the process
                refused = 0
                await asyncio.sleep(self._pause(error))
            else:
                self._over()
                return answer

    async def _is_so(self) -> bool:
        """Whether Telegram does not know the bot when it is asked for that alone, too."""
        if self._bot is None:
            return True
        try:
            await self._bot.get_me()
        except InvalidToken:
            return True
        except Exception as error:  # noqa: BLE001 - what cannot be told is not so
            return isinstance(error, NotTheBotApi)
        return False

    def _unknown(self) -> str:
        """What the owner reads in the end."""
        base = self._bot.base_url if self._bot else ""
        if base.count("/bot") > 1:
            return (
                "TELEGRAM_API_URL: must be the server's address alone, "
                "without /bot and what follows it"
            )
        where = f"at {address(base)} (TELEGRAM_API_URL)" if base else "at TELEGRAM_API_URL"
        return f"TELEGRAM_TOKEN: Telegram does not know this bot {where}"

    def _pause(self, error: Exception) -> float:
        self._failures += 1
        if isinstance(error, RetryAfter):
            self._say("Telegram asks for a pause: %s", error)
            return clamped(error.retry_after, SHORTEST_PAUSE, LONGEST_PAUSE)
        if isinstance(error, Conflict):
            self._say(
                "Somebody else takes this bot's updates: another process runs with the same "
                "TELEGRAM_TOKEN. Stop it, or give this one a bot of its own. (%s)",
                error,
            )
            return self._pauses.conflict
        if isinstance(error, InvalidToken):
            self._say("Telegram says that it doesn't know this bot, asking again: %s", error)
        elif isinstance(error, TelegramError):
            self._say("Telegram cannot be reached, trying again: %s", error)
        else:
            self._say("Telegram's answer cannot be understood, trying again: %s", error)
            log.debug("what cannot be understood", exc_info=error)
        return self._pauses.after(self._failures)

    def _say(self, line: str, error: Exception) -> None:
        if line != self._trouble:
            self._trouble = line
            log.warning(line, printable(str(error) or type(error).__name__, _LINE))

    def _over(self) -> None:
        if self._trouble:
            log.info("Telegram answers again")
        self._trouble = ""
        self._failures = 0
