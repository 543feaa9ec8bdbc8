"""The upload that goes on while the lyrics are being typed."""

import asyncio

from bot.sandbox.telegram_api import Person
from tests.bot_kit import LYRICS, World, asked_purpose, chosen, press, said, until

TRIES = 7


async def test_a_service_that_takes_nothing_is_not_asked_for_ever(
    world: World, ada: Person
) -> None:
    world.music.fail("503", times=100, on="upload")
    await asked_purpose(ada)
    await chosen(ada)
    await until(lambda: world.log.count("no upload") >= TRIES)
    await asyncio.sleep(0.3)  # fifteen first pauses
    assert world.log.count("no upload") == TRIES


async def test_a_recording_that_was_given_up_goes_up_for_its_track(
    world: World, ada: Person
) -> None:
    world.music.fail("503", times=TRIES, on="upload")
    await asked_purpose(ada)
    await chosen(ada)
    await until(lambda: world.log.count("no upload") == TRIES)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert [upload.ok for upload in world.music.uploads] == [False] * TRIES + [True]
