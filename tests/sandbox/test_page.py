"""The page's server: who may ask, what may come in, what goes out."""

import asyncio
import io
import json
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from bot.commands import demo
from bot.sandbox.environment import Environment
from bot.sandbox.page.actions import LARGEST
from bot.sandbox.page.serialize import kind_of, serialize
from bot.sandbox.page.server import Page
from bot.sandbox.synthesis import samples
from bot.sandbox.telegram.state import Message
from tests.support.browser_kit import quiet
from tests.support.page_kit import ADA, BEN, HERE, Visitor

SECONDS = round(samples._SECONDS)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with quiet() as page, aiohttp.ClientSession() as session:
        yield Visitor(page, session)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8080"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/feed", "/static/main.js", "/act/text"])
async def test_foreign_pages_are_refused(
    visitor: Visitor, headers: dict[str, str], path: str
) -> None:
    status, _, _ = await visitor.get(path, **headers)
    assert status == 403
    async with visitor.session.post(
        f"{visitor.page.url}/act/text", json={**HERE, "text": "hi"}, headers=headers
    ) as answer:
        assert answer.status == 403
    assert not visitor.telegram.known_person(ADA).messages


async def test_the_page_allows_the_browser_nothing_but_itself(visitor: Visitor) -> None:
    status, body, headers = await visitor.get("/")
    assert status == 200
    assert b"http" not in body.replace(b"http-equiv", b"")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e/server.py", "/nothing"])
async def test_nothing_else_is_given_out(visitor: Visitor, path: str) -> None:
    status, body, _ = await visitor.get(path)
    assert status in {403, 404}
    assert b"import" not in body


async def test_a_text_and_its_edit(visitor: Visitor) -> None:
    assert (await visitor.act("text", **HERE, text="<b>hello</b> /start"))[0] == 200
    assert visitor.last.text == "<b>hello</b> /start"
    assert (await visitor.act("edit", **HERE, id=visitor.last.id, text="bye"))[0] == 200
    assert visitor.last.text == "bye"
    assert visitor.last.edited


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("text", {**HERE, "text": "  "}, "empty"),
        ("text", {**HERE, "text": "a" * 20_000}, "too-long"),
        ("text", {"person": BEN, "chat": ADA, "text": "hi"}, "refused"),
        ("text", {"person": 7, "chat": 7, "text": "hi"}, "refused"),
        ("edit", {**HERE, "id": 999, "text": "hi"}, "refused"),
        ("edit", {**HERE, "id": 1, "text": ""}, "empty"),
        ("sample", {**HERE, "name": "opera"}, "refused"),
        ("fault", {"service": "music", "on": "generate", "name": "opera"}, "refused"),
        ("fault", {"service": "telegram", "on": "*", "name": "opera"}, "refused"),
        ("latency", {"seconds": "soon"}, "refused"),
        ("language", {"person": 7, "language": "de"}, "refused"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    visitor: Visitor, name: str, body: dict[str, Any], reason: str
) -> None:
    assert await visitor.act(name, **body) == (400, {"error": reason})


async def test_only_own_messages_are_edited(visitor: Visitor) -> None:
    await visitor.act("text", person=ADA, chat=-1_001_000_000_002, text="mine")
    group = visitor.telegram.state.chats[-1_001_000_000_002]
    (message,) = group.messages.values()
    body = {"person": BEN, "chat": -1_001_000_000_002, "id": message.data["message_id"]}
    assert await visitor.act("edit", **body, text="ha") == (400, {"error": "not-yours"})


