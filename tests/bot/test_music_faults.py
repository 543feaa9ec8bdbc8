"""Every way music-01 goes wrong, through the whole bot: who is told what, and what is paid."""

import asyncio
import time

import pytest

from bot.audio import frames
from bot.sandbox.music.aimlapi import faults as wrong
from bot.sandbox.telegram.api import Person
from tests.support.bot_kit import (
    LYRICS,
    OWNER,
    World,
    asked_purpose,
    chosen,
    count,
    created,
    delivered,
    press,
    previewed,
    said,
    song,
    tracks,
    until,
    write,
)

PASSING = (
    *("429", "500", "502", "503", "text-status"),
    *("1000", "1001", "1002", "1013", "1024", "1033", "1039", "1041", "2045"),
)
UNANSWERED = (
    *("reset", "reset-after", "504", "504-after", "cut-body"),
    *("html-400", "html-403", "html-404", "html-429", "html-500", "html-502", "html-504"),
)
BAD = (
    *sorted(wrong.AUDIO | wrong.EMPTY),
    *("audio-url-elsewhere", "audio-url-gone", "html-200", "big-body"),
)
OPERATOR = {
    "401": "key",
    "402": "balance",
    "403": "balance",
    "404": "withdrawn",
    "maintenance": "maintenance",
    "1004": "key",
    "1008": "balance",
    "2038": "plan",
    "2044": "plan",
    "2049": "key",
    "2056": "plan",
    "2061": "plan",
}
USER = {
    "400": "invalid",
    "1026": "sensitive",
    "1027": "sensitive",
    "1042": "invalid",
    "2013": "invalid",
    "2037": "voice-length",
}
UNKNOWN = ("418", "9999")
HELPS = {
    "sensitive": ["Change the words"],
    "invalid": ["Change the words", "Try again"],
    "voice-length": ["Another recording"],
}


def test_every_fault_has_its_row() -> None:
    rows = {*PASSING, *UNANSWERED, *BAD, *OPERATOR, *USER, *UNKNOWN}
    apart = {"2042", "audio-url", "hang", "hang-after", "slow-body", "retry-after"}
    same = {f"html-{status}" for status in wrong.STATUSES}
    assert wrong.GENERATE - same == rows - same | apart


@pytest.mark.parametrize("fault", PASSING)
async def test_a_passing_refusal_is_waited_out_and_costs_nothing(
    world: World, ada: Person, fault: str
) -> None:
    world.music.fail(fault, times=3)
    await delivered(ada)
    await world.reaches("delivered")
    assert world.outcomes() == ["refused", "refused", "refused", "won"]
    assert world.music.billed == 1
    assert len(world.music.uploads) == 1
    assert world.rows("SELECT 1 FROM notices") == []


@pytest.mark.parametrize("fault", UNANSWERED)
async def test_a_lost_answer_counts_and_is_tried_once_more(
    world: World, ada: Person, fault: str
) -> None:
    world.music.fail(fault)
    await delivered(ada)
    assert world.outcomes() == ["unknown", "won"]
    assert world.music.billed == 1 + (fault in wrong.AFTER)


@pytest.mark.parametrize("fault", ["hang", "hang-after", "slow-body"])
async def test_silence_ends_at_the_deadline(outside: World, ada: Person, fault: str) -> None:
    await outside.start(generate_timeout=0.7)
    outside.music.fail(fault)
    await delivered(ada)
    assert outside.outcomes() == ["unknown", "won"]


@pytest.mark.parametrize("fault", BAD)
async def test_what_is_no_track_is_never_delivered(world: World, ada: Person, fault: str) -> None:
    world.music.fail(fault)
    track = await delivered(ada)
    assert world.outcomes() == ["bad", "won"]
    assert tracks(ada) == [track]
    assert track.attached.content is not None
    assert world.music.stock is not None
    assert frames(track.attached.content) == frames(world.music.stock)


