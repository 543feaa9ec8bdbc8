"""The stand-in of music-01 keeps the rules of the original."""

import asyncio
import base64
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import av
import pytest

from bot.sandbox.music.aimlapi.server import PRICE_USD, MusicApi
from tests.support.music_kit import LYRICS, mp3, wav

UPLOAD = "/v2/generate/audio/minimax/upload"
GENERATE = "/v2/generate/audio/minimax/generate"
ID = re.compile(r"^(vocal|instrumental)-\d{16}-[A-Za-z0-9]{8}$")
KEY = {"Authorization": "Bearer sandbox-key"}


class Caller:
    def __init__(self, api: MusicApi, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.session = session

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        async with self.session.post(self.api.url + path, **{"headers": KEY} | body) as response:
            return response.status, await response.json()

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        async with self.session.get(self.api.url + path, headers=headers or {}) as response:
            return response.status, await response.json()

    async def upload(
        self,
        data: bytes | None = None,
        *,
        purpose: str = "song",
        name: str = "a.mp3",
        kind: str = "audio/mpeg",
    ) -> tuple[int, Any]:
        form = aiohttp.FormData({"purpose": purpose})
        form.add_field("file", io.BytesIO(data or mp3(12)), filename=name, content_type=kind)
        return await self.post(UPLOAD, data=form)

    async def ids(self) -> dict[str, str]:
        _, answer = await self.upload()
        return {
            "refer_voice": answer["voice_id"],
            "refer_instrumental": answer["instrumental_id"],
        }

    async def generate(self, **fields: Any) -> tuple[int, Any]:
        return await self.post(GENERATE, json={"model": "music-01", "lyrics": LYRICS} | fields)


@asynccontextmanager
async def calling(**knobs: Any) -> AsyncIterator[Caller]:
    api = await MusicApi(**{"latency": 0.0} | knobs).start()
    api.stock = mp3(3)
    try:
        async with aiohttp.ClientSession() as session:
            yield Caller(api, session)
    finally:
        await api.aclose()


@pytest.mark.parametrize(
    ("purpose", "ids"),
    [
        ("song", {"voice_id": "vocal", "instrumental_id": "instrumental"}),
        ("voice", {"voice_id": "vocal"}),
        ("instrumental", {"instrumental_id": "instrumental"}),
    ],
)
async def test_an_upload_is_named(purpose: str, ids: dict[str, str]) -> None:
    async with calling() as c:
        status, answer = await c.upload(purpose=purpose)
        assert status == 200
        assert answer.pop("base_resp") == {"status_code": 0, "status_msg": "success"}
        assert re.fullmatch(r"[0-9a-f]{32}", answer.pop("trace_id"))
        assert all(ID.match(name) for name in answer.values())
        assert {key: name.split("-")[0] for key, name in answer.items()} == ids
        assert 11.9 < c.api.uploads[0].seconds < 12.3
        assert c.api.uploads[0].ok


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"purpose": "choir"}, 200, 2013),
        ({"kind": "audio/ogg"}, 400, None),
        ({"data": b"OggS" + bytes(100)}, 200, 2013),
        ({"data": b"ID3" + bytes(5000)}, 200, 2013),
        ({"data": mp3(9.5)}, 200, 2037),
        ({"data": wav(10), "name": "a.wav", "kind": "audio/wav"}, 200, 2037),
        ({"data": wav(601), "name": "a.wav", "kind": "audio/wav"}, 200, 2037),
        ({"data": wav(10.1), "name": "a.wav", "kind": "audio/wav"}, 200, 0),
    ],
)
async def test_recordings_follow_the_rules(
    fields: dict[str, Any], status: int, code: int | None
) -> None:
    async with calling() as c:
        got, answer = await c.upload(**fields)
        assert got == status
        assert answer.get("base_resp", {}).get("status_code") == code
        assert c.api.uploads[0].ok is (code == 0)


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"purpose": "song", "file": "AAAA"}},
        {"data": aiohttp.FormData({"purpose": "song"}, default_to_multipart=True)},
        {"data": b"not a form", "headers": KEY | {"Content-Type": "multipart/form-data"}},
    ],
)
async def test_an_upload_is_a_form(body: dict[str, Any]) -> None:
    async with calling() as c:
        status, answer = await c.post(UPLOAD, **body)
        assert status == 400
        assert answer.keys() == {"requestId", "statusCode", "timestamp", "path", "message"}
        assert answer["path"] == UPLOAD


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 200, 0),
        ({"model": "music-02"}, 400, None),
        ({"lyrics": ""}, 200, 2013),
        ({"lyrics": None}, 200, 2013),
        ({"lyrics": "x" * 600}, 200, 0),
        ({"lyrics": "x" * 601}, 400, None),
        ({"lyrics": "with\rreturn"}, 200, 1042),
        ({"lyrics": "zero\u200bwidth"}, 200, 1042),
        ({"lyrics": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"}, 200, 0),
        ({"refer_voice": None}, 200, 0),
        ({"refer_instrumental": None}, 200, 0),
        ({"refer_voice": None, "refer_instrumental": None}, 200, 2013),
        ({"refer_voice": ""}, 400, None),
        ({"refer_voice": 7}, 400, None),
        ({"refer_voice": "vocal-2025082518145625-6XW9wCOF"}, 200, 2042),
        ({"audio_setting": {"sample_rate": 48_000}}, 200, 2013),
        ({"audio_setting": {"bitrate": 1}}, 200, 2013),
        ({"audio_setting": {"format": "wav"}}, 200, 2013),
        ({"audio_setting": "mp3"}, 400, None),
    ],
)
async def test_wishes_follow_the_rules(
    fields: dict[str, Any], status: int, code: int | None
) -> None:
    async with calling() as c:
        got, answer = await c.generate(**await c.ids() | fields)
        assert got == status
        assert answer.get("base_resp", {}).get("status_code") == code
        assert c.api.billed == (1 if code == 0 else 0)
        assert c.api.generated[0].ok is (code == 0)


