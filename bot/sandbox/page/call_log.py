"""What goes on behind the chat: every call with its secrets masked, and trouble on order."""

import json
import time
from collections import deque
from collections.abc import Collection
from itertools import count
from typing import Any

from bot.sandbox.environment import Environment
from bot.sandbox.music.aimlapi import faults
from bot.sandbox.telegram.api import Call

_KEPT = 400
_LENGTH = 120
_PART = 16
_MASK = "•••"
_OUT = frozenset({"parse_mode", "reply_markup", "allowed_updates", "link_preview_options"})
_METHODS = (
    *("*", "sendMessage", "sendAudio", "editMessageText", "answerCallbackQuery"),
    *("setMessageReaction", "sendChatAction", "getFile", "file", "getUpdates"),
)
_HARMLESS = (
    *("message is not modified", "message to edit not found", "message to delete not found"),
    "query is too old",
)
"""Refusals of what is so already, or of what nobody waits for any more: nothing went wrong."""

_KINDS = ("429", "500", "502", "404", "unavailable", "lost", "reset", "hang", "timeout")


class CallLog:
    """Keeps the last calls, and says what can be made to go wrong.

    Args:
        environment: Both services, and the bot between them.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._numbers = count(1)
        self.begun: list[dict[str, Any]] = []
        self.calls: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def telegram_call(self, call: Call) -> dict[str, Any]:
        """Write down a call of the Bot API; returns it as the page shows it."""
        fields = {name: value for name, value in call.params.items() if name not in _OUT}
        kept = {
            "service": "telegram",
            "name": call.method,
            "status": call.status,
            "ms": call.ms,
            "harmless": any(reason in call.description for reason in _HARMLESS),
        }
        return self._keep(kept, fields, call.description)

    def music_begun(self, method: str, path: str) -> dict[str, Any]:
        """Note a call that has no answer yet; returns it as the page shows it."""
        call = {"service": "music", "name": _name(method, path), "at": time.time()}
        self.begun.append(call)
        return call

    def music_call(
        self, method: str, path: str, status: int, ms: float, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Write down a call of the music API; returns it as the page shows it."""
        shown = {
            name: value
            for name, value in fields.items()
            if name not in {"at", "ok", "authorization"} and value not in (None, "", {}, 0)
        }
        name = _name(method, path)
        ended = next((call_ for call_ in self.begun if call_["name"] == name), None)
        if ended is not None:
            self.begun.remove(ended)
        kept = {"service": "music", "name": name, "status": status, "ms": ms}
        return self._keep(kept, shown)

    def state(self) -> dict[str, Any]:
        """Say how the knobs stand, and what is still to go wrong."""
        return {
            "latency": self._environment.music_server.latency,
            "billed": self._environment.music_server.billed,
            "waiting": {
                "telegram": self._environment.telegram.waiting_faults,
                "music": self._environment.music_server.faults.waiting(),
            },
            "complaints": self._environment.telegram.complaints[-20:],
        }

    def catalogue(self) -> dict[str, Any]:
        """Say what can go wrong: the rows of the music fault table, and Telegram's faults."""
        return {
            "music": {on: _rows(names) for on, names in self._can_fail()},
            "telegram": {"methods": _METHODS, "kinds": _KINDS},
        }

    def _can_fail(self) -> list[tuple[str, Collection[str]]]:
        """List the calls that can go wrong, that for a track first."""
        catalogue = self._environment.music_server.faults.catalogue
        return sorted(catalogue.items(), key=lambda entry: (entry[0] != "generate", entry[0]))

    def _keep(
        self, call: dict[str, Any], fields: dict[str, Any], description: str = ""
    ) -> dict[str, Any]:
        kept = {
            **call,
            "number": next(self._numbers),
            "at": time.time(),
            "ms": round(call["ms"], 1),
            "fields": {field: self._short(value) for field, value in fields.items()},
            "description": self._short(description),
        }
        self.calls.append(kept)
        return kept

    def _short(self, value: Any) -> str:
        """Write a value so that it fits on a line, without secrets."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for secret in (self._environment.telegram.token, self._environment.music_server.key):
            text = text.replace(secret, _MASK)
        return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"


def _name(method: str, path: str) -> str:
    """Name a call of the music service; a long id in its path is cut."""
    if method == "POST" and path.startswith("/v2/generate"):
        return path.rsplit("/", 1)[-1]
    return f"{method} {'/'.join(part[:_PART] for part in path.split('/'))}"


def _rows(names: Collection[str]) -> list[dict[str, str]]:
    """List faults by family; what the service says itself stands beside codes and statuses."""
    families = (
        ("verdicts", [str(code) for code in faults.CODES]),
        ("statuses", [str(status) for status in faults.STATUSES]),
        ("refusals", ["maintenance", "text-status", "retry-after", "html-200"]),
        ("pages", [f"html-{status}" for status in faults.STATUSES]),
        ("before", sorted(faults.BEFORE)),
        ("after", sorted(faults.AFTER)),
        ("audio", sorted(faults.AUDIO)),
        ("empty", [*sorted(faults.EMPTY), "no-ids"]),
        ("address", sorted(faults.ADDRESS)),
    )
    known = {name for _, members in families for name in members}
    others = ("others", sorted(set(names) - known))
    return [
        {"name": name, "family": family, "said": _service_words(name)}
        for family, members in (*families, others)
        for name in members
        if name in names
    ]


def _service_words(name: str) -> str:
    if not name.isdecimal():
        return ""
    return faults.CODES.get(int(name)) or faults.STATUSES.get(int(name), "")