@pytest.mark.parametrize("fault", ["audio-undecodable", "data-null", "reset-after", "504-after"])
async def test_no_more_is_paid_than_the_cap_allows(world: World, ada: Person, fault: str) -> None:
    world.music.fail(fault, times=9)
    await created(ada)
    failed = await ada.wait_for(said("failed-upstream"), after=0)
    assert failed.button_texts == ["Try again", "New lyrics"]
    assert len(world.music.generated) == 2
    assert len(world.outcomes()) == 2
    assert world.status() == "failed"
    assert tracks(ada) == []
    world.music.fail(fault, times=0)
    await press(ada, "t:")
    await ada.wait_for("audio")
    assert len(world.music.uploads) == 1
    assert world.outcomes(2) == ["won"]
    assert len(tracks(ada)) == 1


async def test_one_attempt_means_one(outside: World, ada: Person) -> None:
    await outside.start(generate_attempts=1)
    outside.music.fail("reset-after")
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert len(outside.music.generated) == 1


async def test_refusals_do_not_count_between_lost_answers(world: World, ada: Person) -> None:
    for fault in ("429", "reset-after", "1002", "503"):
        world.music.fail(fault)
    await delivered(ada)
    assert world.outcomes() == ["refused", "unknown", "refused", "refused", "won"]


async def test_refusals_are_not_waited_out_for_ever(outside: World, ada: Person) -> None:
    await outside.start(generate_timeout=0.5)
    outside.music.fail("429", times=1000)
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert set(outside.outcomes()) == {"refused"}
    assert outside.music.billed == 0


async def test_a_wait_beyond_our_patience_is_not_begun(outside: World, ada: Person) -> None:
    await outside.start(generate_timeout=3)
    outside.music.fail("retry-after")  # 7 s
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert outside.outcomes() == ["refused"]


async def test_an_address_instead_of_hex_is_fetched(world: World, ada: Person) -> None:
    world.music.fail("audio-url")
    track = await delivered(ada)
    assert world.outcomes() == ["won"]
    assert world.music.stock is not None
    assert frames(track.attached.content or b"") == frames(world.music.stock)


@pytest.mark.parametrize(("fault", "reason"), USER.items())
async def test_what_the_person_can_change(
    world: World, ada: Person, fault: str, reason: str
) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail(fault)
    await created(ada)
    failed = await ada.wait_for(said(f"failed-{reason}"), after=0)
    assert failed.button_texts == HELPS[reason]
    assert world.outcomes() == ["refused"]
    assert world.music.billed == 0
    assert owner.messages == []
    if reason == "voice-length":
        await press(ada, "o:")
        await ada.wait_for(said("send-recording"))
        await asked_purpose(ada, song(15))
        assert LYRICS in (await chosen(ada)).text
    else:
        await press(ada, "w:")
        await ada.wait_for(said("lyrics-question"))
        await ada.send_text("Softer words")
        await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    words = LYRICS if reason == "voice-length" else "Softer words"
    assert world.music.generated[-1].lyrics == f"##{words}##"


@pytest.mark.parametrize("on", ["upload", "generate"])
async def test_another_recording_for_the_same_lyrics(world: World, ada: Person, on: str) -> None:
    world.music.fail("2037", on=on)
    await created(ada)
    await ada.wait_for(said("failed-voice-length"), after=0)
    await asked_purpose(ada, song(15))
    preview = await chosen(ada)
    assert said("preview")(preview)
    assert LYRICS in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")


@pytest.mark.parametrize(("fault", "reason"), OPERATOR.items())
async def test_what_only_the_owner_can_mend(
    world: World, ada: Person, fault: str, reason: str
) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail(fault, times=2)
    await created(ada)
    key = f"failed-{reason}" if reason in {"withdrawn", "maintenance"} else "failed-operator"
    await ada.wait_for(said(key), after=0)
    await owner.wait_for(said(f"owner-{reason}"), after=0)
    assert len(world.music.generated) == 1
    await press(ada, "t:")
    await until(lambda: len(world.music.generated) == 2)
    await ada.wait_for(lambda message: message.button("t:2") is not None)
    await press(ada, "t:")
    await ada.wait_for("audio")
    await owner.wait_for(said("owner-over"), after=0)
    assert len(owner.messages) == 2
    assert "AI/ML API" in owner.messages[0].text
    assert world.music.billed == 1
    assert len(world.music.uploads) == 1
    assert len(tracks(ada)) == 1


