"""A server of ACE-Step 1.5, imitated (docs/facts/services.md, ACE-Step)."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from aiohttp import web

from bot.sandbox.music import job_faults
from bot.sandbox.music.job_server import JobServer, body_of
from bot.sandbox.music.jobs import Job
from bot.sandbox.music.rules import RefusedError, check_recording
from bot.sandbox.music.server import FIELDS, OnCall

_SECONDS = range(10, 601)
_GOOD = 200


class AceStepApi(JobServer):
    """ACE-Step on this machine: a queue, looks into it, files.

    Args:
        key: What callers must show as their bearer; "" where anybody may call.
        latency: Seconds a track takes at least.
        on_call: See `MusicServer`.

    Attributes:
        enveloped: Whether faults come inside a 200, in the envelope's `code`.
    """

    def __init__(
        self, key: str = "sandbox-key", latency: float = 5.0, *, on_call: OnCall | None = None
    ) -> None:
        super().__init__(key=key, latency=latency, catalogue={}, on_call=on_call)
        self.enveloped = False

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of the server."""
        return (
            web.post("/release_task", self._release),
            web.post("/query_result", self._query),
            web.get("/v1/audio", self._audio),
            web.get("/health", self._health),
            web.get("/v1/models", self._models),
            *self.jobs.routes(),
        )

    def problem(self, request: web.Request, status: int, message: str) -> web.Response:  # noqa: ARG002  as every server
        """Say no the way FastAPI does, or inside the envelope."""
        if self.enveloped:
            return web.json_response({"data": None, "code": status, "error": message})
        return web.json_response({"detail": message}, status=status)

    async def _release(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("generate")
        if early := await self.early(request, fault):
            return early
        form = await request.post()
        inputs = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        request[FIELDS] = inputs
        part = form.get("reference_audio")
        if not isinstance(part, web.FileField):
            return self.problem(request, 422, "reference_audio: field required")
        with part.file:
            data = await asyncio.to_thread(part.file.read)
        try:
            _check(inputs)
            await asyncio.to_thread(check_recording, data, part.filename, part.content_type)
        except RefusedError as error:
            return self.problem(request, 422, error.message)
        job = Job(str(uuid4()), inputs, fault=fault, ending=self.faults.take("result"))
        self.begin(job, data, data, inputs["lyrics"])
        task: dict[str, Any] = {"task_id": job.id, "status": "queued", "queue_position": 1}
        if fault == "no-id":
            del task["task_id"]
        return await self.late(request, fault, _enveloped(task))

    async def _query(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("poll")
        if early := await self.early(request, fault):
            return early
        asked = (await body_of(request)).get("task_id_list", [])
        jobs = [self.jobs.by_id[name] for name in asked if name in self.jobs.by_id]
        tasks = [self._task(job) for job in jobs]
        return await self.late(request, fault, _enveloped(tasks))

    async def _audio(self, request: web.Request) -> web.StreamResponse:
        """Redirect to the track, as a server that keeps its files elsewhere would."""
        if early := await self.early(request, None):
            return early
        job = self.jobs.by_id.get(request.query.get("path", "").rpartition("/")[2][:-4])
        if job is None:
            return self.problem(request, 404, job_faults.STATUSES[404])
        job.authorizations.append(request.headers.get("Authorization"))
        return web.Response(status=307, headers={"Location": self.jobs.path(job)})

    async def _health(self, request: web.Request) -> web.StreamResponse:
        if self.withdrawn:
            return self.problem(request, 404, job_faults.STATUSES[404])
        return _enveloped({"status": "ok", "service": "ACE-Step API", "version": "1.5"})

    async def _models(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        return _enveloped({"models": [{"name": "acestep-v15-turbo", "is_default": True}]})

    def _task(self, job: Job) -> dict[str, Any]:
        """Tell a task as it stands: the result is JSON inside JSON."""
        if job.ending == "unknown-status":
            return {"task_id": job.id, "status": 7, "result": ""}
        if not job.is_done:
            return {"task_id": job.id, "status": 0, "result": "[]"}
        if job.ending in {"failed", "sensitive", "invalid"}:
            return {"task_id": job.id, "status": 2, "result": "[]"}
        own = f"/v1/audio?path={quote(f'/srv/ace/{job.id}.mp3', safe='')}"
        address = self.jobs.address(job)
        file = own if address.startswith(self.url) else address
        result = [] if job.ending == "no-track" else [{"file": file, "status": 1}]
        return {"task_id": job.id, "status": 1, "result": json.dumps(result)}


def _check(inputs: dict[str, str]) -> None:
    """Check the fields of a release.

    Raises:
        RefusedError: One breaks a rule.
    """
    if inputs.get("task_type") != "text2music" or inputs.get("audio_format") != "mp3":
        raise RefusedError("task_type, audio_format: the sandbox makes text2music as mp3")
    if not inputs.get("prompt") or not inputs.get("lyrics"):
        raise RefusedError("prompt, lyrics: field required")
    if not inputs.get("audio_duration", "").isdecimal():
        raise RefusedError("audio_duration: a number is required")
    if int(inputs["audio_duration"]) not in _SECONDS or inputs.get("batch_size") != "1":
        raise RefusedError("audio_duration, batch_size: out of range")


def _enveloped(data: Any) -> web.Response:
    return web.json_response({"data": data, "code": _GOOD, "error": None})
