"""One edit at a time in a chat, progress not too often, and a bounded memory."""

import asyncio

from bot.telegram.outbound.chat_pacing import Chats


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_progress_waits_for_its_time_in_its_own_chat() -> None:
    clock = Clock()
    chats = Chats(3, clock=clock)
    chats.of(1).edits()
    assert not chats.of(1).takes_progress
    assert chats.of(2).takes_progress
    clock.now += 3
    assert chats.of(1).takes_progress


def test_a_flood_lasts_as_long_as_telegram_asks() -> None:
    clock = Clock()
    chat = Chats(3, clock=clock).of(1)
    chat.flooded(30)
    clock.now += 29
    assert chat.is_flooded
    clock.now += 1
    assert not chat.is_flooded


def test_after_a_tracks_end_the_next_is_shown_at_once_and_late_progress_is_known() -> None:
    chat = Chats(3, clock=Clock()).of(1)
    chat.edits()
    chat.ended(7)
    assert chat.takes_progress
    assert chat.has_ended(7)
    assert not chat.has_ended(8)


async def test_edits_of_a_chat_come_one_after_the_other() -> None:
    chats, order, first_may_end = Chats(3), list[str](), asyncio.Event()

    async def edit(name: str, chat_id: int, end: asyncio.Event | None = None) -> None:
        async with chats.of(chat_id).in_order():
            order.append(f"{name} begins")
            if end:
                await end.wait()
            order.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        group.create_task(edit("first", 1, first_may_end))
        group.create_task(edit("second", 1))
        await group.create_task(edit("elsewhere", 2))
        first_may_end.set()
    assert order == [
        "first begins",
        "elsewhere begins",
        "elsewhere ends",
        "first ends",
        "second begins",
        "second ends",
    ]


async def test_only_idle_chats_are_forgotten_the_oldest_first() -> None:
    chats = Chats(3, most=2, clock=Clock())
    busy = chats.of(1)
    async with busy.in_order():
        chats.of(2).edits()
        chats.of(3).edits()
        assert chats.of(1) is busy
        assert not chats.of(3).takes_progress
        assert chats.of(2).takes_progress  # it was forgotten
    chats.of(4)
    chats.of(5)
    assert chats.of(1) is not busy
