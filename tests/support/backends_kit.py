"""Every backend that gives tickets, in front of its stand-in."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.backoff import Backoff
from bot.model import Purpose
from bot.music import AceStep, AimlApiCover, MusicBackend, Order, Replicate, Ticket, TrackFile
from bot.sandbox.music.acestep import AceStepApi
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.music.jobs import Job
from bot.sandbox.music.replicate import ReplicateApi
from bot.sandbox.music.server import MusicServer
from tests.support.music_kit import KEY, LYRICS, mp3

PAUSES = Backoff(first=0.02, longest=0.05)


@dataclass(frozen=True)
class Kind:
    """A backend and its stand-in; `create` is the call whose faults refuse an order."""

    client: Callable[..., MusicBackend]
    stand: Callable[..., Any]
    create: str = "generate"


KINDS = {
    "replicate": Kind(Replicate, ReplicateApi),
    "aimlapi-cover": Kind(AimlApiCover, MusicApi, create="cover"),
    "acestep": Kind(AceStep, AceStepApi),
}


@dataclass
class Place:
    """A client, its stand-in, and a folder."""

    kind: Kind
    api: Any
    client: MusicBackend
    session: aiohttp.ClientSession
    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "track.mp3"

    @property
    def jobs(self) -> list[Job]:
        jobs = self.api.cover.jobs if isinstance(self.api, MusicApi) else self.api.jobs
        return list(jobs.by_id.values())

    def fail(self, name: str, on: str | None = None, times: int = 1) -> None:
        self.api.fail(name, times, on or self.kind.create)

    def recording(self, name: str = "take.mp3", seconds: float = 17) -> Path:
        path = self.folder / name
        path.write_bytes(mp3(seconds))
        return path

    async def order(self, purpose: Purpose = Purpose.SONG, request_id: str = "a-1") -> Order:
        up = await self.client.upload(self.recording(), purpose)
        voice = up if purpose.has_voice else None
        return Order(request_id, LYRICS, voice, up if purpose.has_beat else None)

    async def ticket(self, purpose: Purpose = Purpose.SONG) -> Ticket:
        answer = await self.client.submit(await self.order(purpose), self.out)
        assert isinstance(answer, Ticket)
        return answer

    async def track(self, purpose: Purpose = Purpose.SONG) -> TrackFile:
        return await self.client.collect(await self.ticket(purpose), self.out)

    def another(self, **changed: Any) -> MusicBackend:
        return client_of(self.kind, self.session, self.api, **changed)

    def left_behind(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != "take.mp3")


def client_of(
    kind: Kind,
    session: aiohttp.ClientSession,
    api: MusicServer,
    *,
    key: str = KEY,
    url: str | None = None,
    within: float = 10.0,
    **more: Any,
) -> MusicBackend:
    return kind.client(
        session,
        key=SecretStr(key),
        url=url or api.url,
        upload_timeout=within,
        generate_timeout=within,
        pauses=PAUSES,
        **more,
    )


@asynccontextmanager
async def place(name: str, folder: Path, *, within: float = 10.0) -> AsyncIterator[Place]:
    kind = KINDS[name]
    api = kind.stand(KEY, 0.0)
    api.stock = mp3(3)
    await api.start()
    async with aiohttp.ClientSession() as session:
        client = client_of(kind, session, api, within=within)
        try:
            yield Place(kind, api, client, session, folder)
        finally:
            await client.aclose()
            await api.aclose()
