"""What bounds a call: time, size, addresses, and what may be told about it afterwards."""

import asyncio
import logging
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.model import Purpose
from bot.music import (
    AimlApi,
    BadAnswer,
    MusicError,
    Order,
    PassingFault,
    Unanswered,
    Unready,
    Uploaded,
)
from tests.support.music_kit import KEY, LYRICS, client_of, fetched, mp3, scene

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

ORDER = Order("raw-1", LYRICS, Uploaded(voice_id="vocal-1"), None)


@asynccontextmanager
async def raw(talk: Talk) -> AsyncIterator[str]:
    """A server that reads a request's head and says whatever it likes."""

    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks))


def says(text: bytes) -> Talk:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    return talk


def json_answer(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
    return head % (status, len(body), more) + body


async def submitted(
    url: str, folder: Path, *, within: float = 5.0, client: AimlApi | None = None
) -> MusicError:
    async with aiohttp.ClientSession() as session:
        client = client or client_of(session, url, within=within)
        with pytest.raises(MusicError) as caught:
            await fetched(client, ORDER, folder / "track.mp3")
        await client.aclose()
    assert os.listdir(folder) == []  # noqa: PTH208  pathlib would be called blocking
    return caught.value


async def test_a_refused_connection_was_never_sent(tmp_path: Path, unused_tcp_port: int) -> None:
    fault = await submitted(f"http://127.0.0.1:{unused_tcp_port}", tmp_path)
    assert isinstance(fault, PassingFault)


async def test_a_name_that_leads_nowhere_was_never_sent(tmp_path: Path) -> None:
    fault = await submitted("http://music.invalid", tmp_path)
    assert isinstance(fault, PassingFault)


async def test_waiting_for_a_free_connection_was_never_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        song = await s.song()
        s.api.fail("hang")
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as narrow:
            client = client_of(narrow, s.api.url, within=0.8)
            order = Order("narrow", LYRICS, song, None)
            first = asyncio.create_task(client.submit(order, s.out))
            await asyncio.sleep(0.1)
            with pytest.raises(PassingFault):
                await client.submit(order, s.out)
            assert len(s.api.generated) == 1
            with pytest.raises(Unanswered):
                await first


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no http at all\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbody\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_half_an_answer_is_none(tmp_path: Path, said: bytes) -> None:
    async with raw(says(said)) as url:
        assert isinstance(await submitted(url, tmp_path), Unanswered)


async def test_a_body_that_drips_is_given_up(tmp_path: Path) -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n{"data":{"audio":"')
        while not writer.is_closing():
            writer.write(b"f")
            await asyncio.sleep(0.02)

    async with raw(drip) as url:
        assert isinstance(await submitted(url, tmp_path, within=0.4), Unanswered)


async def test_a_refusal_whose_body_never_ends_is_no_answer(tmp_path: Path) -> None:
    async def stall(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000\r\n\r\n")
        await asyncio.sleep(1)

    async with raw(stall) as url:
        assert isinstance(await submitted(url, tmp_path, within=0.4), Unanswered)


async def test_a_refusal_is_not_read_to_its_end(tmp_path: Path) -> None:
    said = json_answer(b" " * 1_000_000, b"503 Service Unavailable")
    async with raw(says(said)) as url:
        assert isinstance(await submitted(url, tmp_path), Unanswered)


async def test_a_body_announced_too_large_is_not_read(tmp_path: Path) -> None:
    async with raw(says(b"HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n{")) as url:
        assert isinstance(await submitted(url, tmp_path), BadAnswer)


async def test_a_large_answer_to_an_upload_is_refused(tmp_path: Path) -> None:
    recording = tmp_path / "take.mp3"
    recording.write_bytes(mp3(12))
    async with raw(says(json_answer(b" " * 1_100_000))) as url, aiohttp.ClientSession() as session:
        with pytest.raises(BadAnswer):
            await client_of(session, url).upload(recording, Purpose.SONG)


async def test_waiting_for_a_turn_is_bounded(tmp_path: Path) -> None:
    async with raw(says(json_answer(b"{}"))) as url, aiohttp.ClientSession() as session:
        client = AimlApi(
            session,
            key=SecretStr(KEY),
            url=url,
            upload_timeout=1,
            generate_timeout=0.3,
            decoders=asyncio.Semaphore(0),
        )
        assert isinstance(await submitted(url, tmp_path, client=client), Unanswered)


async def test_a_redirect_is_not_followed_with_the_key(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def listen(head: bytes, writer: asyncio.StreamWriter) -> None:
        heard.append(head)

    async with raw(listen) as elsewhere:
        for status in (b"302 Found", b"307 Temporary Redirect"):
            more = b"Location: " + elsewhere.encode() + b"/\r\n"
            async with raw(says(json_answer(b"{}", status, more))) as url:
                assert isinstance(await submitted(url, tmp_path), Unanswered)
    assert heard == []


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/track.mp3",
        "https://[::1]/track.mp3",
        "https://[::ffff:10.0.0.1]/track.mp3",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.1/track.mp3",
        "https://localhost/track.mp3",
        "https://2130706433/track.mp3",
        "http://example.com/track.mp3",
        "https://user:word@example.com/track.mp3",
        "https://",
        "https://[half/track.mp3",
        "https://example.com:99999/track.mp3",
    ],
)
async def test_a_track_is_not_fetched_from_just_anywhere(tmp_path: Path, address: str) -> None:
    answer = b'{"data":{"audio":"%s"},"base_resp":{"status_code":0}}' % address.encode()
    async with raw(says(json_answer(answer))) as url:
        assert isinstance(await submitted(url, tmp_path), BadAnswer)


def pages(*answers: bytes) -> tuple[list[bytes], Talk]:
    """Answer a paid call with an address here, and then with what is given, one by one."""
    heads: list[bytes] = []

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        host = next(h for h in head.split(b"\r\n") if h.lower().startswith(b"host:")).split()[1]
        first = b'{"data":{"audio":"http://%s/a%%2Fb.mp3"},"base_resp":{"status_code":0}}' % host
        writer.write(
            json_answer(first)
            if len(heads) == 1
            else answers[min(len(heads), len(answers) + 1) - 2]
        )

    return heads, talk


async def test_a_download_takes_no_key_along(tmp_path: Path) -> None:
    heads, talk = pages(json_answer(mp3(3)))
    async with raw(talk) as url, aiohttp.ClientSession() as session:
        client = client_of(session, url)
        sound = await fetched(client, ORDER, tmp_path / "track.mp3")
        await client.aclose()
    assert sound.size == len(mp3(3))
    assert b"Authorization" in heads[0]
    assert b"Authorization" not in heads[1]
    assert heads[1].startswith(b"GET /a%2Fb.mp3 ")


MOVED = b"302 Found"


@pytest.mark.parametrize(
    ("answers", "meaning"),
    [
        ([json_answer(b"", MOVED, b"Location: https://10.0.0.1/\r\n")], BadAnswer),
        ([json_answer(b"", MOVED, b"Location: http://127.0.0.1:9/\r\n")], BadAnswer),
        ([json_answer(b"", MOVED, b"Location: https://localhost/\r\n")], BadAnswer),
        ([json_answer(b"", MOVED, b"Location: /again\r\n")] * 9, BadAnswer),
        ([json_answer(b"", MOVED)] * 9, BadAnswer),
        ([json_answer(b"not a track at all")], BadAnswer),
        ([json_answer(b"")], BadAnswer),
        ([json_answer(b"ID3" + bytes(50_000_000))], BadAnswer),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nID3"], Unready),
        ([b""], Unready),
    ],
)
async def test_a_download_that_fails_leaves_nothing(
    tmp_path: Path, answers: list[bytes], meaning: type[MusicError]
) -> None:
    _, talk = pages(*answers)
    async with raw(talk) as url:
        assert type(await submitted(url, tmp_path)) is meaning


async def test_the_service_itself_may_be_next_door(tmp_path: Path) -> None:
    _, talk = pages(json_answer(mp3(3)))
    async with raw(talk) as url, aiohttp.ClientSession() as session:
        client = client_of(session, url.replace("127.0.0.1", "localhost"))
        await fetched(client, ORDER, tmp_path / "track.mp3")
        await client.aclose()
    assert (tmp_path / "track.mp3").read_bytes() == mp3(3)


async def test_a_redirect_within_the_service_is_followed(tmp_path: Path) -> None:
    _, talk = pages(json_answer(b"", MOVED, b"Location: /there\r\n"), json_answer(mp3(3)))
    async with raw(talk) as url, aiohttp.ClientSession() as session:
        client = client_of(session, url)
        await fetched(client, ORDER, tmp_path / "track.mp3")
        await client.aclose()
    assert (tmp_path / "track.mp3").read_bytes() == mp3(3)


SECRET = "sk-do-not-tell-anybody"


def everything_told(fault: BaseException) -> str:
    told = ["".join(traceback.format_exception(fault))]
    seen: BaseException | None = fault
    while seen is not None:
        told += [repr(seen), str(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(told)


@pytest.mark.parametrize(
    "said",
    [
        json_answer(f'{{"message":"bad key {SECRET} for {LYRICS!a}"}}'.encode(), b"401 No"),
        json_answer(f'{{"message":"{LYRICS.splitlines()[0]} is rude"}}'.encode(), b"400 No"),
        json_answer(f'{{"base_resp":{{"status_code":"{SECRET}"}}}}'.encode()),
        json_answer(f"<title>{SECRET} {LYRICS}</title>".encode(), b"502 Bad"),
        json_answer(f'{{"data":"{SECRET}"}}'.encode(), more=b"x-inference-id: i\r\n"),
        b'{"data":{"audio":"https://files.example/track?signature=' + SECRET.encode(),
        b"HTTP/1.1 nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"",
        json_answer(
            b'{"data":{"audio":"https://localhost/%s"},"base_resp":{"status_code":0}}'
            % SECRET.encode()
        ),
    ],
)
async def test_neither_key_nor_lyrics_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    async with raw(says(said)) as url, aiohttp.ClientSession() as session:
        client = client_of(session, url, key=SECRET)
        with pytest.raises(MusicError) as caught:
            await fetched(client, ORDER, tmp_path / "track.mp3")
        await client.check()
        told = everything_told(caught.value) + caplog.text + repr(client) + str(vars(client))
        await client.aclose()
    assert SECRET not in told
    for line in LYRICS.splitlines():
        assert line not in told


async def test_what_a_call_cost_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with scene(tmp_path) as s:
        await s.client.submit(await s.order("attempt-77"), s.out)
    assert "attempt-77" in caplog.text
    assert "63000" in caplog.text
    assert "0.0315" in caplog.text
    assert KEY not in caplog.text
