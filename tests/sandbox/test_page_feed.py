"""What the open pages hear: messages, actions, calls, and what hangs."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.support.browser_kit import quiet
from tests.support.page_kit import ADA, HERE, Visitor


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with quiet() as page, aiohttp.ClientSession() as session:
        yield Visitor(page, session)


async def test_the_feed_tells_all_and_then_what_is_new(visitor: Visitor) -> None:
    await visitor.act("text", **HERE, text="before")
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as feed:
        hello = await feed.receive_json(timeout=5)
        assert [each["text"] for each in hello["messages"]] == ["before"]
        assert [each["part"] for each in hello["people"]] == ["owner", "guest"]
        await visitor.act("react", **HERE, id=visitor.last.id, emoji="🔥")
        news = await feed.receive_json(timeout=5)
        while news["kind"] != "message":
            news = await feed.receive_json(timeout=5)
        assert news["message"]["reactions"] == [{"emoji": "🔥", "users": [ADA]}]


async def test_everything_that_happens_in_a_chat_is_told(visitor: Visitor) -> None:
    telegram = visitor.telegram

    async def call(method: str, **params: Any) -> Any:
        url = f"{telegram.url}/bot{telegram.token}/{method}"
        async with visitor.session.post(url, json={"chat_id": ADA, **params}) as answer:
            return (await answer.json())["result"]

    await visitor.act("text", **HERE, text="first")
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as feed:
        await feed.receive_json(timeout=5)
        keys = {"inline_keyboard": [[{"text": "Copy", "copy_text": {"text": "words"}}]]}
        quoted = {"message_id": visitor.last.id}
        await call("sendMessage", text="hi", reply_parameters=quoted, reply_markup=keys)
        rows = {"keyboard": [["Yes", "No"]], "one_time_keyboard": True}
        asked = await call("sendMessage", text="well?", reply_markup=rows)
        await call("sendChatAction", action="typing")
        await call("deleteMessage", message_id=asked["message_id"])
        await visitor.act("block", **HERE, on=True)
        await visitor.act("block", **HERE, on=False)
        told: list[Any] = []
        while not told or told[-1] != {"kind": "blocked", "chat": ADA, "on": False}:
            told.append(await feed.receive_json(timeout=5))
    messages = [news["message"] for news in told if news["kind"] == "message"]
    assert messages[0]["reply"]["text"] == "first"
    assert messages[0]["buttons"] == [[{"text": "Copy", "copy": "words"}]]
    assert messages[1]["keyboard"] == rows
    assert {"kind": "action", "chat": ADA, "action": "typing"} in told
    assert {"kind": "deleted", "chat": ADA, "id": asked["message_id"]} in told


async def test_a_press_waits_for_the_answer(visitor: Visitor) -> None:
    telegram = visitor.telegram
    await visitor.act("text", **HERE, text="hi")
    pressed = asyncio.create_task(visitor.act("press", **HERE, id=visitor.last.id, data="x"))
    while not telegram.state.queries:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.01)
    (query,) = telegram.state.queries
    answer = {"callback_query_id": query, "text": "Too late", "show_alert": True}
    url = f"{telegram.url}/bot{telegram.token}/answerCallbackQuery"
    await visitor.session.post(url, json=answer)
    status, told = await pressed
    assert (status, told["done"]["text"], told["done"]["show_alert"]) == (200, "Too late", True)


async def test_a_page_that_falls_behind_is_let_go(visitor: Visitor) -> None:
    feed = visitor.page._feed
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as socket_:
        await socket_.receive_json(timeout=5)
        for number in range(6_000):
            feed.tell("state", number=number)
        kinds = [message.type async for message in socket_]
        assert len(kinds) < 6_000
        assert socket_.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_calls_are_shown_without_secrets(visitor: Visitor) -> None:
    telegram, music = visitor.telegram, visitor.page.environment.music
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as feed:
        await feed.receive_json(timeout=5)
        said = {"chat_id": ADA, "text": f"my token is {telegram.token}"}
        await visitor.session.post(f"{telegram.url}/bot{telegram.token}/sendMessage", json=said)
        key = {"Authorization": f"Bearer {music.key}"}
        await visitor.session.get(f"{music.url}/v1/billing/balance", headers=key)
        await visitor.session.post(f"{telegram.url}/bot{telegram.token}/sendPoll", json=said)
        told: list[Any] = []
        while not any(news["kind"] == "unsupported" for news in told):
            told.append(await feed.receive_json(timeout=5))
        calls = [news["call"] for news in told if news["kind"] == "call"]
        assert [call["name"] for call in calls] == [
            "sendMessage",
            "GET /v1/billing/balance",
            "sendPoll",
        ]
        shown = json.dumps(calls)
        assert telegram.token not in shown
        assert music.key not in shown
        assert told[-1] == {"kind": "unsupported", "chat": ADA, "method": "sendPoll"}


async def test_calls_that_hang_are_shown_too(visitor: Visitor) -> None:
    telegram, music = visitor.telegram, visitor.page.environment.music
    telegram.fail("sendMessage", "hang")
    music.fail("hang")
    hurry = aiohttp.ClientTimeout(total=0.3)
    key = {"Authorization": f"Bearer {music.key}"}
    recipe = {"model": "music-01", "lyrics": "la la la", "refer_voice": "x"}
    for url, body in (
        (f"{telegram.url}/bot{telegram.token}/sendMessage", {"chat_id": ADA, "text": "hi"}),
        (f"{music.url}/v2/generate/audio/minimax/generate", recipe),
    ):
        with pytest.raises(TimeoutError):
            await visitor.session.post(url, json=body, headers=key, timeout=hurry)
    async with visitor.session.ws_connect(f"{visitor.page.url}/feed") as feed:
        hello = await feed.receive_json(timeout=5)
    assert [(call["name"], call["status"]) for call in hello["calls"]] == [("sendMessage", 0)]
    assert [call["name"] for call in hello["begun"]] == ["generate"]
