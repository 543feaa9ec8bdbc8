"""What a hostile, broken or merely odd music service, or whatever stands before it, can do."""

import asyncio
import json
import logging
import sqlite3
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.audio import tagged
from bot.backends import music_services
from bot.backoff import Backoff
from bot.model import Purpose
from bot.music import (
    AceStep,
    AimlApi,
    AimlApiCover,
    MusicBackend,
    MusicError,
    Order,
    Replicate,
    Ticket,
    Uploaded,
)
from bot.proxies import unusable
from bot.sandbox.music.acestep import AceStepApi
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.music.replicate import ReplicateApi
from bot.sandbox.telegram.api import Person
from bot.settings import SettingsError
from tests.support import music_kit
from tests.support.bot_kit import (
    KEY,
    LYRICS,
    OWNER,
    World,
    asked_purpose,
    chosen,
    created,
    delivered,
    press,
    previewed,
    said,
    song,
    tracks,
    until,
)
from tests.support.gateway_kit import Gateway
from tests.support.pg_kit import driven
from tests.support.postgres import rows

SONG = song(17)
BACKENDS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "aimlapi": (MusicApi, "aimlapi_key", "aimlapi_url"),
    "replicate": (ReplicateApi, "replicate_token", "replicate_url"),
    "aimlapi-cover": (MusicApi, "aimlapi_key", "aimlapi_url"),
    "acestep": (AceStepApi, "acestep_key", "acestep_url"),
}
ALL = pytest.mark.parametrize("name", BACKENDS)
WISHES = [
    *(f"status {status} {how}" for status in range(400, 600) for how in ("whole", "cut")),
    *(
        f"status {status} {how}"
        for status in (400, 401, 402, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504, 524)
        for how in ("nothing", "json", "half")
    ),
]
"""Every status as a whole page and as one that is cut, and the telling ones in other ways."""


@asynccontextmanager
async def behind_a_gateway(
    outside: World, name: str, **settings: Any
) -> AsyncIterator[tuple[Any, Gateway]]:
    """The bot at work with a gateway before its music service."""
    kind, key, url = BACKENDS[name]
    api = kind(KEY, 0.0)
    api.stock = music_kit.mp3(3)
    await api.start()
    try:
        async with Gateway(api) as gateway:
            await outside.start(music_backend=(name,), **{key: KEY, url: gateway.url}, **settings)
            yield api, gateway
            await outside.stop()
    finally:
        await api.aclose()


@asynccontextmanager
async def answering(
    status: int, body: bytes | dict[str, Any], headers: dict[str, str] | None = None
) -> AsyncIterator[str]:
    """A server that says the same to everything."""
    said_always = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, body=said_always, headers=headers)

    app = web.Application(client_max_size=64_000_000)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


CLIENTS: dict[str, Callable[..., MusicBackend]] = {
    "aimlapi": AimlApi,
    "replicate": Replicate,
    "aimlapi-cover": AimlApiCover,
    "acestep": AceStep,
}


@asynccontextmanager
async def client_of(name: str, url: str) -> AsyncIterator[MusicBackend]:
    """A backend's client that does not wait long."""
    quick = {} if name == "aimlapi" else {"pauses": Backoff(first=0.01, longest=0.01)}
    common = {"key": SecretStr(KEY), "url": url, "upload_timeout": 3, "generate_timeout": 0.05}
    if name in {"aimlapi", "replicate"}:
        common["generate_timeout"] = 3 if name == "aimlapi" else 0.3
    async with aiohttp.ClientSession() as session:
        client = CLIENTS[name](session, **common, **quick)
        try:
            yield client
        finally:
            await client.aclose()


def recording(folder: Path) -> Path:
    path = folder / "take.mp3"
    path.write_bytes(SONG)
    return path


def order_for(url: str, folder: Path) -> Order:
    """An order that any backend takes."""
    song_ = Uploaded("vocal-1", "instrumental-1", f"{url}/f", path=recording(folder))
    return Order("r-1", LYRICS, song_, song_)


