"""How tracks end: what rings, what is offered first, what is true, and which take it is."""

import io

import av

from bot.sandbox.telegram.api import Person, SeenMessage
from tests.support import audio_material
from tests.support.bot_kit import (
    LYRICS,
    OWNER,
    PATIENCE,
    World,
    asked_purpose,
    chosen,
    count,
    created,
    delivered,
    press,
    previewed,
    said,
    says,
    song,
    toasted,
    tracks,
    until,
)


async def rung(world: World, ada: Person, status: SeenMessage) -> SeenMessage:
    """Wait for the message that rings, which answers the status message."""
    note = await ada.wait_for(lambda m: m.reply_to == status.id, after=0)
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
    return note


async def test_a_failure_rings_once(world: World, ada: Person) -> None:
    world.music.fail("1026")
    status = await created(ada)
    note = await rung(world, ada, status)
    assert says("notice-failed")(note)
    assert "Morning light upon the water" in note.text
    assert note.id == ada.messages[-1].id
    failed = next(m for m in ada.messages if m.id == status.id)
    assert said("failed-sensitive")(failed)
    assert note.button_texts == failed.button_texts == ["Change the words"]
    await world.restart()
    await world.quiet()
    assert count(ada, "notice-failed") == 1


async def test_a_ring_that_was_refused_comes_later(world: World, ada: Person) -> None:
    await previewed(ada)
    world.music.fail("1026")
    world.telegram.fail("sendMessage", "429", 2)
    await press(ada, "c:")
    await ada.wait_for(said("notice-failed"), after=0)
    await world.quiet()
    assert count(ada, "notice-failed") == 1


async def test_a_ring_whose_answer_was_lost_is_not_repeated(world: World, ada: Person) -> None:
    await previewed(ada)
    world.music.fail("1026")
    world.telegram.fail("sendMessage", "lost")
    await press(ada, "c:")
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
    await world.restart()
    await world.quiet()
    assert count(ada, "notice-failed") == 1


async def test_an_unsure_delivery_rings_each_time(world: World, ada: Person) -> None:
    world.telegram.fail("sendAudio", "reset", 2)
    status = await created(ada)
    note = await rung(world, ada, status)
    assert says("notice-unsure")(note)
    assert note.button_texts == []  # it stands above, and only there
    await press(ada, "s:")
    await until(lambda: count(ada, "notice-unsure") == 2)


async def test_a_failure_without_a_status_message_is_said_once(world: World, ada: Person) -> None:
    world.music.latency = 0.3
    world.music.fail("1026")
    status = await created(ada)
    world.telegram.state.delete(world.telegram.state.chats[ada.id], status.id)
    await ada.wait_for(said("failed-sensitive"))
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
    assert count(ada, "notice-failed") == 0


async def test_a_cancel_rings_for_nobody(world: World, ada: Person) -> None:
    world.music.upload_latency = 60
    await created(ada)
    await press(ada, "k:")
    await ada.wait_for(said("status-cancelled"), after=0)
    await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
    assert said("status-cancelled")(ada.messages[-1])


async def test_a_recording_found_bad_after_create_is_said_in_true_words(
    world: World, ada: Person
) -> None:
    world.telegram.fail("getFile", "429", 2, retry_after=4)
    await created(ada, content=audio_material.encoded(audio_material.silence(12)))
    failed = await ada.wait_for(says("recording-silent"), after=0)
    assert failed.button_texts == ["Another recording"]
    await press(ada, "o:")
    await ada.wait_for(said("send-recording"))
    await asked_purpose(ada, song(13))
    assert LYRICS in (await chosen(ada)).text


async def test_maintenance_is_nobodys_to_mend_and_its_end_is_said(
    world: World, ada: Person
) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail("maintenance")
    await created(ada)
    failed = await ada.wait_for(said("failed-maintenance"), after=0)
    assert failed.button_texts[0] == "Try again"
    told = await owner.wait_for(said("owner-maintenance"), after=0)
    assert "AI/ML API" in told.text
    await press(ada, "t:")
    await ada.wait_for("audio", after=0)
    await owner.wait_for(said("owner-over"), after=0)
    await delivered(ada, content=song(13))
    assert count(owner, "owner-over") == 1


async def test_the_end_is_said_after_a_restart_as_well(world: World, ada: Person) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail("maintenance")
    await created(ada)
    await owner.wait_for(said("owner-maintenance"), after=0)
    await world.restart()
    await owner.wait_for(said("owner-over"), after=0)
    await world.restart()
    await world.quiet()
    assert count(owner, "owner-over") == 1


async def test_the_owner_reads_which_setting_to_mend(world: World, ada: Person) -> None:
    owner = world.telegram.person(OWNER)
    world.music.fail("401")
    await created(ada)
    told = await owner.wait_for(said("owner-key"), after=0)
    assert "AI/ML API" in told.text
    assert "AIMLAPI_KEY" in told.text


async def test_another_take_while_the_last_one_stops(world: World, ada: Person) -> None:
    await delivered(ada)
    world.music.latency = 60
    await press(ada, "t:")
    await until(lambda: len(world.music.generated) == 2)
    assert toasted(await press(ada, "t:1"), "toast-running")
    await press(ada, "k:")
    await ada.wait_for(said("status-stopping"), after=0)
    assert toasted(await press(ada, "t:1"), "toast-stopping")


async def test_takes_are_numbered(world: World, ada: Person) -> None:
    first = await delivered(ada)
    assert first.attached.title == "Morning light upon the water"
    world.music.fail("1026")
    await press(ada, "t:")
    await ada.wait_for(said("failed-sensitive"))
    await press(ada, "t:1")  # a take that never came leaves its number
    second = await ada.wait_for("audio")
    await press(ada, "t:1")
    third = await ada.wait_for("audio")
    assert [track.attached.title for track in (second, third)] == [
        "Morning light upon the water (take 2)",
        "Morning light upon the water (take 3)",
    ]
    assert "take 2" in second.text
    assert "Morning" not in second.text
    with av.open(io.BytesIO(second.attached.content or b"")) as opened:
        assert opened.metadata["title"] == "Morning light upon the water (take 2)"
    assert len(tracks(ada)) == 3


async def test_a_retry_keeps_its_number(world: World, ada: Person) -> None:
    world.music.fail("audio-undecodable", times=2)
    await created(ada)
    await ada.wait_for(said("failed-upstream"), after=0)
    await press(ada, "t:")
    track = await ada.wait_for("audio")
    assert track.attached.title == "Morning light upon the water"
    assert said("caption")(track)


async def test_try_again_stands_twice_and_makes_one_track(world: World, ada: Person) -> None:
    """Under the status message and under the news of its failure: nobody pays for both."""
    for _ in range(2):
        world.music.fail("audio-empty")
    status = await created(ada)
    note = await rung(world, ada, status)
    again = next(button.data for button in note.buttons if button.data.startswith("t:"))
    await ada.press_forged(status.id, again)
    await ada.wait_for("audio", after=0, timeout=PATIENCE)
    await world.quiet()
    billed = len(world.music.generated)
    assert toasted(await ada.press_forged(note.id, again), "toast-already")
    await world.quiet()
    assert len(world.music.generated) == billed
    assert len(world.rows("SELECT 1 FROM tracks")) == 2
