"""What every stand-in for a music service shares: server, knobs, faults, observer."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.music.faults import Faults
from bot.sandbox.origins import LOCAL, few, is_foreign
from bot.untrusted import read_json

OnCall = Callable[[str, str, int, float, dict[str, Any]], None]
"""Told of every call: method, path, status (0: no answer), milliseconds, fields."""

OnBegin = Callable[[str, str], None]
"""Told of every call as it comes in: method and path."""

FIELDS = web.RequestKey("fields", dict[str, Any])
"""What a call was about, for the observer."""

STATUS = web.RequestKey("status", int)
"""What the caller saw, where it is not the response's own: 0 for a broken connection."""

_FOREVER = 3600.0
_LARGEST_BODY = 64_000_000
_LARGEST_CONTROL_BODY = 16_000_000  # a track in Base64 may be in it
_LINGER = 1.0
_CONTROL = "/sandbox/"


class MusicServer:
    """An HTTP server on this machine that imitates a service, and can be told to misbehave.

    From another process: `POST /sandbox/knobs`, `POST /sandbox/faults` {name, times, on} and
    `GET /sandbox/calls`, all in JSON. Only ever listens where it is told to; these have no key,
    and nothing here is for pages of another server.

    Args:
        key: What callers must show; masked in whatever is observed.
        latency: Seconds that a paid call takes at least.
        catalogue: Which faults can be queued, for each call.
        on_call: Told of every call that is no control call.

    Attributes:
        stock: An MP3 that is the answer to every order, instead of a sketch made from it.
        generated: Every call for a track that showed the key, in order.
        KNOBS: Which attributes can be set from another process, and how their value is read.
    """

    KNOBS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {"latency": float}

    def __init__(
        self,
        *,
        key: str,
        latency: float,
        catalogue: Mapping[str, Collection[str]],
        on_call: OnCall | None = None,
    ) -> None:
        self.key = key
        self.latency = latency
        self.faults = Faults(catalogue)
        self.url = ""
        self.stock: bytes | None = None
        self.generated: list[Any] = []
        self._observers = [on_call] if on_call else []
        self._beginners: list[OnBegin] = []
        self._closing = asyncio.Event()
        self._names: Collection[str] = LOCAL
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen; `url` says where afterwards.

        Raises:
            OSError: The port is taken.
        """
        self._names = frozenset({host, *LOCAL})
        app = web.Application(
            middlewares=[self._guard, self._observe], client_max_size=_LARGEST_BODY
        )
        app.router.add_routes([*self.routes(), *self._control()])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LINGER)
        self._runner = runner
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self.url = f"http://{host}:{runner.addresses[0][1]}"
        return self

    async def aclose(self) -> None:
        """Stop listening and let go of every call that hangs."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(self, name: str, times: int = 1, on: str = "generate") -> None:
        """Let the next calls go wrong; see `Faults.fail`."""
        self.faults.fail(name, times=times, on=on)

    def on_call(self, observer: OnCall) -> Callable[[], None]:
        """Hear of every call that is no control call; returns what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    @property
    def billed(self) -> int:
        """How many tracks were charged."""
        raise NotImplementedError

    def on_begin(self, observer: OnBegin) -> Callable[[], None]:
        """Hear of every call before it is answered; returns what ends it."""
        self._beginners.append(observer)
        return lambda: self._beginners.remove(observer)

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of the service."""
        raise NotImplementedError

    def set_knobs(self, knobs: dict[str, Any]) -> None:
        """Set attributes that are in `KNOBS`.

        Raises:
            ValueError: No such knob, or no such value.
        """
        for name, value in knobs.items():
            if name not in self.KNOBS:
                raise ValueError(f"there is no knob {name!r}")
            setattr(self, name, self.KNOBS[name](value))

    def calls(self) -> dict[str, Any]:
        """Tell what was called, as JSON can hold it."""
        raise NotImplementedError

    def problem(self, request: web.Request, status: int, message: str) -> web.Response:
        """Say no in the service's own form."""
        return web.json_response({"message": message, "path": request.path}, status=status)

    async def hang(self) -> None:
        """Wait until the server closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), _FOREVER)

    async def pause(self, seconds: float) -> None:
        """Wait as long as the service would work, or until the server closes."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), max(seconds, 0.0))

    def drop(self, request: web.Request) -> web.Response:
        """Break the connection instead of answering; the response returned goes nowhere."""
        request[STATUS] = 0
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_foreign(request, self._names):
            return web.json_response({"error": "foreign"}, status=403)
        return await handler(request)

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        observed = not request.path.startswith(_CONTROL)
        for beginner in self._beginners if observed else ():
            beginner(request.method, request.path)
        response: web.StreamResponse
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = self.problem(request, error.status, error.reason)
        except ConnectionResetError:  # the caller hung up before the answer was complete
            response = self.drop(request)
        if self._observers and observed:
            milliseconds = (time.perf_counter() - started) * 1000
            fields = {name: self._mask(value) for name, value in request.get(FIELDS, {}).items()}
            status = request.get(STATUS, response.status)
            for observer in self._observers:
                observer(request.method, request.path, status, milliseconds, fields)
        return response

    def _mask(self, value: Any) -> Any:
        return value.replace(self.key, "***") if isinstance(value, str) and self.key else value

    def _control(self) -> Sequence[web.RouteDef]:
        return (
            web.post(f"{_CONTROL}knobs", self._post_knobs),
            web.post(f"{_CONTROL}faults", self._post_faults),
            web.get(f"{_CONTROL}calls", self._get_calls),
        )

    async def _post_knobs(self, request: web.Request) -> web.Response:
        try:
            self.set_knobs(await _sent_json(request))
        except (TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def _post_faults(self, request: web.Request) -> web.Response:
        try:
            fault = await _sent_json(request)
            self.fail(fault["name"], few(fault.get("times", 1)), fault.get("on", "generate"))
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True, "waiting": self.faults.waiting()})

    async def _get_calls(self, _: web.Request) -> web.Response:
        return web.json_response(self.calls())


async def _sent_json(request: web.Request) -> Any:
    """Read what another process sends.

    Raises:
        ValueError: It is not JSON, or too large.
    """
    if request.content_type != "application/json":
        raise ValueError("JSON is expected")
    return read_json(await request.read(), most_bytes=_LARGEST_CONTROL_BODY)
