"""Asking Telegram until it answers: one line when trouble begins, one when it is over."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class TokenRefused(Exception):
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
    """

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses
        self._trouble = ""
        self._failures = 0

    async def get(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer.

        Raises:
            TokenRefused: There will never be one.
        """
        while True:
            try:
                answer = await ask()
            except InvalidToken as error:
                raise TokenRefused(
                    "TELEGRAM_TOKEN: Telegram does not know this bot (at TELEGRAM_API_URL)"
                ) from error
            except TelegramError as error:
                await asyncio.sleep(self._pause(error))
            else:
                self._over()
                return answer

    def _pause(self, error: TelegramError) -> float:
        self._failures += 1
        if isinstance(error, RetryAfter):
            self._say("Telegram asks for a pause: %s", error)
            return _seconds(error.retry_after)
        if isinstance(error, Conflict):
            self._say(
                "Somebody else takes this bot's updates: another process runs with the same "
                "TELEGRAM_TOKEN. Stop it, or give this one a bot of its own. (%s)",
                error,
            )
            return self._pauses.conflict
        self._say("Telegram cannot be reached, trying again: %s", error)
        return self._pauses.after(self._failures)

    def _say(self, line: str, error: TelegramError) -> None:
        if line != self._trouble:
            self._trouble = line
            log.warning(line, error)

    def _over(self) -> None:
        if self._trouble:
            log.info("Telegram answers again")
        self._trouble = ""
        self._failures = 0


def _seconds(value: int | timedelta) -> float:
    """PTB gives either, by an environment variable of its own."""
    return value.total_seconds() if isinstance(value, timedelta) else value