def order_many(data: Path, wishes: list[str]) -> None:
    """Put tracks into the queue behind the bot's back, as so many presses would."""
    with closing(sqlite3.connect(data / "refrain.sqlite3", timeout=30)) as database, database:
        database.executemany(
            "INSERT INTO tracks"
            " (chat_id, user_id, voice_ref, beat_ref, lyrics, status, created_at)"
            " SELECT 9000 + ?, 9000 + ?, 1, 1, ?, 'queued', strftime('%s')",
            [(number, number, wish) for number, wish in enumerate(wishes)],
        )


@ALL
async def test_no_gateway_makes_us_pay_more_than_the_cap(
    outside: World, ada: Person, name: str
) -> None:
    """Every status, said in every way, after the work was done and charged."""
    async with behind_a_gateway(outside, name, max_concurrent_tracks=60) as (_, gateway):
        await asked_purpose(ada, SONG)
        await chosen(ada)
        if name not in {"aimlapi-cover", "acestep"}:
            await outside.uploaded()
        await asyncio.to_thread(order_many, outside.data, WISHES)
        left = "SELECT 1 FROM tracks WHERE status IN ('queued', 'generating')"
        await until(lambda: not outside.rows(left), seconds=300)
        assert set(gateway.billed) == set(WISHES)
        assert [wish for wish, times in gateway.billed.items() if times > 2] == []
        told = outside.rows(
            "SELECT t.lyrics, count(*) AS n FROM tracks t JOIN attempts a ON a.track_id = t.id"
            " WHERE a.outcome = 'refused' GROUP BY t.id"
        )
        assert [tuple(row) for row in told] == [], "a gateway's word is no refusal"
        assert outside.rows("SELECT 1 FROM tracks WHERE status != 'failed'") == []


async def test_a_refusal_that_was_charged_counts(world: World, ada: Person) -> None:
    """A service's own refusal costs nothing, unless it says itself what it cost."""

    async def charged(*_: object) -> web.StreamResponse:
        told = {"message": "busy", "statusCode": 503}
        return web.json_response(told, status=503, headers={"x-aimlapi-usd-spent": "0.03"})

    world.music._answer = charged  # type: ignore[assignment,method-assign]  # it misbehaves
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert world.outcomes() == ["unknown", "unknown"]
    assert [row["cost_usd"] for row in world.rows("SELECT cost_usd FROM attempts")] == [0.03] * 2


async def test_a_recording_that_is_too_large_is_refused_at_once(world: World, ada: Person) -> None:
    early = world.music._early

    async def nginx(request: web.Request, fault: str | None) -> web.StreamResponse | None:
        if request.path.endswith("/upload"):
            return web.Response(status=413, text="<html>413</html>", content_type="text/html")
        return await early(request, fault)

    world.music._early = nginx  # type: ignore[method-assign]  # a gateway before it
    await created(ada)
    await ada.wait_for(said("failed-too-large"), after=0)
    assert len(world.music.uploads) == 1
    world.music._early = early  # type: ignore[method-assign]  # gone again
    await press(ada, "t:")
    await ada.wait_for("audio")
    assert len(world.music.uploads) == 2


@pytest.mark.parametrize("status", [413, 415])
@pytest.mark.parametrize("name", ["aimlapi-cover", "acestep"])
async def test_an_order_whose_recording_is_too_large_is_not_repeated(
    outside: World, ada: Person, name: str, status: int
) -> None:
    async with behind_a_gateway(outside, name) as (_, gateway):
        await created(ada, content=SONG, lyrics=f"status {status} whole, la la la")
        key = "failed-too-large" if status == 413 else "failed-recording-refused"
        await ada.wait_for(said(key), after=0)
        assert gateway.billed.total() == 1
        assert outside.outcomes() == ["unknown"]


