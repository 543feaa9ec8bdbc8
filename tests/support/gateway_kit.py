"""What stands between the bot and a music service, and speaks for it when it pleases."""

import re
from collections import Counter
from typing import Any, Self

import aiohttp
from aiohttp import web

CREATES = (
    "/v2/generate/audio/minimax/generate",
    "/v1/models/minimax/music-01/predictions",
    "/v2/generate/audio",
    "/release_task",
)
"""The paid call of every backend."""

PAGE = "<html><head><title>{0} | api</title></head><body>{0}</body></html>"
_WISH = re.compile(rb"status (\d{3}) (\w+)")


class Gateway:
    """Leads to a stand-in, but answers paid calls itself: the work is done, and charged.

    The lyrics say how, as in "status 524 whole": with which status, and as a `whole` page, as
    one that is `cut` in the middle, with `nothing`, with JSON of a gateway's own (`json`), or
    with half of the JSON that the service itself refuses with (`half`).
    """

    def __init__(self, stand: Any) -> None:
        self.billed: Counter[str] = Counter()
        self._stand = stand
        self._upstream = stand.url
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64_000_000)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._stand.url = self.url  # what it gives out leads through here
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        assert self._session
        await self._runner.cleanup()
        await self._session.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        wish = _WISH.search(body)
        if request.method == "POST" and request.path in CREATES and wish:
            self.billed[wish[0].decode()] += 1
            return await self._speak(request, int(wish[1]), wish[2].decode())
        return await self._lead(request, body)

    async def _speak(self, request: web.Request, status: int, how: str) -> web.StreamResponse:
        own = (
            f'{{"message":"no","statusCode":{status},"detail":"no","code":{status},"error":"no"}}'
        )
        said = {"json": '{"message":"Endpoint request timed out"}', "nothing": "", "half": own}
        body = said.get(how, PAGE.format(status)).encode()
        kind = "application/json" if how in {"json", "half"} else "text/html"
        if how not in {"cut", "half"}:
            return web.Response(status=status, body=body, content_type=kind)
        response = web.StreamResponse(status=status)
        response.content_type, response.content_length = kind, len(body)
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport:
            request.transport.close()
        return response

    async def _lead(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session
        skipped = {"host", "content-length", "transfer-encoding", "connection"}
        headers = {n: v for n, v in request.headers.items() if n.lower() not in skipped}
        async with self._session.request(
            request.method,
            self._upstream + request.path_qs,
            data=body,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            whole = await answer.read()
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in skipped}
            return web.Response(status=answer.status, body=whole, headers=kept)