async def test_the_owner_is_told_again_after_an_hour(world: World, ada: Person) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail("402", times=2)
    await created(ada)
    await owner.wait_for(said("owner-balance"), after=0)
    await ada.wait_for(said("failed-operator"), after=0)
    await write(world.data, "UPDATE notices SET told_at = told_at - 3601")
    await press(ada, "t:")
    await until(lambda: count(owner, "owner-balance") == 2)


async def test_an_owner_who_could_not_be_told_is_told_on_the_next_occasion(
    world: World, ada: Person
) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail("402", times=2)
    await owner.block()
    await created(ada)
    await ada.wait_for(said("failed-operator"), after=0)
    await until(lambda: "the owner could not be told" in world.log)
    await until(lambda: not world.rows("SELECT 1 FROM notices"))
    await owner.unblock()
    await press(ada, "t:")
    await until(lambda: count(owner, "owner-balance") == 1)


async def test_a_model_taken_off_the_list(world: World, ada: Person) -> None:
    owner = world.telegram.person(OWNER)
    world.music.withdrawn = True
    await created(ada)
    await ada.wait_for(said("failed-withdrawn"), after=0)
    await owner.wait_for(said("owner-withdrawn"), after=0)


@pytest.mark.parametrize("fault", UNKNOWN)
async def test_the_unknown_is_tried_once_more(world: World, ada: Person, fault: str) -> None:
    world.music.fail(fault, times=1)
    await delivered(ada)
    assert world.outcomes() == ["unknown", "won"]


@pytest.mark.parametrize("fault", UNKNOWN)
async def test_the_unknown_is_given_up_after_that(world: World, ada: Person, fault: str) -> None:
    world.music.fail(fault, times=9)
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert world.outcomes() == ["unknown", "unknown"]


async def test_a_forgotten_recording_goes_up_again_once(world: World, ada: Person) -> None:
    world.music.fail("2042")
    await delivered(ada)
    assert world.outcomes() == ["refused", "won"]
    assert len(world.music.uploads) == 2
    assert world.music.generated[1].voice == world.music.uploads[1].ids["voice_id"]


async def test_a_recording_forgotten_for_good(world: World, ada: Person) -> None:
    world.music.fail("2042", times=9)
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    assert world.outcomes() == ["refused", "refused"]
    assert len(world.music.uploads) == 2
    world.music.fail("2042", times=0)
    await press(ada, "t:")
    await ada.wait_for("audio")


async def test_a_recording_that_must_be_rebuilt_to_go_up_again(world: World, ada: Person) -> None:
    await delivered(ada)
    for path in (world.data / "recordings").iterdir():
        path.unlink()
    world.music.fail("2042")
    await press(ada, "t:")
    await ada.wait_for("audio")
    assert len(world.music.uploads) == 2


UPLOAD_PASSING = ("429", "503", "1002", "reset", "reset-after", "no-ids", "empty-200", "504")


@pytest.mark.parametrize("fault", UPLOAD_PASSING)
async def test_an_upload_is_repeated(world: World, ada: Person, fault: str) -> None:
    world.music.fail(fault, times=2, on="upload")
    await delivered(ada)
    assert len(world.music.uploads) == 3
    assert world.outcomes() == ["won"]


@pytest.mark.parametrize("fault", ["429", "9999"])
async def test_an_upload_is_not_repeated_for_ever(outside: World, ada: Person, fault: str) -> None:
    await outside.start(generate_timeout=0.5)
    outside.music.fail(fault, times=1000, on="upload")
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    outside.music.fail(fault, times=0, on="upload")
    await press(ada, "t:")
    await ada.wait_for("audio")
    assert outside.music.billed == 1


