"""music-cover, imitated beside music-01 (docs/facts/services.md, music-cover)."""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.sandbox.music import job_faults
from bot.sandbox.music.job_server import after, before, body_of
from bot.sandbox.music.jobs import Job, Jobs
from bot.sandbox.music.rules import RefusedError, check_recording
from bot.sandbox.music.server import FIELDS, MusicServer
from bot.sandbox.music.sketch_process import SketchProcess

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

CATALOGUE = {"cover": job_faults.GENERATE, "poll": job_faults.POLL, "result": job_faults.RESULT}


class CoverApi:
    """Covers at the stand-in that has the key and the balance.

    Args:
        server: That stand-in.
        sketches: Makes the sketches; closed by the stand-in.
        knows: Tells whether a caller showed the key.
        pay: Takes dollars off the balance; False where they are not there.
    """

    def __init__(
        self,
        server: MusicServer,
        sketches: SketchProcess,
        knows: Callable[[web.Request], bool],
        pay: Callable[[float], bool],
    ) -> None:
        self.jobs = Jobs(server, sketches)
        self.withdrawn = False
        self._server = server
        self._knows = knows
        self._pay = pay

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of covers."""
        return (
            web.post(_PATH, self._create),
            web.get(_PATH, self._look),
            *self.jobs.routes(),
        )

    async def _create(self, request: web.Request) -> web.StreamResponse:
        fault = self._server.faults.take("cover")
        if early := await self._early(request, fault):
            return early
        inputs = await body_of(request)
        request[FIELDS] = {name: inputs.get(name) for name in ("model", "prompt", "lyrics")}
        try:
            song = await asyncio.to_thread(_recording, inputs)
        except RefusedError as error:
            return self._server.problem(request, 400, error.message)
        if self.withdrawn or inputs.get("model") != COVER:
            return self._server.problem(request, 404, "Model not found")
        if not self._pay(PRICE_USD):
            return self._server.problem(request, 402, "You've run out of credits")
        kept = {name: inputs[name] for name in ("prompt", "lyrics")}
        ending = self._server.faults.take("result")
        job = Job(uuid4().hex[:20], kept, fault=fault, ending=ending)
        latency = self._server.latency
        self.jobs.open(job, voice=song, beat=song, lyrics=inputs["lyrics"], latency=latency)
        generation: dict[str, Any] = {"id": job.id, "status": "queued", "meta": _meta()}
        if fault == "no-id":
            del generation["id"]
        return await after(self._server, request, fault, web.json_response(generation))

    async def _look(self, request: web.Request) -> web.StreamResponse:
        fault = self._server.faults.take("poll")
        if early := await self._early(request, fault):
            return early
        job = self.jobs.by_id.get(request.query.get("generation_id", ""))
        if job is None:
            return self._server.problem(request, 404, "Generation not found")
        return await after(self._server, request, fault, web.json_response(self._generation(job)))

    def _generation(self, job: Job) -> dict[str, Any]:
        generation: dict[str, Any] = {"id": job.id, "status": "generating"}
        if job.ending == "unknown-status":
            return generation | {"status": "meditating"}
        if not job.is_done:
            return generation
        if job.ending in _FAULTS:
            name, message = _FAULTS[job.ending]
            return generation | {"status": "error", "error": {"name": name, "message": message}}
        generation |= {"status": "completed", "meta": _meta()}
        if job.ending != "no-track":
            generation["audio_file"] = {"url": f"{self.jobs.address(job)}?signed=a%2Fb"}
        return generation

    async def _early(self, request: web.Request, fault: str | None) -> web.StreamResponse | None:
        if not self._knows(request):
            return self._server.problem(request, 401, "Invalid API key")
        return await before(self._server, request, fault)


def _recording(inputs: dict[str, Any]) -> bytes:
    """Check the inputs of a cover, and take the recording out of it.

    Raises:
        RefusedError: It breaks a rule.
    """
    if len(str(inputs.get("prompt", ""))) not in _PROMPT:
        raise RefusedError("prompt: String must contain 10 to 300 character(s)")
    if len(str(inputs.get("lyrics", ""))) not in _LYRICS:
        raise RefusedError("lyrics: String must contain 10 to 1000 character(s)")
    text = str(inputs.get("reference_audio_url", "")).removeprefix(_PREFIX)
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
