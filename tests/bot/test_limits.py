"""What a person may have, and what they read when they have had it."""

from pathlib import Path

import pytest

from bot.sandbox.telegram.api import Person
from bot.settings import SettingsError, load
from tests.support.bot_kit import (
    OWNER,
    World,
    created,
    delivered,
    press,
    previewed,
    said,
    song,
    toasted,
    tracks,
    until,
    write,
)


async def test_a_day_that_is_full_says_when_it_goes_on(outside: World, ada: Person) -> None:
    await outside.start(tracks_per_day=2)
    await delivered(ada)
    await press(ada, "t:")
    await until(lambda: len(tracks(ada)) == 2)
    await outside.reaches("delivered", 2)
    answer = await press(ada, "t:")
    assert toasted(answer, "daily-limit-tracks")
    assert answer.text.endswith(
        "your 2 tracks for today. It goes on in about 24 hours. Everything is kept."
    )
    await previewed(ada, content=song(13))
    assert toasted(await press(ada, "c:"), "daily-limit-tracks")
    assert len(outside.music.generated) == 2
    await write(outside.data, "UPDATE tracks SET created_at = created_at - ?", 86_400 - 600)
    answer = await press(ada, "c:")
    assert "It goes on in about 10 minutes." in answer.text
    await write(outside.data, "UPDATE tracks SET created_at = created_at - ?", 601)
    await press(ada, "c:")
    await until(lambda: len(tracks(ada)) == 3)


async def test_limits_are_not_for_the_owner(outside: World, ada: Person) -> None:
    await outside.start(tracks_per_day=0)
    await previewed(ada)
    assert toasted(await press(ada, "c:"), "toast-off")
    await delivered(outside.telegram.person(OWNER))


async def test_no_limit_is_none(outside: World, ada: Person) -> None:
    await outside.start(tracks_per_day=None)
    await created(ada)
    await ada.wait_for("audio")
    await ada.wait_for(said("status-delivered"), after=0)


@pytest.mark.parametrize(
    ("text", "value"), [("", 20), ("none", None), (" None ", None), ("0", 0), ("7", 7)]
)
def test_how_a_daily_limit_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: int | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKS_PER_DAY", text)
    assert load().tracks_per_day == value


@pytest.mark.parametrize("text", ["-1", "many", "1.5", "no"])
def test_how_a_daily_limit_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKS_PER_DAY", text)
    with pytest.raises(SettingsError, match="TRACKS_PER_DAY"):
        load()
