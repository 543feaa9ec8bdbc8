"""Nothing that a person typed or sent is lost without a word, and every answer is true."""

from bot.sandbox.telegram.api import Person, SeenMessage
from tests.support.bot_kit import (
    LYRICS,
    World,
    press,
    previewed,
    said,
    says,
)

SECOND = "second verse that matters\nto me a lot"
THIRD = "third verse of it\nla la"


async def asked_about(ada: Person, words: str) -> SeenMessage:
    """Send words after those of the preview, and wait for the question about them."""
    await ada.send_text(words)
    return await ada.wait_for(lambda m: says("words-add-question")(m) and words in m.text)


# Words that wait for an answer


async def test_a_message_too_long_leaves_the_verse_that_waits(world: World, ada: Person) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    await asked_about(ada, SECOND)
    await ada.send_text("y" * 749)
    told = await ada.wait_for(says("lyrics-long"))
    assert "149 characters too many" in told.text
    assert SECOND in told.text
    assert told.button_texts == ["Add", "Replace", "Leave it out"]
    await press(ada, "a:")
    preview = await ada.wait_for(said("preview"))
    assert preview.text.endswith(f"first verse\nla la\n\n{SECOND}")


async def test_a_message_too_long_is_edited_into_shape_beside_a_verse_that_waits(
    world: World, ada: Person
) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    await asked_about(ada, SECOND)
    long = await ada.send_text("y" * 749)
    await ada.wait_for(says("lyrics-long"))
    await ada.edit_text(long.id, THIRD)
    asked = await ada.wait_for(
        lambda m: said("words-add-question")(m) and f"{SECOND}\n\n{THIRD}" in m.text
    )
    assert "too many" not in asked.text


async def test_the_rest_of_a_paste_too_long_stays_with_its_beginning(
    world: World, ada: Person
) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    await asked_about(ada, SECOND)
    await ada.send_text("y" * 4196)
    told = await ada.wait_for(lambda m: says("lyrics-long")(m) and "3,596" in m.text)
    assert SECOND in told.text
    assert told.text.count("y" * 100) == 0


async def test_verses_that_do_not_fit_together_are_asked_about_in_turn(
    world: World, ada: Person
) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    await asked_about(ada, SECOND)
    third = "z" * 590
    await ada.send_text(third)
    told = await ada.wait_for(says("words-asked-next"))
    assert SECOND in told.text
    await press(ada, "n:")
    asked = await ada.wait_for(lambda m: said("words-add-question")(m) and third in m.text)
    assert asked.button_texts == ["Replace", "Leave it out"]
    await press(ada, "i:")
    assert (await ada.wait_for(said("preview"))).text.endswith(third)
