"""Something between the bot and Telegram, which answers some calls itself."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
from aiohttp import web

Said = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PASSED_ON = {"Content-Type"}


class Between:
    """Passes calls on to the simulated Telegram, and answers those it is told to.

    Args:
        telegram: Where calls are passed on to.
    """

    def __init__(self, telegram: str) -> None:
        self.calls: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self._telegram = telegram
        self._session: aiohttp.ClientSession | None = None
        self._once: defaultdict[str, deque[Said]] = defaultdict(deque)
        self._always: dict[str, Said] = {}

    @classmethod
    @asynccontextmanager
    async def to(cls, telegram: str) -> AsyncIterator[Self]:
        """Stand there until the block ends."""
        between = cls(telegram)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", between._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        between.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            between._session = session
            try:
                yield between
            finally:
                await runner.cleanup()

    def say(self, method: str, *answers: Said) -> None:
        """Answer the next calls of a method (`file` for downloads) so."""
        self._once[method].extend(answers)

    def always(self, method: str, answer: Said | None) -> None:
        """Answer every call of a method so, or none any more."""
        if answer is None:
            self._always.pop(method, None)
        else:
            self._always[method] = answer

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = "file" if request.path.startswith("/file/") else request.path.rpartition("/")[2]
        self.calls[method] += 1
        self.headers.append(dict(request.headers))
        if self._once[method]:
            return await self._once[method].popleft()(request)
        if method in self._always:
            return await self._always[method](request)
        return await self._pass_on(request)

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k in _PASSED_ON}
        body = await request.read()
        assert self._session is not None
        try:
            async with self._session.request(
                request.method, self._telegram + request.path_qs, data=body, headers=headers
            ) as answer:
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type="application/json"
                )
        except aiohttp.ClientError:  # a fault that was ordered there
            if request.transport is not None:
                request.transport.abort()
            return web.Response()


def answer(body: bytes | str, status: int = 200, **headers: str) -> Said:
    """An answer with a body."""
    raw = body.encode() if isinstance(body, str) else body

    async def say(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=raw, headers=headers)

    return say


def endless(piece: bytes, most: int, sent: list[int], **headers: str) -> Said:
    """An answer that goes on for very long; `sent` gets how much of it was taken."""

    async def say(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        total = 0
        try:
            while total < most:
                await response.write(piece)
                total += len(piece)
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        finally:
            sent.append(total)
        return response

    return say
