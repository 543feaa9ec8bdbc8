"""Nothing that a person typed or sent is lost without a word, and every answer is true."""

import pytest

from bot.sandbox.telegram.api import Person, SeenMessage
from tests.support.bot_kit import (
    LYRICS,
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
    until,
    write,
)

SECOND = "second verse that matters\nto me a lot"
THIRD = "third verse of it\nla la"
REFUSED = """SELECT 1 FROM "references" WHERE status = 'rejected' AND told = 1"""


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


@pytest.mark.parametrize("button", ["a:", "i:", "n:"])
async def test_an_answer_pressed_under_both_copies_of_a_question(
    world: World, ada: Person, button: str
) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    first = await asked_about(ada, SECOND)
    data = next(b.data for b in first.buttons if b.data.startswith(button))
    await world.quiet()
    await write(world.data, "UPDATE drafts SET panel_id = NULL")  # a kill before it was noted
    world.telegram.redeliver(await _forgotten(world))
    await until(lambda: count(ada, "words-add-question") == 2)
    await world.quiet()
    await press(ada, button)
    preview = await ada.wait_for(said("preview"))
    assert toasted(await ada.press_forged(first.id, data, wait=15), "toast-already")
    other = "n:" if button == "a:" else "a:"
    about = data.partition(":")[2]
    assert toasted(await ada.press_forged(first.id, f"{other}{about}", wait=15), "toast-stale")
    await world.quiet()
    assert next(m for m in ada.messages if m.id == first.id).buttons == []
    assert preview.button_texts[0] == "Create"
    await press(ada, "c:")
    await ada.wait_for("audio")


async def _forgotten(world: World) -> int:
    """Let the newest update be one that was not handled."""
    number = world.telegram.state.updates.last_id
    await write(world.data, "DELETE FROM inbox WHERE update_id = ?", number)
    return number


# Answers that are true


@pytest.mark.parametrize("text", ["thanks", "ok"])
async def test_a_track_that_is_being_stopped_is_not_on_its_way(
    world: World, ada: Person, text: str
) -> None:
    world.music.latency = 1.0
    await created(ada)
    await until(lambda: world.music.generated)
    await press(ada, "k:")
    stopping = await ada.wait_for(said("status-stopping"), after=0)
    await ada.send_text(text)
    await ada.wait_for(lambda m: said("status-stopping")(m) and m.id > stopping.id)
    assert count(ada, "talk-waiting") == 0


@pytest.mark.parametrize("way", ["text", "file"])
async def test_words_after_a_refused_recording_are_kept_and_a_recording_asked_for(
    world: World, ada: Person, way: str
) -> None:
    await ada.send_audio(b"not a recording at all " * 100, duration=17)
    await ada.wait_for(said("recording-unreadable"))
    await until(lambda: world.rows(REFUSED))
    if way == "text":
        await ada.send_text(LYRICS)
    else:
        await ada.send_document(LYRICS.encode(), "words.txt", "text/plain")
    await ada.wait_for(said("send-recording"))
    await ada.send_text(SECOND)
    await ada.wait_for(said("send-recording"))
    assert count(ada, "recording-unreadable") == 1
    await asked_purpose(ada)
    asked = await chosen(ada)
    assert said("words-add-question")(asked)
    await press(ada, "a:")
    assert (await ada.wait_for(said("preview"))).text.endswith(f"{LYRICS}\n\n{SECOND}")


async def test_words_after_a_refused_partner_are_asked_about_and_the_partner_again(
    world: World, ada: Person
) -> None:
    await previewed(ada, "voice", "first verse\nla la")
    await press(ada, "m:")
    await ada.wait_for(said("send-beat"))
    await ada.send_audio(b"not a recording at all " * 100, duration=17)
    await ada.wait_for(says("recording-unreadable"))
    await until(lambda: world.rows(REFUSED))
    await asked_about(ada, SECOND)
    await press(ada, "a:")
    asked = await ada.wait_for(says("send-beat"))
    assert says("lyrics-kept")(asked)
    assert asked.button_texts == ["Go on without it"]
    await press(ada, "b:")
    assert (await ada.wait_for(said("preview"))).text.endswith(SECOND)


