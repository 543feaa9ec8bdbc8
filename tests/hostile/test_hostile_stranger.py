"""Whoever nobody let in, and whoever reaches the port: they cost nobody else anything."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox.telegram.api import Person
from bot.store import Store
from bot.telegram.inbound import webhook
from tests.support.bot_kit import OWNER, World, count, said, until
from tests.support.intake_kit import Handler, message, opened
from tests.telegram.test_webhook import SECRET, Stand, listening

A_SECOND = 55


@pytest.fixture
async def closed(outside: World) -> World:
    await outside.start(access="closed")
    return outside


def answered(world: World) -> list[int]:
    return [call["chat_id"] for call in world.sent("sendMessage") if call["chat_id"] != OWNER]


async def test_the_owner_is_answered_at_once_while_strangers_shout(closed: World) -> None:
    owner = closed.telegram.person(OWNER)
    strangers = [closed.telegram.person(5000 + number) for number in range(A_SECOND)]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(4):
        for stranger in strangers:
            await stranger.send_text("/start")
        asked = loop.time()
        await owner.send_text("/help")
        await owner.wait_for(said("help"), timeout=2)
        await asyncio.sleep(max(0.0, asked + 1 - loop.time()))
    heard = answered(closed)
    assert 1 <= len(heard) <= loop.time() - begun + 2
    assert len(set(heard)) == len(heard)
    assert closed.rows("SELECT id FROM users WHERE id <> ?", OWNER) == []
    assert closed.rows("SELECT count(*) AS n FROM inbox")[0]["n"] <= 4


async def test_the_owner_is_answered_while_telegram_floods_strangers(closed: World) -> None:
    owner = closed.telegram.person(OWNER)
    closed.telegram.fail("sendMessage", "hang", 2)
    for number in range(A_SECOND):
        await closed.telegram.person(5000 + number).send_text("/start")
    await until(lambda: closed.telegram.pending_updates == 0)
    closed.telegram.clear_faults()
    await owner.send_text("/help")
    await owner.wait_for(said("help"), timeout=2)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second has to pass between two answers to strangers."""
    monkeypatch.setattr("handlers.gate._EVERY", 0.0)


async def test_a_stranger_hears_one_line_an_hour_for_commands_too(
    unhurried: None, closed: World, ada: Person
) -> None:
    await ada.send_text("/start")
    await ada.wait_for(said("stranger"))
    for text in ("/start", "/help", "hello"):
        await ada.send_text(text)
    ben = closed.telegram.person(1002)
    await ben.send_text("/start")
    await ben.wait_for(said("stranger"))
    assert count(ada, "stranger") == 1
    assert answered(closed) == [ada.id, ben.id]


async def test_a_stranger_in_a_group_hears_one_line_an_hour(closed: World, ada: Person) -> None:
    group = closed.telegram.group("Band", [ada])
    await ada.send_text("/start", chat=group)
    await ada.wait_for(said("group"), chat=group)
    await ada.send_text("/start", chat=group)
    await asyncio.sleep(1.2)
    assert answered(closed) == [group.id]
    assert closed.rows("SELECT 1 FROM users") == []


async def test_an_anonymous_admin_is_told_where_the_bot_works(world: World, ada: Person) -> None:
    group = world.telegram.group("Band", [ada])
    telegram = world.telegram.state
    chat = telegram.chats[group.id]
    nobody = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    command = [{"type": "bot_command", "offset": 0, "length": 18}]
    content = {"text": "/start@refrain_bot", "entities": command, "sender_chat": chat.data}
    for _ in range(2):
        said_so = telegram.add_message(chat, nobody, content)
        telegram.updates.put("message", said_so.data)
    await ada.wait_for(said("group"), chat=group, after=0)
    await world.quiet()
    assert answered(world) == [group.id]
    another = {"id": 77, "is_bot": True, "first_name": "Another bot"}
    said_so = telegram.add_message(chat, another, content)
    telegram.updates.put("message", said_so.data)
    await world.quiet()
    assert answered(world) == [group.id]


# Whoever reaches the port


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


@asynccontextmanager
async def idle(stand: Stand, many: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections that say nothing, or the beginning of something."""
    readers: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []
    for number in range(many):
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
        readers.append(reader)
        writers.append(writer)
        if number % 2:
            writer.write(b"POST /hooks/refrain HTTP/1.1\r\nHost: x\r\nContent-Le")
    try:
        yield readers
    finally:
        for writer in writers:
            writer.close()


async def test_idle_connections_take_no_place_from_telegram(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "CONNECTIONS", 40)
    handler = Handler()
    async with listening(store, handler) as stand, idle(stand, 150) as readers:
        assert await stand.push(message(1, "pushed")) == 200
        await until(lambda: handler.seen == ["pushed"])
        gone = sum(reader.at_eof() for reader in readers)
        assert gone >= 110
        assert stand.server.connections <= 41
    assert caplog.text.count("more connections than the webhook serves") == 1


async def test_a_connection_must_say_soon_what_it_wants(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_HEAD_TIMEOUT", 0.1)
    async with listening(store, Handler()) as stand, idle(stand, 4) as readers:
        await until(lambda: all(reader.at_eof() for reader in readers))
        assert await stand.push(message(1)) == 200


async def test_a_connection_is_kept_open_for_telegram_alone(store: Store) -> None:
    async with listening(store, Handler()) as stand:
        for path, secret, kept in (
            ("/hooks/refrain", SECRET, True),
            ("/hooks/refrain", "wrong", False),
            ("/elsewhere", SECRET, False),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
            body = b'{"update_id": 1}'
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n\r\n".encode()
                + body
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert (b"Connection: close" not in head) is kept
            writer.close()


async def test_what_is_no_http_leaves_no_trace_in_the_log(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with listening(store, Handler()) as stand:
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n"):
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
                writer.write(nonsense)
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 5)
                writer.close()
        assert await stand.push(message(1)) == 200
    assert len(caplog.records) <= 1
