"""The whole bot on backends that give tickets, and on several of them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from bot.sandbox.music.acestep import AceStepApi
from bot.sandbox.music.replicate import ReplicateApi
from bot.sandbox.telegram.api import Person
from tests.support import music_kit
from tests.support.bot_kit import (
    KEY,
    OWNER,
    World,
    asked_purpose,
    chosen,
    created,
    delivered,
    press,
    previewed,
    said,
    song,
    tracks,
    until,
)

SONG = song(17)


@asynccontextmanager
async def stand(kind: Any) -> AsyncIterator[Any]:
    api = kind(KEY, 0.0)
    api.stock = music_kit.mp3(3)
    await api.start()
    try:
        yield api
    finally:
        await api.aclose()


@asynccontextmanager
async def replicate(outside: World, **settings: Any) -> AsyncIterator[ReplicateApi]:
    """The bot at work on Replicate alone, unless the settings say otherwise."""
    async with stand(ReplicateApi) as api:
        outside.music.cover.withdrawn = True
        settings = {
            "music_backend": ("replicate",),
            "replicate_token": KEY,
            "replicate_url": api.url,
        } | settings
        await outside.start(**settings)
        yield api
        await outside.stop()


@pytest.mark.parametrize("purpose", ["song", "voice", "instrumental"])
async def test_replicate_makes_tracks(outside: World, ada: Person, purpose: str) -> None:
    async with replicate(outside) as api:
        await delivered(ada, purpose, content=SONG)
        assert outside.outcomes() == ["won"]
        assert len(api.files) == api.billed == 1
        (row,) = outside.rows("SELECT backend, url, expires_at FROM uploads")
        assert row["backend"] == "replicate"
        assert row["url"].startswith(api.url)
        assert row["expires_at"] is not None
        (row,) = outside.rows("SELECT backend, ticket FROM attempts")
        assert (row["backend"], row["ticket"]) == ("replicate", api.generated[0].id)


async def test_a_voice_is_paired_with_a_beat(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        await previewed(ada, "voice", content=SONG)
        await press(ada, "m:")
        await ada.wait_for(said("send-beat"), after=0)
        await ada.send_audio(song(18), duration=18)
        await ada.wait_for(said("preview"))
        await press(ada, "c:")
        await ada.wait_for("audio")
        assert {"voice_file", "instrumental_file"} < api.generated[0].inputs.keys()


async def test_an_upload_that_expired_is_made_again(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        await delivered(ada, content=SONG)
        await outside.stop()
        with closing(sqlite3.connect(outside.data / "refrain.sqlite3")) as database, database:
            database.execute("UPDATE uploads SET expires_at = 1, uploaded_at = 1")
        for path in (outside.data / "recordings").iterdir():
            path.unlink()
        await outside.start()
        await press(ada, "t:")
        await until(lambda: len(tracks(ada)) == 2)
        assert len(api.files) == 2


async def test_a_dead_bot_collects_what_it_paid_for(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        api.latency = 1.0
        await created(ada, content=SONG)
        await until(lambda: outside.rows("SELECT 1 FROM attempts WHERE ticket IS NOT NULL"))
        await outside.stop()
        assert outside.outcomes() == [None]
        await outside.start()
        await ada.wait_for("audio", after=0)
        assert outside.outcomes() == ["won"]
        assert len(api.generated) == api.billed == 1


async def test_a_dead_bot_finds_the_order_it_never_heard_of(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        api.fail("hang-after")
        await created(ada, content=SONG)
        await until(lambda: api.generated)
        await outside.stop()
        (row,) = outside.rows("SELECT outcome, ticket FROM attempts")
        assert tuple(row) == (None, None)
        await outside.start()
        await ada.wait_for("audio", after=0)
        assert outside.outcomes() == ["won"]
        assert len(api.generated) == 1


async def test_a_lost_answer_is_looked_up_before_anything_is_repeated(
    outside: World, ada: Person
) -> None:
    async with replicate(outside) as api:
        api.fail("reset-after")
        api.fail("503", on="list")
        await delivered(ada, content=SONG)
        assert outside.outcomes() == ["won"]
        assert len(api.generated) == 1


async def test_an_order_that_never_arrived_is_repeated(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        api.fail("reset")
        await delivered(ada, content=SONG)
        assert outside.outcomes() == ["unknown", "won"]
        assert len(api.generated) == 1


async def test_try_again_collects_what_came_too_late(outside: World, ada: Person) -> None:
    async with replicate(outside, generate_timeout=0.6) as api:
        api.fail("stuck", on="result")
        await created(ada, content=SONG)
        await ada.wait_for(said("failed-timeout"), after=0)
        assert outside.outcomes() == ["unknown"]
        assert outside.status() == "failed"
        api.generated[0].ending = None
        await press(ada, "t:")
        await ada.wait_for("audio", after=0)
        assert len(api.generated) == api.billed == 1
        assert outside.outcomes(2) == ["won"]


async def test_try_again_looks_up_what_could_not_be_looked_up(outside: World, ada: Person) -> None:
    async with replicate(outside, generate_timeout=0.6) as api:
        api.fail("reset-after")
        api.fail("503", on="list", times=1000)
        await created(ada, content=SONG)
        await ada.wait_for(said("failed-timeout"), after=0, timeout=20)
        api.fail("503", on="list", times=0)
        await press(ada, "t:")
        await ada.wait_for("audio", after=0)
        assert len(api.generated) == 1


async def test_the_service_is_told_of_a_cancel(outside: World, ada: Person) -> None:
    async with replicate(outside) as api:
        api.latency = 60
        await created(ada, content=SONG)
        await until(lambda: outside.rows("SELECT 1 FROM attempts WHERE ticket IS NOT NULL"))
        await press(ada, "k:")
        await outside.reaches("cancelled")
        assert api.generated[0].cancelled
        assert api.billed == 0
        assert len(outside.outcomes()) == 1


@pytest.mark.parametrize("fault", ["elsewhere", "private", "too-big", "redirect-private", "gone"])
async def test_a_track_where_nobody_should_go(outside: World, ada: Person, fault: str) -> None:
    async with replicate(outside) as api:
        api.fail(fault, on="result", times=9)
        await created(ada, content=SONG)
        await ada.wait_for(said("failed-upstream"), after=0, timeout=40)
        assert outside.outcomes() == ["bad", "bad"]


async def test_a_short_recording_is_refused_as_the_service_does(
    outside: World, ada: Person
) -> None:
    async with replicate(outside):
        await ada.send_audio(song(14), duration=14)
        refusal = await ada.wait_for(said("recording-too-short"))
        assert "20 to 60 seconds" in refusal.text


@asynccontextmanager
async def cover(outside: World) -> AsyncIterator[None]:
    await outside.start(music_backend=("aimlapi-cover",))
    yield
    await outside.stop()


async def test_the_conversation_offers_what_a_cover_can_do(outside: World, ada: Person) -> None:
    async with cover(outside):
        question = await asked_purpose(ada)
        assert question.button_texts == ["Voice and music"]
        assert "melody stays" in question.text
        await chosen(ada)
        await ada.send_text("la la")
        await ada.wait_for(said("lyrics-short"))
        await ada.send_text("la la la, a longer line")
        preview = await ada.wait_for(said("preview"))
        assert "Style: A modern pop version" in preview.text
        assert preview.button_texts == ["Create", "Cancel"]
        await press(ada, "c:")
        await ada.wait_for("audio")
        assert outside.rows("SELECT 1 FROM uploads") == []
        (job,) = outside.music.cover.jobs.by_id.values()
        assert job.inputs["lyrics"] == "la la la, a longer line"
        (row,) = outside.rows("SELECT cost_usd FROM attempts")
        assert row["cost_usd"] == 0.195


async def test_acestep_makes_tracks(outside: World, ada: Person) -> None:
    async with stand(AceStepApi) as api:
        await outside.start(
            music_backend=("acestep",), acestep_url=api.url, acestep_key=KEY, aimlapi_key=None
        )
        await delivered(ada)
        assert outside.outcomes() == ["won"]
        await outside.stop()


BOTH = {"music_backend": ("aimlapi", "replicate")}


@pytest.mark.parametrize("fault", ["401", "402", "404", "2061"])
async def test_the_next_service_takes_over(outside: World, ada: Person, fault: str) -> None:
    owner = outside.telegram.person(OWNER)
    async with replicate(outside, **BOTH) as api:
        outside.music.fail(fault, times=99)
        await delivered(ada, content=SONG)
        assert outside.outcomes() == ["refused", "won"]
        rows = outside.rows("SELECT backend FROM attempts ORDER BY number")
        assert [row["backend"] for row in rows] == ["aimlapi", "replicate"]
        assert len(api.files) == 1
        told = await owner.wait_for(lambda m: "Until then I use Replicate" in m.text, after=0)
        assert "AI/ML API" in told.text
        assert ada.messages[-1].kind == "audio"
        await press(ada, "t:")
        await until(lambda: len(tracks(ada)) == 2)
        assert outside.outcomes(2) == ["won"]
        assert len(outside.music.generated) == 1


@pytest.mark.parametrize("fault", ["1026", "2013"])
async def test_a_users_own_mistake_moves_nothing_on(
    outside: World, ada: Person, fault: str
) -> None:
    async with replicate(outside, **BOTH) as api:
        outside.music.fail(fault)
        await created(ada, content=SONG)
        await outside.reaches("failed")
        assert (api.files, api.generated) == ({}, [])


async def test_an_upload_moves_on_as_well(outside: World, ada: Person) -> None:
    async with replicate(outside, **BOTH) as api:
        outside.music.fail("401", times=99, on="upload")
        await delivered(ada, content=SONG)
        assert len(api.generated) == 1
        assert outside.music.generated == []


async def test_a_service_found_wanting_at_the_start_is_passed_over(
    outside: World, ada: Person
) -> None:
    outside.music.withdrawn = True
    owner = outside.telegram.person(OWNER)
    async with replicate(outside, **BOTH) as api:
        await owner.wait_for(said("owner-withdrawn"), after=0)
        await delivered(ada, content=SONG)
        assert outside.outcomes() == ["won"]
        assert len(api.generated) == 1


async def test_when_none_is_left_the_person_is_told_whose_fault_it_is(
    outside: World, ada: Person
) -> None:
    async with replicate(outside, **BOTH) as api:
        await asked_purpose(ada, SONG)
        await chosen(ada)
        await outside.uploaded()
        outside.music.fail("402", times=99)
        api.fail("402", times=99)
        await ada.send_text("Morning light upon the water\nevery word a little brighter")
        await ada.wait_for(said("preview"))
        await press(ada, "c:")
        await ada.wait_for(said("failed-operator"), after=0)
        outside.music.fail("402", times=0)
        await press(ada, "t:")
        await ada.wait_for("audio", after=0)
        assert outside.outcomes(2)[-1] == "won"


async def test_ids_of_one_never_reach_another(outside: World, ada: Person) -> None:
    async with replicate(outside, **BOTH) as api:
        outside.music.fail("404", times=99)
        await delivered(ada, content=SONG)
        sent = str(api.generated[0].inputs)
        for ids in (upload.ids for upload in outside.music.uploads):
            assert not any(value in sent for value in ids.values())
        assert all(api.url not in str(call) for call in outside.music.generated)