@pytest.mark.parametrize("missing", ["none of both", "voice", "instrumental"])
async def test_swapped_ids_are_refused_and_cost_nothing(missing: str) -> None:
    async with calling() as c:
        ids = await c.ids()
        voice, beat = ids["refer_voice"], ids["refer_instrumental"]
        swapped: dict[str, str | None] = {"refer_voice": beat, "refer_instrumental": voice}
        if missing != "none of both":
            swapped[f"refer_{missing}"] = None
        status, answer = await c.generate(**swapped)
        assert (status, answer["base_resp"]["status_code"]) == (200, 2013)
        assert c.api.billed == 0
        assert c.api.balance == 10


@pytest.mark.parametrize(
    ("purpose", "given", "null"),
    [
        ("song", {"voice_id", "instrumental_id"}, set()),
        ("voice", {"voice_id"}, {"refer_instrumental"}),
        ("instrumental", {"instrumental_id"}, {"refer_voice"}),
    ],
)
async def test_the_vendors_own_example_gets_its_track(
    purpose: str, given: set[str], null: set[str]
) -> None:
    """It passes on what the upload answered, and null for the id that wasn't in it."""
    async with calling() as c:
        _, answer = await c.upload(purpose=purpose)
        assert answer.keys() & {"voice_id", "instrumental_id"} == given
        references = {
            "refer_voice": answer.get("voice_id"),
            "refer_instrumental": answer.get("instrumental_id"),
        }
        assert {name for name, value in references.items() if value is None} == null
        setting = {"sample_rate": 44_100, "bitrate": 256_000, "format": "mp3"}
        status, made = await c.generate(**references, audio_setting=setting)
        assert (status, made["base_resp"]["status_code"]) == (200, 0)
        assert bytes.fromhex(made["data"]["audio"])
        assert c.api.billed == 1


async def test_a_track_needs_a_reference() -> None:
    async with calling() as c:
        _, answer = await c.generate()
        assert answer["base_resp"]["status_code"] == 2013


@pytest.mark.parametrize("body", [{"data": b"{"}, {"data": b"{}"}, {"json": []}])
async def test_a_wish_is_an_object_of_json(body: dict[str, Any]) -> None:
    async with calling() as c:
        assert (await c.post(GENERATE, **body))[0] == 400


async def test_the_answer_looks_like_the_original() -> None:
    async with calling() as c:
        body = {"model": "music-01", "lyrics": LYRICS} | await c.ids()
        mine = KEY | {"X-Client-Request-Id": "mine-1"}
        async with c.session.post(c.api.url + GENERATE, json=body, headers=mine) as response:
            answer = await response.json()
        assert bytes.fromhex(answer["data"]["audio"]) == mp3(3)
        assert answer["data"]["status"] == 2
        assert answer["extra_info"]["music_size"] == 0
        assert response.headers["X-Client-Request-Id"] == "mine-1"
        assert response.headers["x-aimlapi-credits-used"] == "63000"
        assert response.headers["x-inference-id"]


async def test_the_key_is_asked_for() -> None:
    async with calling() as c:
        stranger = {"Authorization": "Bearer guess"}
        for path in (UPLOAD, GENERATE):
            assert (await c.post(path, json={}, headers=stranger))[0] == 401
        assert (await c.get("/v1/billing/balance"))[0] == 401
        assert not c.api.uploads
        assert not c.api.generated
        status, problem = await c.get("/v3/else")
        assert (status, problem["statusCode"]) == (404, 404)


