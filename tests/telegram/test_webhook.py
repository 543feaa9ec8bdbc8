import asyncio
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.backoff import Backoff
from bot.sandbox.telegram.api import TelegramApi
from bot.settings import Settings
from bot.store import Store, StoreUnavailable
from bot.telegram.inbound import healthcheck
from bot.telegram.inbound.dispatcher import Dispatcher
from bot.telegram.inbound.health import Health, Pulse, longest_silence
from bot.telegram.inbound.webhook import CannotListen, Server, Webhook, WebhookRefused
from bot.telegram.reconnect import TokenRefused
from tests.support.intake_kit import (
    Handler,
    a_bot,
    at_work,
    broken,
    message,
    open_rows,
    opened,
    until,
)

SECRET = "s3cret"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
QUICK = Backoff(first=0.01, longest=0.05)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


@dataclass
class Stand:
    server: Server
    webhook: Webhook
    dispatcher: Dispatcher
    pulse: Pulse
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def push(
        self, body: object, headers: dict[str, str] = HEADERS, path: str = "/hooks/refrain"
    ) -> int:
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with self.http.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status

    async def healthz(self) -> tuple[int, dict[str, Any]]:
        async with self.http.get(f"{self.url}/healthz") as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def listening(
    store: Store,
    handler: Handler,
    *,
    silence: float | None = None,
    url: str = "https://x.org/hooks/refrain",
    **options: Any,
) -> AsyncIterator[Stand]:
    pulse = Pulse()
    async with at_work(store.inbox, handler, **options) as dispatcher:
        webhook = Webhook(dispatcher, pulse, url=url, secret=SECRET)
        health = Health(dispatcher, pulse, store.tracks.backlog, longest_silence=silence)
        async with (
            Server(health, webhook, host="127.0.0.1", port=0) as server,
            aiohttp.ClientSession() as http,
        ):
            yield Stand(server, webhook, dispatcher, pulse, http)


async def test_a_push_is_kept_answered_and_handled(store: Store) -> None:
    handler = Handler()
    async with listening(store, handler) as stand:
        assert await stand.push(message(1, "pushed")) == 200
        assert await stand.push(message(1, "pushed")) == 200
        await until(lambda: handler.seen)
        assert await stand.push(message(2, "end")) == 200
        await until(lambda: "end" in handler.seen)
    assert handler.seen == ["pushed", "end"]


@pytest.mark.parametrize(
    "headers", [{}, {**HEADERS, "X-Telegram-Bot-Api-Secret-Token": "S3cret"}, {"Cookie": SECRET}]
)
async def test_without_the_secret_nothing_is_taken(
    store: Store, tmp_path: Path, headers: dict[str, str]
) -> None:
    async with listening(store, Handler()) as stand:
        assert await stand.push(message(1), headers) == 401
        assert await stand.push(b"x" * 2**21, headers) == 401
        assert open_rows(tmp_path) == []


async def test_a_secret_of_strange_bytes_is_just_wrong(store: Store) -> None:
    async with listening(store, Handler()) as stand:
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
        writer.write(
            b"POST /hooks/refrain HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            b"X-Telegram-Bot-Api-Secret-Token: \xff\xfe\r\n\r\n"
        )
        assert b" 401 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff",
        b"[" * 100_000,
        [],
        [message(1)],
        {},
        {"update_id": "1"},
        {"update_id": None},
        {"update_id": 2**64},
    ],
)
async def test_what_is_no_update_gets_400(store: Store, tmp_path: Path, body: object) -> None:
    async with listening(store, Handler()) as stand:
        assert await stand.push(body) == 400
        assert open_rows(tmp_path) == []


async def test_a_body_over_a_megabyte_gets_413(store: Store, tmp_path: Path) -> None:
    async with listening(store, Handler()) as stand:
        assert await stand.push(message(1, "x" * 2**20)) == 413
        assert open_rows(tmp_path) == []
        assert await stand.push(message(2, "x" * 1000)) == 200


