"""The stand-in for Replicate answers in the shapes that its clients decode.

The models are ours, written after the published schema and recorded answers; they are strict: a
field that is missing, null where it can't be, or unknown, fails.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import aiohttp
import pytest
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from bot.sandbox.music.replicate import ReplicateApi
from tests.support.music_kit import mp3

MODEL = "minimax/music-01"
KEY = {"Authorization": "Bearer r8_of_no_account"}
Item = TypeVar("Item")
Id = Annotated[str, Field(pattern=r"^[a-z0-9]{26}$")]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Checksums(Shape):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FileUrls(Shape):
    get: HttpUrl


class File(Shape):
    id: Id
    name: str
    content_type: str
    size: Annotated[int, Field(strict=True)]
    etag: str
    checksums: Checksums
    metadata: dict[str, Any]
    created_at: Time
    expires_at: Time
    urls: FileUrls


class PredictionUrls(Shape):
    web: HttpUrl
    get: HttpUrl
    cancel: HttpUrl


class Metrics(Shape):
    predict_time: float | None = None
    total_time: float | None = None


class Prediction(Shape):
    id: Id
    model: Literal["minimax/music-01"]
    version: Literal["hidden"]
    input: dict[str, Any]
    logs: str
    output: HttpUrl | None
    error: str | None
    status: Literal["starting", "processing", "succeeded", "failed", "canceled"]
    created_at: Time
    started_at: Time | None
    completed_at: Time | None
    data_removed: Annotated[bool, Field(strict=True)]
    metrics: Metrics
    source: Literal["api"]
    urls: PredictionUrls


class Version(Shape):
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created_at: Time
    cog_version: str
    openapi_schema: dict[str, Any]


class Model(Shape):
    url: HttpUrl
    owner: Literal["minimax"]
    name: Literal["music-01"]
    description: str
    visibility: Literal["public", "private"]
    is_official: bool
    github_url: HttpUrl | None
    paper_url: HttpUrl | None
    license_url: HttpUrl | None
    run_count: Annotated[int, Field(strict=True)]
    cover_image_url: HttpUrl | None
    default_example: Prediction | None
    latest_version: Version


class Account(Shape):
    type: Literal["user", "organization"]
    username: str
    name: str
    github_url: HttpUrl | None


class Page(Shape, Generic[Item]):
    previous: HttpUrl | None
    next: HttpUrl | None
    results: list[Item]


class Caller:
    def __init__(self, api: ReplicateApi, session: aiohttp.ClientSession) -> None:
        self.api, self.session = api, session

    async def ask(
        self, method: str, path: str, status: int = 200, *, prefer: str = "", **more: Any
    ) -> Any:
        headers = KEY | ({"Prefer": prefer} if prefer else {})
        url = self.api.url + path
        async with self.session.request(method, url, headers=headers, **more) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json() if status != 204 else None

    async def upload(self, **fields: str) -> File:
        form = aiohttp.FormData(fields)
        form.add_field("content", mp3(17), filename="take.mp3", content_type="audio/mpeg")
        return File.model_validate(await self.ask("POST", "/v1/files", 201, data=form))

    async def wish(self) -> dict[str, Any]:
        return {"lyrics": "la la la", "song_file": str((await self.upload()).urls.get)}

    async def create(
        self, prefer: str = "", path: str = f"/v1/models/{MODEL}/predictions", **more: Any
    ) -> Prediction:
        body = {"input": await self.wish(), **more}
        told = await self.ask("POST", path, 201, prefer=prefer, json=body)
        return Prediction.model_validate(told)

    async def ended(self, prediction: Prediction) -> Prediction:
        async with asyncio.timeout(10):
            while prediction.completed_at is None:
                told = await self.ask("GET", f"/v1/predictions/{prediction.id}")
                prediction = Prediction.model_validate(told)
        return prediction


@asynccontextmanager
async def calling(latency: float = 0.0) -> AsyncIterator[Caller]:
    api = ReplicateApi(KEY["Authorization"].removeprefix("Bearer "), latency)
    api.stock = mp3(3)
    await api.start()
    async with aiohttp.ClientSession() as session:
        try:
            yield Caller(api, session)
        finally:
            await api.aclose()


async def test_files() -> None:
    async with calling() as c:
        made = await c.upload(metadata='{"take": 1}')
        assert (made.name, made.content_type, made.size) == (
            *("take.mp3", "audio/mpeg"),
            len(mp3(17)),
        )
        assert made.metadata == {"take": 1}
        assert (await c.upload(metadata="[")).metadata == {}
        kept = datetime.fromisoformat(made.expires_at) - datetime.fromisoformat(made.created_at)
        assert kept.total_seconds() == 24 * 3600
        assert File.model_validate(await c.ask("GET", f"/v1/files/{made.id}")) == made
        listed = Page[File].model_validate(await c.ask("GET", "/v1/files"))
        assert [each.id for each in listed.results][1:] == [made.id]
        await c.ask("DELETE", f"/v1/files/{made.id}", 204)
        for method in ("GET", "DELETE"):
            await c.ask(method, f"/v1/files/{made.id}", 404)
        wish = {"lyrics": "la", "song_file": str(made.urls.get)}
        await c.ask("POST", f"/v1/models/{MODEL}/predictions", 422, json={"input": wish})


async def test_a_new_prediction_is_starting_and_then_goes_on() -> None:
    async with calling(latency=0.3) as c:
        made = await c.create()
        assert (made.status, made.started_at, made.output) == ("starting", None, None)
        looked = await c.ask("GET", f"/v1/predictions/{made.id}")
        assert Prediction.model_validate(looked).status == "processing"
        assert looked["started_at"]
        end = await c.ended(made)
        assert (end.status, end.error) == ("succeeded", None)
        assert end.output is not None
        assert end.metrics.predict_time is not None
        assert end.metrics.predict_time >= 0.3
        async with c.session.get(str(end.output)) as answer:
            assert await answer.read() == mp3(3)
        listed = Page[Prediction].model_validate(await c.ask("GET", "/v1/predictions"))
        assert [each.id for each in listed.results] == [made.id]


@pytest.mark.parametrize(
    ("prefer", "latency", "status"),
    [
        ("wait", 0.1, "succeeded"),
        ("wait=5", 0.1, "succeeded"),
        ("wait=0", 5, "starting"),
        ("respond-async", 5, "starting"),
    ],
)
async def test_who_prefers_to_wait_is_answered_at_the_end(
    prefer: str, latency: float, status: str
) -> None:
    async with calling(latency) as c:
        made = await c.create(prefer)
        assert (made.status, made.output is not None) == (status, status == "succeeded")


async def test_a_failure_and_a_cancel_are_said_in_full() -> None:
    async with calling() as c:
        c.api.fail("sensitive", on="result")
        end = await c.create("wait")
        assert end.status == "failed"
        assert "E005" in (end.error or "")
        c.api.latency = 30
        made = await c.create()
        told = await c.ask("POST", f"/v1/predictions/{made.id}/cancel")
        assert Prediction.model_validate(told).status == "canceled"
        assert told["completed_at"]


async def test_the_other_address_names_the_model_in_the_body() -> None:
    async with calling() as c:
        assert (await c.create("wait", "/v1/predictions", version=MODEL)).status == "succeeded"
        for version in (None, "somebody/else", ["x"]):
            body = {"version": version, "input": await c.wish()}
            await c.ask("POST", "/v1/predictions", 422, json=body)
        body = {"version": MODEL, "input": []}
        await c.ask("POST", "/v1/predictions", 422, json=body)
        stranger = {"Authorization": "Bearer guess"}
        url = f"{c.api.url}/v1/predictions"
        async with c.session.post(url, json=body, headers=stranger) as answer:
            assert answer.status == 401


async def test_the_model_and_the_account() -> None:
    async with calling() as c:
        model = Model.model_validate(await c.ask("GET", f"/v1/models/{MODEL}"))
        schemas = model.latest_version.openapi_schema["components"]["schemas"]
        names = {"lyrics", "song_file", "voice_file", "instrumental_file"}
        assert schemas["Input"]["properties"].keys() == names | {"sample_rate", "bitrate"}
        assert schemas["Output"]["format"] == "uri"
        Account.model_validate(await c.ask("GET", "/v1/account"))
