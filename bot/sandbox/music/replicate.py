"""Replicate's minimax/music-01, imitated (docs/facts/services.md, Replicate)."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.sandbox.music import job_faults as wrong
from bot.sandbox.music import replicate_shapes as shapes
from bot.sandbox.music.job_server import TicketStand, body_of
from bot.sandbox.music.jobs import Job, new_id
from bot.sandbox.music.replicate_shapes import FILES, LYRICS_MAX, MODEL, SETTINGS
from bot.sandbox.music.rules import RefusedError, check_recording
from bot.sandbox.music.server import FIELDS, OnCall
from bot.untrusted import Untrustworthy, read_json

PRICE_USD = 0.035

_SHORTEST = 15.0
_LONGEST_WAIT = 60
_PREFERRED = re.compile(r"wait(?:=(\d{1,3}))?")
_SAID = {
    "failed": "Prediction interrupted; please retry (code: PA)",
    "sensitive": "The input or output was flagged as sensitive. Please try again. (E005)",
    "invalid": "MiniMax API error: 2013 - invalid params, lyrics",
}


class ReplicateApi(TicketStand):
    """Replicate on this machine: files, predictions, a list of them, deliveries.

    Args:
        key: What callers must show as their bearer.
        latency: Seconds a track takes at least.
        balance: Dollars on the account.
        on_call: See `Stand`.

    Attributes:
        files: Recordings, by their ids.
        lists_inputs: Whether the list of predictions tells their inputs.
    """

    def __init__(
        self,
        key: str = "sandbox-token",
        latency: float = 5.0,
        *,
        balance: float = 10.0,
        on_call: OnCall | None = None,
    ) -> None:
        catalogue = {
            "upload": wrong.UPLOAD,
            "cancel": wrong.CANCEL,
            "list": wrong.POLL,
            "result": wrong.RESULT | {"removed", "as-list", "as-data", "bad-data", "aborted"},
        }
        super().__init__(key=key, latency=latency, catalogue=catalogue, on_call=on_call)
        self.balance = balance
        self.files: dict[str, bytes] = {}
        self.uploads: list[dict[str, Any]] = []
        self._told_files: dict[str, dict[str, Any]] = {}
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
            *self.desk.routes(),
        )

    def turn(self, knobs: dict[str, Any]) -> None:
        """Set latency, withdrawn or balance.

        Raises:
            ValueError: No such knob, or no such value.
        """
        for name, value in knobs.items():
            if name == "balance":
                self.balance = float(value)
            else:
                super().turn({name: value})

    def problem(self, request: web.Request, status: int, message: str) -> web.Response:  # noqa: ARG002  as every stand
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
        told = shapes.file(name, fields, data, self.url, _metadata(form.get("metadata")))
        self._told_files[name] = told
        if fault == "no-address":
            told = {**told, "urls": {}}
        return await self.late(request, fault, web.json_response(told, status=201))

    async def _list_files(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        return web.json_response(shapes.page([*reversed(self._told_files.values())]))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        told = self._told_files.get(request.match_info["id"])
        if told is None:
            return self.problem(request, 404, wrong.STATUSES[404])
        return web.json_response(told)

    async def _drop_file(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        name = request.match_info["id"]
        if self._told_files.pop(name, None) is None:
            return self.problem(request, 404, wrong.STATUSES[404])
        del self.files[name]
        return web.Response(status=204)

    async def _create_by_version(self, request: web.Request) -> web.StreamResponse:
        """Take the other address, which names the model in the body."""
        if not self.knows(request):
            return self.problem(request, 401, wrong.STATUSES[401])
        version = (await body_of(request)).get("version")
        if version not in (MODEL, f"{MODEL}:hidden", "hidden"):
            return self.problem(request, 422, "- version: Invalid version or not permitted")
        return await self._create(request)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("generate")
        if early := await self.early(request, fault):
            return early
        if self.withdrawn:
            return self.problem(request, 404, wrong.STATUSES[404])
        if self.balance < PRICE_USD:
            return self.problem(request, 402, wrong.STATUSES[402])
        wish = (await body_of(request)).get("input", {})
        if not isinstance(wish, dict):
            return self.problem(request, 422, "- input: Invalid type. Expected: object")
        request[FIELDS] = wish
        try:
            found = await asyncio.to_thread(self._check, wish)
        except RefusedError as error:
            return self.problem(request, 422, error.message)
        job = Job(new_id(), wish, fault=fault, ending=self.faults.take("result"))
        song = found.get("song_file")
        voice = song or found.get("voice_file")
        self.begin(job, voice, song or found.get("instrumental_file"), wish["lyrics"])
        self.balance -= PRICE_USD
        preferred = _PREFERRED.search(request.headers.get("Prefer", ""))
        if preferred is not None:
            await self.desk.wait(job, min(int(preferred[1] or _LONGEST_WAIT), _LONGEST_WAIT))
        told = self._told(job)
        if told["status"] == "processing":
            told |= {"status": "starting", "started_at": None}
        if fault == "no-id":
            del told["id"]
        return await self.late(request, fault, web.json_response(told, status=201))

    def _check(self, wish: dict[str, Any]) -> dict[str, bytes]:
        """Check an input against the model's schema, and find its recordings.

        Raises:
            RefusedError: It breaks a rule.
        """
        lyrics = wish.get("lyrics")
        if not isinstance(lyrics, str) or not 0 < len(lyrics) <= LYRICS_MAX:
            raise RefusedError(f"- input.lyrics: 1 to {LYRICS_MAX} characters")
        for name, allowed in SETTINGS.items():
            if name in wish and wish[name] not in allowed:
                raise RefusedError(f"- input.{name}: must be one of {allowed}")
        if unknown := set(wish) - {"lyrics", *FILES, *SETTINGS}:
            raise RefusedError(f"- input: Additional property {min(unknown)} is not allowed")
        named = {name: wish[name] for name in FILES if name in wish}
        if not named or ("song_file" in named and len(named) > 1):
            raise RefusedError("- input: a song_file, or a voice_file and/or instrumental_file")
        prefix = f"{self.url}/v1/files/"
        found = {}
        for name, address in named.items():
            data = self.files.get(str(address).removeprefix(prefix))
            if data is None:
                raise RefusedError(f"- input.{name}: the file cannot be read")
            if check_recording(data, "reference.mp3", "audio/mpeg") <= _SHORTEST:
                raise RefusedError(f"- input.{name}: must be longer than 15 seconds")
            found[name] = data
        return found

    async def _list(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("list")
        if early := await self.early(request, fault):
            return early
        told = [self._told(job) for job in reversed(self.desk.jobs.values())]
        if not self.lists_inputs:
            told = [{**each, "input": {}} for each in told]
        return await self.late(request, fault, web.json_response(shapes.page(told)))

    async def _look(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take("poll")
        if early := await self.early(request, fault):
            return early
        job = self.desk.jobs.get(request.match_info["id"])
        if job is None:
            return self.problem(request, 404, wrong.STATUSES[404])
        return await self.late(request, fault, web.json_response(self._told(job)))

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, self.faults.take("cancel")):
            return early
        job = self.desk.jobs.get(request.match_info["id"])
        if job is None:
            return self.problem(request, 404, wrong.STATUSES[404])
        self.desk.cancel(job)
        return web.json_response(self._told(job))

    async def _model(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        if self.withdrawn:
            return self.problem(request, 404, wrong.STATUSES[404])
        return web.json_response(shapes.model(self.url))

    async def _account(self, request: web.Request) -> web.StreamResponse:
        if early := await self.early(request, None):
            return early
        return web.json_response(shapes.account())

    def _told(self, job: Job) -> dict[str, Any]:
        """Tell a prediction as it stands."""
        at = shapes.moment(job.at)
        address = f"{self.url}/v1/predictions/{job.id}"
        told: dict[str, Any] = {
            "id": job.id,
            "model": MODEL,
            "version": "hidden",
            "input": job.wish,
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
        if job.ended is not None and (job.there or job.cancelled):
            seconds = {"predict_time": job.ended - job.at, "total_time": job.ended - job.at}
            told |= {"completed_at": shapes.moment(job.ended), "metrics": seconds}
        if job.cancelled:
            told["status"] = "canceled"
        elif job.ending == "aborted":
            told |= {"status": "aborted", "started_at": None}
        elif job.ending == "unknown-status":
            told["status"] = "meditating"
        elif job.there:
            told |= self._end(job)
        return told

    def _end(self, job: Job) -> dict[str, Any]:
        if job.ending in _SAID:
            return {"status": "failed", "error": _SAID[job.ending]}
        address = self.desk.address(job)
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
        told = read_json(part) if isinstance(part, str) else None
    except Untrustworthy:
        told = None
    return told if isinstance(told, dict) else {}
