import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot
from telegram.error import RetryAfter

from bot.backoff import Backoff
from bot.sandbox.telegram.api import TelegramApi
from bot.store import Store
from bot.telegram.inbound.health import Pulse
from bot.telegram.inbound.poller import Poller
from bot.telegram.inbound.raw_updates import ReplyTo
from bot.telegram.reconnect import Reconnector, TokenRefused
from bot.telegram.request import AiohttpRequest
from tests.support.intake_kit import Handler, a_bot, at_work, broken, opened, until

QUICK = Backoff(first=0.01, longest=0.05)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramApi]:
    async with TelegramApi() as api:
        yield api


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


@asynccontextmanager
async def polling(url: str, store: Store, handler: Handler, **options: Any) -> AsyncIterator[None]:
    bot, pulse = a_bot(url), Pulse()
    await bot.request.initialize()
    async with at_work(store.inbox, handler, **options) as dispatcher:
        task = asyncio.create_task(Poller(bot, dispatcher, pulse, timeout=1, backoff=QUICK).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
    await bot.request.shutdown()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]


def offsets(telegram: TelegramApi) -> list[int | None]:
    return [each.params.get("offset") for each in telegram.calls if each.method == "getUpdates"]


async def test_what_people_say_arrives_and_is_confirmed(
    telegram: TelegramApi, store: Store
) -> None:
    handler = Handler()
    ada = telegram.person()
    await ada.send_text("before the start")
    async with polling(telegram.url, store, handler):
        await until(lambda: handler.seen == ["before the start"])
        await ada.send_text("after it")
        await until(lambda: handler.seen == ["before the start", "after it"])
        await until(lambda: not telegram.pending_updates)
    assert telegram.complaints == []


