"""PTB's calls through aiohttp: errors, deadlines, uploads and downloads, over real sockets."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram import Bot, InputFile, InputMediaAudio
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.proxies import unusable
from bot.sandbox.telegram.api import TelegramApi
from bot.telegram.request import AiohttpRequest, Broken, TooBig, Unsent, UnsentTimedOut
from tests.support.telegram_kit import MP3, OGG, bot_on, picture, stage

TOKEN = "123456789:AAsecretsecretsecretsecretsecret000"


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """Listen without knowing HTTP; gives the URL, and closes what the handler leaves open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        finally:
            writer.close()
            gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        await asyncio.wait_for(gone.wait(), 5)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[tuple[Any, ...]]:
    """Give what is needed to download: the server, the URL, a place, an open request."""
    async with stage() as on, AiohttpRequest() as request:
        sent = await on.ada.send_voice(OGG)
        path = (await on.bot.get_file(sent.attached.file_id)).file_path
        yield on.api, path, tmp_path / "voice.oga", request


async def test_a_given_session_is_shared_and_left_open() -> None:
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        async with Bot(
            api.token,
            f"{api.url}/bot",
            request=AiohttpRequest(session),
            get_updates_request=AiohttpRequest(session),
        ) as bot:
            assert bot.username == "refrain_bot"
        assert not session.closed


async def test_an_own_session_can_be_opened_again() -> None:
    async with TelegramApi() as api:
        bot = bot_on(api)
        for _ in range(2):
            async with bot:
                assert (await bot.get_me()).is_bot
        with pytest.raises(NetworkError, match="not initialized"):
            await bot.get_me()


async def test_text_of_every_script_arrives_unharmed() -> None:
    async with stage() as on:
        text = 'ё & "q" 🎵 ملح 歌\n+%=<'
        await on.bot.send_message(on.ada.id, text)
        assert on.ada.last.text == text


async def test_files_attached_to_media_arrive(tmp_path: Path) -> None:
    async with stage() as on:
        song = tmp_path / "a.mp3"
        song.write_bytes(MP3)
        with song.open("rb") as handle:
            audio = InputFile(handle, filename='"\r\n.mp3', read_file_handle=False)
            sent = await on.bot.send_audio(on.ada.id, audio, thumbnail=picture())
        assert on.ada.last.attached.content == MP3
        assert on.ada.last.attached.file_name == '"__.mp3'
        await sent.edit_media(InputMediaAudio(MP3 * 2, thumbnail=picture(90)))
        assert on.ada.last.attached.content == MP3 * 2
        assert on.ada.last.attached.thumbnail == picture(90)


@pytest.mark.parametrize("kind", ["reset", "lost"])
async def test_a_dropped_connection_is_told_as_broken(kind: Any) -> None:
    async with stage() as on:
        on.api.fail("sendMessage", kind)
        with pytest.raises(NetworkError) as dropped:
            await on.bot.send_message(on.ada.id, "x")
        assert type(dropped.value) is Broken
        assert len(on.ada.messages) == (1 if kind == "lost" else 0)


@pytest.mark.parametrize("kind", ["hang", "timeout"])
async def test_no_answer_is_timed_out(kind: Any) -> None:
    async with stage() as on:
        on.api.fail("sendMessage", kind)
        with pytest.raises(TimedOut):
            await on.bot.send_message(on.ada.id, "x", read_timeout=0.05)
        assert len(on.ada.messages) == (1 if kind == "timeout" else 0)


async def test_refusals_become_ptbs_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with stage() as on:
        on.api.fail("getMe", "429", retry_after=7)
        with pytest.raises(RetryAfter) as flooded:
            await on.bot.get_me()
        assert flooded.value._retry_after.total_seconds() == 7
        on.api.fail("getMe", "502")
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await on.bot.get_me()


async def test_nobody_listening_is_unsent_and_names_no_token() -> None:
    async with TelegramApi() as api:
        url = api.url
    async with AiohttpRequest() as request:
        with pytest.raises(Unsent) as refused:
            await request.post(f"{url}/bot{TOKEN}/getMe")
    assert TOKEN not in "".join(traceback.format_exception(refused.value))


