import asyncio
import contextvars
import logging

import pytest

from bot.telegram.inbound.lanes import Lanes, Place
from bot.telegram.inbound.raw_updates import ReplyTo, is_update, lane_of, reply_to
from tests.support.intake_kit import message, until


class Desk:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.served: list[str] = []
        self.stuck: set[str] = set()
        self.free = asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def __call__(self, item: str) -> None:
        self.begun.append(item)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await (self.free.wait() if item in self.stuck else asyncio.sleep(0))
        finally:
            self.at_once -= 1
        if item.startswith("bad"):
            raise ValueError(item)
        self.served.append(item)


async def test_a_lane_keeps_its_order() -> None:
    desk = Desk()
    lanes = Lanes(desk)
    for number in range(25):
        lanes.push(number % 2, f"{number % 2}-{number}")
    await lanes.idle()
    for lane in ("0", "1"):
        mine = [int(item.partition("-")[2]) for item in desk.served if item.startswith(lane)]
        assert mine == sorted(mine)
    assert len(desk.served) == 25


async def test_a_stuck_lane_holds_up_nobody_else() -> None:
    desk = Desk()
    desk.stuck = {"a1"}
    lanes = Lanes(desk)
    for item in ("a1", "a2", "b1", "b2"):
        lanes.push(item[0], item)
    await until(lambda: desk.served == ["b1", "b2"])
    assert "a2" not in desk.begun
    desk.free.set()
    await lanes.idle()
    assert desk.served == ["b1", "b2", "a1", "a2"]


async def test_a_full_lane_says_so_once_in_a_flood() -> None:
    desk = Desk()
    desk.stuck = {"a0"}
    lanes = Lanes(desk, per_lane=3)
    lanes.push("a", "a0")
    await until(lambda: desk.begun)
    places = [lanes.push("a", f"a{number}") for number in range(1, 7)]
    assert places == [Place.TAKEN] * 3 + [Place.FULL, Place.STILL_FULL, Place.STILL_FULL]
    assert lanes.push("b", "b0") is Place.TAKEN
    desk.free.set()
    await lanes.idle()
    assert [item for item in desk.served if item[0] == "a"] == ["a0", "a1", "a2", "a3"]

    desk.free.clear()
    lanes.push("a", "a0")
    assert [lanes.push("a", "again") for _ in range(5)][-2:] == [Place.FULL, Place.STILL_FULL]
    desk.free.set()
    await lanes.idle()


async def test_long_lanes_share_the_places_with_short_ones() -> None:
    desk = Desk()
    lanes = Lanes(desk, at_once=2)
    for lane in "ab":
        for number in range(10):
            lanes.push(lane, f"{lane}{number}")
    for lane in "cd":
        lanes.push(lane, f"{lane}0")
    await lanes.idle()
    assert desk.most_at_once == 2
    assert set(desk.begun[:6]) >= {"c0", "d0"}
    assert len(desk.served) == 22


async def test_what_raises_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    lanes = Lanes(desk)
    for item in ("bad1", "a", "bad2", "b"):
        lanes.push("lane", item)
    await lanes.idle()
    assert desk.served == ["a", "b"]
    assert sum(record.levelno == logging.ERROR for record in caplog.records) == 2


async def test_nothing_is_left_of_a_lane_without_work() -> None:
    lanes = Lanes(Desk())
    lanes.push("a", "a")
    assert lanes.busy == 1
    await lanes.idle()
    assert (lanes.busy, lanes.waiting) == (0, 0)


async def test_crowded_until_something_is_begun() -> None:
    desk = Desk()
    desk.stuck = {"a"}
    lanes = Lanes(desk, most=2)
    for _ in range(3):
        lanes.push("lane", "a")
    assert lanes.crowded
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lanes.room(), 0.02)
    desk.free.set()
    await lanes.room()
    await lanes.idle()
    assert lanes.waiting == 0


async def test_an_item_does_not_see_what_another_bound() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="nothing")
    seen = []

    async def serve(item: str) -> None:
        seen.append(word.get())
        word.set(item)

    lanes = Lanes(serve)
    word.set("of whoever pushes")
    for item in "abc":
        lanes.push("lane", item)
        lanes.push(item, item)
    await lanes.idle()
    assert seen == ["nothing"] * 6


async def test_closing_gives_back_what_was_never_begun() -> None:
    desk = Desk()
    desk.stuck = {"a0"}
    lanes = Lanes(desk)
    for number in range(3):
        lanes.push("a", f"a{number}")
    await until(lambda: desk.begun)
    assert await lanes.close() == ["a1", "a2"]
    assert lanes.push("a", "late") is Place.CLOSED
    assert desk.served == []
    await lanes.idle()


@pytest.mark.parametrize(
    ("kind", "content", "lane"),
    [
        ("message", {"chat": {"id": -5}, "from": {"id": 7}}, (-5, 7)),
        ("edited_message", {"chat": {"id": -5}, "from": {"id": 7}}, (-5, 7)),
        ("callback_query", {"from": {"id": 7}, "message": {"chat": {"id": -5}}}, (-5, 7)),
        ("callback_query", {"from": {"id": 7}, "inline_message_id": "x"}, (7, 7)),
        ("my_chat_member", {"chat": {"id": 7}, "from": {"id": 7}}, (7, 7)),
        ("message_reaction", {"chat": {"id": -5}, "user": {"id": 7}}, (-5, 7)),
        ("channel_post", {"chat": {"id": -5}}, (-5, None)),
        ("poll", {"id": "1"}, ("update", 9)),
        ("message", "not an object", ("update", 9)),
        ("message", {"chat": {"id": [1]}, "from": 3}, ("update", 9)),
    ],
)
def test_the_lane_of_an_update(kind: str, content: object, lane: object) -> None:
    assert lane_of({"update_id": 9, kind: content}) == lane


def test_where_to_answer() -> None:
    assert reply_to(message(1, chat=-5, user=7)) == ReplyTo(-5)
    assert reply_to({"update_id": 1, "callback_query": {"from": {"id": 7}}}) == ReplyTo(7)
    assert reply_to({"update_id": 1, "poll": {}}) is None


@pytest.mark.parametrize("value", [None, [], {}, {"update_id": "1"}, {"update_id": True}])
def test_no_update(value: object) -> None:
    assert not is_update(value)


@pytest.mark.parametrize("number", [-1, 2**63, 1.0])
def test_no_usable_number(number: object) -> None:
    assert not is_update({"update_id": number})
