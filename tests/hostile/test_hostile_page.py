"""A page of the web, open in the same browser as the sandbox, that means ill."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.sandbox.environment import Environment
from bot.sandbox.music.acestep import AceStepApi
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.music.replicate import ReplicateApi
from bot.sandbox.page.server import Page
from bot.sandbox.telegram.api import TelegramApi
from tests.support.browser_kit import quiet
from tests.support.page_kit import ADA, HERE, Visitor

BOUND = {
    "rebound": {"Host": "evil.example"},
    "rebound with the port": {"Host": "evil.example:{port}"},
    "no address at all": {"Host": "[::1"},
    "another page": {"Origin": "https://evil.example"},
    "a file, a frame": {"Origin": "null"},
    "a page of this machine": {"Origin": "http://127.0.0.1:1"},
    "a picture or a script": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "another port's": {"Sec-Fetch-Site": "same-site"},
}


@dataclass
class Port:
    """One of the servers of a demo, and something that may be asked of it."""

    url: str
    get: str
    post: str

    def headers(self, told: dict[str, str]) -> dict[str, str]:
        port = self.url.rpartition(":")[2]
        return {name: value.format(port=port) for name, value in told.items()}


@asynccontextmanager
async def ports() -> AsyncIterator[tuple[Page, list[Port]]]:
    async with quiet() as page:
        telegram, music = page.environment.telegram, page.environment.music
        bot = f"/bot{telegram.token}/"
        yield (
            page,
            [
                Port(page.url, "/feed", "/act/text"),
                Port(telegram.url, f"{bot}getMe", f"{bot}sendMessage"),
                Port(telegram.url, f"/sandbox/history?person={ADA}", "/sandbox/text"),
                Port(music.url, "/v1/models", "/sandbox/knobs"),
                Port(music.url, "/sandbox/calls", "/sandbox/faults"),
            ],
        )


@pytest.mark.parametrize("who", BOUND)
async def test_no_port_of_the_demo_listens_to_a_foreign_page(who: str) -> None:
    async with ports() as (page, all_ports), aiohttp.ClientSession() as session:
        for port in all_ports:
            headers = port.headers(BOUND[who])
            async with session.get(port.url + port.get, headers=headers) as answer:
                assert answer.status == 403, port
            told = {**HERE, "chat_id": ADA, "text": "hi", "latency": 9, "name": "1002"}
            for way in ({"json": told}, {"data": str(told)}, {"data": told}):
                async with session.post(port.url + port.post, **way, headers=headers) as answer:
                    assert answer.status == 403, port
            async with session.options(port.url + port.post, headers=headers) as answer:
                assert answer.status == 403, port
                assert "Access-Control-Allow-Origin" not in answer.headers
        assert not page.environment.telegram.known_person(ADA).messages
        assert not any(page.environment.music.faults.waiting().values())
        assert page.environment.music.latency == 5


async def test_programs_of_this_machine_and_the_page_itself_are_heard() -> None:
    async with ports() as (_, all_ports), aiohttp.ClientSession() as session:
        for port in all_ports:
            if port.get == "/feed":
                continue
            for headers in (
                {},
                {"Host": f"localhost:{port.url.rpartition(':')[2]}"},
                {"Origin": port.url, "Sec-Fetch-Site": "same-origin"},
                {"Sec-Fetch-Site": "none"},
            ):
                async with session.get(port.url + port.get, headers=headers) as answer:
                    assert answer.status == 200, (port, headers)


async def test_a_link_from_anywhere_may_lead_to_the_page_and_no_farther() -> None:
    async with ports() as (page, _), aiohttp.ClientSession() as session:
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        async with session.get(page.url, headers=link) as answer:
            assert answer.status == 200
        for headers in ({"Origin": "https://evil.example"}, link | {"Host": "evil.example"}):
            async with session.get(page.url, headers=headers) as answer:
                assert answer.status == 403


async def test_nobody_can_guess_a_token_or_a_key() -> None:
    environments = [Environment(backend=name) for name in ("aimlapi", "replicate", "acestep")]
    tokens = {environment.telegram.token for environment in environments} | {TelegramApi().token}
    assert len(tokens) == 4
    assert all(len(token.partition(":")[2]) == 35 for token in tokens)
    keys = {environment.music_server.key for environment in environments}
    for environment in environments:
        await environment.__aexit__(None, None, None)
    assert len(keys) == 3
    assert all(len(key) > 32 for key in keys)
    others = "from bot.sandbox.telegram.api import TelegramApi; print(TelegramApi().token)"
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", others), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await started.communicate()
    assert said.decode().strip() not in tokens
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        assert api.state.bot["id"] == int(api.token.partition(":")[0])
        known = "123456789:AAsandboxsandboxsandboxsandboxsand0"
        async with session.get(f"{api.url}/bot{known}/getMe") as answer:
            assert answer.status == 401


ORDERS = {
    "telegram": lambda times: {"method": "*", "kind": "500", "times": times},
    "music": lambda times: {"name": "429", "times": times},
}


@pytest.mark.parametrize("times", [101, 10**9, -1, "many", None, [], 1e400])
@pytest.mark.parametrize("service", ORDERS)
async def test_trouble_is_ordered_a_hundred_times_at_most(service: str, times: Any) -> None:
    async with ports() as (page, _), aiohttp.ClientSession() as session:
        environment = page.environment
        url = (
            environment.telegram.url if service == "telegram" else environment.music.url
        ) + "/sandbox/"
        async with session.post(f"{url}faults", json=ORDERS[service](times)) as answer:
            assert answer.status == 400
        assert not environment.telegram.waiting_faults
        assert not environment.music.faults.waiting()["generate"]
        async with session.post(f"{url}faults", json=ORDERS[service](100)) as answer:
            assert answer.status == 200


async def test_the_page_orders_no_more_either() -> None:
    async with ports() as (page, _), aiohttp.ClientSession() as session:
        visitor = Visitor(page, session)
        for times in (10**9, 1e400):
            wanted = {"service": "music", "on": "generate", "name": "429", "times": times}
            assert (await visitor.act("fault", **wanted))[0] == 200
        wanted = {"service": "telegram", "on": "*", "name": "429", "retry_after": 1e400}
        assert (await visitor.act("fault", **wanted))[0] == 200
        assert len(page.environment.music.faults.waiting()["generate"]) == 200
        (fault,) = page.environment.telegram._server.faults._waiting
        assert fault.retry_after == 600
        for seconds in (float("nan"), 1e400, -1):
            await visitor.act("latency", seconds=seconds)
            assert 0 <= page.environment.music.latency <= 300


DEEP = "[" * 100_000
HUGE = '{"text": "' + "a" * 20_000_000 + '"}'
MANY = '{"items": [' + ",".join(["1"] * 200_000) + "]}"


@pytest.mark.parametrize("body", [DEEP, HUGE, MANY, "[]", "7", "", "\ud800"], ids=str.__len__)
async def test_bodies_are_bounded(body: str) -> None:
    raw = body.encode(errors="surrogatepass")
    headers = {"Content-Type": "application/json"}
    async with ports() as (page, _), aiohttp.ClientSession() as session:
        environment = page.environment
        key = {"Authorization": f"Bearer {environment.music.key}"}
        bot = f"{environment.telegram.url}/bot{environment.telegram.token}/"
        for url in (
            f"{page.url}/act/text",
            f"{environment.telegram.url}/sandbox/texts",
            f"{bot}sendMessage",
            f"{environment.music.url}/sandbox/knobs",
            f"{environment.music.url}/sandbox/faults",
            f"{environment.music.url}/v2/generate/audio/minimax/generate",
            f"{environment.music.url}/v2/generate/audio",
        ):
            async with session.post(url, data=io.BytesIO(raw), headers=headers | key) as answer:
                assert 400 <= answer.status < 500, url
        form = {"chat_id": ADA, "text": "x", "reply_markup": DEEP}
        async with session.post(f"{bot}sendMessage", data=form) as answer:
            assert answer.status == 400
        assert not page.environment.telegram.known_person(ADA).messages


@pytest.mark.parametrize("stand", [AceStepApi, ReplicateApi, MusicApi])
async def test_every_music_stand_in_has_the_guard(stand: Callable[..., Any]) -> None:
    api = await stand().start()
    try:
        async with aiohttp.ClientSession() as session:
            for headers in BOUND.values():
                told = {name: value.format(port=api.url.rpartition(":")[2])
                        for name, value in headers.items()}  # fmt: skip
                for path in ("/sandbox/calls", "/", "/v1/models"):
                    async with session.get(api.url + path, headers=told) as answer:
                        assert answer.status == 403
    finally:
        await api.aclose()


async def test_a_form_whose_first_part_never_ends_is_cut_off() -> None:
    async with ports() as (page, _), aiohttp.ClientSession() as session:
        body = b'--xx\r\nContent-Disposition: form-data; name="about"\r\n\r\n' + b"1" * 70_000
        rest = b'\r\n--xx\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--xx--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=xx"}
        url = f"{page.url}/act/file"
        async with session.post(url, data=body + rest, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (413, {"error": "too-big"})
