"""The client of music-01 in front of its stand-in, and recordings to give them."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import aiohttp
import av
import numpy as np
from pydantic import SecretStr

from bot.model import Purpose
from bot.music import AimlApi, Order, Ticket, TrackFile, Uploaded
from bot.sandbox.music.aimlapi.server import MusicApi

KEY = "sandbox-key"
LYRICS = "Morning light upon the water\nevery word a little brighter"


def tone(seconds: float, rate: int = 16_000) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    time = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * 220 * time) * 9000).astype(np.int16)


@cache
def mp3(seconds: float) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(seconds)[None, :], format="s16", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@cache
def wav(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(tone(seconds).tobytes())
    return file.getvalue()


@dataclass
class Scene:
    api: MusicApi
    client: AimlApi
    session: aiohttp.ClientSession
    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "track.mp3"

    def recording(self, name: str = "take.mp3", data: bytes | None = None) -> Path:
        path = self.folder / name
        path.write_bytes(mp3(12) if data is None else data)
        return path

    async def song(self) -> Uploaded:
        return await self.client.upload(self.recording(), Purpose.SONG)

    async def order(self, request_id: str = "attempt-1") -> Order:
        song = await self.song()
        return Order(request_id, LYRICS, song, song)

    def left_behind(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != "take.mp3")


def client_of(
    session: aiohttp.ClientSession, url: str, *, key: str = KEY, within: float = 20.0
) -> AimlApi:
    return AimlApi(
        session,
        key=SecretStr(key),
        url=url,
        upload_timeout=within,
        generate_timeout=within,
    )


@asynccontextmanager
async def scene(folder: Path, *, within: float = 20.0) -> AsyncIterator[Scene]:
    api = MusicApi(KEY, 0.0)
    api.stock = mp3(3)
    await api.start()
    async with aiohttp.ClientSession() as session:
        client = client_of(session, api.url, within=within)
        try:
            yield Scene(api, client, session, folder)
        finally:
            await client.aclose()
            await api.aclose()


async def fetched(client: AimlApi, order: Order, into: Path) -> TrackFile:
    """Ask for a track, and collect it where a ticket came."""
    answer = await client.submit(order, into)
    return await client.collect(answer, into) if isinstance(answer, Ticket) else answer
