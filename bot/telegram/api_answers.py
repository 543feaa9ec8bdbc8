"""What Telegram's side answers, read within bounds: size, depth, count, and every number in it.

A server of one's own, a proxy in between or something else at TELEGRAM_API_URL may answer
anything at all; nothing of it may end the process, fill the memory or stop it for a year.
"""

import re
from http import HTTPStatus
from http.client import responses
from typing import Any

import aiohttp
from telegram.error import NetworkError
from yarl import URL

from bot.untrusted import Untrustworthy, clamped, printable, read_json

LARGEST = 16 << 20
"""Bytes of an answer, unpacked: a hundred updates of the longest messages fit."""

SHORTEST_PAUSE, LONGEST_PAUSE = 1, 300
"""Seconds; what Telegram's side asks for beyond is not believed."""

_VALUES = 250_000
_DESCRIPTION = 300
_BIGGEST = 2**63
_METHOD = re.compile(r"/(?:file/)?bot\d+:")


class Broken(NetworkError):
    """The call was sent and no whole answer came: it may have been acted on."""


class _Answer(dict[str, Any]):
    """An answer that may lack what every answer has; PTB looks for `result` without asking."""

    def __missing__(self, key: str) -> Any:
        raise Broken(f"the Bot API answered without {key!r}")


async def whole(answer: aiohttp.ClientResponse, url: str) -> bytes:
    """The body of a method's answer.

    Raises:
        Broken: The call was accepted, and the body is none of the Bot API's.
        NetworkError: It was refused by something else than the Bot API.
    """
    body = await bounded(answer, url)
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        _require_bot_api(answer.status, body, url)
    elif body.lstrip()[:1] != b"{":
        raise Broken(f"what answers at {address(url)} is not the Bot API")
    return body


async def bounded(answer: aiohttp.ClientResponse, url: str) -> bytes:
    """A body within bounds; aiohttp unpacks it piece by piece, so a bomb is seen in time.

    Raises:
        Broken: It is larger.
    """
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST:
            raise Broken(f"{address(url)} answered with more than {LARGEST} bytes")
    return bytes(body)


def read(payload: bytes) -> dict[str, Any]:
    """An answer of the Bot API; numbers in it that steer us are within bounds.

    Raises:
        Broken: It is none.
    """
    try:
        value = read_json(payload, most_bytes=LARGEST, values=_VALUES)
    except Untrustworthy as error:
        raise Broken(f"no answer of the Bot API: {error}") from error
    if not isinstance(value, dict):
        raise Broken("no answer of the Bot API: it is not an object")
    answer = _Answer(value)
    if "description" in answer:
        answer["description"] = printable(answer["description"], _DESCRIPTION)
    if "parameters" in answer:
        answer["parameters"] = _parameters(answer["parameters"])
    return answer


def address(url: str) -> str:
    """Where the Bot API is, from a method's address: without token, user and password."""
    return str(URL(_METHOD.split(url, maxsplit=1)[0]).with_user(None))


def _parameters(value: object) -> dict[str, int]:
    """What a refusal tells us to do, as far as it can be understood."""
    parameters = value if isinstance(value, dict) else {}
    kept = {}
    if "retry_after" in parameters:
        pause = clamped(parameters["retry_after"], SHORTEST_PAUSE, LONGEST_PAUSE)
        kept["retry_after"] = round(pause)
    moved = parameters.get("migrate_to_chat_id")
    if type(moved) is int and abs(moved) < _BIGGEST:
        kept["migrate_to_chat_id"] = moved
    return kept


def _require_bot_api(status: int, body: bytes, url: str) -> None:
    """Let a refusal through only if the Bot API itself says it.

    PTB takes a 403 for somebody who has blocked the bot and a 404 for a wrong token; a page of
    whatever stands in between means neither.

    Raises:
        NetworkError: It is somebody else's.
    """
    try:
        value = read_json(body)
    except Untrustworthy:
        value = None
    if isinstance(value, dict) and value.get("ok") is False:
        return
    phrase = responses.get(status, "Unknown status")
    raise NetworkError(f"{phrase} ({status}) at {address(url)}, not said by the Bot API")
