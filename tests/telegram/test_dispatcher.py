import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from telegram import Update
from telegram.error import NetworkError

from bot.backoff import Backoff
from bot.store import Store, StoreUnavailable
from bot.store.inbox import Inbox
from bot.telegram import retry
from bot.telegram.inbound import dispatcher as dispatcher_module
from bot.telegram.inbound.raw_updates import ReplyTo
from bot.telegram.request import Broken, Unsent
from tests.support.intake_kit import (
    Handler,
    at_work,
    broken,
    message,
    open_rows,
    opened,
    renamed,
    until,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as store:
        yield store


async def test_updates_are_handled_in_order_and_their_rows_closed(
    store: Store, tmp_path: Path
) -> None:
    handler = Handler()
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(number, f"{number}") for number in range(1, 8)])
        await until(lambda: len(handler.seen) == 7)
        await until(lambda: not open_rows(tmp_path))
    assert handler.seen == [f"{number}" for number in range(1, 8)]


async def test_an_update_is_kept_before_it_is_accepted(store: Store, tmp_path: Path) -> None:
    handler = Handler()
    handler.gate("slow")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, "slow"), message(2, "next")])
        assert open_rows(tmp_path) == [1, 2]
        handler.gate("slow").set()
        await until(lambda: not open_rows(tmp_path))


async def test_nobody_waits_for_a_stranger(store: Store) -> None:
    handler = Handler()
    handler.gate("slow")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept(
            [message(1, "slow"), message(2, "mine"), message(3, "other's", chat=2, user=2)]
        )
        await until(lambda: handler.seen == ["other's"])
        assert "mine" not in handler.begun


async def test_the_same_update_is_handled_once(store: Store) -> None:
    handler = Handler()
    handler.gate("slow")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, "slow"), message(1, "slow")])
        await asyncio.gather(*(dispatcher.accept([message(1, "slow")]) for _ in range(5)))
        handler.gate("slow").set()
        await until(lambda: handler.seen)
        await dispatcher.accept([message(1, "slow"), message(2, "end")])
        await until(lambda: "end" in handler.seen)
    assert handler.begun == ["slow", "end"]


async def test_a_flood_is_cut_and_told_once_and_only_to_its_user(
    store: Store, tmp_path: Path
) -> None:
    handler, overflow = Handler(), Handler()
    handler.gate("0")
    async with at_work(store.inbox, handler, overflow, per_lane=3) as dispatcher:
        await dispatcher.accept([message(1, "0")])
        await until(lambda: handler.begun)
        await dispatcher.accept([message(1 + number, f"{number}") for number in range(1, 9)])
        await dispatcher.accept([message(20, "other's", chat=2, user=2)])
        await until(lambda: overflow.seen == ["4"] and handler.seen == ["other's"])
        handler.gate("0").set()
        await until(lambda: not open_rows(tmp_path))
    assert handler.seen == ["other's", "0", "1", "2", "3"]
    assert overflow.seen == ["4"]


async def test_a_killed_process_leaves_its_updates_to_the_next_twice_at_most(
    store: Store, tmp_path: Path
) -> None:
    for _ in range(2):
        handler = Handler()
        handler.gate("poison")
        async with at_work(store.inbox, handler) as dispatcher:
            if not open_rows(tmp_path):
                await dispatcher.accept([message(1, "poison"), message(2, "other's", chat=2)])
            await until(lambda: "poison" in handler.begun)  # noqa: B023 - awaited in the loop
        assert open_rows(tmp_path) == [1]
    handler, gave_up = Handler(), Handler()
    async with at_work(store.inbox, handler, gave_up=gave_up) as dispatcher:
        await dispatcher.accept([message(3, "end")])
        await until(lambda: handler.seen and gave_up.seen)
    assert handler.begun == ["end"]
    assert gave_up.seen == ["poison"]


async def test_leftovers_come_before_what_is_new(store: Store) -> None:
    await store.inbox.keep([(1, '{"update_id": 1, "message": "unreadable"}')])
    handler = Handler()
    handler.gate("first")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(5, "first"), message(6, "second")])
        await until(lambda: handler.begun)
    handler = Handler()
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(7, "third")])
        await until(lambda: len(handler.seen) == 3)
    assert handler.seen == ["first", "second", "third"]


async def test_what_the_speaker_before_committed_last_is_found(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "LOOK_AGAIN", 0.1)
    handler = Handler()
    handler.gate("mine")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(5, "mine")])
        await until(lambda: handler.begun)
        await store.inbox.keep([(4, json.dumps(message(4, "overlooked", chat=2)))])
        await until(lambda: handler.seen)
        handler.gate("mine").set()
        await until(lambda: not open_rows(tmp_path))
    assert handler.seen == ["overlooked", "mine"]


async def test_stopping_finishes_what_was_accepted(store: Store, tmp_path: Path) -> None:
    handler = Handler()
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(number, f"{number}") for number in range(20)])
        await dispatcher.stop(grace=10)
        assert dispatcher.crowded
        with pytest.raises(StoreUnavailable):
            await dispatcher.accept([message(99)])
    assert len(handler.seen) == 20
    assert open_rows(tmp_path) == []


