"""The write lock goes round in order, the urgent first, and is not lost to those who give up."""

import asyncio

import pytest

from bot.store.db.write_lock import WriteLock


async def test_the_order_is_kept_and_the_urgent_go_first() -> None:
    write_lock, served = WriteLock(), []

    async def ask(name: str, *, urgent: bool) -> None:
        async with write_lock.hold(urgent=urgent, wait=5):
            served.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "C", "d", "E"):
            group.create_task(ask(name, urgent=name.isupper()))
    assert served == ["a", "C", "E", "b", "d"]


async def test_whoever_gives_it_back_and_asks_again_stands_at_the_end() -> None:
    write_lock, served = WriteLock(), []

    async def ask(name: str) -> None:
        for _ in range(3):
            async with write_lock.hold(urgent=False, wait=5):
                served.append(name)
                await asyncio.sleep(0)

    await asyncio.gather(ask("a"), ask("b"), ask("c"))
    assert served == ["a", "b", "c"] * 3


async def test_giving_up_and_being_cancelled_lose_no_turn() -> None:
    write_lock = WriteLock()
    async with write_lock.hold(urgent=False, wait=5):
        with pytest.raises(TimeoutError):
            async with write_lock.hold(urgent=True, wait=0.01):
                raise AssertionError
        waiting = asyncio.create_task(_hold(write_lock))
        following = asyncio.create_task(_hold(write_lock))
        await asyncio.sleep(0)
    waiting.cancel()  # in the moment it was given the turn
    assert await asyncio.wait_for(following, 5)
    assert waiting.cancelled() or waiting.done()


async def _hold(write_lock: WriteLock) -> bool:
    async with write_lock.hold(urgent=False, wait=5):
        return True