async def test_asking_names_the_kinds_of_updates_and_drops_nothing(
    telegram: TelegramApi, store: Store
) -> None:
    async with polling(telegram.url, store, Handler()):
        await until(lambda: offsets(telegram))
        await telegram.person().send_text("hello")
        await until(lambda: len(offsets(telegram)) >= 2)
    calls = list(telegram.calls)
    assert calls[0].method == "deleteWebhook"
    assert "drop_pending_updates" not in calls[0].params
    assert calls[1].params["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]


async def test_a_webhook_of_the_past_is_removed(telegram: TelegramApi, store: Store) -> None:
    telegram.state.updates.webhook_url = "http://127.0.0.1:9/old"
    handler = Handler()
    await telegram.person().send_text("hello")
    async with polling(telegram.url, store, handler):
        await until(lambda: handler.seen == ["hello"])


async def test_a_redelivered_update_is_handled_once(telegram: TelegramApi, store: Store) -> None:
    handler = Handler()
    ada = telegram.person()
    async with polling(telegram.url, store, handler):
        said = await ada.send_text("once")
        await until(lambda: handler.seen == ["once"])
        assert said.update_id is not None
        telegram.redeliver(said.update_id)
        await ada.send_text("end")
        await until(lambda: "end" in handler.seen)
    assert handler.seen == ["once", "end"]


async def test_while_the_store_is_away_the_offset_does_not_advance(
    telegram: TelegramApi, store: Store, tmp_path: Path
) -> None:
    handler = Handler()
    told: list[ReplyTo] = []

    async def tell(places: list[ReplyTo]) -> None:
        told.extend(places)

    ada, ben = telegram.person(), telegram.person()
    async with polling(telegram.url, store, handler, on_store_trouble=tell):
        await until(lambda: offsets(telegram))
        with broken(tmp_path):
            await ada.send_text("ada's")
            await until(lambda: told == [ReplyTo(ada.id)])
            await ben.send_text("ben's")
            await until(lambda: told == [ReplyTo(ada.id), ReplyTo(ben.id)])
            assert telegram.pending_updates == 2
            assert handler.seen == []
            assert not any(offsets(telegram))
        await until(lambda: sorted(handler.seen) == ["ada's", "ben's"])
        await until(lambda: not telegram.pending_updates)


async def test_a_rival_is_named_once_and_outlasted(
    telegram: TelegramApi, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    handler = Handler()
    async with polling(telegram.url, store, handler):
        await until(lambda: offsets(telegram))
        telegram.state.updates.webhook_url = "http://127.0.0.1:9/rival"
        telegram.state.updates.end_poll("Conflict: terminated by setWebhook request")
        refused = len(offsets(telegram))
        await until(lambda: len(offsets(telegram)) >= refused + 4)
        assert "another process runs with the same TELEGRAM_TOKEN" in warnings(caplog)[0]
        assert len(warnings(caplog)) == 1
        telegram.state.updates.webhook_url = ""
        await telegram.person().send_text("hello")
        await until(lambda: handler.seen == ["hello"])
    assert "Telegram answers again" in caplog.text


async def test_two_pollers_meet(
    telegram: TelegramApi, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rival = tmp_path / "rival"
    rival.mkdir()
    async with (
        opened(rival) as other,
        polling(telegram.url, store, Handler()),
        polling(telegram.url, other, Handler()),
    ):
        await until(lambda: "Somebody else takes this bot's updates" in caplog.text)


async def test_the_network_goes_away_and_comes_back(
    telegram: TelegramApi, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for kind in ("reset", "502", "500", "lost"):
        telegram.fail("getUpdates", kind, times=2)
    telegram.fail("deleteWebhook", "502", times=2)
    handler = Handler()
    await telegram.person().send_text("hello")
    async with polling(telegram.url, store, handler):
        await until(lambda: handler.seen == ["hello"])
    assert [line.partition(":")[0] for line in warnings(caplog)] == [
        "Telegram cannot be reached, trying again"
    ] * 2
    assert caplog.text.count("Telegram answers again") == 2
    assert telegram.token not in caplog.text


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_a_flood_limit_is_waited_for(
    telegram: TelegramApi, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.fail("getUpdates", "429", retry_after=1)
    async with polling(telegram.url, store, Handler()):
        await telegram.person().send_text("hello")
        await until(lambda: len(offsets(telegram)) >= 2)
    first, second = [call for call in telegram.calls if call.method == "getUpdates"][:2]
    assert first.status == 429
    assert second.at - first.at >= 1
    assert "Telegram asks for a pause" in caplog.text


@pytest.mark.parametrize("opted_in", ["true", "false"])
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_a_pause_is_understood_in_either_unit(
    monkeypatch: pytest.MonkeyPatch, opted_in: str
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", opted_in)
    refusals = [RetryAfter(timedelta(seconds=0.01)), RetryAfter(0)]

    async def ask() -> str:
        if refusals:
            raise refusals.pop()
        return "answered"

    assert await Reconnector(QUICK).answer(ask) == "answered"


async def test_a_wrong_token_ends_it(telegram: TelegramApi, store: Store) -> None:
    bot = a_bot(telegram.url, token="987654321:" + "x" * 35)
    await bot.request.initialize()
    async with at_work(store.inbox, Handler()) as dispatcher:
        with pytest.raises(TokenRefused, match="TELEGRAM_TOKEN"):
            await Poller(bot, dispatcher, Pulse(), backoff=QUICK).run()
    await bot.request.shutdown()


class Muddled(AiohttpRequest):
    """A proxy in between that answers for Telegram, at first."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = [b'{"ok": true, "result": {}}', b'{"ok": true, "result": [1]}']

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if url.endswith("getUpdates") and self.answers:
            return 200, self.answers.pop()
        return await super().do_request(url, *args, **kwargs)


async def test_what_telegram_never_says_is_no_update(
    telegram: TelegramApi, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    handler, request = Handler(), Muddled()
    bot = Bot(telegram.token, base_url=f"{telegram.url}/bot", request=request)
    await request.initialize()
    await telegram.person().send_text("hello")
    async with at_work(store.inbox, handler) as dispatcher:
        task = asyncio.create_task(
            Poller(bot, dispatcher, Pulse(), timeout=1, backoff=QUICK).run()
        )
        await until(lambda: handler.seen == ["hello"])
        task.cancel()
        await asyncio.wait([task])
    await request.shutdown()
    assert "something else than updates" in warnings(caplog)[0]


async def test_it_asks_for_nothing_while_too_much_waits(
    telegram: TelegramApi, store: Store
) -> None:
    handler = Handler()
    handler.gate("slow")
    ada = telegram.person()
    async with polling(telegram.url, store, handler, most=2):
        for _ in range(3):
            await ada.send_text("slow")
        await until(lambda: handler.begun)
        await ada.send_text("later")
        await until(lambda: len(offsets(telegram)) >= 1)
        await asyncio.sleep(0.05)
        asked = len(offsets(telegram))
        await asyncio.sleep(0.05)
        assert len(offsets(telegram)) == asked
        handler.gate("slow").set()
        await until(lambda: "later" in handler.seen)


async def test_an_offset_does_not_outlive_its_answer(telegram: TelegramApi, store: Store) -> None:
    handler = Handler()
    async with polling(telegram.url, store, handler):
        said = await telegram.person().send_text("hello")
        await until(lambda: len(offsets(telegram)) >= 3)
    assert said.update_id is not None
    assert said.update_id + 1 in offsets(telegram)
    assert offsets(telegram)[-1] is None
