"""The page's own server: its files, its feed, and what a visitor does."""

import asyncio
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, Self

from aiohttp import BodyPartReader, web

from bot.sandbox.environment import Environment
from bot.sandbox.origins import LOCAL
from bot.sandbox.page.actions import LARGEST, PageActions, Refused
from bot.sandbox.page.audio import PageAudio
from bot.sandbox.page.call_log import CallLog
from bot.sandbox.page.feed import Feed
from bot.sandbox.page.files import Files
from bot.sandbox.page.origin_guard import guard
from bot.sandbox.page.people import People
from bot.sandbox.page.serialize import serialize_chat
from bot.sandbox.telegram.api import Call
from bot.untrusted import read_json

_STATIC = Path(__file__).parent / "static"
_FORM = 64_000  # bytes of an act, or of what stands around a file
_PIECE = 1 << 16
_LOOK = 0.25  # seconds between looks at the bot's process
_NAME = 200


class Page:
    """The page of an environment, and its server.

    Args:
        environment: Its owner starts and ends it; the page may be there before.
        host: Where to listen. Anything but this machine's own addresses lets others in.
    """

    def __init__(self, environment: Environment, *, host: str = "127.0.0.1") -> None:
        self.environment = environment
        self._host = host
        self._people = People(environment.telegram)
        self._audio = PageAudio()
        self._feed = Feed(environment.telegram.state)
        self._call_log = CallLog(environment)
        self._actions = PageActions(environment, self._people, self._audio, self._tell_state)
        self._files = Files(environment.telegram.state.files, self._audio)
        self._bot = "starting"
        self._ends = [
            environment.telegram.on_event(self._feed.event),
            environment.telegram.on_call(self._telegram_called),
            environment.music_server.on_begin(self._music_begun),
            environment.music_server.on_call(self._music_called),
        ]
        self._runner: web.AppRunner | None = None
        self._watch: asyncio.Task[None] | None = None
        self.url = ""

    async def start(self, port: int = 8080) -> Self:
        """Listen; afterwards `url` says where. Port 0 takes a free one.

        Raises:
            OSError: The port is taken.
        """
        if self._runner is None:
            self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
            await self._runner.setup()
        await web.TCPSite(self._runner, self._host, port).start()
        self.url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        self._watch = asyncio.create_task(self._watch_bot())
        return self

    def _app(self) -> web.Application:
        names = {self._host, *LOCAL}
        app = web.Application(middlewares=[guard(names)], client_max_size=_FORM)
        app.router.add_get("/", self._index)
        app.router.add_get("/feed", self._serve_feed)
        app.router.add_post("/act/file", self._post_file)
        app.router.add_post("/act/{name}", self._post_act)
        app.router.add_get("/file/{id}", self._files.content)
        app.router.add_get("/wave/{id}", self._files.wave)
        app.router.add_static("/static", _STATIC)
        return app

    async def aclose(self) -> None:
        """Stop listening, and let the environment be."""
        for end in self._ends:
            end()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await self._feed.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._audio.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    def _everything(self) -> dict[str, Any]:
        """Say all that a page needs when it opens, or comes back."""
        state = self.environment.telegram.state
        return {
            "kind": "hello",
            "bot": {**state.bot, "about": state.settings.get("description ", "")},
            "chats": self._people.chats,
            "messages": list(chain.from_iterable(map(serialize_chat, state.chats.values()))),
            "blocked": [chat.data["id"] for chat in state.chats.values() if chat.blocked],
            "calls": list(self._call_log.calls),
            "begun": self._call_log.begun,
            "catalogue": self._call_log.catalogue(),
            "largest": LARGEST,
            **self._state(),
        }

    def _state(self) -> dict[str, Any]:
        telegram = self.environment.telegram
        commands = {
            chat["id"]: {
                person["id"]: telegram.commands(int(str(chat["id"])), int(str(person["id"])))
                for person in self._people.people
            }
            for chat in self._people.chats
        }
        people = [int(str(person["id"])) for person in self._people.people]
        return {
            "people": self._people.people,
            "status": self._bot,
            "commands": commands,
            "let_in": [person for person in people if self.environment.lets_in(person)],
            "state": self._call_log.state(),
        }

    def _tell_state(self) -> None:
        self._feed.tell("state", **self._state())

    def _telegram_called(self, call: Call) -> None:
        self._feed.tell("call", call=self._call_log.telegram_call(call))
        chat = str(call.params.get("chat_id", ""))
        if "method not found" in call.description and chat.lstrip("-").isdecimal():
            self._feed.tell("unsupported", chat=int(chat), method=call.method)
        if call.method == "setMyCommands" or call.status != web.HTTPOk.status_code:
            self._tell_state()

    def _music_begun(self, method: str, path: str) -> None:
        self._feed.tell("begun", call=self._call_log.music_begun(method, path))

    def _music_called(
        self, method: str, path: str, status: int, ms: float, fields: dict[str, Any]
    ) -> None:
        call = self._call_log.music_call(method, path, status, ms, fields)
        self._feed.tell("call", call=call)
        self._tell_state()

    async def _watch_bot(self) -> None:
        """Look after the bot's process, and tell when it comes and goes."""
        seen = None
        while True:
            process = self.environment.process
            if process is None or process.returncode is not None:
                status, seen = "stopped", None
            elif process is seen or self.environment.telegram.state.updates.is_polled:
                status, seen = "running", process
            else:
                status = "starting"
            if status != self._bot:
                self._bot = status
                self._tell_state()
            await asyncio.sleep(_LOOK)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(_STATIC / "index.html")

    async def _serve_feed(self, request: web.Request) -> web.StreamResponse:
        return await self._feed.serve(request, self._everything)

    async def _post_act(self, request: web.Request) -> web.StreamResponse:
        act = self._actions.names.get(request.match_info["name"])
        if act is None or request.content_type != "application/json":
            raise web.HTTPNotFound
        try:
            body = read_json(await request.read())
            if not isinstance(body, dict):
                raise TypeError(type(body))  # noqa: TRY301 - of what was sent
            return web.json_response({"done": await act(body)})
        except Refused as error:
            return web.json_response({"error": error.reason}, status=400)
        except (LookupError, TypeError, ValueError, AttributeError):
            return web.json_response({"error": "refused"}, status=400)

    async def _post_file(self, request: web.Request) -> web.StreamResponse:
        """Take a form: `about`, a JSON object, and then `file`."""
        if request.content_type != "multipart/form-data":
            raise web.HTTPUnsupportedMediaType
        try:
            about, name, mime, content = await _form(request)
            await self._actions.file(about, name[:_NAME], mime, content)
        except Refused as error:
            status = 413 if error.reason == "too-big" else 400
            return web.json_response({"error": error.reason}, status=status)
        except (LookupError, TypeError, ValueError):
            return web.json_response({"error": "refused"}, status=400)
        return web.json_response({"done": True})


async def _form(request: web.Request) -> tuple[dict[str, Any], str, str, bytes]:
    """Read a form; never more of its file than is allowed.

    Raises:
        Refused: The file is too large.
        ValueError: It is not the form that was asked for.
    """
    reader = await request.multipart()
    first, second = await reader.next(), None
    about = None
    if isinstance(first, BodyPartReader):
        about = read_json(await _bounded(first, _FORM))
    with suppress(StopAsyncIteration):
        second = await reader.next()
    if not isinstance(second, BodyPartReader) or not isinstance(about, dict):
        raise ValueError("a form with `about` and `file` is expected")  # noqa: TRY004 - of the data
    content = await _bounded(second, LARGEST)
    mime = second.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
    return about, second.filename or "file", mime, content


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    """Read a part of a form.

    Raises:
        Refused: It is larger than `most` bytes.
    """
    content = bytearray()
    while chunk := await part.read_chunk(_PIECE):
        content += chunk
        if len(content) > most:
            raise Refused("too-big")
    return bytes(content)
