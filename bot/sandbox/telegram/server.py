"""The HTTP side: every call is read, answered and written down."""

import asyncio
import json
import re
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.origins import LOCAL, is_foreign
from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.telegram.faults import AFTER, SILENT, Fault, Faults, Rates
from bot.sandbox.telegram.methods import editing, managing, sending
from bot.sandbox.telegram.params import Params, read_params
from bot.sandbox.telegram.state import TelegramState

Method = Callable[[TelegramState, Params], Any]
Control = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

METHODS: dict[str, Method] = {
    "getMe": managing.get_me,
    "setWebhook": managing.set_webhook,
    "deleteWebhook": managing.delete_webhook,
    "getWebhookInfo": managing.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendAudio": sending.send_audio,
    "sendVoice": sending.send_voice,
    "sendDocument": sending.send_document,
    "sendPhoto": sending.send_photo,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "editMessageMedia": editing.edit_message_media,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "answerCallbackQuery": editing.answer_callback_query,
    "setMessageReaction": editing.set_message_reaction,
    "getFile": managing.get_file,
    "setMyCommands": managing.set_my_commands,
    "getMyCommands": managing.get_my_commands,
    "deleteMyCommands": managing.delete_my_commands,
    "setMyName": managing.set_my_text,
    "getMyName": managing.get_my_name,
    "setMyDescription": managing.set_my_text,
    "getMyDescription": managing.get_my_description,
    "setMyShortDescription": managing.set_my_text,
    "getMyShortDescription": managing.get_my_short_description,
    "setChatMenuButton": managing.set_chat_menu_button,
    "getChatMenuButton": managing.get_chat_menu_button,
    "getChat": managing.get_chat,
    "getChatMember": managing.get_chat_member,
    "leaveChat": managing.leave_chat,
}

