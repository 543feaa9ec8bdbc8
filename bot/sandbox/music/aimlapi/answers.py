"""How music-01 answers: a problem, or a track as hexadecimal text inside JSON."""

import json
import secrets
from binascii import hexlify
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot import untrusted
from bot.sandbox.music.aimlapi import faults
from bot.sandbox.music.rules import RefusedError
from bot.sandbox.music.server import STATUS, MusicServer

_CREDITS_PER_USD = 2_000_000
_PIECE = 1 << 15
_BIG = 65_000_000


@dataclass(frozen=True, slots=True)
class Track:
    """A track that was made and charged.

    Attributes:
        mp3: Its bytes.
        fault: What is done to it on its way, if anything.
        url: Where it can be fetched, for the faults that give an address.
        price_usd: What was charged.
    """

    mp3: bytes = field(repr=False)
    fault: str | None
    url: str
    price_usd: float


async def read_json(request: web.Request) -> Any:
    """Read the body of a call.

    Raises:
        RefusedError: It is not JSON, or does not say that it is.
    """
    if request.content_type != "application/json":
        raise RefusedError("Body validation error")
    try:
        return untrusted.read_json(await request.read())
    except untrusted.Untrustworthy as error:
        raise RefusedError("Body validation error") from error


def refuse(request: web.Request, refusal: faults.Refusal) -> web.Response:
    """Say no: with the body that is given, or in the gateway's own form."""
    if isinstance(refusal.body, str):
        return web.Response(text=refusal.body, status=refusal.status, content_type="text/html")
    body = refusal.body or {
        "requestId": str(uuid4()),
        "statusCode": str(refusal.status) if refusal.as_text else refusal.status,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "path": request.path,
        "message": refusal.message,
    }
    return web.json_response(body, status=refusal.status, headers=dict(refusal.headers))


async def send_track(
    server: MusicServer, request: web.Request, track: Track
) -> web.StreamResponse:
    """Answer with a track as far as its fault allows.

    The text goes out in small pieces as the caller takes them: a wave of answers does not
    have to fit into this process either.
    """
    if track.fault == "empty-200":
        return web.Response(headers=_headers(request, track))
    before, after = _around(track)
    count = _count(track)
    response = web.StreamResponse(headers=_headers(request, track))
    response.content_type = "application/json"
    if track.fault != "big-body":
        response.content_length = len(before) + count + len(after)
    try:
        await response.prepare(request)
        await response.write(before)
        for piece in _pieces(track):
            if track.fault in {"cut-body", "slow-body"}:
                await response.write(piece[: len(piece) // 2])
                return await _break_off(server, request, track)
            await response.write(piece)
        await response.write(after)
        await response.write_eof()
    except ConnectionError:
        request[STATUS] = 0
    return response


async def _break_off(server: MusicServer, request: web.Request, track: Track) -> web.Response:
    if track.fault == "slow-body":
        await server.hang()
    return server.drop(request)


def _around(track: Track) -> tuple[bytes, bytes]:
    """Write what stands before and after the hexadecimal text, if there is one."""
    data: dict[str, Any] | None = {"audio": "@", "status": 2}
    if track.fault == "data-null":
        data = None
    elif track.fault in {"audio-null", "in-progress"}:
        data = {"audio": None, "status": 1 if track.fault == "in-progress" else 2}
    elif track.fault in faults.ADDRESS:
        elsewhere = "http://127.0.0.1:9/track.mp3"
        data = {"audio": elsewhere if track.fault == "audio-url-elsewhere" else track.url}
    answer = {
        "data": data,
        "trace_id": secrets.token_hex(16),
        "extra_info": {"music_sample_rate": 44_100, "music_channel": 2, "music_size": 0},
        "base_resp": {"status_code": 0, "status_msg": "success"},
    }
    before, _, after = json.dumps(answer).encode().partition(b"@")
    return before, after


def _count(track: Track) -> int:
    """Count the digits that `_pieces` gives."""
    if track.fault in faults.SILENT:
        return 0
    if track.fault in faults.AUDIO:
        return len(faults.spoil(track.fault or "", track.mp3))
    return 2 * len(track.mp3)


def _pieces(track: Track) -> Iterator[bytes]:
    """Give the hexadecimal text piece by piece; all of it is twice as large as the track."""
    if track.fault in faults.SILENT:
        return
    if track.fault in faults.AUDIO:
        yield faults.spoil(track.fault or "", track.mp3)
        return
    for start in range(0, len(track.mp3), _PIECE):
        yield hexlify(track.mp3[start : start + _PIECE])
    for _ in range(_BIG // _PIECE if track.fault == "big-body" else 0):
        yield b"0" * _PIECE


def _headers(request: web.Request, track: Track) -> dict[str, str]:
    headers = {
        "x-inference-id": str(uuid4()),
        "x-aimlapi-credits-used": str(round(track.price_usd * _CREDITS_PER_USD)),
        "x-aimlapi-usd-spent": str(track.price_usd),
    }
    echoed = request.headers.get("X-Client-Request-Id")
    return headers | ({"X-Client-Request-Id": echoed} if echoed else {})
