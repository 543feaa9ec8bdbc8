"""kill -9 of the real process at every status: nothing is lost, nothing is paid or sent twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.environment import Environment
from bot.sandbox.telegram.api import Person
from bot.settings import Settings
from tests.support import music_kit
from tests.support.bot_kit import (
    LYRICS,
    asked_purpose,
    chosen,
    count,
    created,
    press,
    previewed,
    rows,
    said,
    song,
    tracks,
    until,
)

CAP = 2
LONG = 30.0  # seconds: a process starts on a busy machine


class Killing:
    """The environment, and what a test looks at on it."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.telegram = environment.telegram
        self.music = environment.music
        self.ada: Person = environment.telegram.person(Environment.OWNER)

    async def kill(self) -> None:
        """End the process as a power cut would."""
        assert self.environment.process is not None
        self.environment.process.kill()
        await self.environment.process.wait()

    async def revive(self) -> None:
        """Start it again on the same data."""
        await self.environment.start_bot()

    def rows(self, query: str) -> list[Any]:
        return rows(self.environment.data, query)

    def status(self) -> list[str]:
        return [row["status"] for row in self.rows("SELECT status FROM tracks ORDER BY id")]

    async def reaches(self, status: str) -> None:
        await until(lambda: self.status() == [status], LONG)

    async def asked_for(self, count: int) -> None:
        await until(lambda: len(self.music.generated) == count, LONG)

    def outcomes(self) -> list[str | None]:
        return [
            row["outcome"] for row in self.rows('SELECT outcome FROM attempts ORDER BY "number"')
        ]

    def check(self) -> None:
        """Nothing was paid or delivered more often than allowed."""
        assert len([outcome for outcome in self.outcomes() if outcome != "refused"]) <= CAP
        assert len(self.music.generated) <= CAP
        assert self.telegram.unknown_methods == []
        assert self.telegram.complaints == []


@pytest.fixture
async def killing(tmp_path: Path) -> AsyncIterator[Killing]:
    unset = [name.upper() for name in Settings.model_fields]
    settings = {"GENERATE_ATTEMPTS": str(CAP), "CLAIM_SECONDS": "3"}
    environment = Environment(settings=settings, unset=unset, latency=0, data=tmp_path / "data")
    environment.music.stock = music_kit.mp3(3)
    async with environment:
        killing = Killing(environment)
        yield killing
        killing.check()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.bot_kit.PATIENCE", LONG)


async def test_killed_at_every_step_of_the_draft(killing: Killing) -> None:
    ada = killing.ada
    await ada.send_text(LYRICS)
    await ada.wait_for(said("send-recording"), timeout=LONG)
    await killing.kill()
    await ada.send_audio(song(), duration=12)  # said while nobody listens
    await killing.revive()
    await ada.wait_for(said("purpose-question"), timeout=LONG)
    await killing.kill()
    await killing.revive()
    await press(ada, ":voice")
    await ada.wait_for(said("preview"), timeout=LONG)
    await killing.kill()
    await killing.revive()
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"), timeout=LONG)
    await killing.kill()
    await killing.revive()
    await ada.send_audio(song(13), duration=13)
    preview = await ada.wait_for(lambda m: said("preview")(m) and bool(m.buttons), timeout=LONG)
    assert LYRICS in preview.text
    await killing.kill()
    await killing.revive()
    await press(ada, "c:")
    await ada.wait_for("audio", timeout=LONG)
    (call,) = killing.music.generated
    ids = {name: known for each in killing.music.uploads for name, known in each.ids.items()}
    assert (call.voice, call.beat) == (ids["voice_id"], ids["instrumental_id"])
    assert count(ada, "send-recording") <= 2  # an update may be handled once more


async def test_killed_between_writing_down_and_asking(killing: Killing) -> None:
    ada = killing.ada
    killing.telegram.fail("sendMessage", "hang")
    await ada.send_audio(song(), duration=12)
    await until(lambda: killing.rows("SELECT 1 FROM drafts WHERE step = 'purpose'"), LONG)
    await killing.kill()
    killing.telegram.clear_faults()
    await killing.revive()
    await ada.wait_for(said("purpose-question"), timeout=LONG)
    killing.telegram.fail("sendMessage", "hang")
    await ada.press("Only my voice", wait=0)
    await until(lambda: killing.rows("SELECT 1 FROM drafts WHERE step = 'lyrics'"), LONG)
    await killing.kill()
    killing.telegram.clear_faults()
    await killing.revive()
    await ada.wait_for(said("lyrics-question"), timeout=LONG)
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"), timeout=LONG)
    killing.telegram.fail("editMessageText", "hang")
    await ada.press("Create", message_id=preview.id, wait=0)
    await until(lambda: killing.rows("SELECT 1 FROM tracks"), LONG)
    await killing.kill()
    killing.telegram.clear_faults()
    await killing.revive()
    await ada.wait_for("audio", timeout=LONG)
    assert len(killing.music.generated) <= CAP
    assert len(tracks(ada)) == 1


