"""What people read of an owner is true: whether there is one, and whether they can be reached."""

import re
from importlib.resources import files
from typing import Any

import pytest
from fluent.syntax import FluentParser, ast

from bot.i18n import texts
from bot.sandbox.telegram.api import Person
from tests.support.bot_kit import (
    OWNER,
    World,
    asked_purpose,
    created,
    delivered,
    press,
    said,
    write,
)

TOLD = re.compile(r"told (my|the) owner")


def _mentioning() -> dict[str, str]:
    """Every English sentence that says the owner was told, with its source."""
    source = (files("bot") / "locales" / "en.ftl").read_text(encoding="utf-8")
    messages = [m for m in FluentParser().parse(source).body if isinstance(m, ast.Message)]
    sources = {m.id.name: source[m.span.start : m.span.end] for m in messages if m.span}
    return {key: text for key, text in sources.items() if TOLD.search(text)}


@pytest.mark.parametrize("key", _mentioning())
def test_only_where_there_is_an_owner_they_have_been_told(key: str) -> None:
    say = texts("en")
    assert TOLD.search(say(key, owner=True))
    alone = say(key, owner=False)
    assert "owner" not in alone
    assert re.fullmatch(r"[A-Z][^{}]*[a-z][.]", alone)
    assert "  " not in alone


async def _operator(world: World, ada: Person) -> None:
    world.music.fail("401")
    await created(ada)


async def _withdrawn(world: World, ada: Person) -> None:
    world.music.withdrawn = True
    await created(ada)


async def _trouble(world: World, ada: Person) -> None:
    await delivered(ada)
    await write(world.data, "UPDATE tracks SET voice_ref = 99, beat_ref = 99")
    await press(ada, "t:")


async def _recording_trouble(world: World, ada: Person) -> None:
    (world.data / "recordings").rmdir()
    (world.data / "recordings").write_text("no folder")
    await asked_purpose(ada)


async def _out_of_reach(world: World, ada: Person) -> None:
    path = world.data.parent / "served"
    path.mkdir()
    world.telegram.local_mode(path)
    await ada.send_audio(b"la", duration=12)


DRIVEN: dict[str, Any] = {
    "failed-operator": _operator,
    "failed-withdrawn": _withdrawn,
    "failed-trouble": _trouble,
    "recording-trouble": _recording_trouble,
    "recording-out-of-reach": _out_of_reach,
}


def test_each_of_them_is_driven() -> None:
    assert DRIVEN.keys() == _mentioning().keys()


@pytest.mark.parametrize("owner", ["reached", "never pressed Start", "blocks the bot", "none"])
@pytest.mark.parametrize("key", DRIVEN)
async def test_only_an_owner_who_was_reached_has_been_told(
    outside: World, ada: Person, key: str, owner: str
) -> None:
    await outside.start(owner_id=None if owner == "none" else OWNER)
    if owner in {"reached", "blocks the bot"}:
        person = outside.telegram.person(OWNER)
        await person.send_text("/start")
        await person.wait_for(said("start"))
        if owner == "blocks the bot":
            await person.block()
    await DRIVEN[key](outside, ada)
    told = await ada.wait_for(said(key), after=0)
    assert bool(TOLD.search(told.text)) is (owner == "reached")
    unreached = owner in {"never pressed Start", "blocks the bot"}
    assert ("the owner could not be told" in outside.log) is unreached
    if key == "recording-trouble":
        (outside.data / "recordings").unlink()
        (outside.data / "recordings").mkdir()
    await outside.quiet()
    outside.tracebacks = outside.log.count("Traceback")