async def test_words_before_the_purpose_are_said_to_be_kept(world: World, ada: Person) -> None:
    question = await asked_purpose(ada)
    assert not says("lyrics-kept")(question)
    await ada.send_text(LYRICS)
    again = await ada.wait_for(said("purpose-question"))
    assert again.text.endswith("Your words are kept.")
    assert LYRICS in (await chosen(ada)).text


# Recordings


@pytest.mark.parametrize("kind", ["photo", "document", "words", "empty"])
@pytest.mark.parametrize("step", ["purpose", "delivered"])
async def test_a_recording_edited_into_what_has_no_sound_is_kept_and_that_is_said(
    world: World, ada: Person, kind: str, step: str
) -> None:
    sent = await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("purpose-question"))
    if step == "delivered":
        await chosen(ada)
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
        await press(ada, "c:")
        await ada.wait_for("audio")
        await world.reaches("delivered")
    match kind:
        case "document":
            await ada.edit_media(
                sent.id, kind, b"\x89PNG", file_name="a.png", mime_type="image/png"
            )
        case "words":
            await ada.edit_media(
                sent.id, "document", b"La\nla", file_name="a.txt", mime_type="text/plain"
            )
        case "empty":
            await ada.edit_media(sent.id, "audio", b"", duration=12, file_size=0)
        case _:
            await ada.edit_media(sent.id, kind, b"\xff\xd8")
    await ada.wait_for(says("recording-kept"))
    if step == "purpose":
        await chosen(ada)
        await world.uploaded()
        assert world.music.uploads[0].seconds == pytest.approx(12, abs=0.2)


async def test_a_refused_recording_edited_into_a_picture_is_not_said_to_be_kept(
    world: World, ada: Person
) -> None:
    sent = await ada.send_audio(b"not a recording at all " * 100, duration=17)
    await ada.wait_for(said("recording-unreadable"))
    await until(lambda: world.rows(REFUSED))
    await ada.edit_media(sent.id, "photo", b"\xff\xd8")
    await ada.wait_for(said("recording-not-audio"))


async def test_a_picture_that_is_edited_is_no_matter(world: World, ada: Person) -> None:
    sent = await ada.send_photo()
    told = await ada.wait_for(said("send-recording-first"))
    await ada.edit_caption(sent.id, "la la")
    await world.quiet()
    assert ada.messages[-1].id == told.id


@pytest.mark.parametrize("step", ["lyrics", "preview"])
async def test_a_file_of_no_kind_does_not_drop_the_recording(
    world: World, ada: Person, step: str
) -> None:
    if step == "preview":
        await previewed(ada)
    else:
        await asked_purpose(ada)
        await chosen(ada)
    await ada.send_file("document", b"La la la\nla la", file_name="", mime_type="")
    await ada.wait_for(said("file-unclear"))
    assert len(world.rows('SELECT 1 FROM "references"')) == 1
    if step == "lyrics":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_a_file_of_no_kind_may_take_the_place_of_a_refused_recording(
    world: World, ada: Person
) -> None:
    sent = await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("purpose-question"))
    await chosen(ada)
    await ada.edit_media(sent.id, "audio", b"not a recording at all " * 100, duration=12)
    await ada.wait_for(says("recording-unreadable"))
    await until(lambda: world.rows(REFUSED))
    await ada.send_file("document", song(13), file_name="take", mime_type="")
    await ada.wait_for(said("purpose-question"))


# Words, and the buttons under tracks


@pytest.mark.parametrize("button", ["w:", "o:"])
async def test_a_tracks_button_does_not_drop_the_words_of_an_open_draft(
    world: World, ada: Person, button: str
) -> None:
    if button == "o:":
        world.music.fail("2037")
        await created(ada)
        await ada.wait_for(said("failed-voice-length"), after=0)
    else:
        await delivered(ada)
        await world.reaches("delivered")
    await previewed(ada, lyrics=SECOND, content=song(13))
    await press(ada, button)
    key = "words-use-question" if button == "w:" else "words-add-question"
    asked = await ada.wait_for(said(key))
    assert SECOND in asked.text
    await press(ada, "i:")
    if button == "o:":
        await ada.wait_for(said("send-recording"))
        await asked_purpose(ada, song(14))
        await press(ada, ":song")
    assert (await ada.wait_for(said("preview"))).text.endswith(SECOND)


