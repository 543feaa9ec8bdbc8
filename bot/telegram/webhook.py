"""The bot's own HTTP server: Telegram's pushes, and /healthz."""

import asyncio
import hmac
import json
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest

from bot.store import StoreUnavailable
from bot.telegram.health import Health, Pulse, Standby
from bot.telegram.intake import Intake
from bot.telegram.patience import NeverAnswered, Patience, Pauses
from bot.telegram.updates import ALLOWED_UPDATES, is_update

BODY_LIMIT = 2**20
"""Bytes of a push; the longest updates are some tens of kilobytes."""

_BODY_PATIENCE = 10.0
_LINGER = 1.0  # seconds that an unread body is still taken, so that a refusal is read
_SHUTDOWN = 5.0
_CONNECTIONS = 100
_DEFAULT_PATH = "/webhook"
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


class CannotListen(Exception):
    """The server's address cannot be had; the message is one line for the owner."""


class WebhookRefused(NeverAnswered):
    """Telegram does not take the webhook's address; the message is one line for the owner."""


class Webhook:
    """Takes what Telegram pushes.

    Args:
        intake: Where updates go.
        pulse: Told of every push.
        url: Public address; one without a path gets `/webhook`.
        secret: What Telegram sends with every push.
    """

    def __init__(self, intake: Intake, pulse: Pulse, *, url: str, secret: str) -> None:
        bare = urlsplit(url).path in {"", "/"}
        self._url = url.rstrip("/") + _DEFAULT_PATH if bare else url
        self._secret = secret
        self._intake = intake
        self._pulse = pulse

    @property
    def path(self) -> str:
        """Where on this server pushes arrive."""
        return urlsplit(self._url).path

    async def register(
        self,
        bot: Bot,
        *,
        allowed_updates: Sequence[str] = ALLOWED_UPDATES,
        pauses: Pauses = Pauses(),  # noqa: B008 - frozen
    ) -> None:
        """Have Telegram push updates here; what already waits there is kept.

        Raises:
            TokenRefused: Telegram does not know the bot.
            WebhookRefused: It does not take the address.
        """

        async def ask() -> None:
            try:
                await bot.set_webhook(
                    self._url,
                    secret_token=self._secret,
                    allowed_updates=list(allowed_updates),
                    max_connections=_CONNECTIONS,
                )
            except BadRequest as error:
                raise WebhookRefused(f"WEBHOOK_URL: {error.message}") from error

        await Patience(pauses, bot).get(ask)

    async def push(self, request: web.Request) -> web.Response:
        """Answer one push: 200 only when the update is kept."""
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            return web.Response(status=401)
        update = await _read(request)
        if not is_update(update):
            return web.Response(status=400)
        self._pulse.beat()
        if self._intake.crowded:
            return web.Response(status=503)
        try:
            await self._intake.accept([update])
        except StoreUnavailable:
            return web.Response(status=503)
        return web.Response()


async def _read(request: web.Request) -> object:
    """The JSON of a body, None if it is none; aiohttp answers 413 to what is too long."""
    try:
        async with asyncio.timeout(_BODY_PATIENCE):
            return json.loads(await request.read())
    except (ValueError, RecursionError):
        return None
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


class Server:
    """Listens for /healthz and, where there is a webhook, for pushes.

    Args:
        health: What /healthz says.
        webhook: None when polling.
        host: Where to listen.
        port: 0 takes a free one.
    """

    def __init__(
        self, health: Health | Standby, webhook: Webhook | None, *, host: str, port: int
    ) -> None:
        self._health = health
        self._address = (host, port)
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/healthz", self._healthz)
        if webhook is not None:
            app.router.add_post(webhook.path, webhook.push)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN, lingering_time=_LINGER
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._runner.addresses[0][1]
        return port

    async def start(self) -> None:
        """Listen.

        Raises:
            CannotListen: The address is taken, or not this machine's.
        """
        host, port = self._address
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListen(
                f"HTTP_HOST, HTTP_PORT: cannot listen on {host}:{port} ({error.strerror})"
            ) from error

    async def aclose(self) -> None:
        """Stop listening; pushes being answered get a moment."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _healthz(self, _: web.Request) -> web.Response:
        report = await self._health.report()
        return web.json_response(report, status=200 if report["ok"] else 503)
