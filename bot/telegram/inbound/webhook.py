"""The bot's own HTTP server: Telegram's pushes, and /healthz."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest

from bot.backoff import Backoff
from bot.store import StoreUnavailable
from bot.telegram.inbound.dispatcher import Dispatcher
from bot.telegram.inbound.health import Health, Pulse, Standby
from bot.telegram.inbound.raw_updates import ALLOWED_UPDATES, is_update
from bot.telegram.reconnect import BACKOFF, NeverAnswered, Reconnector
from bot.throttle import Throttle
from bot.untrusted import Untrustworthy, read_json

log = logging.getLogger(__name__)

BODY_LIMIT = 2**20
"""Bytes of a push; the longest updates are some tens of kilobytes."""

CONNECTIONS = 200
"""At once: Telegram opens 100 at most, the others are for health checks."""

_HEAD_TIMEOUT = 5.0
_BODY_TIMEOUT = 5.0
_LINGER = 1.0  # seconds that an unread body is still taken, so that a refusal is read
_SHUTDOWN = 5.0
_AN_HOUR = 3600.0
_PUSHES = 100
_DEFAULT_PATH = "/webhook"
_QUIET = logging.getLogger(f"{__name__}.aiohttp")
_QUIET.addFilter(lambda _: False)  # aiohttp logs a traceback for each request that is not HTTP
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


class CannotListen(Exception):
    """The server's address cannot be had; the message is one line for the owner."""


class WebhookRefused(NeverAnswered):
    """Telegram does not take the webhook's address; the message is one line for the owner."""


class Webhook:
    """Takes what Telegram pushes.

    Args:
        dispatcher: Where updates go.
        pulse: Told of every push.
        url: Public address; one without a path gets `/webhook`.
        secret: What Telegram sends with every push.
    """

    def __init__(self, dispatcher: Dispatcher, pulse: Pulse, *, url: str, secret: str) -> None:
        bare = urlsplit(url).path in {"", "/"}
        self._url = url.rstrip("/") + _DEFAULT_PATH if bare else url
        self._secret = secret
        self._dispatcher = dispatcher
        self._pulse = pulse

    @property
    def path(self) -> str:
        """Where on this server pushes arrive."""
        return urlsplit(self._url).path

    async def register(self, bot: Bot, *, backoff: Backoff = BACKOFF) -> None:
        """Have Telegram push updates here; what already waits there is kept.

        Raises:
            TokenRefused: Telegram does not know the bot.
            WebhookRefused: It does not take the address.
        """

        async def set_webhook() -> None:
            try:
                await bot.set_webhook(
                    self._url,
                    secret_token=self._secret,
                    allowed_updates=ALLOWED_UPDATES,
                    max_connections=_PUSHES,
                )
            except BadRequest as error:
                raise WebhookRefused(f"WEBHOOK_URL: {error.message}") from error

        await Reconnector(backoff, bot).answer(set_webhook)

    async def push(self, request: web.Request) -> web.Response:
        """Answer one push: 200 only when the update is kept."""
        secret = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(secret.encode("utf-8", "replace"), self._secret.encode()):
            return web.Response(status=401)
        update = await _read(request)
        if not is_update(update):
            return web.Response(status=400)
        self._pulse.beat()
        if self._dispatcher.crowded:
            return web.Response(status=503)
        try:
            await self._dispatcher.accept([update])
        except StoreUnavailable:
            return web.Response(status=503)
        return web.Response()


async def _read(request: web.Request) -> object:
    """The JSON of a body, None if it is none; aiohttp answers 413 to what is too long."""
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            return read_json(await request.read())
    except Untrustworthy:
        return None
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


class _Refused(asyncio.Protocol):
    """A connection that is closed as soon as it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


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
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._guard])
        app.router.add_get("/healthz", self._healthz)
        if webhook is not None:
            app.router.add_post(webhook.path, webhook.push)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_QUIET,
            shutdown_timeout=_SHUTDOWN,
            lingering_time=_LINGER,
        )
        self._listening: asyncio.Server | None = None
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._logged = Throttle(_AN_HOUR)

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._listening is None:
            raise RuntimeError("it does not listen")
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._runner.server.connections) if self._runner.server else 0

    async def start(self) -> None:
        """Listen.

        Raises:
            CannotListen: The address is taken, or not this machine's.
        """
        host, port = self._address
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(self._connection, host, port)
        except OSError as error:
            await self._runner.cleanup()
            shown = f"[{host}]" if ":" in host else host
            raise CannotListen(
                f"HTTP_HOST, HTTP_PORT: cannot listen on {shown}:{port} ({error.strerror})"
            ) from error

    async def aclose(self) -> None:
        """Stop listening; pushes being answered get a moment."""
        if self._listening is not None:
            self._listening.close()
        for timer in self._silent.values():
            timer.cancel()
        await self._runner.cleanup()

    def _connection(self) -> asyncio.Protocol:
        """Accept a connection, which is closed if its request does not come soon.

        Where there are too many, the one that has sent nothing for longest is closed.
        """
        server = self._runner.server
        if server is None:
            raise RuntimeError("it does not listen")
        if len(server.connections) >= CONNECTIONS:
            self._warn("There are more connections than the webhook serves; silent ones go")
            silent = next((one for one in self._silent if one in server.connections), None)
            if silent is None:
                return _Refused()
            self._hang_up(silent)
        handler = server()
        loop = asyncio.get_running_loop()
        self._silent[handler] = loop.call_later(_HEAD_TIMEOUT, self._hang_up, handler)
        return handler

    def _hang_up(self, handler: web.RequestHandler) -> None:
        if timer := self._silent.pop(handler, None):
            timer.cancel()
            handler.force_close()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Keep connections open for pushes alone, and tracebacks out of the log."""
        if timer := self._silent.pop(request.protocol, None):
            timer.cancel()
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            response = web.Response(status=refusal.status)
        except Exception as error:
            self._warn(f"A request could not be answered: {type(error).__name__}")
            log.debug("a request could not be answered", exc_info=error)
            response = web.Response(status=500)
        if response.status != HTTPStatus.OK or request.method != "POST":
            response.force_close()
        return response

    def _warn(self, line: str) -> None:
        """Log a kind of trouble once an hour; whoever reaches the port must not fill the log."""
        if self._logged.take(line):
            log.warning(line)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _healthz(self, _: web.Request) -> web.Response:
        report = await self._health.report()
        return web.json_response(report, status=200 if report["ok"] else 503)