@pytest.mark.parametrize("fault", ["2013", "400", "1026"])
async def test_a_refused_recording_is_tried_once_more_when_asked(
    world: World, ada: Person, fault: str
) -> None:
    world.music.fail(fault, on="upload")
    await created(ada)
    failed = await ada.wait_for(said("failed-recording-refused"), after=0)
    assert "Try again" in failed.button_texts
    await press(ada, "t:")
    await ada.wait_for("audio")
    assert len(world.music.uploads) == 2


async def test_a_recording_that_stays_refused_is_not_sent_without_end(
    world: World, ada: Person
) -> None:
    world.music.fail("2013", on="upload", times=1000)
    await created(ada)
    for number in range(1, 12):
        await world.reaches("failed", number)
        await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 0") == [])
        await press(ada, f"t:{number}")
    await world.reaches("failed", 12)
    assert len(world.music.uploads) == 8


@pytest.mark.parametrize("attempts", [1, 5])
async def test_codes_that_are_new_each_time_are_counted(
    outside: World, ada: Person, attempts: int
) -> None:
    await outside.start(generate_attempts=attempts)
    codes = iter(range(7000, 9000))

    async def odd(request: web.Request, *_: object) -> web.StreamResponse:
        told = {"base_resp": {"status_code": next(codes), "status_msg": "?"}}
        return web.json_response(told, status=(next(codes) % 2 and 200) or 500)

    outside.music._answer = odd  # type: ignore[assignment,method-assign]  # it misbehaves
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert len(outside.music.generated) == min(attempts, 2)
    assert set(outside.outcomes()) == {"unknown"}


async def test_odd_answers_do_not_set_our_patience_back(outside: World, ada: Person) -> None:
    await outside.start(generate_timeout=1.5, generate_attempts=3)
    for fault in ("429", "9999", "503", "2042", "429"):
        outside.music.fail(fault)
    outside.music.fail("503", times=1000)
    began = asyncio.get_running_loop().time()
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert asyncio.get_running_loop().time() - began < 8
    assert len(outside.music.generated) < 20


async def test_a_wait_of_no_time_is_at_least_a_second(outside: World, ada: Person) -> None:
    await outside.start(generate_timeout=2.5)

    async def busy(request: web.Request, *_: object) -> web.StreamResponse:
        answer = {"message": "busy", "statusCode": 429}
        return web.json_response(answer, status=429, headers={"Retry-After": "0.001"})

    outside.music._answer = busy  # type: ignore[assignment,method-assign]  # it misbehaves
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert len(outside.music.generated) <= 3


async def test_a_track_has_so_many_calls_and_no_more(world: World, ada: Person) -> None:
    """Also over many restarts, each of which begins with new patience."""
    world.music.fail("503", times=1000)
    await created(ada)
    await until(world.outcomes)
    await world.stop()
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.executemany(
            "INSERT INTO attempts (track_id, number, backend, request_id, outcome, opened_at)"
            " VALUES (1, ?, 'aimlapi', 'r', 'refused', 0)",
            [(number,) for number in range(30, 79)],
        )
    await world.start()
    await ada.wait_for(said("failed-upstream"), after=0)


async def test_an_upload_that_expires_at_once_is_used_all_the_same(
    outside: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.music.replicate_shapes._KEPT", timedelta(seconds=-5))
    async with behind_a_gateway(outside, "replicate") as (api, _):
        await delivered(ada, content=SONG)
        await press(ada, "t:")
        await until(lambda: len(tracks(ada)) == 2)
        assert len(api.uploads) == 1


async def test_a_clock_that_is_a_day_ahead_changes_nothing(tmp_path: Path) -> None:
    """What expires in a day by the service's clock does so by ours, wherever that stands."""
    told = {"urls": {"get": "https://x.example/f"}, "expires_at": "2024-01-02T00:00:00Z"}
    date = {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}
    async with answering(201, told, date) as url, client_of("replicate", url) as client:
        uploaded = await client.upload(recording(tmp_path), Purpose.SONG)
    assert uploaded.expires_at is not None
    left = uploaded.expires_at - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)