async def test_new_lyrics_pressed_twice_keep_what_was_written_between(
    world: World, ada: Person
) -> None:
    await delivered(ada)
    await world.reaches("delivered")
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))
    await ada.send_text(SECOND)
    await ada.wait_for(said("preview"))
    await press(ada, "w:")
    await ada.wait_for(said("words-use-question"))
    await press(ada, "n:")
    await ada.wait_for(said("lyrics-question"))


async def test_refused_words_are_shown_where_others_are_asked_for(
    world: World, ada: Person
) -> None:
    world.music.fail("1026")
    await created(ada)
    await ada.wait_for(said("failed-sensitive"), after=0)
    await press(ada, "w:")
    asked = await ada.wait_for(says("lyrics-refused"))
    assert says("lyrics-question")(asked)
    assert asked.text.endswith(LYRICS)
    await ada.send_text(SECOND)
    preview = await ada.wait_for(said("preview"))
    assert preview.text.endswith(SECOND)
    await press(ada, "c:")
    await ada.wait_for("audio")
    await asked_purpose(ada, song(13))
    asked = await chosen(ada)
    assert said("lyrics-question")(asked)
    assert not says("lyrics-refused")(asked)


# What is said to the bot and not for singing


@pytest.mark.parametrize("text", ["create", "Create it please!", "yes", "ok", "Go ahead", "no"])
async def test_a_nod_at_the_preview_is_told_of_its_buttons(
    world: World, ada: Person, text: str
) -> None:
    await previewed(ada)
    await ada.send_text(text)
    told = await ada.wait_for(said("talk-preview"))
    assert ada.messages[-1].id == told.id
    assert (count(ada, "preview"), count(ada, "words-add-question")) == (1, 0)
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_a_nod_at_a_question_about_words_repeats_the_question(
    world: World, ada: Person
) -> None:
    await previewed(ada)
    await asked_about(ada, SECOND)
    await ada.send_text("yes")
    await asked_again(ada)
    assert count(ada, "talk-preview") == 0


async def asked_again(ada: Person) -> None:
    asked = await ada.wait_for(said("words-add-question"))
    assert "yes" not in asked.text


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("how much does it cost?", "talk-cost"),
        ("Is it free?", "talk-cost"),
        ("are you a robot?", "talk-who"),
        ("Are you an AI?", "talk-who"),
        ("when is it done?", "talk-when"),
        ("How long does it take?", "talk-when"),
    ],
)
@pytest.mark.parametrize("step", ["nothing", "lyrics", "preview"])
async def test_a_question_to_the_bot_is_answered_and_not_sung(
    world: World, ada: Person, step: str, text: str, key: str
) -> None:
    if step != "nothing":
        await asked_purpose(ada)
        await chosen(ada)
    if step == "preview":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
    await ada.send_text(text)
    told = await ada.wait_for(said(key))
    assert ada.messages[-1].id == told.id
    if step == "lyrics":
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))


async def test_who_asks_when_while_a_track_is_made_is_told_that_it_is_on_its_way(
    world: World, ada: Person
) -> None:
    world.music.latency = 0.6
    await created(ada)
    await ada.send_text("when is it done?")
    await ada.wait_for(said("talk-waiting"))
    await ada.wait_for("audio")


@pytest.mark.parametrize("text", ["When is it done, my love", "How much for a heart"])
async def test_a_line_that_begins_like_a_question_is_sung(
    world: World, ada: Person, text: str
) -> None:
    await asked_purpose(ada)
    await chosen(ada)
    await ada.send_text(text)
    assert (await ada.wait_for(said("preview"))).text.endswith(text)