async def test_a_body_that_never_ends_gets_408(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.inbound.webhook._BODY_TIMEOUT", 0.05)
    async with listening(store, Handler()) as stand:
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
        writer.write(
            b"POST /hooks/refrain HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            b"X-Telegram-Bot-Api-Secret-Token: " + SECRET.encode() + b"\r\n\r\n{"
        )
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        await writer.wait_closed()


async def test_elsewhere_is_nothing(store: Store) -> None:
    async with listening(store, Handler()) as stand:
        assert await stand.push(message(1), path="/") == 404
        assert await stand.push(message(1), path="/webhook") == 404
        async with stand.http.get(f"{stand.url}/hooks/refrain", headers=HEADERS) as answer:
            assert answer.status == 405


async def test_200_comes_only_after_the_commit(store: Store, tmp_path: Path) -> None:
    handler = Handler()
    async with listening(store, handler) as stand:
        with sqlite3.connect(tmp_path / "refrain.sqlite3") as database:
            database.execute("BEGIN IMMEDIATE")  # whoever wants to write has to wait
            push = asyncio.create_task(stand.push(message(1, "kept")))
            await asyncio.sleep(0.1)
            assert not push.done()
            assert handler.begun == []
        database.close()
        assert await push == 200
        await until(lambda: handler.seen == ["kept"])


async def test_without_the_store_there_is_no_200(store: Store, tmp_path: Path) -> None:
    handler = Handler()
    async with listening(store, handler) as stand:
        with broken(tmp_path):
            assert await stand.push(message(1, "again")) == 503
        assert handler.begun == []
        assert await stand.push(message(1, "again")) == 200
        await until(lambda: handler.seen == ["again"])


async def test_too_much_waiting_gets_503_until_there_is_room(store: Store) -> None:
    handler = Handler()
    handler.gate("slow")
    async with listening(store, handler, most=2) as stand:
        assert [await stand.push(message(n, "slow")) for n in range(3)] == [200] * 3
        assert await stand.push(message(9)) == 503
        handler.gate("slow").set()
        await stand.dispatcher.room()
        assert await stand.push(message(9)) == 200


async def test_pushes_at_the_same_time_are_all_taken(store: Store) -> None:
    handler = Handler()
    async with listening(store, handler) as stand:
        pushes = [stand.push(message(n, f"{n}", chat=n, user=n)) for n in range(1, 80)]
        assert set(await asyncio.gather(*pushes)) == {200}
        await until(lambda: len(handler.seen) == 79)


async def test_telegram_pushes_where_it_is_told_to(store: Store) -> None:
    handler = Handler()
    async with TelegramApi(webhook_pause=0.02) as telegram, listening(store, handler) as stand:
        webhook = Webhook(stand.dispatcher, stand.pulse, url=stand.url, secret=SECRET)
        assert webhook.path == "/webhook"
        stand.webhook = Webhook(
            stand.dispatcher, stand.pulse, url=f"{stand.url}/hooks/refrain", secret=SECRET
        )
        ada = telegram.person()
        await ada.send_text("before")
        telegram.fail("setWebhook", "502", times=2)
        bot = a_bot(telegram.url)
        await bot.request.initialize()
        await stand.webhook.register(bot, backoff=QUICK)
        await bot.request.shutdown()
        await ada.send_text("after")
        await until(lambda: handler.seen == ["before", "after"])
        (call,) = [each for each in telegram.calls if each.status == 200]
        assert call.params["secret_token"] == SECRET
        assert call.params["allowed_updates"][0] == "message"
        assert "drop_pending_updates" not in call.params


async def test_an_address_telegram_does_not_take_ends_the_start(store: Store) -> None:
    async with TelegramApi() as telegram, listening(store, Handler()) as stand:
        bot = a_bot(telegram.url)
        await bot.request.initialize()
        with pytest.raises(WebhookRefused, match="WEBHOOK_URL"):
            await Webhook(
                stand.dispatcher, stand.pulse, url="ftp://x.org", secret=SECRET
            ).register(bot)
        wrong = a_bot(telegram.url, token="987654321:" + "x" * 35)
        await wrong.request.initialize()
        with pytest.raises(TokenRefused):
            await stand.webhook.register(wrong)
        await bot.request.shutdown()
        await wrong.request.shutdown()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://x.org", "/webhook"),
        ("https://x.org/", "/webhook"),
        ("https://x.org:8443/a/b", "/a/b"),
    ],
)
async def test_the_path_is_that_of_the_public_address(store: Store, url: str, path: str) -> None:
    async with listening(store, Handler(), url=url) as stand:
        assert stand.webhook.path == path
        assert await stand.push(message(1), path=path) == 200


