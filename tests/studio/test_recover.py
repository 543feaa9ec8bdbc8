"""Tracks that had come back before the process died, and were not booked yet."""

from bot.sandbox.telegram.api import Person
from tests.support.bot_kit import World, created, rows, said, song, tracks, until


async def test_what_had_come_back_is_kept_and_delivered(world: World, ada: Person) -> None:
    world.music.latency = 30
    await created(ada)
    await until(lambda: world.music.generated)
    await world.stop()  # with no grace: the call is cut off
    assert world.outcomes() == [None]
    (world.data / "made" / "1-1.mp3").write_bytes(song(11))
    (world.data / "made" / "1-2.mp3").write_bytes(b"of no attempt")
    await world.start()
    await ada.wait_for("audio", after=0)
    await world.reaches("delivered")
    assert world.outcomes() == ["won"]
    assert len(world.music.generated) == 1
    await until(lambda: not list((world.data / "made").iterdir()))


async def test_what_was_booked_and_not_sent_is_sent_and_its_file_dropped(
    world: World, ada: Person
) -> None:
    world.telegram.fail("sendAudio", "429", 1000, retry_after=30)
    await created(ada)
    await world.reaches("made")
    await world.stop()
    (world.data / "made" / "1-1.mp3").write_bytes(song(11))  # as a kill in the middle leaves it
    world.telegram.clear_faults()
    await world.start()
    await until(lambda: not list((world.data / "made").iterdir()))
    assert len(rows(world.data, "SELECT 1 FROM attempts")) == 1
    assert len(world.music.generated) == 1


async def test_what_came_back_and_is_no_track_is_asked_for_again(
    world: World, ada: Person
) -> None:
    world.music.latency = 30
    await created(ada)
    await until(lambda: world.music.generated)
    await world.stop()
    (world.data / "made" / "1-1.mp3").write_bytes(b"half a track " * 100)
    world.music.latency = 0
    await world.start()
    await ada.wait_for("audio", after=0)
    assert world.outcomes() == ["bad", "won"]


async def test_a_call_that_was_cut_off_twice_is_not_made_a_third_time(
    world: World, ada: Person
) -> None:
    world.music.latency = 30
    await created(ada)
    for calls in (1, 2):
        await until(lambda calls=calls: len(world.music.generated) == calls)  # type: ignore[misc]
        await world.restart()
    await ada.wait_for(said("failed-upstream"), after=0)
    assert world.outcomes() == ["unknown", "unknown"]
    assert tracks(ada) == []
    world.music.latency = 0
    await ada.press("Try again")
    await ada.wait_for("audio", after=0)


async def test_what_comes_back_after_another_call_has_won_changes_nothing(
    world: World, ada: Person
) -> None:
    world.music.fail("reset")
    await created(ada)
    await ada.wait_for("audio", after=0)
    await world.reaches("delivered")
    assert world.outcomes() == ["unknown", "won"]
    await world.stop()
    (world.data / "made" / "1-1.mp3").write_bytes(song(11))
    await world.start()
    await until(lambda: not list((world.data / "made").iterdir()))
    await world.reaches("delivered")
    assert len(tracks(ada)) == 1
