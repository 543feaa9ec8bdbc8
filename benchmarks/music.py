"""The music API in a process of its own, with a gate that lets a wave of answers out at once."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from bot.sandbox.music.aimlapi.server import MusicApi

LATENCY = 0.5
"""Seconds that a track takes while the gate is open."""


class GatedMusicApi(MusicApi):
    """Music-01 that always answers with one track, and holds its answers while the gate is shut.

    `POST /gate/shut`, `POST /gate/open`, `GET /gate` → calls for a track held, uploads so far.
    """

    def __init__(self, track: bytes) -> None:
        super().__init__(latency=LATENCY, upload_latency=0.1, balance=1e6)
        self.stock = track
        self._gate = asyncio.Event()
        self._gate.set()
        self._held = 0

    def routes(self) -> Sequence[web.RouteDef]:
        return (
            *super().routes(),
            web.get("/gate", self._count),
            web.post("/gate/{what:shut|open}", self._turn_gate),
        )

    async def pause(self, seconds: float) -> None:
        await super().pause(seconds)
        if seconds != self.upload_latency:
            self._held += 1
            await self._gate.wait()
            self._held -= 1

    async def _turn_gate(self, request: web.Request) -> web.Response:
        (self._gate.set if request.match_info["what"] == "open" else self._gate.clear)()
        return await self._count(request)

    async def _count(self, _: web.Request) -> web.Response:
        return web.json_response({"held": self._held, "uploads": len(self.uploads)})


async def serve(track: Path) -> None:
    """Print the address, then answer until standard input ends."""
    api = await GatedMusicApi(await asyncio.to_thread(track.read_bytes)).start()
    try:
        print(api.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await api.aclose()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
