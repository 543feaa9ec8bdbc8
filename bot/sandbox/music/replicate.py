"""Replicate's minimax/music-01, imitated (docs/facts/services.md, Replicate)."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, ClassVar

from aiohttp import web

from bot.sandbox.music import job_faults
from bot.sandbox.music import replicate_shapes as shapes
from bot.sandbox.music.job_server import JobServer, body_of
from bot.sandbox.music.jobs import Job, new_id
from bot.sandbox.music.replicate_shapes import FILES, LYRICS_MAX, MODEL, SETTINGS
from bot.sandbox.music.rules import RefusedError, check_recording
from bot.sandbox.music.server import FIELDS, OnCall
from bot.untrusted import Untrustworthy, read_json

PRICE_USD = 0.035

_SHORTEST = 15.0
_LONGEST_WAIT = 60
_PREFERRED = re.compile(r"wait(?:=(\d{1,3}))?")
_ERRORS = {
    "failed": "Prediction interrupted; please retry (code: PA)",
    "sensitive": "The input or output was flagged as sensitive. Please try again. (E005)",
    "invalid": "MiniMax API error: 2013 - invalid params, lyrics",
}


class ReplicateApi(JobServer):
    """Replicate on this machine: files, predictions, a list of them, deliveries.

    Args:
        key: What callers must show as their bearer.
        latency: Seconds a track takes at least.
        balance: Dollars on the account.
        on_call: See `MusicServer`.

    Attributes:
        files: Recordings, by their ids.
        lists_inputs: Whether the list of predictions tells their inputs.
    """

    KNOBS: ClassVar = {**JobServer.KNOBS, "balance": float}

    def __init__(
        self,
        key: str = "sandbox-token",
        latency: float = 5.0,
        *,
        balance: float = 10.0,
        on_call: OnCall | None = None,
    ) -> None:
        catalogue = {
            "upload": job_faults.UPLOAD,
            "cancel": job_faults.CANCEL,
            "list": job_faults.POLL,
            "result": job_faults.RESULT | {"removed", "as-list", "as-data", "bad-data", "aborted"},
        }
        super().__init__(key=key, latency=latency, catalogue=catalogue, on_call=on_call)
        self.balance = balance
        self.files: dict[str, bytes] = {}
        self.uploads: list[dict[str, Any]] = []
        self._file_objects: dict[str, dict[str, Any]] = {}
        self.lists_inputs = True

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of the service."""
        return (
            web.post("/v1/files", self._upload),
            web.get("/v1/files", self._list_files),
            web.get("/v1/files/{id}", self._file),
            web.delete("/v1/files/{id}", self._drop_file),
            web.post(f"/v1/models/{MODEL}/predictions", self._create),
            web.post("/v1/predictions", self._create_by_version),
            web.get("/v1/predictions", self._list),
            web.get("/v1/predictions/{id}", self._look),
            web.post("/v1/predictions/{id}/cancel", self._cancel),
            web.get(f"/v1/models/{MODEL}", self._model),
            web.get("/v1/account", self._account),
            *self.jobs.routes(),
        )

    def problem(self, request: web.Request, status: int, message: str) -> web.Response:  # noqa: ARG002  as every server
        """Say no the way Replicate does."""
        body = {"detail": message, "status": status, "title": message.partition(".")[0]}
        return web.json_response(body, status=status, content_type="application/problem+json")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("upload")
        if early := await self.early(request, fault):
            return early
        form = await request.post()
        part = form.get("content")
        if not isinstance(part, web.FileField):
            return self.problem(request, 422, "content: a file is required")
        with part.file:
            data = await asyncio.to_thread(part.file.read)
        name = new_id()
        self.files[name] = data
        fields = {"name": part.filename, "content_type": part.content_type, "size": len(data)}
        self.uploads.append(fields)
        request[FIELDS] = fields
        file = shapes.file(name, fields, data, self.url, _metadata(form.get("metadata")))
        self._file_objects[name] = file
        if fault == "no-address":
            file = {**file, "urls": {}}
        return await self.late(request, fault, web.json_response(file, status=201))

    async def _list_files(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        return web.json_response(shapes.page([*reversed(self._file_objects.values())]))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        file = self._file_objects.get(request.match_info["id"])
        if file is None:
            return self.problem(request, 404, job_faults.STATUSES[404])
        return web.json_response(file)

    async def _drop_file(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        name = request.match_info["id"]
        if self._file_objects.pop(name, None) is None:
            return self.problem(request, 404, job_faults.STATUSES[404])
        del self.files[name]
        return web.Response(status=204)

    async def _create_by_version(self, request: web.Request) -> web.StreamResponse:
        """Take the other address, which names the model in the body."""
        if not self.knows(request):
            return self.problem(request, 401, job_faults.STATUSES[401])
        version = (await body_of(request)).get("version")
        if version not in (MODEL, f"{MODEL}:hidden", "hidden"):
            return self.problem(request, 422, "- version: Invalid version or not permitted")
        return await self._create(request)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("generate")
        if early := await self.early(request, fault):
            return early
        if self.withdrawn:
            return self.problem(request, 404, job_faults.STATUSES[404])
        if self.balance < PRICE_USD:
            return self.problem(request, 402, job_faults.STATUSES[402])
        inputs = (await body_of(request)).get("input", {})
        if not isinstance(inputs, dict):
            return self.problem(request, 422, "- input: Invalid type. Expected: object")
        request[FIELDS] = inputs
        try:
            recordings = await asyncio.to_thread(self._check, inputs)
        except RefusedError as error:
            return self.problem(request, 422, error.message)
        job = Job(new_id(), inputs, fault=fault, ending=self.faults.take("result"))
        song = recordings.get("song_file")
        voice = song or recordings.get("voice_file")
        self.begin(job, voice, song or recordings.get("instrumental_file"), inputs["lyrics"])
        self.balance -= PRICE_USD
        preferred = _PREFERRED.search(request.headers.get("Prefer", ""))
        if preferred is not None:
            await self.jobs.wait(job, min(int(preferred[1] or _LONGEST_WAIT), _LONGEST_WAIT))
        prediction = self._prediction(job)
        if prediction["status"] == "processing":
            prediction |= {"status": "starting", "started_at": None}
        if fault == "no-id":
            del prediction["id"]
        return await self.late(request, fault, web.json_response(prediction, status=201))

    def _check(self, inputs: dict[str, Any]) -> dict[str, bytes]:
        """Check an input against the model's schema, and find its recordings.

        Raises:
            RefusedError: It breaks a rule.
        """
        lyrics = inputs.get("lyrics")
        if not isinstance(lyrics, str) or not 0 < len(lyrics) <= LYRICS_MAX:
            raise RefusedError(f"- input.lyrics: 1 to {LYRICS_MAX} characters")
        for name, allowed in SETTINGS.items():
            if name in inputs and inputs[name] not in allowed:
                raise RefusedError(f"- input.{name}: must be one of {allowed}")
        if unknown := set(inputs) - {"lyrics", *FILES, *SETTINGS}:
            raise RefusedError(f"- input: Additional property {min(unknown)} is not allowed")
        named = {name: inputs[name] for name in FILES if name in inputs}
        if not named or ("song_file" in named and len(named) > 1):
            raise RefusedError("- input: a song_file, or a voice_file and/or instrumental_file")
        prefix = f"{self.url}/v1/files/"
        recordings = {}
        for name, address in named.items():
            data = self.files.get(str(address).removeprefix(prefix))
            if data is None:
                raise RefusedError(f"- input.{name}: the file cannot be read")
            if check_recording(data, "reference.mp3", "audio/mpeg") <= _SHORTEST:
                raise RefusedError(f"- input.{name}: must be longer than 15 seconds")
            recordings[name] = data
        return recordings

    async def _list(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("list")
        if early := await self.early(request, fault):
            return early
        predictions = [self._prediction(job) for job in reversed(self.jobs.by_id.values())]
        if not self.lists_inputs:
            predictions = [{**prediction, "input": {}} for prediction in predictions]
        return await self.late(request, fault, web.json_response(shapes.page(predictions)))

    async def _look(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("poll")
        if early := await self.early(request, fault):
            return early
        job = self.jobs.by_id.get(request.match_info["id"])
        if job is None:
            return self.problem(request, 404, job_faults.STATUSES[404])
        return await self.late(request, fault, web.json_response(self._prediction(job)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, self.faults.take("cancel")):
            return early
        job = self.jobs.by_id.get(request.match_info["id"])
        if job is None:
            return self.problem(request, 404, job_faults.STATUSES[404])
        self.jobs.cancel(job)
        return web.json_response(self._prediction(job))

    async def _model(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        if self.withdrawn:
            return self.problem(request, 404, job_faults.STATUSES[404])
        return web.json_response(shapes.model(self.url))

    async def _account(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        return web.json_response(shapes.account())

    def _prediction(self, job: Job) -> dict[str, Any]:
        """Tell a prediction as it stands."""
        at = shapes.moment(job.at)
        address = f"{self.url}/v1/predictions/{job.id}"
        prediction: dict[str, Any] = {
            "id": job.id,
            "model": MODEL,
            "version": "hidden",
            "input": job.inputs,
            "logs": "",
            "output": None,
            "error": None,
            "status": "processing",
            "created_at": at,
            "started_at": at,
            "completed_at": None,
            "data_removed": False,
            "metrics": {},
            "source": "api",
            "urls": {
                "web": f"https://replicate.com/p/{job.id}",
                "get": address,
                "cancel": f"{address}/cancel",
            },
        }
        if job.ended is not None and (job.is_done or job.cancelled):
            seconds = {"predict_time": job.ended - job.at, "total_time": job.ended - job.at}
            prediction |= {"completed_at": shapes.moment(job.ended), "metrics": seconds}
        if job.cancelled:
            prediction["status"] = "canceled"
        elif job.ending == "aborted":
            prediction |= {"status": "aborted", "started_at": None}
        elif job.ending == "unknown-status":
            prediction["status"] = "meditating"
        elif job.is_done:
            prediction |= self._end(job)
        return prediction

    def _end(self, job: Job) -> dict[str, Any]:
        if job.ending in _ERRORS:
            return {"status": "failed", "error": _ERRORS[job.ending]}
        address = self.jobs.address(job)
        output: Any = {
            "no-track": None,
            "removed": None,
            "as-list": [address],
            "as-data": _data(job.track or b""),
            "bad-data": "data:audio/mpeg;base64,@@@",
        }.get(job.ending or "", address)
        removed = job.ending == "removed"
        return {"status": "succeeded", "output": output, "data_removed": removed}


def _data(track: bytes) -> str:
    return f"data:audio/mpeg;base64,{b64encode(track).decode()}"


def _metadata(part: Any) -> dict[str, Any]:
    """Read what a caller wants to have beside a file; nothing where it is no object of JSON."""
    try:
        metadata = read_json(part) if isinstance(part, str) else None
    except Untrustworthy:
        metadata = None
    return metadata if isinstance(metadata, dict) else {}
