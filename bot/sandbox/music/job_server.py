"""A stand-in whose calls can all go wrong in the same ways."""

import secrets
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from aiohttp import web

from bot.sandbox.music import job_faults
from bot.sandbox.music.jobs import Job, Jobs
from bot.sandbox.music.server import FIELDS, MusicServer, OnCall
from bot.sandbox.music.sketch_process import SketchProcess
from bot.untrusted import Untrustworthy, read_json

_LARGEST = 64_000_000  # a recording in Base64 may be in it


class JobServer(MusicServer):
    """Shared by the stand-ins for Replicate and ACE-Step.

    Args:
        key: What callers must show as their bearer; "" where anybody may call.
        latency: Seconds a track takes at least.
        catalogue: Which faults can be queued beyond those of making a track.
        on_call: See `MusicServer`.

    Attributes:
        generated: Every `Job`, in order.
        jobs: The tracks that were asked for.
        withdrawn: Whether the model is gone.
    """

    KNOBS: ClassVar = {**MusicServer.KNOBS, "withdrawn": bool}

    def __init__(
        self,
        *,
        key: str,
        latency: float,
        catalogue: Mapping[str, Collection[str]],
        on_call: OnCall | None = None,
    ) -> None:
        common = {
            "generate": job_faults.GENERATE,
            "poll": job_faults.POLL,
            "result": job_faults.RESULT,
        }
        super().__init__(
            key=key, latency=latency, catalogue={**common, **catalogue}, on_call=on_call
        )
        self.generated: list[Job] = []
        self.withdrawn = False
        self._sketches = SketchProcess()
        self.jobs = Jobs(self, self._sketches)

    @property
    def billed(self) -> int:
        """How many tracks were charged."""
        return sum(job.billed for job in self.generated)

    def begin(self, job: Job, voice: bytes | None, beat: bytes | None, lyrics: str) -> None:
        """Begin to make a track out of recordings."""
        self.generated.append(job)
        self.jobs.open(job, voice=voice, beat=beat, lyrics=lyrics, latency=self.latency)

    def calls(self) -> dict[str, Any]:
        """Tell what was called, as JSON can hold it."""
        return {"generated": [job.as_json() for job in self.generated], "billed": self.billed}

    async def aclose(self) -> None:
        """Stop listening, and end what is being made."""
        await super().aclose()
        await self.jobs.aclose()
        self._sketches.close()

    def knows(self, request: web.Request) -> bool:
        """Whether the caller showed the key."""
        shown = request.headers.get("Authorization", "")
        request[FIELDS] = {"authorization": shown}
        return not self.key or secrets.compare_digest(shown, f"Bearer {self.key}")

    async def early(self, request: web.Request, fault: str | None) -> web.StreamResponse | None:
        """Answer before anything is done, where key or fault say so."""
        if not self.knows(request):
            return self.problem(request, 401, job_faults.STATUSES[401])
        return await before(self, request, fault)

    async def late(
        self, request: web.Request, fault: str | None, answer: web.Response
    ) -> web.StreamResponse:
        """Answer after it is done, as far as the fault allows."""
        return await after(self, request, fault, answer)


async def before(
    server: MusicServer, request: web.Request, fault: str | None
) -> web.StreamResponse | None:
    """Answer before anything is done, where the fault says so."""
    if fault == "hang":
        await server.hang()
    if fault in job_faults.BEFORE:
        return server.drop(request)
    if fault is not None and fault in job_faults.REFUSED:
        return server.problem(request, int(fault), job_faults.STATUSES[int(fault)])
    return None


async def after(
    server: MusicServer, request: web.Request, fault: str | None, answer: web.Response
) -> web.StreamResponse:
    """Answer after it is done, as far as the fault allows."""
    if fault == "hang-after":
        await server.hang()
    if fault in {"reset-after", "hang-after"}:
        return server.drop(request)
    if fault == "500-after":
        return server.problem(request, 500, job_faults.STATUSES[500])
    if fault == "not-json":
        return web.Response(text="<html>welcome</html>", content_type="text/html")
    return answer


async def body_of(request: web.Request) -> dict[str, Any]:
    """Read a body of JSON; an empty one where it is none."""
    try:
        body = read_json(await request.read(), most_bytes=_LARGEST)
    except Untrustworthy:
        return {}
    return body if isinstance(body, dict) else {}