async def test_stops_do_not_use_up_the_tries_of_what_was_never_begun(
    store: Store, tmp_path: Path
) -> None:
    for _ in range(3):
        handler = Handler()
        handler.gate("hanging")
        async with at_work(store.inbox, handler) as dispatcher:
            if not open_rows(tmp_path):
                await dispatcher.accept([message(1, "hanging"), message(2, "patient")])
            await until(lambda: handler.begun)  # noqa: B023 - awaited in the loop
    assert handler.seen == ["patient"]


async def test_a_handler_that_raises_or_hangs_ends_neither_lane_nor_process(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    handler.gate("hang")
    async with at_work(store.inbox, handler, deadline=0.05) as dispatcher:
        await dispatcher.accept(
            [message(1, "raise"), message(2, "hang"), message(3, "cancelled"), message(4, "fine")]
        )
        await until(lambda: "fine" in handler.seen)
        await until(lambda: not open_rows(tmp_path))
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["Update 1 failed", "Update 2 failed"]
    assert "not handled within 0.05 s" in caplog.text


async def test_waiting_for_telegram_does_not_count_against_a_handler(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "SHORT_TRIES", 0)
    monkeypatch.setattr(retry, "BACKOFF", Backoff(first=0.05, longest=0.05, deadline=10))
    seen: list[int] = []
    away = True

    async def answer() -> None:
        if away:
            raise Unsent("no connection")

    async def process(update: Update) -> None:
        await retry.repeated(answer, patient=True)
        seen.append(update.update_id)

    async with at_work(store.inbox, process, deadline=0.2) as dispatcher:
        await dispatcher.accept([message(1), message(2)])
        await asyncio.sleep(0.5)
        assert open_rows(tmp_path) == [1, 2]
        away = False
        await until(lambda: seen == [1, 2])
        await until(lambda: not open_rows(tmp_path))


async def test_who_is_not_patient_or_met_a_gateway_waits_for_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "BACKOFF", Backoff(first=0.01, longest=0.01, deadline=1.0))
    for error, patient, expected in (
        (Unsent("no connection"), False, {4}),
        (NetworkError("Bad Gateway"), True, {4}),
        (Broken("no whole answer"), True, {1}),
        (Unsent("no connection"), True, range(5, 200)),
    ):
        tries = 0

        async def call(error: NetworkError = error) -> None:
            nonlocal tries
            tries += 1
            raise error

        with pytest.raises(NetworkError):
            await retry.repeated(call, patient=patient)
        assert tries in expected


async def test_a_handler_may_wait_for_something_that_is_cancelled(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def process(_: object) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async with at_work(store.inbox, process) as dispatcher:
        await dispatcher.accept([message(1)])
        await until(lambda: "Update 1 failed" in caplog.text)
        await until(lambda: not open_rows(tmp_path))


async def test_a_timeout_of_the_handler_is_not_the_deadline(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def process(_: object) -> None:
        raise TimeoutError("its own")

    async with at_work(store.inbox, process) as dispatcher:
        await dispatcher.accept([message(1)])
        await until(lambda: "its own" in caplog.text)
    assert "not handled within" not in caplog.text


async def test_what_cannot_be_read_is_logged_and_closed(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept(
            [{"update_id": 1, "message": "nonsense"}, {"no": "id"}, message(2)]
        )
        await until(lambda: handler.seen and not open_rows(tmp_path))
    assert "Update 1 cannot be read" in caplog.text
    assert "1 things that are no updates were dropped" in caplog.text


async def test_text_of_any_kind_survives_a_restart(store: Store) -> None:
    text = "né \ud83d \U0001f3b5 \x00 end"
    handler = Handler()
    handler.gate(text)
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, text)])
        await until(lambda: handler.begun)
    handler = Handler()
    async with at_work(store.inbox, handler):
        await until(lambda: handler.seen == [text])


async def test_without_the_store_nothing_is_accepted_and_each_chat_is_told_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    told: list[ReplyTo] = []

    async def tell(places: list[ReplyTo]) -> None:
        told.extend(places)

    caplog.set_level(logging.INFO)
    async with at_work(store.inbox, handler, on_store_trouble=tell) as dispatcher:
        with broken(tmp_path):
            for chats in ((1, 2), (2, 3), (1,)):
                with pytest.raises(StoreUnavailable, match="full"):
                    await dispatcher.accept(
                        [message(chat, chat=chat, user=chat) for chat in chats]
                    )
            await until(lambda: sorted(told) == [(1, None), (2, None), (3, None)])
            assert dispatcher.store_away
        assert handler.begun == []
        await dispatcher.accept([message(1, "now")])
        await until(lambda: handler.seen == ["now"] and not dispatcher.store_away)
        with broken(tmp_path), pytest.raises(StoreUnavailable):
            await dispatcher.accept([message(9, chat=2)])
        await until(lambda: sorted(told) == [(1, None), (2, None), (2, None), (3, None)])
    lines = [
        each.getMessage() for each in caplog.records if each.name == "bot.telegram.inbound.outage"
    ]
    assert [line.partition(",")[0] for line in lines] == [
        "Updates cannot be kept",
        "Updates can be kept again",
        "Updates cannot be kept",
    ]


