"""A proxy between the bot and a stand-in, on which each call can be met with trouble."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

_LARGEST = 64_000_000
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "date", "server"}


@dataclass(frozen=True)
class Asked:
    """A call on its way to the stand-in."""

    path: str
    body: bytes = field(repr=False)

    @property
    def method(self) -> str:
        """The last part of the path; `file` for a download from Telegram."""
        return "file" if self.path.startswith("/file/") else self.path.rpartition("/")[2]

    @cached_property
    def params(self) -> dict[str, Any]:
        """What came as JSON."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def number(self, name: str) -> int | None:
        """A whole number among the parameters, also of a form."""
        if name in self.params:
            return int(self.params[name])
        found = re.search(rb'name="%b"\r\n\r\n(-?\d+)\r\n' % name.encode(), self.body)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Answered:
    """An answer on its way back; of one that is `cut`, the first half alone arrives."""

    status: int
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    cut: bool = False

    @property
    def result(self) -> Any:
        """What Telegram says has come of it."""
        try:
            return json.loads(self.body).get("result")
        except (ValueError, AttributeError):
            return None


class Dropped(Exception):
    """The connection breaks, and nobody is answered."""


Forward = Callable[[], Awaitable[Answered]]
Meet = Callable[[Asked, Forward], Awaitable[Answered]]
"""Decides about a call: answers it, has the stand-in do so, or raises `Dropped`."""


class Proxy:
    """Listens on a port of its own, and passes on what `meet` lets through.

    Args:
        target: Address of the stand-in.
        meet: See `Meet`.

    Attributes:
        url: What the bot is given instead.
    """

    def __init__(self, target: str, meet: Meet) -> None:
        self.url = ""
        self._target = target
        self._meet = meet
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.path, await request.read())

        async def forward() -> Answered:
            return await self._forwarded(request, asked.body)

        try:
            answered = await self._meet(asked, forward)
        except Dropped:
            return _abort(request)
        response = web.StreamResponse(status=answered.status, headers=answered.headers)
        response.content_length = len(answered.body)
        await response.prepare(request)
        if answered.cut:
            await response.write(answered.body[: len(answered.body) // 2])
            return _abort(request)
        await response.write(answered.body)
        return response

    async def _forwarded(self, request: web.Request, body: bytes) -> Answered:
        url = URL(f"{self._target}{request.raw_path}", encoded=True)
        headers = _kept(request.headers.items())
        try:
            async with self._session.request(
                request.method, url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                kept = _kept(answer.headers.items())
                return Answered(answer.status, await answer.read(), kept)
        except aiohttp.ClientError as error:
            raise Dropped from error


def _kept(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _OWN_HEADERS}


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