async def test_killed_while_lyrics_are_awaited(killing: Killing) -> None:
    await asked_purpose(killing.ada)
    await chosen(killing.ada)
    await killing.kill()
    await killing.revive()
    await killing.ada.send_text(LYRICS)
    await killing.ada.wait_for(said("preview"), timeout=LONG)
    await press(killing.ada, "c:")
    await killing.ada.wait_for("audio", timeout=LONG)
    assert len(killing.music.uploads) <= 2


async def test_killed_while_queued(killing: Killing) -> None:
    killing.music.upload_latency = 60
    await created(killing.ada)
    await until(lambda: killing.music.uploads, LONG)
    assert killing.status() == ["queued"]
    await killing.kill()
    killing.music.upload_latency = 0
    await killing.revive()
    await killing.ada.wait_for("audio", timeout=LONG)
    await killing.reaches("delivered")
    assert killing.outcomes() == ["won"]
    assert len(tracks(killing.ada)) == 1


async def test_killed_while_generating(killing: Killing) -> None:
    killing.music.latency = 60
    await created(killing.ada)
    await until(lambda: killing.music.generated, LONG)
    assert killing.status() == ["generating"]
    await killing.kill()
    killing.music.latency = 0
    await killing.revive()
    await killing.ada.wait_for("audio", timeout=LONG)
    await killing.reaches("delivered")
    assert killing.outcomes() == ["unknown", "won"]
    assert len(tracks(killing.ada)) == 1


async def test_killed_while_generating_again_and_again(killing: Killing) -> None:
    killing.music.latency = 60
    await created(killing.ada)
    for attempt in (1, 2):
        await killing.asked_for(attempt)
        await killing.kill()
        await killing.revive()
    failed = await killing.ada.wait_for(said("failed-upstream"), after=0, timeout=LONG)
    assert failed.button_texts == ["Try again", "New lyrics"]
    assert killing.outcomes() == ["unknown", "unknown"]


async def test_killed_before_the_send_begins(killing: Killing) -> None:
    killing.telegram.fail("sendAudio", "429", 1000, retry_after=2)
    await created(killing.ada)
    await until(lambda: killing.telegram.counts["sendAudio"], LONG)
    await killing.reaches("made")
    await killing.kill()
    killing.telegram.clear_faults()
    await killing.revive()
    await killing.ada.wait_for("audio", timeout=LONG)
    await killing.reaches("delivered")
    assert killing.outcomes() == ["won"]
    assert len(tracks(killing.ada)) == 1


@pytest.mark.parametrize(("kind", "arrived"), [("timeout", 1), ("hang", 0)])
async def test_killed_while_sending(killing: Killing, kind: Any, arrived: int) -> None:
    killing.telegram.fail("sendAudio", kind)
    await created(killing.ada)
    await killing.reaches("sending")
    await until(lambda: killing.telegram.counts["sendAudio"] or kind == "hang", LONG)
    await until(lambda: len(tracks(killing.ada)) == arrived, LONG)
    await killing.kill()
    await killing.revive()
    await killing.ada.wait_for(said("status-unsure"), after=0, timeout=LONG)
    assert killing.status() == ["unsure"]
    assert len(tracks(killing.ada)) == arrived
    killing.telegram.clear_faults()  # the kill may have come before the call
    await press(killing.ada, "s:")
    await until(lambda: len(tracks(killing.ada)) == arrived + 1, LONG)
    await killing.reaches("delivered")
    assert len(killing.music.generated) == 1


async def test_killed_after_the_result_came_and_before_it_was_kept(killing: Killing) -> None:
    await previewed(killing.ada)
    await until(lambda: killing.rows("SELECT 1 FROM uploads"), LONG)
    made = killing.environment.data / "made"
    await press(killing.ada, "c:")
    await until(lambda: list(made.glob("*.mp3")) or tracks(killing.ada), LONG)
    await killing.kill()
    await killing.revive()
    await until(lambda: tracks(killing.ada) or count(killing.ada, "status-unsure"), LONG)
    await until(lambda: killing.status()[0] in {"delivered", "unsure"}, LONG)
    assert killing.outcomes() == ["won"]
    assert len(killing.music.generated) == 1


async def test_stopped_in_order_a_paid_call_may_finish(killing: Killing) -> None:
    killing.music.latency = 1.5
    await created(killing.ada)
    await until(lambda: killing.music.generated, LONG)
    assert await killing.environment.stop_bot() == 0
    assert killing.outcomes() == ["won"]
    await killing.revive()
    await until(lambda: tracks(killing.ada), LONG)
    await asyncio.sleep(0)
    assert len(tracks(killing.ada)) == 1
    assert len(killing.music.generated) == 1
