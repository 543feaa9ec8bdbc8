"""music-cover, imitated beside music-01 (docs/facts/services.md, music-cover)."""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.sandbox.music import job_faults as wrong
from bot.sandbox.music.job_server import after, before, body_of
from bot.sandbox.music.jobs import Job, TicketDesk
from bot.sandbox.music.rules import RefusedError, check_recording
from bot.sandbox.music.server import FIELDS, Stand
from bot.sandbox.music.sketch_process import Maker

COVER = "minimax/music-cover"
PRICE_USD = 0.195

_PATH = "/v2/generate/audio"
_CREDITS_PER_USD = 2_000_000
_PREFIX = "data:audio/mpeg;base64,"
_PROMPT, _LYRICS = range(10, 301), range(10, 1001)
_SHORTEST, _LONGEST = 6.0, 360.0
_FAULTS = {
    "failed": ("GenerationError", "Internal error"),
    "sensitive": ("ModerationError", "input new_sensitive"),
    "invalid": ("ValidationError", "invalid params"),
}

CATALOGUE = {"cover": wrong.GENERATE, "poll": wrong.POLL, "result": wrong.RESULT}


class CoverApi:
    """Covers at the stand-in that has the key and the balance.

    Args:
        stand: That stand-in.
        maker: Makes the sketches; closed by the stand-in.
        knows: Tells whether a caller showed the key.
        pay: Takes dollars off the balance; False where they are not there.
    """

    def __init__(
        self,
        stand: Stand,
        maker: Maker,
        knows: Callable[[web.Request], bool],
        pay: Callable[[float], bool],
    ) -> None:
        self.desk = TicketDesk(stand, maker)
        self.withdrawn = False
        self._stand = stand
        self._knows = knows
        self._pay = pay

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of covers."""
        return (
            web.post(_PATH, self._create),
            web.get(_PATH, self._look),
            *self.desk.routes(),
        )

    async def _create(self, request: web.Request) -> web.StreamResponse:
        fault = self._stand.faults.take("cover")
        if early := await self._early(request, fault):
            return early
        wish = await body_of(request)
        request[FIELDS] = {name: wish.get(name) for name in ("model", "prompt", "lyrics")}
        try:
            song = await asyncio.to_thread(_recording, wish)
        except RefusedError as error:
            return self._stand.problem(request, 400, error.message)
        if self.withdrawn or wish.get("model") != COVER:
            return self._stand.problem(request, 404, "Model not found")
        if not self._pay(PRICE_USD):
            return self._stand.problem(request, 402, "You've run out of credits")
        kept = {name: wish[name] for name in ("prompt", "lyrics")}
        ending = self._stand.faults.take("result")
        job = Job(uuid4().hex[:20], kept, fault=fault, ending=ending)
        latency = self._stand.latency
        self.desk.open(job, voice=song, beat=song, lyrics=wish["lyrics"], latency=latency)
        told: dict[str, Any] = {"id": job.id, "status": "queued", "meta": _meta()}
        if fault == "no-id":
            del told["id"]
        return await after(self._stand, request, fault, web.json_response(told))

    async def _look(self, request: web.Request) -> web.StreamResponse:
        fault = self._stand.faults.take("poll")
        if early := await self._early(request, fault):
            return early
        job = self.desk.jobs.get(request.query.get("generation_id", ""))
        if job is None:
            return self._stand.problem(request, 404, "Generation not found")
        return await after(self._stand, request, fault, web.json_response(self._told(job)))

    def _told(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {"id": job.id, "status": "generating"}
        if job.ending == "unknown-status":
            return told | {"status": "meditating"}
        if not job.there:
            return told
        if job.ending in _FAULTS:
            name, message = _FAULTS[job.ending]
            return told | {"status": "error", "error": {"name": name, "message": message}}
        told |= {"status": "completed", "meta": _meta()}
        return told if job.ending == "no-track" else told | {"audio_file": self._file(job)}

    def _file(self, job: Job) -> dict[str, str]:
        return {"url": f"{self.desk.address(job)}?signed=a%2Fb"}

    async def _early(self, request: web.Request, fault: str | None) -> web.StreamResponse | None:
        if not self._knows(request):
            return self._stand.problem(request, 401, "Invalid API key")
        return await before(self._stand, request, fault)


def _recording(wish: dict[str, Any]) -> bytes:
    """Check a wish, and take the recording out of it.

    Raises:
        RefusedError: It breaks a rule.
    """
    if len(str(wish.get("prompt", ""))) not in _PROMPT:
        raise RefusedError("prompt: String must contain 10 to 300 character(s)")
    if len(str(wish.get("lyrics", ""))) not in _LYRICS:
        raise RefusedError("lyrics: String must contain 10 to 1000 character(s)")
    text = str(wish.get("reference_audio_url", "")).removeprefix(_PREFIX)
    try:
        data = b64decode(text, validate=True)
    except binascii.Error as error:
        raise RefusedError("reference_audio_url: Invalid url") from error
    seconds = check_recording(data, "reference.mp3", "audio/mpeg")
    if not _SHORTEST <= seconds <= _LONGEST:
        raise RefusedError("reference_audio_url: 6 seconds to 6 minutes")
    return data


def _meta() -> dict[str, Any]:
    spent = {"credits_used": round(PRICE_USD * _CREDITS_PER_USD), "usd_spent": PRICE_USD}
    return {"usage": spent}