async def test_uploads_that_bring_nothing_are_few(world: World, ada: Person) -> None:
    world.music.fail("no-ids", on="upload", times=1000)
    await created(ada)
    for number in range(1, 7):
        await world.reaches("failed", number)
        await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 0") == [])
        assert len(world.music.uploads) <= 3 * number
        await press(ada, f"t:{number}")
    await world.reaches("failed", 7)
    assert len(world.music.uploads) == 8
    world.music.fail("no-ids", on="upload", times=0)
    await delivered(ada, content=song(13))


async def test_words_are_sent_once_more_without_what_joins_them(world: World, ada: Person) -> None:
    words = (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f3a4 \u2764\ufe0f"
    )
    await previewed(ada)
    await world.quiet()
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute("UPDATE drafts SET lyrics = ?", (words,))
    world.music.fail("1042")
    await press(ada, "c:")
    await ada.wait_for("audio")
    sent = [call.lyrics for call in world.music.generated]
    plain = "".join(c for c in words if c not in {"\u200c", "\u200d", "\ufe0f"})
    assert sent == [f"##{words}##", f"##{plain}##"]
    assert world.outcomes() == ["refused", "won"]


async def test_words_without_joiners_are_not_sent_twice(world: World, ada: Person) -> None:
    world.music.fail("1042", times=5)
    await created(ada)
    await ada.wait_for(said("failed-invalid"), after=0)
    assert len(world.music.generated) == 1


async def test_work_that_fails_in_an_unforeseen_way_ends_in_words(
    world: World, ada: Person
) -> None:
    """A track whose recording's row is gone: nobody can make it, and nobody may wait for it."""
    owner = world.telegram.person(OWNER)
    await delivered(ada)
    world.tracebacks = world.log.count("Traceback")
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute("UPDATE tracks SET voice_ref = 99, beat_ref = 99")
    await press(ada, "t:")
    await ada.wait_for(said("failed-trouble"), after=0)
    await owner.wait_for(said("owner-trouble"), after=0)
    assert world.status(2) == "failed"
    world.tracebacks = world.log.count("Traceback")
    assert world.tracebacks < 9
    assert len(world.music.generated) == 1


async def test_a_cancelled_track_that_fails_so_is_cancelled(world: World, ada: Person) -> None:
    await delivered(ada)
    await world.reaches("delivered")
    await world.stop()
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute(
            "UPDATE tracks SET voice_ref = 99, beat_ref = 99, told = 0, file_id = NULL,"
            " status = 'generating', stop_wanted = 1"
        )
    await world.start()
    await ada.wait_for(said("status-cancelled"), after=0)
    world.tracebacks = world.log.count("Traceback")
    assert world.status() == "cancelled"


async def test_a_made_track_that_cannot_be_sent_waits_behind_its_button(
    world: World, ada: Person
) -> None:
    world.telegram.fail("sendAudio", "429", 1, retry_after=5)
    await created(ada)
    await world.reaches("made")
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute("UPDATE tracks SET seconds = 'no number', wake_at = 0")
    await world.restart()
    await ada.wait_for(said("status-unsure"), after=0)
    with closing(sqlite3.connect(world.data / "refrain.sqlite3")) as database, database:
        database.execute("UPDATE tracks SET seconds = 3")
    await press(ada, "s:")
    await ada.wait_for("audio", after=0)
    world.tracebacks = world.log.count("Traceback")
    assert world.music.billed == 1


