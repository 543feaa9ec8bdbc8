"""Bad weather between the bot and the world: every tenth call goes wrong, by a seed."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.support.proxy_kit import Answered, Asked, Dropped, Forward

EVERY = 10
_SLOW = (0.3, 1.2)
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a call meets.

    Attributes:
        answer: Instead of the stand-in's; None breaks the connection.
        done: Whether the stand-in has done what was asked before that.
        cut: Whether half of the stand-in's own answer arrives.
        slow: Whether all is well, but late.
    """

    answer: Answered | None = None
    done: bool = False
    cut: bool = False
    slow: bool = False


def _html(status: int) -> Answered:
    text = _HTML.format(f"{status} a gateway's page")
    return Answered(status, text.encode(), {"Content-Type": "text/html"})


def _telegram(status: int, description: str, **parameters: int) -> Answered:
    body = {"ok": False, "error_code": status, "description": description}
    told = body | ({"parameters": parameters} if parameters else {})
    return Answered(status, json.dumps(told).encode(), _JSON)


def _music(status: int, message: str) -> Answered:
    told = {"requestId": "r", "statusCode": status, "path": "/", "message": message}
    return Answered(status, json.dumps(told).encode(), _JSON)


def _odd(text: str) -> Answered:
    return Answered(200, text.encode(), _JSON)


TELEGRAM = {
    "429": Trouble(_telegram(429, "Too Many Requests: retry after 1", retry_after=1)),
    "500": Trouble(_telegram(500, "Internal Server Error")),
    "502": Trouble(_telegram(502, "Bad Gateway")),
    "502 page": Trouble(_html(502)),
    "reset": Trouble(),
    "answer lost": Trouble(done=True),
    "slow": Trouble(slow=True),
}
FILE = {
    "404": Trouble(
        Answered(404, b'{"ok":false,"error_code":404,"description":"Not Found"}', _JSON)
    ),
    "500": TELEGRAM["500"],
    "reset": Trouble(),
    "cut": Trouble(done=True, cut=True),
    "slow": Trouble(slow=True),
}
GET_FILE = TELEGRAM | {
    "unavailable": Trouble(
        _telegram(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    )
}
MUSIC = {
    "429": Trouble(_music(429, "Too many requests")),
    "500": Trouble(_music(500, "Internal server error")),
    "503": Trouble(_music(503, "Service unavailable")),
    "504 page": Trouble(_html(504)),
    "504 page, done": Trouble(_html(504), done=True),
    "524 page, done": Trouble(_html(524), done=True),
    "200 page, done": Trouble(_html(200), done=True),
    "reset": Trouble(),
    "answer lost": Trouble(done=True),
    "cut": Trouble(done=True, cut=True),
    "list, done": Trouble(_odd("[]"), done=True),
    "null, done": Trouble(_odd("null"), done=True),
    "number for data, done": Trouble(
        _odd('{"data": 7, "base_resp": {"status_code": 0}}'), done=True
    ),
    "slow": Trouble(slow=True),
}


def telegram_troubles(asked: Asked) -> dict[str, Trouble]:
    """What can go wrong with a call of Telegram."""
    return {"file": FILE, "getFile": GET_FILE}.get(asked.method, TELEGRAM)


def music_troubles(_: Asked) -> dict[str, Trouble]:
    """What can go wrong with a call of the music service."""
    return MUSIC


@dataclass(frozen=True, slots=True)
class Struck:
    """A call that went wrong.

    Attributes:
        about: The message that the call was to change.
        came: The message that came of it, which the bot did not learn.
    """

    number: int
    method: str
    kind: str
    about: int | None = None
    came: int | None = None


@dataclass
class Weather:
    """Lets every tenth call go wrong until the sky clears; its `meet` is for a `Proxy`.

    Args:
        seed: Decides how.
        troubles: What can go wrong with a call, by name.
    """

    seed: str
    troubles: Callable[[Asked], dict[str, Trouble]]
    clear: bool = False
    calls: int = 0
    struck: list[Struck] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    async def meet(self, asked: Asked, forward: Forward) -> Answered:
        """Pass a call on, or not quite."""
        self.calls += 1
        number = self.calls
        if self.clear or number % EVERY:
            return await forward()
        kinds = self.troubles(asked)
        kind = self._chance.choice(sorted(kinds))
        trouble = kinds[kind]
        came = None
        try:
            if trouble.slow:
                await asyncio.sleep(self._chance.uniform(*_SLOW))
                return await forward()
            whole = await forward() if trouble.done else None
            if whole and isinstance(whole.result, dict):
                came = whole.result.get("message_id")
            if whole and trouble.cut:
                return Answered(whole.status, whole.body, whole.headers, cut=True)
            if trouble.answer is None:
                raise Dropped
            return trouble.answer
        finally:
            about = asked.number("message_id")
            self.struck.append(Struck(number, asked.method, kind, about, came))


def told(struck: Sequence[Struck]) -> str:
    """The last troubles, for whoever looks for a cause."""
    return "; ".join(f"{s.method}: {s.kind}" for s in struck)
