"""Who is kept out stays out, also when nothing can be said to them."""

import pytest

from bot.sandbox.telegram.api import Person
from tests.support.bot_kit import LYRICS, World, count, said, song, until, write


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second has to pass between two answers to strangers."""
    monkeypatch.setattr("handlers.gate._EVERY", 0.0)


@pytest.mark.parametrize("kind", ["500", "reset", "429"])
async def test_a_stranger_who_cannot_be_answered_stays_out(
    outside: World, ada: Person, unhurried: None, kind: str
) -> None:
    await outside.start(access="closed")
    outside.telegram.fail("sendMessage", kind, retry_after=30)  # type: ignore[arg-type]
    await ada.send_audio(song(), duration=12)
    await until(lambda: "kept out without a word" in outside.log)
    assert outside.telegram.counts["sendMessage"] == 1
    await ada.send_text(LYRICS)
    await ada.wait_for(said("stranger"))
    assert outside.rows('SELECT 1 FROM "references"') == []
    assert outside.telegram.counts["getFile"] == 0
    assert outside.rows("SELECT 1 FROM drafts") == []


async def test_a_stranger_stays_out_while_nothing_can_be_written(
    outside: World, ada: Person
) -> None:
    await outside.start(access="closed")
    full = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    await write(outside.data, f"CREATE TRIGGER disk BEFORE INSERT ON users {full}")
    await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("stranger"))
    assert outside.rows('SELECT 1 FROM "references"') == []
    assert count(ada, "purpose-question") == 0


async def test_a_group_that_cannot_be_answered_begins_nothing(
    unhurried: None, world: World, ada: Person
) -> None:
    group = world.telegram.group("Band", [ada])
    world.telegram.fail("sendMessage", "reset")
    await ada.send_text("/start", chat=group)
    await world.quiet()
    assert [m.text for m in ada.history(group) if m.from_bot] == []
    await ada.send_text("/start", chat=group)
    await ada.wait_for(said("group"), chat=group)


async def test_a_bot_without_an_owner_says_how_it_gets_one(outside: World, ada: Person) -> None:
    await outside.start(access="closed", owner_id=None)
    await ada.send_text("/start")
    line = await ada.wait_for(said("stranger-ownerless"))
    assert f"OWNER_ID={ada.id}" in line.text
