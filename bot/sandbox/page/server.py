"""The page's own server: its files, its feed, and what a visitor does."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from aiohttp import BodyPartReader, web

from bot.sandbox.environment import Stage
from bot.sandbox.origins import LOCAL
from bot.sandbox.page.actions import LARGEST, Acts, Refused
from bot.sandbox.page.audio import Sound
from bot.sandbox.page.call_log import Backstage
from bot.sandbox.page.feed import Feed
from bot.sandbox.page.files import Files
from bot.sandbox.page.origin_guard import guard
from bot.sandbox.page.people import Cast
from bot.sandbox.page.serialize import history
from bot.sandbox.telegram.api import Call
from bot.untrusted import read_json

_STATIC = Path(__file__).parent / "static"
_FORM = 64_000  # bytes of an act, or of what stands around a file
_PIECE = 1 << 16
_LOOK = 0.25  # seconds between looks at the bot's process
_NAME = 200


class Page:
    """A stage's page in the browser.

    Args:
        stage: Its owner starts and ends it; the page may be there before.
        host: Where to listen. Anything but this machine's own addresses lets others in.
    """

    def __init__(self, stage: Stage, *, host: str = "127.0.0.1") -> None:
        self.stage = stage
        self._host = host
        self._cast = Cast(stage.telegram)
        self._sound = Sound()
        self._feed = Feed(stage.telegram.world)
        self._backstage = Backstage(stage)
        self._acts = Acts(stage, self._cast, self._sound, self._tell_state)
        self._files = Files(stage.telegram.world.files, self._sound)
        self._bot = "starting"
        self._ends = [
            stage.telegram.on_event(self._feed.event),
            stage.telegram.on_call(self._telegram_called),
            stage.stand.on_begin(self._music_begun),
            stage.stand.on_call(self._music_called),
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
        """Stop listening, and let the stage be."""
        for end in self._ends:
            end()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await self._feed.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._sound.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    def _everything(self) -> dict[str, Any]:
        """Say all that a page needs when it opens, or comes back."""
        world = self.stage.telegram.world
        return {
            "kind": "hello",
            "bot": {**world.bot, "about": world.settings.get("description ", "")},
            "chats": self._cast.chats,
            "messages": [each for chat in world.chats.values() for each in history(chat)],
            "blocked": [chat.data["id"] for chat in world.chats.values() if chat.blocked],
            "calls": list(self._backstage.calls),
            "begun": self._backstage.begun,
            "catalogue": self._backstage.catalogue(),
            "largest": LARGEST,
            **self._state(),
        }

    def _state(self) -> dict[str, Any]:
        telegram = self.stage.telegram
        commands = {
            chat["id"]: {
                person["id"]: telegram.commands(int(str(chat["id"])), int(str(person["id"])))
                for person in self._cast.people
            }
            for chat in self._cast.chats
        }
        people = [int(str(person["id"])) for person in self._cast.people]
        return {
            "people": self._cast.people,
            "status": self._bot,
            "commands": commands,
            "let_in": [person for person in people if self.stage.lets_in(person)],
            "state": self._backstage.state(),
        }

    def _tell_state(self) -> None:
        self._feed.tell("state", **self._state())

    def _telegram_called(self, call: Call) -> None:
        self._feed.tell("call", call=self._backstage.telegram_call(call))
        chat = str(call.params.get("chat_id", ""))
        if "method not found" in call.description and chat.lstrip("-").isdecimal():
            self._feed.tell("unsupported", chat=int(chat), method=call.method)
        if call.method == "setMyCommands" or call.status != web.HTTPOk.status_code:
            self._tell_state()

    def _music_begun(self, method: str, path: str) -> None:
        self._feed.tell("begun", call=self._backstage.music_begun(method, path))

    def _music_called(
        self, method: str, path: str, status: int, ms: float, fields: dict[str, Any]
    ) -> None:
        call = self._backstage.music_call(method, path, status, ms, fields)
        self._feed.tell("call", call=call)
        self._tell_state()

    async def _watch_bot(self) -> None:
        """Look after the bot's process, and tell when it comes and goes."""
        seen = None
        while True:
            process = self.stage.process
            if process is None or process.returncode is not None:
                status, seen = "stopped", None
            elif process is seen or self.stage.telegram.world.updates.is_polled:
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
        act = self._acts.names.get(request.match_info["name"])
        if act is None or request.content_type != "application/json":
            raise web.HTTPNotFound
        try:
            told = read_json(await request.read())
            if not isinstance(told, dict):
                raise TypeError(type(told))  # noqa: TRY301 - of what was sent
            return web.json_response({"done": await act(told)})
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
            await self._acts.file(about, name[:_NAME], mime, content)
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
