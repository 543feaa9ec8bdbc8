"""Takes updates in, by polls or by pushes, until it is stopped."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from telegram import Bot

from bot.settings import Settings
from bot.store import Store
from bot.telegram.inbound.dispatcher import Dispatcher
from bot.telegram.inbound.health import Health, Pulse, longest_silence
from bot.telegram.inbound.poller import Poller
from bot.telegram.inbound.webhook import Server, Webhook

_POLL_TIMEOUT = 30


class Listener:
    """Starts the dispatcher, and hands it what Telegram sends.

    Args:
        settings: Polling or webhook, and where to listen.
        store: Asked for the backlog by /healthz.
        bot: Initialised.
        dispatcher: Where updates go; started and stopped here.
    """

    def __init__(self, settings: Settings, store: Store, bot: Bot, dispatcher: Dispatcher) -> None:
        pulse = Pulse()
        self._bot = bot
        self._dispatcher = dispatcher
        self._poller = Poller(bot, dispatcher, pulse, timeout=_POLL_TIMEOUT)
        self._webhook: Webhook | None = None
        if settings.webhook_url and settings.webhook_secret:
            secret = settings.webhook_secret.get_secret_value()
            self._webhook = Webhook(dispatcher, pulse, url=settings.webhook_url, secret=secret)
        silence = None if self._webhook else longest_silence(_POLL_TIMEOUT)
        health = Health(dispatcher, pulse, store.tracks.backlog, longest_silence=silence)
        self._server = Server(
            health, self._webhook, host=settings.http_host, port=settings.http_port
        )
        self._polling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._server.start()
        try:
            await self._dispatcher.start()
        except BaseException:
            await self._server.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._polling:
            self._polling.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._polling
        await self._server.aclose()
        await self._dispatcher.stop()

    async def serve(self) -> None:
        """Take updates in until cancelled.

        Raises:
            TokenRefused: Telegram does not know the bot (any more).
            WebhookRefused: Telegram does not take the webhook's address.
        """
        if self._webhook:
            await self._webhook.register(self._bot)
            await asyncio.Event().wait()
        self._polling = asyncio.create_task(self._poller.run(), name="poller")
        await self._polling