async def test_a_recording_that_cannot_be_written_ends_in_words(world: World, ada: Person) -> None:
    owner = world.telegram.person(OWNER)
    folder = world.data / "recordings"
    folder.rmdir()
    folder.write_text("no folder")
    await asked_purpose(ada)
    await ada.wait_for(said("recording-trouble"), after=0)
    await owner.wait_for(said("owner-trouble"), after=0)
    await world.quiet()
    folder.unlink()
    folder.mkdir()
    world.tracebacks = world.log.count("Traceback")  # tidying met it as well
    await asked_purpose(ada, song(13))
    await chosen(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_a_result_too_deep_to_be_read_is_none(outside: World, ada: Person) -> None:
    async with behind_a_gateway(outside, "acestep") as (api, _):
        api._task = lambda _: {"status": 1, "result": "[" * 20_000}
        await created(ada, content=SONG)
        await ada.wait_for(said("failed-upstream"), after=0)
        assert outside.outcomes() == ["bad", "bad"]


VALUES = json.dumps({"a": [0] * 4_000_000}).encode()
DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000


@ALL
@pytest.mark.parametrize("body", [VALUES, DEEP, b" " * (1 << 24), b'{"statusCode":' + b"9" * 9999])
async def test_json_that_nobody_honest_sends_is_no_answer(
    tmp_path: Path, name: str, body: bytes
) -> None:
    async with answering(200, body) as url, client_of(name, url) as client:
        with pytest.raises(MusicError) as caught:
            await client.submit(order_for(url, tmp_path), tmp_path / "track.mp3")
        assert not caught.value.unbilled
        for finding in await client.check():
            assert len(finding.detail) < 200


ODD = ("NUL \0 in it", "x" * 1_000_000, KEY, LYRICS, "\u202eevil", "two words", 5, None, ["x"])


@pytest.mark.parametrize("odd", ODD)
async def test_a_name_that_is_none_undelivers_nothing(
    outside: World, ada: Person, ready_url: str, odd: object
) -> None:
    async def made(request: web.Request, call: Any, mp3: bytes) -> web.StreamResponse:
        call.billed = True
        told = {"data": {"audio": mp3.hex()}, "trace_id": odd, "base_resp": {"status_code": 0}}
        return web.json_response(told)

    outside.music._answer = made  # type: ignore[method-assign]  # it misbehaves
    await outside.start(database_url=driven(ready_url))
    await delivered(ada)
    (row,) = rows(ready_url, "SELECT provider_request_id, outcome FROM attempts")
    assert row == {"provider_request_id": None, "outcome": "won"}
    await outside.stop()


async def test_a_tag_of_the_service_leads_nowhere(world: World, ada: Person) -> None:
    comment = "Win at https://evil.example/x or evil.com, ask @evil \u202e now \0 t.me/evil" * 9
    assert world.music.stock is not None
    world.music.stock = tagged(
        world.music.stock, title="t", artist="a", lyrics="", cover=b"", comment=comment
    )
    track = await delivered(ada)
    assert "evil" not in track.text
    assert len(track.text) < 300


ECHO_STATUSES = (200, 201, 400, 401, 402, 404, 413, 422, 429, 500, 503, 524)


def echoes(status: int) -> list[bytes]:
    """Answers that repeat key and lyrics wherever a text can stand."""
    text = f"{KEY} {LYRICS}"
    names = ("message", "path", "requestId", "trace_id", "detail", "title", "id", "task_id")
    told: dict[str, Any] = dict.fromkeys((*names, "voice_id", "output", "model", "logs"), text)
    told |= {"statusCode": status, "status_msg": text, "urls": {"get": text}, "expires_at": text}
    verdicts = [{"status_code": c, "status_msg": text} for c in (0, 1026, 1042, 9999, KEY, text)]
    endings = ["failed", "error", "succeeded", "completed", "aborted", text]
    found: list[dict[str, Any]] = [told | {"base_resp": verdict} for verdict in verdicts]
    for ending in endings:
        fault: Any = text if ending != "error" else {"name": text, "message": text}
        found.append(told | {"status": ending, "error": fault, "audio_file": {"url": text}})
        found.append(told | {"status": ending, "error": f"{text} 1042 invalid params"})
    found.append(told | {"data": {"audio": text, "status": text}, "extra_info": {"size": text}})
    found.append(told | {"data": {"audio": f"https://{text}"}})
    tasks = [[{"status": standing, "result": text}] for standing in (1, 2)]
    found += [told | {"data": task, "code": 200} for task in tasks]
    result = json.dumps([{"file": f"https://evil.example/{text}"}])
    found.append(told | {"data": [{"status": 1, "result": result}], "code": 0})
    found.append(told | {"code": text, "error": text})
    found.append(told | {"results": [told]})
    pages = [f"<title>{text}</title>".encode(), text.encode(), b"[" + json.dumps(text).encode()]
    return [json.dumps(one).encode() for one in found] + pages


def every_call(
    client: MusicBackend, order: Order, folder: Path
) -> Iterator[Coroutine[Any, Any, object]]:
    """Whatever a backend can be asked for."""
    out = folder / "track.mp3"
    yield client.upload(recording(folder), Purpose.SONG)
    yield client.submit(order, out)
    yield client.collect(Ticket("abc-1"), out)
    yield client.find(order, datetime.now(UTC))
    yield client.cancel(Ticket("abc-1"))


@ALL
async def test_nothing_that_a_service_echoes_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {
        "x-inference-id": KEY,
        "X-Client-Request-Id": LYRICS.split()[1],
        "x-aimlapi-usd-spent": KEY,
        "Retry-After": LYRICS.replace("\n", " "),
        "Location": f"https://evil.example/{KEY}",
        "Date": LYRICS.replace("\n", " "),
    }

    places = asyncio.Semaphore(4)  # more at once would let answers come too late to be read

    async def asked(number: int, status: int, body: bytes) -> list[str]:
        folder = tmp_path / str(number)
        folder.mkdir()
        faults = []
        async with (
            places,
            answering(status, body, headers) as url,
            client_of(name, url) as client,
        ):
            for call in every_call(client, order_for(url, folder), folder):
                try:
                    await call
                except MusicError as error:
                    faults += [f"{error!r} {error} {error.request_id} {error.code}"]
                    faults += ["".join(traceback.format_exception(error))]
        return faults

    answers = [(status, body) for status in ECHO_STATUSES for body in echoes(status)]
    asking = [asked(number, *answer) for number, answer in enumerate(answers)]
    faults = list(chain.from_iterable(await asyncio.gather(*asking)))
    said_about_it = caplog.text + "\n".join(faults)
    assert len(faults) > 100
    for secret in (KEY, *LYRICS.splitlines(), LYRICS.split()[1]):
        assert secret not in said_about_it


async def test_netrc_is_never_read(
    world: World, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\ndefault login c password d\n")
    monkeypatch.setenv("NETRC", str(netrc))
    await delivered(ada)


@ALL
async def test_a_proxy_of_http_is_used_and_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for unset in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(unset, raising=False)
        monkeypatch.delenv(unset.upper(), raising=False)
    async with answering(418, b"") as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy)
        async with client_of(name, "http://music.invalid") as client:
            with pytest.raises(MusicError) as caught:
                await client.submit(order_for("http://music.invalid", tmp_path), tmp_path / "t")
        assert caught.value.http == 418
    assert unusable() == []
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "https://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://[half")
    assert unusable() == ["ALL_PROXY", "HTTPS_PROXY", "http_proxy"]
    async with answering(418, b"") as url, client_of(name, url) as client:
        with pytest.raises(MusicError) as caught:
            await client.submit(order_for(url, tmp_path), tmp_path / "t")
        assert caught.value.http == 418


async def test_an_address_with_a_password_is_named(outside: World) -> None:
    wrong = outside.settings.model_copy(update={"aimlapi_url": "https://a:5ecret@x.example"})
    with pytest.raises(SettingsError, match="AIMLAPI_URL") as caught:
        async with music_services(wrong):
            raise AssertionError("it is used")
    assert "5ecret" not in str(caught.value)


async def test_words_wait_for_another_recording_when_a_service_refuses_the_first(
    world: World, ada: Person
) -> None:
    world.music.fail("2013", on="upload")
    await created(ada)
    await ada.wait_for(said("failed-recording-refused"), after=0)
    await ada.send_audio(SONG, duration=14)
    await ada.wait_for(lambda m: said("purpose-question")(m) and bool(m.buttons))
    await press(ada, ":song")
    preview = await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons))
    assert LYRICS.split("\n")[0] in preview.text
