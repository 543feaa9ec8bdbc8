"""The same people over HTTP, for other processes: everything below `/sandbox/`.

Bodies and answers are JSON, but for `POST file`, which is a form with the file in it, and `POST
edit` where it puts another file in. A `person` is a user's id, a `chat` a group's; without one the
private chat is meant. What a file's object must have and is not given is made up. What is wrong
gets a 400 with `{"error"}`.

| | takes | gives |
|---|---|---|
| `POST people` | `id`, `first_name`, `language_code`, `started`, fields of `User` | the `User` |
| `POST groups` | `title`, `members` (ids) | `id`, `title` |
| `POST text` | `person`, `text`, what else `send_text` takes | `message_id`, `update_id`, `at` |
| `POST texts` | `items`: pairs of person and text | `messages`: as above |
| `POST file` | `person`, `kind`, `file`, `caption`, `chat`, fields of its object | as `text` |
| `POST press` | `person`, `what` or `message_id` and `data`, `chat`, `wait` | `answer` or null |
| `POST edit` | `person`, `message_id`, `text` or `caption`, or as `file`, `chat` | as `text` |
| `POST react` | `person`, `message_id`, `emoji`, `chat` | `ok` |
| `POST block`, `unblock` | `person` | `ok` |
| `POST faults` | `method`, `kind`, `times` (up to 100), what else `fail`, `answer` take | `ok` |
| `POST clear` | | `ok`: no faults are left |
| `POST knobs` | `latency` (s) | `latency` |
| `POST redeliver` | `update_id` | `ok` |
| `GET history` | `person`, `chat`, `after` (an event) | `number`, `messages` |
| `GET events` | `after`, `timeout` (s), `limit` | `number`, `events` |
| `GET calls` | `last` | `calls` |
| `GET stats` | | `counts`, `pending`, `number`, `unknown_methods`, `complaints` |
| `GET file` | `file_id` | its bytes |
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Protocol, cast

from aiohttp import web

from bot.sandbox.origins import few
from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.telegram.faults import Fault, Kind
from bot.sandbox.telegram.params import Params, read_params
from bot.sandbox.telegram.people.person import Group, Person
from bot.sandbox.telegram.people.views import KINDS, SeenMessage
from bot.sandbox.telegram.server import BotApiServer
from bot.sandbox.telegram.state import TelegramState

Route = Callable[[Params], Awaitable[Any]]

_LONGEST_WAIT = 60.0
_OF_MESSAGE = frozenset(
    {"person", "chat", "kind", "caption", "reply_to", "topic", "anonymous", "message_id"}
)
_NUMBERS = frozenset({"duration", "file_size", "width", "height", "length"})
_FLAGS = frozenset({"is_animated", "is_video"})
_OF_USER = frozenset({"started", "is_premium", "added_to_attachment_menu"})


class People(Protocol):
    """Where people come from: `api.TelegramApi`, which this module serves and does not know."""

    def person(self, **fields: Any) -> Person:
        """Find a person by `id`, or make one."""

    def known_person(self, id_: int, /) -> Person:
        """Find a person; a LookupError where there is none."""

    def group(self, title: str, members: Sequence[Person]) -> Group:
        """Make a group."""


class ControlRoutes:
    """Answers what stands under `/sandbox/`.

    Args:
        state: What is looked at and changed.
        people: Who does it.
        server: Whose calls are shown, and told to go wrong.
    """

    def __init__(self, state: TelegramState, people: People, server: BotApiServer) -> None:
        self._state = state
        self._people = people
        self._server = server
        posts = "people groups text texts file press edit react block unblock faults clear knobs"
        gets = "history events calls stats file"
        self._routes: dict[tuple[str, str], Route] = {
            (verb, name): getattr(self, f"_{verb.lower()}_{name}")
            for verb, names in (("POST", f"{posts} redeliver"), ("GET", gets))
            for name in names.split()
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        route = self._routes.get((request.method, request.path.removeprefix("/sandbox/")))
        if route is None:
            return web.json_response({"error": f"nothing at {request.path}"}, status=404)
        try:
            result = await route(await read_params(request))
        except (ApiError, LookupError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            return web.json_response({"error": reason}, status=400)
        return (
            web.Response(body=result) if isinstance(result, bytes) else web.json_response(result)
        )

    def _person(self, params: Params) -> Person:
        return self._people.known_person(params.integer("person"))

    def _group(self, params: Params) -> Group | None:
        chat = params.integer("chat")
        return Group(chat, str(self._state.chats[chat].data["title"])) if chat else None

    def _place(self, params: Params) -> dict[str, Any]:
        """Read where and how something is said."""
        return {
            "chat": self._group(params),
            "reply_to": params.integer("reply_to") or None,
            "topic": params.integer("topic") or None,
            "anonymous": params.flag("anonymous"),
        }

    async def _post_people(self, params: Params) -> Any:
        fields: dict[str, Any] = {
            name: params.flag(name) if name in _OF_USER else value
            for name, value in params.values.items()
        }
        if "id" in fields:
            fields["id"] = int(fields["id"])
        return self._people.person(**fields).user

    async def _post_groups(self, params: Params) -> Any:
        members = [self._people.known_person(id_) for id_ in params.values["members"]]
        return asdict(self._people.group(params.text("title"), members))

    async def _post_text(self, params: Params) -> Any:
        sent = await self._person(params).send_text(
            params.text("text"),
            cut="lines" if params.text("cut") == "lines" else "anywhere",
            **self._place(params),
        )
        return _receipt(sent)

    async def _post_texts(self, params: Params) -> Any:
        items = params.values["items"]
        sent = [await self._people.known_person(who).send_text(text) for who, text in items]
        return {"messages": [_receipt(message) for message in sent]}

    async def _post_file(self, params: Params) -> Any:
        kind, content, fields = _file(params)
        caption = params.text("caption")
        sent = await self._person(params).send_file(
            kind, content, caption=caption, **self._place(params), **fields
        )
        return _receipt(sent)

    async def _post_press(self, params: Params) -> Any:
        person, chat = self._person(params), self._group(params)
        wait = min(float(params.values.get("wait", 5.0)), _LONGEST_WAIT)
        message_id = params.integer("message_id")
        if "data" in params.values:
            answer = await person.press_forged(
                message_id, params.text("data"), chat=chat, wait=wait
            )
        else:
            what = params.values.get("what", message_id)
            answer = await person.press(what, message_id=message_id or None, chat=chat, wait=wait)
        return {"answer": asdict(answer) if answer else None}

    async def _post_edit(self, params: Params) -> Any:
        person, chat = self._person(params), self._group(params)
        message_id, caption = params.integer("message_id"), params.text("caption")
        if "kind" in params.values or params.files:
            kind, content, fields = _file(params)
            edited = await person.edit_media(
                message_id, kind, content, caption=caption, chat=chat, **fields
            )
        elif "caption" in params.values:
            edited = await person.edit_caption(message_id, caption, chat=chat)
        else:
            edited = await person.edit_text(message_id, params.text("text"), chat=chat)
        return _receipt(edited)

    async def _post_react(self, params: Params) -> Any:
        message_id, emoji = params.integer("message_id"), params.text("emoji")
        await self._person(params).react(message_id, emoji, chat=self._group(params))
        return {"ok": True}

    async def _post_block(self, params: Params) -> Any:
        await self._person(params).block()
        return {"ok": True}

    async def _post_unblock(self, params: Params) -> Any:
        await self._person(params).unblock()
        return {"ok": True}

    async def _post_faults(self, params: Params) -> Any:
        fault = Fault(
            params.text("method"),
            cast("Kind", params.text("kind")),
            few(params.values.get("times", 1)),
            retry_after=params.integer("retry_after", 1),
            skip=params.integer("skip"),
            body=params.text("body"),
            status=params.integer("status", 200),
        )
        self._server.faults.add(fault)
        return {"ok": True}

    async def _post_clear(self, _params: Params) -> Any:
        self._server.faults.clear()
        return {"ok": True}

    async def _post_knobs(self, params: Params) -> Any:
        self._server.latency = float(params.values["latency"])
        return {"latency": self._server.latency}

    async def _post_redeliver(self, params: Params) -> Any:
        self._state.updates.redeliver(params.integer("update_id"))
        return {"ok": True}

    async def _get_history(self, params: Params) -> Any:
        seen = self._person(params).history(self._group(params), after=params.integer("after"))
        return {"number": self._state.events.number, "messages": list(map(_shown, seen))}

    async def _get_events(self, params: Params) -> Any:
        events, after = self._state.events, params.integer("after")
        wait = min(float(params.text("timeout") or 0), _LONGEST_WAIT)
        if events.number <= after and wait > 0:
            await events.next(wait)
        after_it = events.since(after, limit=params.integer("limit", 1000))
        return {"number": events.number, "events": [asdict(event) for event in after_it]}

    async def _get_calls(self, params: Params) -> Any:
        newest = islice(reversed(self._server.calls), params.integer("last", 100))
        return {"calls": [asdict(call) for call in newest][::-1]}

    async def _get_stats(self, _params: Params) -> Any:
        return {
            "counts": dict(self._server.counts),
            "pending": len(self._state.updates),
            "number": self._state.events.number,
            "unknown_methods": self._server.unknown_methods,
            "complaints": self._state.complaints,
        }

    async def _get_file(self, params: Params) -> bytes:
        content = self._state.files.content_of(params.text("file_id"))
        if content is None:
            raise LookupError("no such file, or its bytes are forgotten")
        return content


def _file(params: Params) -> tuple[str, bytes | None, dict[str, Any]]:
    """Read a file: its kind, its bytes, and the fields of its object.

    Raises:
        ValueError: There is no such kind.
    """
    kind = params.text("kind") or "document"
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; there are {', '.join(KINDS)}")
    fields: dict[str, Any] = {}
    for name, value in params.values.items():
        if name in _FLAGS:
            fields[name] = params.flag(name)
        elif name in _NUMBERS:
            fields[name] = int(value)
        elif name not in _OF_MESSAGE:
            fields[name] = value
    upload = params.files.get("file")
    if upload is None:
        return kind, None, fields
    return kind, upload.content, {**upload.named(), **fields}


def _receipt(sent: SeenMessage) -> dict[str, Any]:
    return {"message_id": sent.id, "update_id": sent.update_id, "at": time.time()}


def _shown(message: SeenMessage) -> dict[str, Any]:
    """Make a message JSON: the wire's object, and what it doesn't say."""
    return {
        "message": message.raw,
        "html": message.html,
        "reactions": message.reactions,
        "keyboard": message.keyboard,
        "changed": message.changed,
    }
