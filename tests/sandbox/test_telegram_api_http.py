"""The simulated Telegram from outside: its control routes, its webhook, its observers."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.telegram.api import Keep, TelegramApi
from tests.support.telegram_kit import OGG, stage


class Remote:
    """Speaks to `/sandbox/`."""

    def __init__(self, api: TelegramApi, session: aiohttp.ClientSession) -> None:
        self.url = f"{api.url}/sandbox/"
        self.session = session

    async def post(self, route: str, **body: Any) -> Any:
        async with self.session.post(self.url + route, json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def get(self, route: str, **query: Any) -> Any:
        async with self.session.get(self.url + route, params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()


async def test_a_conversation_from_another_process() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        remote = Remote(on.api, session)
        bob = await remote.post("people", id=5, first_name="Bob", language_code="de")
        assert bob["language_code"] == "de"
        sent = await remote.post("text", person=5, text="/start")
        message = (await on.update()).message
        assert (message.message_id, message.chat.id) == (sent["message_id"], 5)
        markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
        answer = await on.bot.send_message(
            5, "<b>hi</b>", "HTML", api_kwargs={"reply_markup": markup}
        )
        history = await remote.get("history", person=5, after=1)
        assert [each["html"] for each in history["messages"]] == ["<b>hi</b>"]
        press = asyncio.create_task(remote.post("press", person=5, what="Go"))
        (query,) = await on.updates(wait=5)
        await query.callback_query.answer("done")
        assert (await press)["answer"] == {"text": "done", "show_alert": False, "url": ""}
        where = {"person": 5, "message_id": answer.message_id}
        assert await remote.post("press", **where, data="x", wait=0) == {"answer": None}
        await remote.post("react", **where, emoji="🔥")
        await remote.post("edit", person=5, message_id=sent["message_id"], text="/help")
        await remote.post("block", person=5)
        await remote.post("unblock", person=5)
        events = await remote.get("events", after=0)
        assert [each["kind"] for each in events["events"]] == [
            *["message", "message", "pressed", "answer", "pressed"],
            *["reaction", "edited", "blocked", "unblocked"],
        ]


async def test_files_and_groups_from_another_process() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        remote = Remote(on.api, session)
        group = await remote.post("groups", title="Band", members=[on.ada.id])
        await remote.post("text", person=on.ada.id, chat=group["id"], text="/help")
        form = aiohttp.FormData({"person": str(on.ada.id), "kind": "voice", "duration": "9"})
        form.add_field("file", OGG, filename="v.oga", content_type="audio/ogg")
        async with session.post(remote.url + "file", data=form) as response:
            assert response.status == 200
        sent = on.ada.messages[-1]
        assert (sent.attached.content, sent.attached.duration) == (OGG, 9)
        await remote.post("edit", person=on.ada.id, message_id=sent.id, caption="la")
        async with session.get(
            remote.url + "file", params={"file_id": sent.attached.file_id}
        ) as got:
            assert await got.read() == OGG
        huge = await remote.post("file", person=on.ada.id, kind="audio", duration=9, file_size=3e7)
        assert on.ada.messages[-1].attached.size == 30_000_000
        assert huge["update_id"] == on.api.state.updates.last_id


async def test_knobs_faults_and_numbers_from_another_process() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        remote = Remote(on.api, session)
        people = [[each, "/help"] for each in (on.ada.id, on.ada.id)]
        sent = (await remote.post("texts", items=people))["messages"]
        await remote.post("knobs", latency=0.001)
        await remote.post("faults", method="getMe", kind="500", times=5)
        with pytest.raises(Exception, match="Internal Server Error"):
            await on.bot.get_me()
        await remote.post("clear")
        await on.bot.get_me()
        await on.updates()
        await on.updates()
        await remote.post("redeliver", update_id=sent[0]["update_id"])
        stats = await remote.get("stats")
        assert (stats["pending"], stats["counts"]["getMe"]) == (1, 3)
        assert [each["status"] for each in (await remote.get("calls", last=4))["calls"]] == [
            *(500, 200, 200, 200)
        ]
        waiting = asyncio.create_task(remote.get("events", after=stats["number"], timeout=5))
        await asyncio.sleep(0.02)
        await on.ada.send_text("now")
        assert [each["kind"] for each in (await waiting)["events"]] == ["message"]


async def test_what_is_wrong_is_said() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        url = f"{on.api.url}/sandbox/"
        async with session.post(url + "text", json={"person": 404, "text": "x"}) as response:
            assert (response.status, await response.json()) == (
                400,
                {"error": "LookupError: nobody with the id 404"},
            )
        async with session.post(url + "faults", json={"method": "*", "kind": "fire"}) as response:
            assert "unknown fault 'fire'" in (await response.json())["error"]
        async with session.get(url + "nothing") as response:
            assert response.status == 404
        async with session.get(
            url + "stats", headers={"Origin": "https://evil.example"}
        ) as response:
            assert response.status == 403


async def test_a_webhook_gets_each_update_until_it_takes_it() -> None:
    got: list[tuple[str | None, str]] = []

    async def hook(request: web.Request) -> web.Response:
        update = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        got.append((secret, update["message"]["text"]))
        return web.Response(status=500 if len(got) == 1 else 200)

    app = web.Application()
    app.router.add_post("/hook", hook)
    async with stage(webhook_pause=0.01) as on, TestServer(app) as server:
        await on.ada.send_text("1")
        await on.bot.set_webhook(str(server.make_url("/hook")), secret_token="s3")
        await on.ada.send_text("2")
        while len(got) < 3 or on.api.pending_updates:  # noqa: ASYNC110 - the other end of a wire
            await asyncio.sleep(0.005)
        assert got == [("s3", "1"), ("s3", "1"), ("s3", "2")]
        info = await on.bot.get_webhook_info()
        assert info.last_error_message == (
            "Wrong response from the webhook: 500 Internal Server Error"
        )
        with pytest.raises(Exception, match="can't use getUpdates method while webhook is active"):
            await on.bot.get_updates()
        await on.bot.delete_webhook()
        assert await on.bot.get_updates() == ()


async def test_observers_hear_of_calls_and_events_until_they_leave() -> None:
    async with stage(keep=Keep(calls=1)) as on:
        calls: list[str] = []
        events: list[str] = []
        leave = on.api.on_call(lambda call: calls.append(f"{call.method} {call.status}"))
        leave_events = on.api.on_event(lambda event: events.append(event.kind))
        on.api.fail("*", "500", skip=1)
        await on.bot.send_message(on.ada.id, "x")
        await on.bot.get_updates()
        with pytest.raises(Exception, match="Internal Server Error"):
            await on.bot.send_message(on.ada.id, "y")
        leave()
        leave_events()
        await on.bot.send_message(on.ada.id, "z")
        on.api.expire_queries()
    assert calls == ["sendMessage 200", "getUpdates 200", "sendMessage 500"]
    assert events == ["message"]