_BY_LOWER = {name.lower(): (name, method) for name, method in METHODS.items()}
_COUNTED = ("send", "edit")
_UNCOUNTED = frozenset({"sendchataction"})
_TOKEN = re.compile(r"\d+:[\w-]{20,}")
_JSON = {"Content-Type": "application/json"}
_HANG = 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot.

    Args:
        method: As the Bot API spells it; `file` for a download.
        params: What came with it; files as `{"file_name", "mime_type", "size"}`.
        status: Of the answer; 0 if the connection was dropped or left hanging.
        ms: Milliseconds until the answer was made.
        at: Unix time in seconds.
        description: What was refused, in Telegram's words.
    """

    method: str
    params: dict[str, Any]
    status: int
    ms: float
    at: float
    description: str = ""


class BotApiServer:
    """Answers requests.

    Attributes:
        names: Hosts under which it may be asked for.
        control: What answers under `/sandbox/`.

    Args:
        state: What is true.
        token: The one that is accepted.
        strict_rates: Whether floods are refused.
    """

    def __init__(self, state: TelegramState, token: str, *, strict_rates: bool) -> None:
        self.calls: deque[Call] = deque(maxlen=state.keep.calls)
        self.counts: Counter[str] = Counter()
        self.unknown_methods: list[str] = []
        self.observers: list[Callable[[Call], None]] = []
        self.faults = Faults()
        self.latency = 0.0
        self.closing = asyncio.Event()
        self.names: Collection[str] = LOCAL
        self.control: Control | None = None
        self._state = state
        self._rates = Rates() if strict_rates else None
        self._token = token
        self._prefix = f"/bot{token}/"
        self._file_prefix = f"/file/bot{token}/"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if is_foreign(request, self.names):
            return _refusal(ApiError(403, "Forbidden: a page of another server asks"))
        path = request.path
        if path.startswith(self._prefix):
            return await self._call(request, path[len(self._prefix) :])
        if path.startswith(self._file_prefix):
            return await self._download(request, path[len(self._file_prefix) :])
        if self.control is not None and path.startswith("/sandbox/"):
            return await self.control(request)
        token = path.removeprefix("/file").removeprefix("/bot").partition("/")[0]
        if _TOKEN.fullmatch(token):
            return _refusal(ApiError(401, "Unauthorized"))
        return _refusal(ApiError(404, "Not Found"))

    async def _call(self, request: web.BaseRequest, called: str) -> web.StreamResponse:
        started = time.perf_counter()
        lower, params = called.lower(), Params()
        name = "getUpdates" if lower == "getupdates" else _BY_LOWER.get(lower, (called,))[0]
        fault = self.faults.next(lower)
        refused: ApiError | None = None
        response: web.Response | None = None
        try:
            params = await read_params(request)
            if fault is not None and fault.kind not in AFTER:
                response = await self._strike(request, fault)
            else:
                response = await self._act(lower, params)
        except ApiError as error:
            refused, response = error, _refusal(error)
        except _DroppedError:
            pass
        except asyncio.CancelledError:
            if fault is not None:  # the caller gave up waiting for an answer on purpose
                ms = (time.perf_counter() - started) * 1000
                self._write_down(Call(name, params.loggable(), 0, ms, time.time()))
            raise
        is_lost = fault is not None and fault.kind in SILENT
        status = 0 if response is None or is_lost else response.status
        self._write_down(
            Call(
                name,
                params.loggable(),
                status,
                (time.perf_counter() - started) * 1000,
                time.time(),
                refused.description if refused else "",
            )
        )
        if response is None:
            return web.Response()
        if self.latency and lower != "getupdates":
            await asyncio.sleep(self.latency)
        if fault is not None and is_lost:
            return await self._lose(request, fault)
        return response

    async def _act(self, lower: str, params: Params) -> web.Response:
        if lower == "getupdates":
            self._state.updates.allow(params.json("allowed_updates"))
            body = await self._state.updates.poll(
                params.integer("offset"), params.integer("limit", 100), params.integer("timeout")
            )
        else:
            known = _BY_LOWER.get(lower)
            if known is None:
                self.unknown_methods.append(lower)
                raise ApiError(404, "Not Found: method not found")
            if self._rates and lower.startswith(_COUNTED) and lower not in _UNCOUNTED:
                self._rates.take(params.integer("chat_id"))
            body = json.dumps(known[1](self._state, params)).encode()
        return web.Response(body=b'{"ok":true,"result":' + body + b"}", headers=_JSON)

    async def _download(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        started = time.perf_counter()
        fault = self.faults.next("file")
        try:
            if fault is not None:
                response = await self._strike(request, fault)
            else:
                response = web.Response(body=managing.download(self._state, path))
        except ApiError as error:
            response = _refusal(error)
        except _DroppedError:
            response = web.Response()
        ms = (time.perf_counter() - started) * 1000
        self._write_down(Call("file", {"file_path": path}, response.status, ms, time.time()))
        return response

    async def _strike(self, request: web.BaseRequest, fault: Fault) -> web.Response:
        """Answer as the fault has it, if it has an answer.

        Raises:
            ApiError: It refuses.
            _DroppedError: It gives no answer.
        """
        if fault.kind == "answer":
            return web.Response(body=fault.body, status=fault.status, headers=_JSON)
        if fault.kind not in SILENT:
            raise fault.refusal()
        await self._lose(request, fault)
        raise _DroppedError

    async def _lose(self, request: web.BaseRequest, fault: Fault) -> web.Response:
        """Let the connection drop, or keep it open until the client or the server goes."""
        if fault.kind in {"hang", "timeout"}:
            await _until(self.closing, _HANG)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _write_down(self, call: Call) -> None:
        self.calls.append(call)
        self.counts[call.method] += 1
        for observer in self.observers:
            observer(call)


class _DroppedError(Exception):
    """The connection is gone; there is nobody to answer."""


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _refusal(error: ApiError) -> web.Response:
    answer: dict[str, Any] = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    if error.retry_after is not None:
        answer["parameters"] = {"retry_after": error.retry_after}
    return web.json_response(answer, status=error.code)