@pytest.mark.parametrize(("fault", "reason"), [("401", "key"), ("1008", "balance")])
async def test_an_upload_that_only_the_owner_can_mend(
    world: World, ada: Person, fault: str, reason: str
) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail(fault, times=1000, on="upload")
    await created(ada)
    await ada.wait_for(said("failed-operator"), after=0)
    assert count(owner, f"owner-{reason}") == 1
    assert world.music.generated == []
    world.music.fail(fault, times=0, on="upload")
    await press(ada, "t:")
    await ada.wait_for("audio")


async def test_a_slow_upload_is_given_up_and_repeated(outside: World, ada: Person) -> None:
    await outside.start(upload_timeout=0.5)
    outside.music.fail("hang", on="upload")
    await delivered(ada)
    assert len(outside.music.uploads) == 2


async def test_a_late_result_is_kept_without_a_claim(world: World, ada: Person) -> None:
    world.music.latency = 0.8
    await created(ada)
    await until(lambda: world.music.generated)
    until_when = time.time() + 1
    await write(
        world.data, "UPDATE tracks SET claimed_by = 'another', claimed_until = ?", until_when
    )
    await ada.wait_for("audio")
    assert len(world.music.generated) == 1
    await world.reaches("delivered")


async def test_try_again_pressed_twice_is_one_track(world: World, ada: Person) -> None:
    world.music.fail("data-null", times=2)
    await created(ada)
    failed = await ada.wait_for(said("failed-upstream"), after=0)
    world.music.latency = 0.3
    data = failed.buttons[0].data
    await asyncio.gather(*(ada.press_forged(failed.id, data) for _ in range(3)))
    await ada.wait_for("audio")
    await world.quiet()
    assert len(world.music.generated) == 3
    assert len(tracks(ada)) == 1


async def test_a_cancelled_track_that_is_refused_stays_cancelled(
    world: World, ada: Person
) -> None:
    world.music.fail("429", times=1000)
    await previewed(ada)
    await press(ada, "c:")
    await until(lambda: len(world.music.generated) > 1)
    await ada.wait_for(said("status-generating"), after=0)
    await press(ada, "k:")
    await ada.wait_for(said("status-cancelled"), after=0)
    made = len(world.music.generated)
    await world.quiet()
    assert len(world.music.generated) == made
    assert world.status() == "cancelled"


async def test_what_was_kept_for_a_day_is_gone_after_it(world: World, ada: Person) -> None:
    world.music.latency = 0.4
    await created(ada)
    await until(lambda: world.music.generated)
    await press(ada, "k:")
    await ada.wait_for(said("status-cancelled-kept"), after=0)
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
    await write(world.data, "UPDATE sounds SET kept_until = 1")
    await world.restart()
    await until(lambda: world.rows("SELECT 1 FROM sounds") == [])
    answer = await press(ada, "s:")
    assert "no longer kept" in answer.text
    assert tracks(ada) == []


async def test_a_paid_address_waits_for_a_place_to_be_written(world: World, ada: Person) -> None:
    world.music.fail("audio-url")
    world.music.latency = 0.5
    await created(ada)
    await until(lambda: world.music.generated)
    made = (world.data / "made").rename(world.data / "away")
    await until(lambda: "cannot be written yet" in world.log)
    made.rename(world.data / "made")
    await ada.wait_for("audio", after=0)
    assert world.outcomes() == ["won"]
    (row,) = world.rows("SELECT cost_usd, provider_request_id FROM attempts")
    assert row["cost_usd"]
    assert row["provider_request_id"]
    assert world.music.billed == 1
    assert "/files/" not in world.log


async def test_a_stop_between_answer_and_track_loses_nothing(world: World, ada: Person) -> None:
    world.music.fail("audio-url")
    world.music.latency = 0.5
    await created(ada)
    await until(lambda: world.music.generated)
    (world.data / "made").rename(world.data / "away")
    await until(lambda: "cannot be written yet" in world.log)
    await world.restart()
    await ada.wait_for("audio", after=0)
    assert world.outcomes() == ["won"]
    assert world.music.billed == 1