async def test_a_connection_that_does_not_come_about_in_time_is_unsent() -> None:
    async with TelegramApi() as api:
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:
            request = AiohttpRequest(session, connect_timeout=0.05, pool_timeout=0.0)
            url = f"{api.url}/bot{api.token}/"
            poll = asyncio.create_task(request.do_request(url + "getUpdates?timeout=5", "POST"))
            while not api.state.updates.is_polled:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0)
            with pytest.raises(UnsentTimedOut) as late:
                await request.post(url + "getMe")
            api.person()
            api.state.updates.end_poll("")
            assert (await poll)[0] == 200
    assert api.token not in "".join(traceback.format_exception(late.value))


async def test_a_body_that_trickles_is_cut_off_at_the_deadline() -> None:
    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.02)

    request = AiohttpRequest(
        read_timeout=0.05, write_timeout=0.05, connect_timeout=0.05, pool_timeout=0.05
    )
    async with raw_server(trickle) as url, request:
        with pytest.raises(TimedOut):
            await request.post(f"{url}/bot{TOKEN}/getMe")


async def test_half_an_answer_and_nonsense_are_network_errors() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"no http\r\n\r\n"]

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))
        writer.close()

    async with raw_server(answer) as url, AiohttpRequest() as request:
        for _ in range(2):
            with pytest.raises(NetworkError) as broken:
                await request.post(f"{url}/bot{TOKEN}/getMe")
            assert TOKEN not in "".join(traceback.format_exception(broken.value))
    assert answers == []


async def test_a_read_timeout_of_none_is_bounded_all_the_same() -> None:
    async with TelegramApi() as api, AiohttpRequest(media_timeout=0.05) as request:
        api.fail("getMe", "hang")
        with pytest.raises(TimedOut):
            await request.post(f"{api.url}/bot{api.token}/getMe", read_timeout=None)
        assert request.read_timeout == 5.0


async def test_a_download_goes_to_disk(file: Any) -> None:
    _, url, into, request = file
    assert await request.download(url, into, at_most=len(OGG), timeout=5) == len(OGG)
    assert into.read_bytes() == OGG


async def test_a_download_that_is_too_big_leaves_nothing(file: Any) -> None:
    _, url, into, request = file
    with pytest.raises(TooBig):
        await request.download(url, into, at_most=len(OGG) - 1, timeout=5)
    assert not into.exists()


@pytest.mark.parametrize(
    ("kind", "error"), [("reset", NetworkError), ("500", NetworkError), ("hang", TimedOut)]
)
async def test_a_download_that_fails_leaves_nothing(file: Any, kind: Any, error: Any) -> None:
    api, url, into, request = file
    api.fail("file", kind, times=2)  # aiohttp itself repeats a GET once
    with pytest.raises(error):
        await request.download(url, into, at_most=1000, timeout=0.2)
    assert not into.exists()


async def test_a_download_of_nothing_is_a_bad_request(file: Any) -> None:
    _, url, into, request = file
    with pytest.raises(BadRequest):
        await request.download(url + "x", into, at_most=1000, timeout=5)


async def test_a_download_that_cannot_be_written_is_told_as_such(file: Any) -> None:
    _, url, _, request = file
    with pytest.raises(OSError, match="No such file"):
        await request.download(url, Path("/nowhere/at/all"), at_most=1000, timeout=5)


async def test_an_endless_download_without_a_length_is_cut_off(tmp_path: Path) -> None:
    into = tmp_path / "x"

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not writer.is_closing():
            writer.write(bytes(10_000))
            await asyncio.sleep(0)

    async with raw_server(pour) as url, AiohttpRequest() as request:
        with pytest.raises(TooBig):
            await request.download(f"{url}/file", into, at_most=100_000, timeout=5)
    assert not into.exists()


async def test_a_proxy_of_the_environment_is_asked_and_one_of_another_kind_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def proxy(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(b"asked")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"ok":true,"result":"far"}')
        await writer.drain()

    for name in ("HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "all_proxy"):
        async with raw_server(proxy) as url, AiohttpRequest() as request:
            monkeypatch.setenv(name, url)
            answer: object = await request.post(f"http://telegram.invalid/bot{TOKEN}/getMe")
            assert answer == "far"
            assert unusable() == []
            monkeypatch.setenv(name, "socks5://127.0.0.1:9")
            assert unusable() == [name]
            monkeypatch.delenv(name)
    assert len(asked) == 2