async def test_a_port_that_is_taken_is_said_in_one_line(store: Store) -> None:
    async with listening(store, Handler()) as stand:
        health = Health(stand.dispatcher, stand.pulse, store.tracks.backlog, longest_silence=None)
        server = Server(health, None, host="127.0.0.1", port=stand.server.port)
        with pytest.raises(CannotListen) as caught:
            await server.start()
    assert str(caught.value).startswith("HTTP_HOST, HTTP_PORT: cannot listen on 127.0.0.1:")
    assert "in use" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_health_when_all_is_well(store: Store) -> None:
    async with listening(store, Handler()) as stand:
        status, report = await stand.healthz()
    assert status == 200
    age = report.pop("last_update_or_poll_seconds_ago")
    assert 0 <= age < 10
    assert report == {"ok": True, "store": "ok", "backlog": 0, "lanes": 0, "tracks": 0}


async def test_health_counts_what_waits(store: Store) -> None:
    handler = Handler()
    handler.gate("slow")
    async with listening(store, handler) as stand:
        for number in range(3):
            await stand.push(message(number, "slow"))
        _, report = await stand.healthz()
    assert (report["backlog"], report["lanes"]) == (2, 1)


async def test_polls_that_stopped_make_it_unwell_and_a_beat_well_again(store: Store) -> None:
    async with listening(store, Handler(), silence=0.05) as stand:
        await asyncio.sleep(0.06)
        status, report = await stand.healthz()
        assert (status, report["ok"], report["store"]) == (503, False, "ok")
        stand.pulse.beat()
        assert (await stand.healthz())[0] == 200
    assert longest_silence(30) == 70


async def test_a_store_that_refuses_makes_it_unwell(store: Store, tmp_path: Path) -> None:
    async with listening(store, Handler()) as stand:
        with broken(tmp_path):
            await stand.push(message(1))
            status, report = await stand.healthz()
            assert (status, report["ok"], report["store"]) == (503, False, "unavailable")
        await stand.push(message(1))
        assert (await stand.healthz())[0] == 200


async def test_a_store_that_cannot_be_read_makes_it_unwell(store: Store) -> None:
    async def tracks() -> int:
        raise StoreUnavailable("gone")

    async with at_work(store.inbox, Handler()) as dispatcher:
        health = Health(dispatcher, Pulse(), tracks, longest_silence=70)
        async with (
            Server(health, None, host="127.0.0.1", port=0) as server,
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{server.port}/healthz") as answer,
        ):
            assert answer.status == 503
            assert (await answer.json())["tracks"] is None


async def test_without_a_webhook_nothing_can_be_pushed(store: Store) -> None:
    async with at_work(store.inbox, Handler()) as dispatcher:
        health = Health(dispatcher, Pulse(), store.tracks.backlog, longest_silence=70)
        async with (
            Server(health, None, host="127.0.0.1", port=0) as server,
            aiohttp.ClientSession() as http,
            http.post(f"http://127.0.0.1:{server.port}/webhook", headers=HEADERS) as answer,
        ):
            assert answer.status == 404


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - that is what is tried
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("127.0.0.2", "127.0.0.2"),
        ("fe80::7", "[fe80::7]"),
        ("bot.example", "bot.example"),
    ],
)
def test_a_container_asks_where_the_bot_listens(host: str, asked: str) -> None:
    settings = Settings(_env_file=None, http_host=host, http_port=8123)
    assert healthcheck.address(settings) == f"http://{asked}:8123/healthz"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost"])  # noqa: S104 - as above
async def test_a_container_hears_how_the_bot_is(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    async def tracks() -> int:
        if away:
            raise StoreUnavailable("gone")
        return 0

    away = False
    monkeypatch.setenv("HTTP_HOST", host)
    async with at_work(store.inbox, Handler()) as dispatcher:
        health = Health(dispatcher, Pulse(), tracks, longest_silence=70)
        async with Server(health, None, host=host, port=0) as server:
            monkeypatch.setenv("HTTP_PORT", str(server.port))
            assert await asyncio.to_thread(healthcheck.main) == 0
            away = True
            assert await asyncio.to_thread(healthcheck.main) == 1
            assert "the bot is not well" in capsys.readouterr().err
    assert await asyncio.to_thread(healthcheck.main) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not answer at" in line