async def test_the_balance_goes_down() -> None:
    async with calling(balance=1.0) as c:
        await c.generate(**await c.ids())
        for path in ("/v1/billing/balance", "/v2/billing"):
            _, left = await c.get(path, KEY)
            assert left == {"current_balance": 1 - PRICE_USD, "currency": "USD"}


async def test_a_withdrawn_model_is_off_the_list() -> None:
    async with calling() as c:
        ids = await c.ids()
        for withdrawn in (False, True):
            c.api.withdrawn = withdrawn
            _, listed = await c.get("/v1/models")
            assert ("music-01" in [m["id"] for m in listed["data"]]) is not withdrawn
        assert (await c.generate(**ids))[0] == 404


async def test_it_can_be_told_from_another_process() -> None:
    async with calling() as c:
        stock = base64.b64encode(mp3(4)).decode()
        knobs = {"latency": 0.01, "upload_latency": 0, "balance": 5, "stock": stock}
        assert (await c.post("/sandbox/knobs", json=knobs))[0] == 200
        assert (c.api.latency, c.api.balance, c.api.stock) == (0.01, 5, mp3(4))
        told = await c.post("/sandbox/faults", json={"name": "1002", "times": 2})
        waiting = {on: names for on, names in told[1]["waiting"].items() if names}
        assert (told[0], waiting) == (200, {"generate": ["1002"] * 2})
        ids = await c.ids()
        answers = [(await c.generate(**ids))[1]["base_resp"]["status_code"] for _ in range(3)]
        assert answers == [1002, 1002, 0]
        await c.post("/sandbox/knobs", json={"withdrawn": True, "stock": None})
        assert c.api.withdrawn
        assert c.api.stock is None
        _, calls = await c.get("/sandbox/calls")
        assert [call["fault"] for call in calls["generated"]] == ["1002", "1002", None]
        assert calls["billed"] == 1
        assert calls["balance"] == 5 - PRICE_USD
        assert calls["uploads"][0]["ids"]["voice_id"] == ids["refer_voice"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("knobs", {"volume": 11}),
        ("knobs", {"latency": "soon"}),
        ("knobs", {"stock": "?"}),
        ("knobs", ["latency"]),
        ("faults", {"name": "earthquake"}),
        ("faults", {"name": "audio-odd", "on": "upload"}),
        ("faults", {"name": "429", "on": "lunch"}),
        ("faults", {}),
    ],
)
async def test_it_does_not_take_nonsense(path: str, body: Any) -> None:
    async with calling() as c:
        status, answer = await c.post(f"/sandbox/{path}", json=body)
        assert status == 400
        assert answer["error"]


async def test_faults_can_be_taken_back() -> None:
    async with calling() as c:
        c.api.fail("429", times=3)
        c.api.fail("429", times=0)
        assert (await c.generate(**await c.ids()))[0] == 200


async def test_an_observer_hears_of_every_call_and_of_no_secret() -> None:
    heard: list[tuple[str, str, int, float, dict[str, Any]]] = []

    def listen(method: str, path: str, status: int, ms: float, fields: dict[str, Any]) -> None:
        heard.append((method, path, status, ms, fields))

    async with calling(on_call=listen) as c:
        await c.generate(**await c.ids())
        await c.get("/v1/billing/balance", KEY)
        c.api.fail("reset")
        with pytest.raises(aiohttp.ClientConnectionError):
            await c.generate(**await c.ids())
        await c.get("/sandbox/calls")
    assert [(call[0], call[2]) for call in heard] == [
        ("POST", 200),
        ("POST", 200),
        ("GET", 200),
        ("POST", 200),
        ("POST", 0),
    ]
    assert heard[1][4]["lyrics"] == LYRICS
    assert heard[1][4]["billed"] is True
    assert heard[2][4] == {"authorization": "Bearer ***"}
    assert all(call[3] >= 0 for call in heard)
    assert "sandbox-key" not in str(heard)


async def test_it_closes_while_somebody_waits() -> None:
    async with calling() as c:
        c.api.fail("hang")
        ids = await c.ids()
        waiting = asyncio.create_task(c.generate(**ids))
        while not c.api.generated:  # noqa: ASYNC110  the other side has no event for it
            await asyncio.sleep(0.01)
        await c.api.aclose()
        with pytest.raises(aiohttp.ClientConnectionError):
            await waiting


async def test_a_track_is_really_made_and_only_once() -> None:
    async with calling() as c:
        c.api.stock = None
        ids = await c.ids()
        (_, first), (_, again) = await asyncio.gather(c.generate(**ids), c.generate(**ids))
        track = bytes.fromhex(first["data"]["audio"])
        assert track == bytes.fromhex(again["data"]["audio"])
        assert len(c.api._sketches._made) == 1
        with av.open(io.BytesIO(track), "r") as container:
            samples = sum(frame.samples for frame in container.decode(audio=0))
            assert container.format.name == "mp3"
        assert samples / 44_100 > 10
