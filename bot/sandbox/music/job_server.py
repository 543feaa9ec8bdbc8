"""A stand-in whose calls can all go wrong in the same ways."""

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.music import job_faults as wrong
from bot.sandbox.music.jobs import Job, TicketDesk
from bot.sandbox.music.server import FIELDS, OnCall, Stand
from bot.sandbox.music.sketch_process import Maker
from bot.untrusted import Untrustworthy, read_json

_LARGEST = 64_000_000  # a recording in Base64 may be in it


class TicketStand(Stand):
    """Shared by the stand-ins for Replicate and ACE-Step.

    Args:
        key: What callers must show as their bearer; "" where anybody may call.
        latency: Seconds a track takes at least.
        catalogue: Which faults can be queued beyond those of making a track.
        on_call: See `Stand`.

    Attributes:
        generated: Every `Job`, in order.
        desk: The tracks that were asked for.
        withdrawn: Whether the model is gone.
    """

    def __init__(
        self,
        *,
        key: str,
        latency: float,
        catalogue: Mapping[str, Collection[str]],
        on_call: OnCall | None = None,
    ) -> None:
        common = {"generate": wrong.GENERATE, "poll": wrong.POLL, "result": wrong.RESULT}
        super().__init__(
            key=key, latency=latency, catalogue={**common, **catalogue}, on_call=on_call
        )
        self.generated: list[Job] = []
        self.withdrawn = False
        self._maker = Maker()
        self.desk = TicketDesk(self, self._maker)

    @property
    def billed(self) -> int:
        """How many tracks were charged."""
        return sum(job.billed for job in self.generated)

    def begin(self, job: Job, voice: bytes | None, beat: bytes | None, lyrics: str) -> None:
        """Begin to make a track out of recordings."""
        self.generated.append(job)
        self.desk.open(job, voice=voice, beat=beat, lyrics=lyrics, latency=self.latency)

    def turn(self, knobs: dict[str, Any]) -> None:
        """Set latency or withdrawn.

        Raises:
            ValueError: No such knob, or no such value.
        """
        for name, value in knobs.items():
            if name == "withdrawn":
                self.withdrawn = bool(value)
            else:
                super().turn({name: value})

    def calls(self) -> dict[str, Any]:
        """Tell what was called, as JSON can hold it."""
        return {"generated": [job.told() for job in self.generated], "billed": self.billed}

    async def aclose(self) -> None:
        """Stop listening, and end what is being made."""
        await super().aclose()
        await self.desk.aclose()
        self._maker.close()

    def knows(self, request: web.Request) -> bool:
        """Whether the caller showed the key."""
        shown = request.headers.get("Authorization", "")
        request[FIELDS] = {"authorization": shown}
        return not self.key or secrets.compare_digest(shown, f"Bearer {self.key}")

    async def early(self, request: web.Request, fault: str | None) -> web.StreamResponse | None:
        """Answer before anything is done, where key or fault say so."""
        if not self.knows(request):
            return self.problem(request, 401, wrong.STATUSES[401])
        return await before(self, request, fault)

    async def late(
        self, request: web.Request, fault: str | None, answer: web.Response
    ) -> web.StreamResponse:
        """Answer after it is done, as far as the fault allows."""
        return await after(self, request, fault, answer)


async def before(
    stand: Stand, request: web.Request, fault: str | None
) -> web.StreamResponse | None:
    """Answer before anything is done, where the fault says so."""
    if fault == "hang":
        await stand.hang()
    if fault in wrong.BEFORE:
        return stand.drop(request)
    if fault is not None and fault in wrong.REFUSED:
        return stand.problem(request, int(fault), wrong.STATUSES[int(fault)])
    return None


async def after(
    stand: Stand, request: web.Request, fault: str | None, answer: web.Response
) -> web.StreamResponse:
    """Answer after it is done, as far as the fault allows."""
    if fault == "hang-after":
        await stand.hang()
    if fault in {"reset-after", "hang-after"}:
        return stand.drop(request)
    if fault == "500-after":
        return stand.problem(request, 500, wrong.STATUSES[500])
    if fault == "not-json":
        return web.Response(text="<html>welcome</html>", content_type="text/html")
    return answer


async def body_of(request: web.Request) -> dict[str, Any]:
    """Read a body of JSON; an empty one where it is none."""
    try:
        told = read_json(await request.read(), most_bytes=_LARGEST)
    except Untrustworthy:
        return {}
    return told if isinstance(told, dict) else {}
