"""AI/ML API's music-01, imitated with its real rules (docs/facts/music-01.md)."""

import asyncio
import base64
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import uuid4

from aiohttp import web

from bot.sandbox.music.aimlapi import cover, faults
from bot.sandbox.music.aimlapi.answers import Track, read_json, refuse, send_track
from bot.sandbox.music.aimlapi.calls import GenerateCall, UploadCall
from bot.sandbox.music.aimlapi.uploads import Uploads
from bot.sandbox.music.rules import MODEL, PURPOSES, RefusedError, check_recording, read_order
from bot.sandbox.music.server import FIELDS, MusicServer, OnCall
from bot.sandbox.music.sketch_process import SketchProcess

PRICE_USD = 0.0315
"""What a track costs: 63,000 credits at 2,000,000 a dollar."""

_PATH = "/v2/generate/audio/minimax"
_UPLOAD_SHARE = 8  # an upload takes about an eighth of what a track takes
_GATEWAY_TIMEOUT = 504


class MusicApi(MusicServer):
    """Music-01 on this machine.

    Args:
        key: What callers must show as their bearer.
        latency: Seconds a track takes at least.
        upload_latency: Seconds an upload takes at least; an eighth of `latency` if None.
        balance: Dollars on the account.
        on_call: See `MusicServer`.

    Attributes:
        stock: An MP3 that is the answer to every order, instead of a sketch made from it.
        withdrawn: Whether the model has been taken off the list.
        uploads: Every call for an upload that showed the key, in order.
        generated: Every call for a track that showed the key, in order.
    """

    KNOBS: ClassVar = {
        **MusicServer.KNOBS,
        "withdrawn": bool,
        "balance": float,
        "upload_latency": lambda value: None if value is None else float(value),
        "stock": lambda value: None if value is None else base64.b64decode(value, validate=True),
    }

    def __init__(
        self,
        key: str = "sandbox-key",
        latency: float = 5.0,
        *,
        upload_latency: float | None = None,
        balance: float = 10.0,
        on_call: OnCall | None = None,
    ) -> None:
        catalogue = {"upload": faults.UPLOAD, "generate": faults.GENERATE, **cover.CATALOGUE}
        super().__init__(key=key, latency=latency, catalogue=catalogue, on_call=on_call)
        self.upload_latency = upload_latency
        self.balance = balance
        self.withdrawn = False
        self.uploads: list[UploadCall] = []
        self.generated: list[GenerateCall] = []
        self._stored = Uploads()
        self._files: dict[str, bytes] = {}
        self._sketches = SketchProcess()
        self.cover = cover.CoverApi(self, self._sketches, self._knows, self._pay)

    @property
    def billed(self) -> int:
        """How many tracks were charged, covers included."""
        covers = sum(job.billed for job in self.cover.jobs.by_id.values())
        return covers + sum(call.billed for call in self.generated)

    def routes(self) -> Sequence[web.RouteDef]:
        """Name the calls of the service."""
        return (
            web.post(f"{_PATH}/upload", self._upload),
            web.post(f"{_PATH}/generate", self._generate),
            web.get("/v1/models", self._models),
            web.get("/v1/billing/balance", self._balance),
            web.get("/v2/billing", self._balance),
            web.get("/files/{name}", self._file),
            *self.cover.routes(),
        )

    def calls(self) -> dict[str, Any]:
        """Tell what was called, as JSON can hold it."""
        return {
            "uploads": [asdict(call) for call in self.uploads],
            "generated": [asdict(call) for call in self.generated],
            "covers": [job.as_json() for job in self.cover.jobs.by_id.values()],
            "billed": self.billed,
            "balance": round(self.balance, 6),
        }

    def problem(self, request: web.Request, status: int, message: str) -> web.Response:
        """Say no in the gateway's own form."""
        return refuse(request, faults.Refusal(status, message))

    async def aclose(self) -> None:
        """Stop listening and end the process that makes sketches."""
        await super().aclose()
        await self.cover.jobs.aclose()
        await asyncio.to_thread(self._sketches.close)

    async def _models(self, _: web.Request) -> web.Response:
        """List what is sold; needs no key."""
        sold = [{"id": "gpt-4o-mini", "type": "chat-completion", "aliases": []}]
        if not self.withdrawn:
            sold.append({"id": MODEL, "type": "audio", "aliases": ["minimax/music-01"]})
        if not self.cover.withdrawn:
            sold.append({"id": cover.COVER, "type": "audio", "aliases": []})
        return web.json_response({"object": "list", "data": sold})

    async def _balance(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return self.problem(request, 401, faults.STATUSES[401])
        return web.json_response({"current_balance": round(self.balance, 6), "currency": "USD"})

    async def _file(self, request: web.Request) -> web.Response:
        track = self._files.get(request.match_info["name"])
        if track is None:
            return self.problem(request, 404, "Not found")
        return web.Response(body=track, content_type="audio/mpeg")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if not self._knows(request):
            return self.problem(request, 401, faults.STATUSES[401])
        call = UploadCall(fault=self.faults.take("upload"))
        self.uploads.append(call)
        try:
            data = await self._read_upload(request, call)
            request[FIELDS] = asdict(call)
            early = await self._early(request, call.fault)
            if early is not None:
                return early
            call.seconds = await asyncio.to_thread(
                check_recording, data, call.filename, call.content_type
            )
        except RefusedError as error:
            return self._refused(request, error)
        latency = self.latency / _UPLOAD_SHARE
        await self.pause(latency if self.upload_latency is None else self.upload_latency)
        return self._name(request, call, data)

    async def _read_upload(self, request: web.Request, call: UploadCall) -> bytes:
        """Take the parts out of a form into `call`, and return the recording.

        Raises:
            RefusedError: It is no form of multipart, or a part is missing or wrong.
        """
        if request.content_type != "multipart/form-data":
            raise RefusedError("Body validation error")
        try:
            form = await request.post()
        except ValueError as error:
            raise RefusedError("Body validation error") from error
        purpose, file = form.get("purpose"), form.get("file")
        if not isinstance(file, web.FileField):
            raise RefusedError("Body validation error: file is required")
        call.purpose = str(purpose)
        call.filename, call.content_type = file.filename, file.content_type
        with file.file:
            data = await asyncio.to_thread(file.file.read)
        call.size = len(data)
        if purpose not in PURPOSES:
            raise RefusedError("invalid params, purpose", 2013)
        return data

    def _name(self, request: web.Request, call: UploadCall, data: bytes) -> web.Response:
        """Answer with the ids of a recording."""
        call.ids = self._stored.keep(data, call.purpose)
        call.ok = call.fault is None
        if call.fault == "reset-after":
            return self.drop(request)
        if call.fault == "empty-200":
            return web.Response()
        ids = {} if call.fault == "no-ids" else call.ids
        verdict = {"status_code": 0, "status_msg": "success"}
        return web.json_response({**ids, "trace_id": secrets.token_hex(16), "base_resp": verdict})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        if not self._knows(request):
            return self.problem(request, 401, faults.STATUSES[401])
        call = GenerateCall(
            fault=self.faults.take("generate"),
            request_id=request.headers.get("X-Client-Request-Id"),
        )
        self.generated.append(call)
        try:
            order = read_order(await read_json(request))
            call.lyrics, call.voice, call.beat = order.lyrics, order.voice, order.beat
            request[FIELDS] = asdict(call)
            early = await self._early(request, call.fault)
            if early is not None:
                return early
            voice = self._stored.find(order.voice, "vocal")
            beat = self._stored.find(order.beat, "instrumental")
        except RefusedError as error:
            return self._refused(request, error)
        if self.balance < PRICE_USD:
            return self.problem(request, 402, faults.STATUSES[402])
        track, _ = await asyncio.gather(
            self._track(voice, beat, order.lyrics, order.sample_rate, order.bitrate),
            self.pause(self.latency),
        )
        return await self._answer(request, call, track)

    async def _track(
        self, voice: bytes | None, beat: bytes | None, lyrics: str, rate: int, bitrate: int
    ) -> bytes:
        if self.stock is not None:
            return self.stock
        return await self._sketches.track(
            voice, beat, lyrics=lyrics, sample_rate=rate, bitrate=bitrate
        )

    async def _answer(
        self, request: web.Request, call: GenerateCall, mp3: bytes
    ) -> web.StreamResponse:
        """Charge for a track, and hand it over as far as the fault lets it."""
        call.billed = True
        self.balance -= PRICE_USD
        request[FIELDS] = asdict(call)
        if call.fault == "reset-after":
            return self.drop(request)
        if call.fault == "hang-after":
            await self.hang()
            return self.drop(request)
        if call.fault == "504-after":
            return self.problem(request, _GATEWAY_TIMEOUT, faults.STATUSES[_GATEWAY_TIMEOUT])
        call.ok = call.fault in {None, "audio-url"}
        name = f"{uuid4().hex}.mp3"
        if call.fault == "audio-url":
            self._files[name] = mp3
        track = Track(mp3, call.fault, f"{self.url}/files/{name}", PRICE_USD)
        return await send_track(self, request, track)

    async def _early(self, request: web.Request, fault: str | None) -> web.StreamResponse | None:
        """Answer before any work is done, where the fault or the owner says so."""
        if fault == "reset":
            return self.drop(request)
        if fault == "hang":
            await self.hang()
            return self.drop(request)
        refusal = faults.refusal(fault) if fault else None
        if refusal is not None:
            return refuse(request, refusal)
        if self.withdrawn:
            return self.problem(request, 404, f"Cannot POST {request.path}")
        return None

    def _refused(self, request: web.Request, error: RefusedError) -> web.Response:
        if error.code is None:
            return self.problem(request, 400, error.message)
        return web.json_response(faults.verdict(error.code, error.message))

    def _pay(self, price: float) -> bool:
        if self.balance < price:
            return False
        self.balance -= price
        return True

    def _knows(self, request: web.Request) -> bool:
        shown = request.headers.get("Authorization", "")
        request[FIELDS] = {"authorization": shown}
        return secrets.compare_digest(shown.encode(), f"Bearer {self.key}".encode())