async def test_not_being_able_to_tell_is_no_further_trouble(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(_: list[ReplyTo]) -> None:
        raise RuntimeError("no way")

    handler = Handler()
    async with at_work(store.inbox, handler, on_store_trouble=tell) as dispatcher:
        with broken(tmp_path), pytest.raises(StoreUnavailable):
            await dispatcher.accept([message(1)])
        await until(lambda: "Nobody could be told" in caplog.text)
        await dispatcher.accept([message(1, "now")])
        await until(lambda: handler.seen == ["now"])


class Careful(Inbox):
    """Counts its commits, waits at a gate, and can lose the answer of a commit."""

    def __init__(self, inbox: Inbox) -> None:
        self.__dict__.update(inbox.__dict__)
        self.commits: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.losing = False

    async def keep(
        self, updates: Iterable[tuple[int, str]], *, done: Iterable[int] = ()
    ) -> list[int]:
        rows = list(updates)
        await self.open.wait()
        kept = await super().keep(rows, done=done)
        self.commits.append([update_id for update_id, _ in rows])
        if self.losing:
            raise StoreUnavailable("the answer was lost")
        return kept


async def test_whoever_comes_at_the_same_time_shares_a_commit(store: Store) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    async with at_work(inbox, handler) as dispatcher:
        inbox.open.clear()
        first = asyncio.create_task(dispatcher.accept([message(0, "0")]))
        await asyncio.sleep(0.01)
        rest = [asyncio.create_task(dispatcher.accept([message(n, f"{n}")])) for n in range(1, 20)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in (first, *rest))
        assert dispatcher.backlog == 19
        inbox.open.set()
        await asyncio.gather(first, *rest)
        assert inbox.commits == [[0], list(range(1, 20))]
        await until(lambda: len(handler.seen) == 20)
    assert handler.seen == [f"{n}" for n in range(20)]


async def test_an_update_whose_commit_was_answered_late_is_not_forgotten(store: Store) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    async with at_work(inbox, handler) as dispatcher:
        inbox.losing = True
        with pytest.raises(StoreUnavailable):
            await dispatcher.accept([message(1, "once")])
        inbox.losing = False
        await dispatcher.accept([message(1, "once")])
        await until(lambda: handler.seen == ["once"])


async def test_a_caller_that_gives_up_takes_nothing_with_it(store: Store) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    async with at_work(inbox, handler) as dispatcher:
        inbox.open.clear()
        caller = asyncio.create_task(dispatcher.accept([message(1, "said")]))
        await asyncio.sleep(0.01)
        caller.cancel()
        inbox.open.set()
        await until(lambda: handler.seen == ["said"])


async def test_a_stop_waits_for_a_commit_whose_caller_has_left(store: Store) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    async with at_work(inbox, handler) as dispatcher:
        inbox.open.clear()
        caller = asyncio.create_task(dispatcher.accept([message(1, "said")]))
        await asyncio.sleep(0.01)
        caller.cancel()
        stopping = asyncio.create_task(dispatcher.stop(grace=10))
        await asyncio.sleep(0.01)
        inbox.open.set()
        await stopping
        assert handler.seen == ["said"]


async def test_marks_wait_for_the_store_to_come_back(store: Store, tmp_path: Path) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    handler.gate("slow")
    async with at_work(inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, "slow")])
        inbox.losing = True
        handler.gate("slow").set()
        await until(lambda: dispatcher.store_away)
        inbox.losing = False
        await dispatcher.accept([message(2, "next")])
        assert not dispatcher.store_away
        await until(lambda: not open_rows(tmp_path))
    assert handler.seen == ["slow", "next"]


async def test_marks_are_written_when_the_store_is_back_though_nobody_writes(
    store: Store, tmp_path: Path
) -> None:
    inbox, handler = Careful(store.inbox), Handler()
    handler.gate("slow")
    async with at_work(inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, "slow")])
        inbox.losing = True
        handler.gate("slow").set()
        await until(lambda: dispatcher.store_away)
        inbox.losing = False
        await until(lambda: not dispatcher.store_away)
    assert open_rows(tmp_path) == []


async def test_a_store_that_is_away_does_not_hold_up_a_stop(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Handler()
    handler.gate("hanging")
    async with at_work(store.inbox, handler) as dispatcher:
        await dispatcher.accept([message(1, "hanging"), message(2, "patient")])
        await until(lambda: handler.begun)
        with renamed(tmp_path):
            await dispatcher.stop(grace=0)
    assert "Updates never begun count as tried once" in caplog.text
    assert open_rows(tmp_path) == [1, 2]


async def test_too_much_waiting_is_said(store: Store) -> None:
    handler = Handler()
    handler.gate("slow")
    async with at_work(store.inbox, handler, most=3) as dispatcher:
        await dispatcher.accept([message(number, "slow") for number in range(4)])
        await until(lambda: dispatcher.backlog == 3)
        assert dispatcher.crowded
        assert dispatcher.lanes == 1
        handler.gate("slow").set()
        await dispatcher.room()
        await until(lambda: not dispatcher.backlog)