async def test_no_such_act_and_no_json(visitor: Visitor) -> None:
    assert (await visitor.act("opera"))[0] == 404
    async with visitor.session.post(f"{visitor.page.url}/act/text", data=b"{}") as answer:
        assert answer.status == 404
    async with visitor.session.post(
        f"{visitor.page.url}/act/text", data=b"{", headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 400


async def test_music_is_sent_with_its_length_and_noise_as_a_file(visitor: Visitor) -> None:
    assert (await visitor.send("audio", samples.beat(), "beat.mp3"))[0] == 200
    assert (visitor.last.kind, visitor.last.file.duration) == ("audio", SECONDS)
    assert (await visitor.send("audio", b"no sound in here" * 100))[0] == 200
    assert visitor.last.kind == "document"
    assert (await visitor.send("photo", b"\xff\xd8"))[0] == 200
    assert visitor.last.kind == "photo"


async def test_what_a_browser_records_becomes_a_voice_note(visitor: Visitor) -> None:
    for container, codec in (("webm", "libopus"), ("mp4", "aac"), ("ogg", "libopus")):
        assert (await visitor.send("recording", _recorded(container, codec), "voice"))[0] == 200
        voice = visitor.last
        assert (voice.kind, voice.file.mime_type) == ("voice", "audio/ogg")
        assert 2 <= voice.file.duration <= 3
        with av.open(io.BytesIO(voice.file.content)) as note:
            assert note.format.name == "ogg"
            assert note.streams.audio[0].codec_context.codec.canonical_name == "opus"
            assert note.streams.audio[0].channels == 1
    assert await visitor.send("recording", b"nothing") == (400, {"error": "no-sound"})


async def test_uploads_end_at_twenty_megabytes(visitor: Visitor) -> None:
    status, answer = await visitor.send("document", bytes(LARGEST + 1))
    assert (status, answer) == (413, {"error": "too-big"})
    assert not visitor.telegram.known_person(ADA).messages
    about = {"kind": "audio", "name": "big.mp3", "mime": "audio/mpeg", "size": 30_000_000}
    assert (await visitor.act("claim", **HERE, **about))[0] == 200
    assert (visitor.last.file.size, visitor.last.file.content) == (30_000_000, None)


async def test_files_are_never_a_page(visitor: Visitor) -> None:
    await visitor.send("document", b"<script>alert(1)</script>", "page.html")
    status, body, headers = await visitor.get(f"/file/{visitor.last.file.file_id}")
    assert (status, body) == (200, b"<script>alert(1)</script>")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"
    assert "sandbox" in headers["Content-Security-Policy"]
    wave = await visitor.get(f"/wave/{visitor.last.file.file_id}")
    assert json.loads(wave[1]) == {"seconds": 0, "bars": []}


async def test_sound_is_given_in_ranges_with_its_waveform(visitor: Visitor) -> None:
    await visitor.act("sample", **HERE, name="song")
    path = f"/file/{visitor.last.file.file_id}"
    status, body, headers = await visitor.get(path, Range="bytes=10-19")
    assert (status, body) == (206, samples.song()[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(samples.song())}"
    assert (await visitor.get(path, Range="bytes=99999999-"))[0] == 416
    assert (await visitor.get(path, Range="bytes=oops"))[0] == 416
    wave = json.loads((await visitor.get(path.replace("file", "wave", 1)))[1])
    assert wave["seconds"] == pytest.approx(SECONDS, abs=0.1)
    assert len(wave["bars"]) == 100
    assert (await visitor.get("/file/none"))[0] == 404


async def test_knobs_faults_and_languages(visitor: Visitor) -> None:
    environment = visitor.page.environment
    await visitor.act("latency", seconds=7)
    assert environment.music.latency == 7
    await visitor.act("fault", service="music", on="upload", name="429", times=2)
    await visitor.act("fault", service="telegram", on="sendAudio", name="lost")
    assert environment.music.faults.waiting()["upload"] == ["429", "429"]
    assert environment.telegram.waiting_faults == ["sendAudio: lost x1"]
    await visitor.act("clear")
    assert not any(environment.music.faults.waiting().values())
    assert environment.telegram.waiting_faults == []
    await visitor.act("language", person=BEN, language="uk")
    assert environment.telegram.known_person(BEN).user["language_code"] == "uk"
    await visitor.act("language", person=BEN, language="")
    assert "language_code" not in environment.telegram.known_person(BEN).user
    await visitor.act("block", **HERE, on=True)
    assert environment.telegram.state.chats[ADA].blocked


async def test_the_owner_lets_somebody_in(visitor: Visitor) -> None:
    environment = visitor.page.environment
    assert [environment.lets_in(person) for person in (ADA, BEN)] == [True, False]
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as feed:
        assert (await feed.receive_json(timeout=5))["let_in"] == [ADA]
        assert (await visitor.act("admit", person=BEN))[0] == 200
        news = await feed.receive_json(timeout=5)
        while news["kind"] != "state":
            news = await feed.receive_json(timeout=5)
        assert news["let_in"] == [ADA, BEN]
    assert environment._variables()["ALLOWED_USERS"] == str(BEN)
    assert environment.process is None  # there was no bot to restart
    assert await visitor.act("admit", person=7) == (400, {"error": "refused"})


@pytest.mark.parametrize(
    ("settings", "let_in"),
    [
        ({}, [ADA]),
        ({"ACCESS": "open"}, [ADA, BEN, 7]),
        ({"ALLOWED_USERS": "7,1002"}, [ADA, BEN, 7]),
        ({"OWNER_ID": "7"}, [7]),
    ],
)
async def test_a_stage_knows_whom_its_bot_lets_in(
    settings: dict[str, str], let_in: list[int]
) -> None:
    environment = Environment(settings=settings)
    assert [person for person in (ADA, BEN, 7) if environment.lets_in(person)] == let_in
    await environment.__aexit__(None, None, None)


async def test_commands_follow_scope_and_language(visitor: Visitor) -> None:
    telegram = visitor.telegram
    for scope, language, name in (
        ("default", "", "plain"),
        ("default", "de", "deutsch"),
        ("all_group_chats", "", "grouped"),
    ):
        asked = {
            "commands": [{"command": name, "description": "x"}],
            "scope": {"type": scope},
            "language_code": language,
        }
        await visitor.session.post(f"{telegram.url}/bot{telegram.token}/setMyCommands", json=asked)
    assert telegram.commands(ADA, ADA)[0]["command"] == "plain"
    assert telegram.commands(-1_001_000_000_002, ADA)[0]["command"] == "grouped"
    telegram.speak(ADA, "de")
    assert telegram.commands(ADA, ADA)[0]["command"] == "deutsch"


def test_what_has_no_form_here_is_called_unknown() -> None:
    sender = {"id": 1, "is_bot": True, "first_name": "Refrain"}
    data = {"message_id": 1, "from": sender, "chat": {"id": 2}, "date": 3, "poll": {}}
    data["reply_markup"] = {"inline_keyboard": [[{"text": "Pay", "pay": True}]]}
    assert kind_of(data) == "unknown"
    shaped = serialize(Message(data, 1))
    assert shaped["buttons"] == [[{"text": "Pay", "unsupported": "pay"}]]


async def test_a_taken_port_gives_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = Environment()
        page = Page(environment)
        try:
            assert await demo.listen(page, port)
            assert page.url != f"http://127.0.0.1:{port}"
        finally:
            await page.aclose()
            await environment.__aexit__(None, None, None)


async def test_demo_says_where_it_is_and_ends_with_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    assert "http://127.0.0.1:" in line
    url = line.split("http://")[1].split()[0]
    async with aiohttp.ClientSession() as session, session.get(f"http://{url}/") as answer:
        assert answer.status == 200
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0


def _recorded(container: str, codec: str) -> bytes:
    """2.5 s of a tone in stereo, as a browser would wrap it."""
    made = io.BytesIO()
    tone = np.sin(np.arange(120_000) * 2 * np.pi * 330 / 48_000)
    sound = av.AudioFrame.from_ndarray(np.tile(tone, (2, 1)).astype(np.float32), "fltp", "stereo")
    sound.sample_rate = 48_000
    with av.open(made, "w", format=container) as out:
        stream = cast("AudioStream", out.add_stream(codec, rate=48_000, layout="stereo"))
        resampler = av.AudioResampler(stream.format, "stereo", 48_000)
        for frame in (*resampler.resample(sound), *resampler.resample(None)):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return made.getvalue()
