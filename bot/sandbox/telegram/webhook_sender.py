"""The simulated Telegram's way to a bot's webhook."""

import asyncio
import time

import aiohttp

from bot.sandbox.telegram.state import TelegramState

_PATIENCE = aiohttp.ClientTimeout(total=60)
_SLOWEST = 5.0


class WebhookSender:
    """Posts updates to the webhook, one after another, each until it is taken.

    Args:
        state: Whose updates.
        first_pause: Seconds before an update is sent again; it doubles up to 5 s.
    """

    def __init__(self, state: TelegramState, *, first_pause: float) -> None:
        self._state = state
        self._first_pause = first_pause
        self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop."""
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._session.close()

    async def _run(self) -> None:
        updates, pause = self._state.updates, self._first_pause
        while True:
            await updates.arrived.wait()
            updates.arrived.clear()
            while updates.webhook_url and (first := updates.first()):
                trouble = await self._post(first[1])
                if not trouble:
                    updates.done(first[0])
                    pause = self._first_pause
                    continue
                self._note(trouble)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _SLOWEST)

    async def _post(self, body: bytes) -> str:
        """Post one update; returns what went wrong, in Telegram's words, or nothing."""
        headers = {"Content-Type": "application/json"}
        secret = self._state.settings.get("webhook", {}).get("secret")
        if secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        url = self._state.updates.webhook_url
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                body_back = await answer.read()
                if b'"method"' in body_back:
                    self._state.complain("a call in the answer to a webhook is not supported")
                if answer.ok:
                    return ""
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            return "Connection refused"

    def _note(self, trouble: str) -> None:
        settings = self._state.settings.get("webhook")
        if settings is not None:
            when = int(time.time())
            settings["trouble"] = {"last_error_date": when, "last_error_message": trouble}
