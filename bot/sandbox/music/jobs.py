"""Tracks that are asked for now and fetched later, for every stand-in that gives tickets."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.music.server import FIELDS, MusicServer
from bot.sandbox.music.sketch_process import SketchProcess

_PIECE = 1 << 16
_BIG = 51_000_000
_ELSEWHERE = {
    "elsewhere": "https://tracks.example/out.mp3",
    "private": "https://10.0.0.1/out.mp3",
    "plain-http": "http://tracks.example/out.mp3",
}


@dataclass(slots=True)
class Job:
    """A track that was asked for.

    Attributes:
        id: The ticket.
        at: Seconds of the epoch.
        inputs: What was sent, for whoever looks at it.
        fault: What was done to the call on purpose.
        ending: What becomes of the track on purpose.
        billed: Whether it was charged.
        cancelled: Whether the caller took it back.
        track: The MP3, once it is there.
        ended: When that was, in seconds of the epoch.
        authorizations: The `Authorization` of every request for the track.
    """

    id: str
    inputs: dict[str, Any]
    fault: str | None = None
    ending: str | None = None
    at: float = field(default_factory=time.time)
    billed: bool = False
    cancelled: bool = False
    track: bytes | None = field(default=None, repr=False)
    ended: float | None = None
    authorizations: list[str | None] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether the service would say that it is done."""
        return self.track is not None and self.ending not in {"stuck", "unknown-status"}

    def as_json(self) -> dict[str, Any]:
        """What can be looked at, as JSON can hold it."""
        names = ("id", "at", "inputs", "fault", "ending", "billed", "cancelled")
        return {name: getattr(self, name) for name in names}


class Jobs:
    """Makes tracks while nobody waits for them, and hands them out.

    Args:
        server: The server it belongs to; tracks are at `/delivery/`.
        sketches: Makes the sketches; closed by the server.
    """

    def __init__(self, server: MusicServer, sketches: SketchProcess) -> None:
        self.by_id: dict[str, Job] = {}
        self._server = server
        self._sketches = sketches
        self._work: dict[str, asyncio.Task[None]] = {}

    def open(
        self,
        job: Job,
        *,
        voice: bytes | None,
        beat: bytes | None,
        lyrics: str,
        latency: float,
    ) -> None:
        """Begin to make a track; `voice` and `beat` are recordings."""
        self.by_id[job.id] = job
        making = self._make(job, voice, beat, lyrics, latency)
        self._work[job.id] = asyncio.create_task(making)

    def cancel(self, job: Job) -> None:
        """Take a job back, unless it is done."""
        if job.track is None:
            job.cancelled, job.ended = True, time.time()
            self._work[job.id].cancel()

    async def wait(self, job: Job, seconds: float) -> None:
        """Wait until a job has ended, at most so long."""
        await asyncio.wait([self._work[job.id]], timeout=seconds)

    def address(self, job: Job) -> str:
        """Where the track of a job that is done is said to be."""
        return _ELSEWHERE.get(job.ending or "", f"{self._server.url}{self.path(job)}")

    @staticmethod
    def path(job: Job) -> str:
        """Where it really is."""
        return f"/delivery/{job.id}/out.mp3"

    def routes(self) -> Sequence[web.RouteDef]:
        """Where tracks are handed out."""
        return (web.get("/delivery/{id}/{name}", self._hand_out),)

    async def aclose(self) -> None:
        """Give up what is being made."""
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)

    async def _make(
        self, job: Job, voice: bytes | None, beat: bytes | None, lyrics: str, latency: float
    ) -> None:
        made, _ = await asyncio.gather(
            self._track(voice, beat, lyrics), self._server.pause(latency)
        )
        job.billed = job.ending not in {"failed", "sensitive", "invalid"}
        job.track, job.ended = made, time.time()

    async def _track(self, voice: bytes | None, beat: bytes | None, lyrics: str) -> bytes:
        if self._server.stock is not None:
            return self._server.stock
        return await self._sketches.track(
            voice, beat, lyrics=lyrics, sample_rate=44_100, bitrate=256_000
        )

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        job = self.by_id.get(request.match_info["id"])
        request[FIELDS] = {"track": request.match_info["id"]}
        if job is None or job.track is None or job.ending == "gone":
            return self._server.problem(request, 404, "Not found")
        job.authorizations.append(request.headers.get("Authorization"))
        if request.match_info["name"] == "out.mp3" and job.ending is not None:
            leads = {
                "redirect": f"/delivery/{job.id}/moved.mp3",
                "redirect-private": "https://192.168.0.1/out.mp3",
                "redirect-elsewhere": "https://tracks.example/out.mp3",
            }
            if job.ending in leads:
                return web.Response(status=302, headers={"Location": leads[job.ending]})
        return await self._send(request, job, job.track)

    async def _send(self, request: web.Request, job: Job, track: bytes) -> web.StreamResponse:
        whole = {
            "not-mp3": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(1000),
            "undecodable": b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"not a frame " * 500,
            "empty": b"",
        }.get(job.ending or "", track)
        if job.ending not in {"too-big", "endless", "cut"}:
            return web.Response(body=whole, content_type="audio/mpeg")
        response = web.StreamResponse()
        response.content_type = "audio/mpeg"
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write(track[: len(track) // 2])
            if job.ending == "cut":
                return self._server.drop(request)
            if job.ending == "endless":
                await self._server.hang()
            for _ in range(_BIG // _PIECE):
                await response.write(bytes(_PIECE))
        return response


def new_id() -> str:
    """Name a job the way Replicate does: 26 small letters and digits."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(26))
