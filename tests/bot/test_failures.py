"""What a person reads and is offered after each way in which a track can fail."""

import pytest

from bot.i18n import texts
from bot.model import BY_RECORDING, BY_WORDS, Failure
from bot.sandbox.telegram.api import Person
from bot.telegram.outbound import keyboards
from tests.support.bot_kit import (
    World,
    asked_purpose,
    chosen,
    created,
    press,
    said,
    song,
    until,
    write,
)

ANOTHER, CHANGE, AGAIN, NEW = "Another recording", "Change the words", "Try again", "New lyrics"
OFFERED: dict[Failure, list[str]] = {
    Failure.RECORDING: [ANOTHER],
    Failure.RECORDING_REFUSED: [ANOTHER, AGAIN],
    Failure.TOO_LARGE: [ANOTHER, AGAIN],
    Failure.VOICE_LENGTH: [ANOTHER],
    Failure.SENSITIVE: [CHANGE],
    Failure.INVALID: [CHANGE, AGAIN],
    Failure.OPERATOR: [AGAIN],
    Failure.WITHDRAWN: [AGAIN],
    Failure.MAINTENANCE: [AGAIN],
    Failure.UPSTREAM: [AGAIN, NEW],
    Failure.TIMEOUT: [AGAIN, NEW],
    Failure.TROUBLE: [AGAIN],
}
FAILS_AGAIN = {Failure.RECORDING, Failure.VOICE_LENGTH, Failure.SENSITIVE}
"""What is wrong with the recording or the words themselves, and stays wrong."""


@pytest.mark.parametrize("failure", Failure)
def test_each_failure_has_its_sentence_and_its_buttons(failure: Failure) -> None:
    first, *others = OFFERED[failure]
    helps = ANOTHER if failure in BY_RECORDING else CHANGE if failure in BY_WORDS else AGAIN
    assert first == helps
    assert (AGAIN in {first, *others}) is (failure not in FAILS_AGAIN)
    assert keyboards._AFTER.keys() == set(Failure)
    sentence = texts("en")(f"failed-{failure}", owner=True)
    assert sentence.endswith((".", "?"))


async def test_each_failure_reaches_the_person_with_its_buttons(world: World, ada: Person) -> None:
    world.music.fail("1026")
    await created(ada)
    await ada.wait_for(said("failed-sensitive"), after=0)
    for failure, labels in OFFERED.items():
        await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
        await write(world.data, "UPDATE tracks SET reason = ?, told = 0, rung = 1", failure)
        failed = await ada.wait_for(said(f"failed-{failure}"), after=0)
        assert failed.button_texts == labels, failure


@pytest.mark.parametrize(
    ("fault", "failure", "button", "next_question"),
    [
        ("1026", Failure.SENSITIVE, "w:", "lyrics-question"),
        ("1042", Failure.INVALID, "w:", "lyrics-question"),
        ("2037", Failure.VOICE_LENGTH, "o:", "send-recording"),
        ("maintenance", Failure.MAINTENANCE, "t:", "status-delivered"),
        ("404", Failure.WITHDRAWN, "t:", "status-delivered"),
    ],
)
async def test_what_is_offered_first_leads_on(
    world: World, ada: Person, fault: str, failure: Failure, button: str, next_question: str
) -> None:
    world.music.fail(fault)
    await created(ada)
    failed = await ada.wait_for(said(f"failed-{failure}"), after=0)
    assert failed.buttons[0].data.startswith(button)
    await press(ada, button)
    await ada.wait_for(said(next_question), after=0)


async def test_another_recording_takes_the_words_along(world: World, ada: Person) -> None:
    world.music.fail("2013", on="upload")
    await created(ada)
    await ada.wait_for(said(f"failed-{Failure.RECORDING_REFUSED}"), after=0)
    await press(ada, "o:")
    await ada.wait_for(said("send-recording"))
    await asked_purpose(ada, song(13))
    assert said("preview")(await chosen(ada))
