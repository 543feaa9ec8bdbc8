import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import StoreUnavailable
from bot.store.inbox import Inbox
from tests.support.intake_kit import broken, open_rows, opened, path_of


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with opened(tmp_path) as store:
        yield store.inbox


async def test_an_update_is_new_once(inbox: Inbox) -> None:
    assert await inbox.keep([(2, "b"), (1, "a")]) == [2, 1]
    await inbox.keep([], done=[1, 2])
    assert await inbox.keep([(1, "a"), (3, "c"), (2, "b"), (3, "c")]) == [3]


async def test_what_was_kept_and_never_handled_is_still_to_be_handled(inbox: Inbox) -> None:
    await inbox.keep([(1, "a"), (2, "b")])
    await inbox.keep([], done=[2])
    assert await inbox.keep([(1, "a"), (2, "b")]) == [1]


async def test_marks_go_along_with_what_is_kept(inbox: Inbox, tmp_path: Path) -> None:
    await inbox.keep([(1, "a"), (2, "b")])
    await inbox.keep([(3, "c")], done=[1])
    assert open_rows(tmp_path) == [2, 3]
    await inbox.keep([], done=[2])
    assert open_rows(tmp_path) == [3]


async def test_a_failed_commit_keeps_nothing(inbox: Inbox, tmp_path: Path) -> None:
    await inbox.keep([(1, "a")])
    with broken(tmp_path), pytest.raises(StoreUnavailable):
        await inbox.keep([(2, "b")], done=[1])
    assert open_rows(tmp_path) == [1]


async def test_leftovers_come_back_once_in_order(inbox: Inbox) -> None:
    await inbox.keep([(2, "b"), (1, "a"), (3, "c")])
    await inbox.keep([], done=[3])
    assert await inbox.leftovers() == [(1, "a"), (2, "b")]
    assert await inbox.leftovers() == []
    assert await inbox.keep([(1, "a")]) == []


async def test_what_was_never_begun_has_not_been_tried(inbox: Inbox) -> None:
    await inbox.keep([(1, "a"), (2, "b")])
    assert len(await inbox.leftovers()) == 2
    await inbox.put_back([1])
    assert await inbox.leftovers() == [(1, "a")]


async def test_what_was_finished_meanwhile_was_not_overlooked(
    inbox: Inbox, tmp_path: Path
) -> None:
    await inbox.keep([(1, "a"), (2, "b")])

    class InHand(set[int]):
        """Update 1 is finished between the look at its row and the look at who has it."""

        def __contains__(self, update_id: object) -> bool:
            with closing(sqlite3.connect(path_of(tmp_path))) as database, database:
                database.execute("UPDATE inbox SET done_at = 1, raw = NULL WHERE update_id = 1")
            return False

    assert await inbox.overlooked(InHand(), -1) == [(2, "b")]


async def test_tidying_leaves_what_telegram_may_send_again(inbox: Inbox, tmp_path: Path) -> None:
    await inbox.keep([(1, "a"), (2, "b")])
    await inbox.keep([], done=[1])
    await inbox.tidy()
    assert await inbox.keep([(1, "a")]) == []
    assert open_rows(tmp_path) == [2]
