"""Words as people write them: split, in verses, edited, in files, and not for singing at all."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.telegram.api import Person, SeenMessage
from tests.support.bot_kit import (
    LYRICS,
    World,
    asked_purpose,
    chosen,
    count,
    delivered,
    newest,
    press,
    previewed,
    said,
    says,
    song,
    toasted,
    until,
    write,
)

ONE = "Verse one is here\nla la"
TWO = "Verse two is here\nla la la"
THREE = "And the last verse\nla"
LINE = "we sing along the river tonight\n"


def newer(than: SeenMessage, key: str) -> Callable[[SeenMessage], bool]:
    """Recognise a text in a message that came after another one."""
    return lambda m: m.id > than.id and said(key)(m)


async def asked_words(ada: Person, purpose: str = "song") -> SeenMessage:
    """Go as far as the question for the lyrics."""
    await asked_purpose(ada)
    return await chosen(ada, purpose)


def bots(person: Person) -> list[tuple[int, str, list[str]]]:
    """Everything the bot has in the chat now."""
    return [(m.id, m.text, m.button_texts) for m in person.messages if m.from_bot]


def draft(world: World) -> tuple[Any, ...]:
    """The draft with everything that buttons and tracks depend on."""
    (row,) = world.rows("SELECT step, revision, lyrics, panel_id, words FROM drafts")
    return tuple(row)


async def again(world: World, update_id: int | None = None) -> None:
    """Have the bot handle an update once more, as after a kill; the newest by default."""
    await world.quiet()
    number = update_id or world.telegram.state.updates.last_id
    await write(world.data, "DELETE FROM inbox WHERE update_id = ?", number)
    world.telegram.redeliver(number)
    query = "SELECT 1 FROM inbox WHERE update_id = ? AND done_at IS NOT NULL"
    await until(lambda: world.rows(query, number))


async def nothing_changes(
    world: World, person: Person, update_id: int | None = None, *, create: bool = False
) -> None:
    """Handle the newest update again: the chat and the draft stay, and so does Create."""
    await world.quiet()
    before, row = bots(person), draft(world)
    await again(world, update_id)
    assert bots(person) == before
    assert draft(world) == row
    if create:
        await press(person, "c:")
        await person.wait_for("audio")


# A paste that the app has split


async def test_a_paste_in_two_messages_is_one_text(world: World, ada: Person) -> None:
    await asked_words(ada)
    before = len(bots(ada))
    paste = LINE * 128 + "and this is only the tail\nof a long text" + "!" * 300
    await ada.send_text(paste)
    over = len(paste.strip()) - 596
    told = await ada.wait_for(lambda m: f"{over:,}" in m.text)
    assert said("lyrics-long")(told)
    await world.quiet()
    assert len(bots(ada)) == before + 1
    await ada.send_text(LYRICS)
    assert LYRICS in (await ada.wait_for(said("preview"))).text


async def test_a_paste_cut_inside_a_word_is_whole_again(world: World, ada: Person) -> None:
    await asked_words(ada)
    await ada.send_text("x" * 9000)
    await ada.wait_for(lambda m: f"{9000 - 596:,}" in m.text)
    assert count(ada, "lyrics-long") == 1


async def test_the_pieces_of_a_paste_can_be_edited_into_shape(world: World, ada: Person) -> None:
    await asked_words(ada)
    tail = await ada.send_text(LINE * 130)
    await ada.wait_for(said("lyrics-long"))
    head = next(m for m in ada.messages if m.text.startswith("we sing") and m.id < tail.id)
    await ada.edit_text(head.id, "Short now")
    preview = await ada.wait_for(said("preview"))
    assert "Short now" in preview.text
    assert tail.text.split("\n")[-1] in preview.text


async def test_the_rest_of_a_paste_is_never_small_talk(world: World, ada: Person) -> None:
    await ada.send_text("x" * 4096 + "\nok")
    await ada.wait_for(lambda m: f"{4098 - 596:,}" in m.text)
    await world.quiet()
    assert len(bots(ada)) == 1


async def test_a_paste_by_itself_is_answered_once(world: World, ada: Person) -> None:
    await ada.send_text(LINE * 150)
    await ada.wait_for(lambda m: f"{len(LINE) * 150 - 1 - 596:,}" in m.text)
    await world.quiet()
    assert len(bots(ada)) == 1
    await asked_words(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


# Verses in messages of their own


async def test_verses_sent_apart_are_added(world: World, ada: Person) -> None:
    await previewed(ada, lyrics=ONE)
    await ada.send_text(TWO)
    asked = await ada.wait_for(said("words-add-question"))
    assert asked.button_texts == ["Add", "Replace", "Leave it out"]
    assert ONE in asked.text
    assert TWO in asked.text
    await ada.send_text(THREE)
    await ada.wait_for(lambda m: said("words-add-question")(m) and THREE in m.text)
    await press(ada, "a:")
    preview = await ada.wait_for(said("preview"))
    assert preview.button_texts[0] == "Create"
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == f"##{ONE}\n\n{TWO}\n\n{THREE}##"


@pytest.mark.parametrize(("button", "left"), [("i:", TWO), ("n:", ONE)])
async def test_later_words_replace_or_are_left_out(
    world: World, ada: Person, button: str, left: str
) -> None:
    await previewed(ada, lyrics=ONE)
    await ada.send_text(TWO)
    asked = await ada.wait_for(said("words-add-question"))
    await press(ada, button)
    preview = await ada.wait_for(said("preview"))
    assert preview.id == asked.id
    assert left in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == f"##{left}##"


async def test_verses_that_do_not_fit_together_can_only_replace(world: World, ada: Person) -> None:
    await previewed(ada, lyrics="x" * 400)
    await ada.send_text("y" * 400)
    asked = await ada.wait_for(said("words-add-question"))
    assert asked.button_texts == ["Replace", "Leave it out"]
    assert "206 characters too long" in asked.text


async def test_later_words_that_are_too_long_leave_the_first(world: World, ada: Person) -> None:
    await previewed(ada, lyrics=ONE)
    await ada.send_text("y" * 700)
    told = await ada.wait_for(said("lyrics-long"))
    assert told.button_texts == ["Keep the words I have"]
    await press(ada, "n:")
    preview = await ada.wait_for(said("preview"))
    assert ONE in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")


async def test_the_same_words_again_are_the_same_words(world: World, ada: Person) -> None:
    await previewed(ada)
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    assert LYRICS in preview.text
    assert count(ada, "words-add-question") == 0


async def test_an_edit_of_one_verse_keeps_the_other(world: World, ada: Person) -> None:
    await asked_words(ada)
    first = await ada.send_text(ONE)
    await ada.wait_for(said("preview"))
    second = await ada.send_text(TWO)
    await ada.wait_for(said("words-add-question"))
    await ada.edit_text(second.id, "Verse two is better")
    await ada.wait_for(lambda m: said("words-add-question")(m) and "better" in m.text)
    await press(ada, "a:")
    await ada.wait_for(said("preview"))
    await ada.edit_text(first.id, "First")
    preview = await ada.wait_for(lambda m: said("preview")(m) and "First" in m.text)
    assert "Verse two is better" in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == "##First\n\nVerse two is better##"


async def test_small_talk_that_is_edited_into_words_is_sung(world: World, ada: Person) -> None:
    await asked_words(ada)
    sent = await ada.send_text("hi")
    await world.quiet()
    await ada.edit_text(sent.id, ONE)
    preview = await ada.wait_for(lambda m: said("preview")(m) and ONE in m.text)
    await ada.edit_text(sent.id, TWO)
    await ada.wait_for(lambda m: m.id == preview.id and TWO in m.text)


async def test_verses_between_recording_and_purpose_are_not_lost(
    world: World, ada: Person
) -> None:
    await asked_purpose(ada)
    for words in (ONE, TWO):
        sent = await ada.send_text(words)
        await ada.wait_for(newer(sent, "purpose-question"))
    asked = await chosen(ada)
    assert says("words-add-question")(asked), asked.text
    await press(ada, "a:")
    preview = await ada.wait_for(said("preview"))
    assert ONE in preview.text
    assert TWO in preview.text


# Edits after Create


async def test_an_edit_after_create_is_said_once_and_can_be_sung(
    world: World, ada: Person
) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await world.reaches("delivered")
    edit = await ada.edit_text(words.id, "Better words\nfor this song")
    told = await ada.wait_for(said("lyrics-edited-late"))
    assert told.button_texts == ["Use the edited words"]
    await again(world, edit.update_id)
    await ada.edit_text(words.id, "The best words\nfor this song")
    await world.quiet()
    assert count(ada, "lyrics-edited-late") == 1
    await press(ada, "e:")
    preview = await ada.wait_for(said("preview"))
    assert "The best words" in preview.text
    await nothing_changes(world, ada)
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[1].lyrics == "##The best words\nfor this song##"
    assert len(world.music.uploads) == 1
    await world.reaches("delivered", 2)
    await ada.edit_text(words.id, "Never enough\nof this song")
    await ada.wait_for(said("lyrics-edited-late"))


async def forgotten(world: World) -> None:
    """Let more than an hour pass, so that a closed draft keeps no words."""
    await world.quiet()
    await write(world.data, "UPDATE drafts SET changed_at = changed_at - 3700")
    await world.restart()
    await until(lambda: world.rows("SELECT 1 FROM drafts WHERE words IS NULL"))


async def sung(world: World, ada: Person, *verses: str) -> list[SeenMessage]:
    """Have a track made of these verses, a message each."""
    await asked_words(ada)
    sent = [await ada.send_text(verses[0])]
    await ada.wait_for(said("preview"))
    for verse in verses[1:]:
        sent.append(await ada.send_text(verse))
        await ada.wait_for(said("words-add-question"))
        await press(ada, "a:")
        await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    number = len(world.rows("SELECT 1 FROM tracks"))
    await world.reaches("delivered", number)
    return sent


async def test_an_edit_long_after_create_is_said_and_can_be_sung(
    world: World, ada: Person
) -> None:
    (words,) = await sung(world, ada, LYRICS)
    await forgotten(world)
    await ada.edit_text(words.id, f"{LYRICS} ")
    await world.quiet()
    assert count(ada, "lyrics-edited-late") == 0
    await ada.edit_text(words.id, ONE)
    late = await ada.wait_for(said("lyrics-edited-late"))
    assert late.button_texts == ["Use the edited words"]
    await ada.edit_text(words.id, TWO)
    await world.quiet()
    assert count(ada, "lyrics-edited-late") == 1
    await write(world.data, "UPDATE drafts SET changed_at = changed_at - 3000")
    await world.restart()
    await press(ada, "e:")
    assert TWO in (await ada.wait_for(said("preview"))).text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[1].lyrics == f"##{TWO}##"


async def test_an_edit_of_one_verse_of_many_long_after_create(world: World, ada: Person) -> None:
    sent = await sung(world, ada, ONE, TWO)
    await forgotten(world)
    for message in sent:
        await ada.edit_text(message.id, THREE)
    await until(lambda: count(ada, "lyrics-edited-long-after") == 2)
    late = ada.messages[-1]
    assert "“Verse one is here”" in late.text
    assert late.button_texts == ["New lyrics"]
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))


async def test_an_edit_of_an_earlier_tracks_words_leaves_the_draft_alone(
    world: World, ada: Person
) -> None:
    (first,) = await sung(world, ada, ONE)
    await sung(world, ada, TWO)
    await previewed(ada, lyrics=LYRICS, content=song(13))
    await world.quiet()
    before = draft(world)
    await ada.edit_text(first.id, THREE)
    late = await ada.wait_for(said("lyrics-edited-long-after"))
    assert "“Verse one is here”" in late.text
    assert [b.data for b in late.buttons] == ["w:1"]
    assert draft(world) == before
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[-1].lyrics == f"##{LYRICS}##"


async def test_an_edit_of_words_that_another_take_was_made_of(world: World, ada: Person) -> None:
    (words,) = await sung(world, ada, LYRICS)
    await press(ada, "t:")
    await world.reaches("delivered", 2)
    await forgotten(world)
    await ada.edit_text(words.id, ONE)
    await ada.wait_for(said("lyrics-edited-late"))
    await press(ada, "e:")
    assert ONE in (await ada.wait_for(said("preview"))).text


@pytest.mark.parametrize("after", ["soon", "long after"])
async def test_an_edit_of_dropped_words_is_answered(world: World, ada: Person, after: str) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))
    if after == "long after":
        await forgotten(world)
    await ada.edit_text(words.id, ONE)
    await ada.wait_for(said("edit-unknown"))
    assert world.rows("SELECT 1 FROM tracks") == []


async def test_an_edit_of_what_nobody_knows_is_answered_and_thanks_are_not(
    world: World, ada: Person
) -> None:
    sent = await ada.send_text("/start")
    await ada.wait_for(said("start"))
    thanks = await ada.send_text("thanks")
    await world.quiet()
    before = len(bots(ada))
    await ada.edit_text(thanks.id, "thanks!")
    await ada.edit_text(sent.id, ONE)
    await ada.wait_for(said("edit-unknown"))
    assert len(bots(ada)) == before + 1


async def test_words_that_wait_for_another_recording_follow_their_edit(
    world: World, ada: Person
) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    world.music.fail("2037")
    await press(ada, "c:")
    await ada.wait_for(said("failed-voice-length"), after=0)
    await press(ada, "o:")
    await ada.wait_for(said("send-recording"))
    await ada.edit_text(words.id, ONE)
    await world.quiet()
    assert count(ada, "lyrics-edited-long-after") == 0
    await asked_purpose(ada, song(13))
    assert ONE in (await chosen(ada)).text


async def test_an_edit_that_changes_no_word_is_not_spoken_of(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await ada.edit_text(words.id, f"{LYRICS} ")
    await world.quiet()
    assert count(ada, "lyrics-edited-late") == 0


# Files


def packed() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>La la la</w:t>")
    return file.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RTF = b"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Helvetica;}}\\f0\\fs24 La la la la\\par la la la}"
HTML = b"<html><body><p>La la la la</p><p>la la la</p></body></html>"
NO_WORDS: dict[str, tuple[str, str, bytes]] = {
    "docx": ("song.docx", DOCX, packed()),
    "docx-untyped": ("Song.DOCX ", "application/octet-stream", packed()),
    "doc": ("song.doc", "application/msword", b"\xd0\xcf\x11\xe0" * 20),
    "odt": ("song.odt", "application/vnd.oasis.opendocument.text", packed()),
    "pdf": ("song.pdf", "application/pdf", b"%PDF-1.4\n%fake\n"),
    "pdf-unnamed": ("song", "application/pdf", b"%PDF-1.4\n%fake\n"),
    "big-pdf": ("song.pdf", "application/pdf", b"%PDF-1.4\n" + bytes(40_000)),
    "rtf": ("song.rtf", "application/rtf", RTF),
    "rtf-text": ("song.rtf", "text/rtf", RTF),
    "rtf-called-txt": ("song.txt", "text/plain", RTF),
    "docx-called-txt": ("song.txt", "text/plain", packed()),
    "html": ("song.html", "text/html", HTML),
    "html-called-txt": ("song.txt", "text/plain", HTML),
    "tex": ("song.tex", "text/x-tex", b"\\documentclass{article}"),
    "epub": ("song.epub", "application/epub+zip", packed()),
}


@pytest.mark.parametrize("name", NO_WORDS)
async def test_a_file_that_is_no_text_is_refused_in_one_sentence(
    world: World, ada: Person, name: str
) -> None:
    await asked_words(ada)
    file_name, kind, content = NO_WORDS[name]
    sent = await ada.send_document(content, file_name, kind)
    told = await ada.wait_for(said("lyrics-wrong-kind"))
    await nothing_changes(world, ada, sent.update_id)
    assert bots(ada)[-1][0] == told.id
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


TIMED = b"[ti:Song]\n[ar: Ada]\n[00:01.00]La la la la\n[00:05.20]<00:05.30>la <00:06.00>la la\n"
CUES = b"1\r\n00:00:01,000 --> 00:00:04,000\r\nLa <i>la</i> la la\r\n\r\n2\r\n00:00:05,000 --> 00:00:09,000\r\nla la la\r\n"  # noqa: E501 - as such a file is
VTT = (
    b"WEBVTT\n\nNOTE of Ada\n\n00:01.000 --> 00:04.000 align:start\n<v Ada>La la la la\nla la la\n"
)
MARKED = b"# La la *la* la\n\n---\n- **la** [la](https://example.org) la\n"
READ: dict[str, tuple[str, str | None, bytes, str]] = {
    "lrc": ("song.lrc", "application/octet-stream", TIMED, "La la la la\nla la la"),
    "lrc-text": ("song.lrc", "text/plain", TIMED, "La la la la\nla la la"),
    "lrc-called-txt": ("song.txt", "text/plain", TIMED, "La la la la\nla la la"),
    "srt": ("song.srt", "application/x-subrip", CUES, "La la la la\nla la la"),
    "srt-text": ("song.srt", "text/plain", CUES, "La la la la\nla la la"),
    "vtt": ("song.vtt", "text/vtt", VTT, "La la la la\nla la la"),
    "md": ("song.md", "application/octet-stream", MARKED, "La la la la\n\nla la la"),
    "md-text": ("song.md", "text/markdown", MARKED, "La la la la\n\nla la la"),
    "txt": ("song.txt", "application/octet-stream", b"La la *la*\nla", "La la *la*\nla"),
    "TXT": ("SONG.TXT", None, b"La la la la\nla", "La la la la\nla"),
    "mac": ("song.txt", "text/plain", b"Sing with me\rall night", "Sing with me\nall night"),
}


@pytest.mark.parametrize("name", READ)
async def test_a_file_of_text_is_read_without_what_is_not_sung(
    world: World, ada: Person, name: str
) -> None:
    await asked_words(ada)
    file_name, kind, content, words = READ[name]
    typed: dict[str, Any] = {"mime_type": kind} if kind else {}
    sent = await ada.send_file("document", content, file_name=file_name, **typed)
    preview = await ada.wait_for(said("preview"))
    assert preview.text.endswith(words)
    await nothing_changes(world, ada, sent.update_id, create=name == "lrc")


RUSSIAN = "Пой со мной всю ночь\nдо самого утра"
ENCODED = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]


@pytest.mark.parametrize("encoding", ENCODED)
async def test_a_file_in_any_unicode_is_read(world: World, ada: Person, encoding: str) -> None:
    await asked_words(ada)
    await ada.send_document(RUSSIAN.encode(encoding), "words.txt", "text/plain")
    assert (await ada.wait_for(said("preview"))).text.endswith(RUSSIAN)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", RUSSIAN),
        ("koi8-r", RUSSIAN),
        ("cp1252", "Chérie, chante à l’aube"),
        ("gbk", "月亮代表我的心\n你问我爱你有多深"),
        ("shift-jis", "夜に駆ける\n沈むように"),
        ("iso2022-jp", "夜に駆ける\n沈むように"),
        ("euc-kr", "사랑해요\n그대를"),
        ("cp1256", "أغنية الليل"),
    ],
)
async def test_what_cannot_be_told_is_not_offered_to_be_sung(
    world: World, ada: Person, encoding: str, text: str
) -> None:
    await asked_words(ada)
    await ada.send_document(text.encode(encoding), "words.txt", "text/plain")
    await ada.wait_for(said("lyrics-file-unreadable"))
    await world.quiet()
    assert count(ada, "preview") == 0


async def test_a_file_of_words_may_come_first(world: World, ada: Person) -> None:
    await ada.send_document(b"La la", "words.txt", "text/plain")
    await ada.wait_for(said("send-recording"))


# What begins with a slash


@pytest.mark.parametrize("text", ["/ la la la", "/verse\nla la", "/lyrics la la la"])
async def test_words_may_begin_with_a_slash(world: World, ada: Person, text: str) -> None:
    await asked_words(ada)
    sent = await ada.send_text(text)
    preview = await ada.wait_for(said("preview"))
    assert preview.text.endswith(text)
    await nothing_changes(world, ada, sent.update_id, create=True)


@pytest.mark.parametrize("step", ["nothing", "purpose", "lyrics", "preview", "partner", "track"])
async def test_an_unknown_command_is_answered_at_every_step(
    world: World, ada: Person, step: str
) -> None:
    if step == "track":
        await delivered(ada)
    elif step in {"preview", "partner"}:
        await previewed(ada, "voice")
    elif step == "lyrics":
        await asked_words(ada)
    elif step == "purpose":
        await asked_purpose(ada)
    if step == "partner":
        await press(ada, "m:")
    sent = await ada.send_text("/songs")
    await ada.wait_for(said("unknown-command"))
    await nothing_changes(world, ada, sent.update_id, create=step == "preview")


# Small talk


@pytest.mark.parametrize("text", ["thanks!", "Thank you so much 🙏", "Спасибо!", "謝謝", "شكراً"])
async def test_thanks_are_answered_with_what_to_do_next(
    world: World, ada: Person, text: str
) -> None:
    await delivered(ada)
    await world.reaches("delivered")
    sent = await ada.send_text(text)
    told = await ada.wait_for(said("talk-thanks"))
    assert told.button_texts == ["Another take", "New lyrics"]
    await nothing_changes(world, ada, sent.update_id)
    await press(ada, "w:")
    await ada.wait_for(said("lyrics-question"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hi", "start"),
        ("Hello 👋", "start"),
        ("delete my data", "talk-data"),
        ("Delete all my data, please!", "talk-data"),
        ("how does it work?", "help"),
        ("ok", "send-recording-first"),
        ("👍", "send-recording-first"),
        ("?", "send-recording-first"),
        ("thanks", "send-recording-first"),
    ],
)
async def test_small_talk_is_not_lyrics(world: World, ada: Person, text: str, key: str) -> None:
    sent = await ada.send_text(text)
    await ada.wait_for(said(key))
    await nothing_changes(world, ada, sent.update_id)
    assert said("lyrics-question")(await asked_words(ada))


@pytest.mark.parametrize("text", ["hi", "thanks!", "ok 👍", "👍", "delete my data"])
async def test_small_talk_does_not_disturb_a_draft(world: World, ada: Person, text: str) -> None:
    await previewed(ada)
    revision = draft(world)[1]
    sent = await ada.send_text(text)
    keys = {"ok 👍": "talk-preview", "👍": "talk-preview", "delete my data": "talk-data"}
    await ada.wait_for(said(keys.get(text, "preview")))
    assert draft(world)[1] == revision
    await nothing_changes(world, ada, sent.update_id, create=True)
    assert world.music.generated[0].lyrics == f"##{LYRICS}##"


@pytest.mark.parametrize("text", ["thanks", "ok", "Hello!", "help"])
async def test_small_talk_where_words_are_wanted_is_asked_about(
    world: World, ada: Person, text: str
) -> None:
    await asked_words(ada)
    await ada.send_text(text)
    asked = await ada.wait_for(said("words-use-question"))
    assert asked.button_texts == ["Use as lyrics", "No"]
    await ada.send_text(LYRICS)
    preview = await ada.wait_for(said("preview"))
    assert preview.text.endswith(LYRICS)


async def test_small_talk_may_be_sung_after_all(world: World, ada: Person) -> None:
    await asked_words(ada)
    await ada.send_text("Hello!")
    await ada.wait_for(said("words-use-question"))
    await press(ada, "i:")
    await ada.wait_for(said("preview"))
    await nothing_changes(world, ada, create=True)
    assert world.music.generated[0].lyrics == "##Hello!##"


async def test_no_leads_back_to_the_question(world: World, ada: Person) -> None:
    await asked_words(ada)
    await ada.send_text("ok")
    await ada.wait_for(said("words-use-question"))
    await press(ada, "n:")
    await ada.wait_for(said("lyrics-question"))
    await nothing_changes(world, ada)


async def test_a_line_by_itself_is_lyrics_only_when_confirmed(world: World, ada: Person) -> None:
    sent = await ada.send_text("Morning light upon the water")
    asked = await ada.wait_for(said("words-use-question"))
    assert asked.button_texts == ["Use as lyrics", "No"]
    await nothing_changes(world, ada, sent.update_id)
    await press(ada, "i:")
    await ada.wait_for(said("send-recording"))
    await nothing_changes(world, ada)
    await asked_purpose(ada)
    assert "Morning light" in (await chosen(ada)).text


async def test_a_line_by_itself_that_is_no_lyrics(world: World, ada: Person) -> None:
    await ada.send_text("Who made you, and why?")
    asked = await ada.wait_for(said("words-use-question"))
    await press(ada, "n:")
    told = await ada.wait_for(said("send-recording-first"))
    assert told.id == asked.id
    assert told.buttons == []
    await nothing_changes(world, ada)
    assert said("lyrics-question")(await asked_words(ada))


async def test_a_line_that_was_not_answered_is_offered_again(world: World, ada: Person) -> None:
    await ada.send_text("Morning light upon the water")
    await ada.wait_for(said("words-use-question"))
    asked = await asked_words(ada)
    assert said("words-use-question")(asked)
    await press(ada, "i:")
    assert "Morning light" in (await ada.wait_for(said("preview"))).text


async def test_words_after_a_track_that_may_be_none_leave_it_alone(
    world: World, ada: Person
) -> None:
    await delivered(ada)
    await ada.send_text("What a lovely voice")
    asked = await ada.wait_for(said("words-use-question"))
    await press(ada, "n:")
    await ada.wait_for(said("send-recording-first"))
    assert toasted(await ada.press_forged(asked.id, "i:1:99999"), "toast-stale")
    await world.quiet()
    assert len(world.rows("SELECT 1 FROM tracks")) == 1


# What is counted


async def test_people_see_what_they_typed_counted(world: World, ada: Person) -> None:
    question = await asked_words(ada)
    assert "596" in question.text
    await ada.send_text("la la la")
    assert "8 of 596" in (await ada.wait_for(said("preview"))).text


@pytest.mark.parametrize(("purpose", "most"), [("song", 596), ("voice", 600)])
async def test_the_limit_that_people_read_is_what_fits(
    world: World, ada: Person, purpose: str, most: int
) -> None:
    """Marks that the service wants around a song take four characters; a voice alone has none."""
    assert f"up to {most} fit" in (await asked_words(ada, purpose)).text
    await ada.send_text("x" * (most + 1))
    assert "one character too many" in (await ada.wait_for(said("lyrics-long"))).text
    await ada.send_text("x" * most)
    assert f"{most} of {most}" in (await ada.wait_for(said("preview"))).text


async def test_words_for_a_voice_that_are_too_long_for_a_song(world: World, ada: Person) -> None:
    await asked_words(ada, "voice")
    await ada.send_text("x" * 600)
    await ada.wait_for(said("preview"))
    await asked_purpose(ada, song(13))
    shown = await chosen(ada)
    assert "4 characters too many" in shown.text
    assert shown.buttons == []
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))


async def test_too_long_says_by_how_much_and_what_to_do(world: World, ada: Person) -> None:
    await asked_words(ada)
    await ada.send_text("y" * 700)
    told = await ada.wait_for(said("lyrics-long"))
    assert told.text == "That’s 104 characters too many. Edit your message, or send it again."
    await ada.send_text("y" * 597)
    assert "That’s one character too many." in (await ada.wait_for(said("lyrics-long"))).text


# Handled again


async def test_words_handled_again_change_nothing(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    data = newest(ada, "c:").buttons[0].data
    await nothing_changes(world, ada, words.update_id)
    assert newest(ada, "c:").buttons[0].data == data
    await press(ada, "c:")
    await ada.wait_for(said("status-delivered"), after=0)
    await nothing_changes(world, ada, words.update_id)


async def test_a_question_that_a_kill_prevented_is_asked(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await world.quiet()
    row = draft(world)
    await write(world.data, "UPDATE drafts SET panel_id = NULL")
    await again(world, words.update_id)
    assert count(ada, "preview") == 2
    assert draft(world)[:3] == row[:3]
    await press(ada, "c:")
    await ada.wait_for("audio")


@pytest.mark.parametrize("button", ["a:", "i:", "n:"])
async def test_an_answer_about_words_handled_again_changes_nothing(
    world: World, ada: Person, button: str
) -> None:
    await previewed(ada, lyrics=ONE)
    second = await ada.send_text(TWO)
    await ada.wait_for(said("words-add-question"))
    await nothing_changes(world, ada, second.update_id)
    await press(ada, button)
    await ada.wait_for(said("preview"))
    await nothing_changes(world, ada)
    await nothing_changes(world, ada, second.update_id, create=True)


async def test_an_edit_handled_again_changes_nothing(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await ada.edit_text(words.id, ONE)
    await ada.wait_for(lambda m: ONE in m.text)
    await nothing_changes(world, ada, create=True)
    assert world.music.generated[0].lyrics == f"##{ONE}##"


async def test_words_of_a_dropped_draft_handled_again_open_none(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await ada.send_text("/cancel")
    await ada.wait_for(said("cancel-draft"))
    await nothing_changes(world, ada, words.update_id)
    assert LYRICS.partition("\n")[0] not in str(draft(world)[4])


async def test_words_too_long_handled_again_change_nothing(world: World, ada: Person) -> None:
    await asked_words(ada)
    words = await ada.send_text("y" * 700)
    await ada.wait_for(said("lyrics-long"))
    await nothing_changes(world, ada, words.update_id)


async def test_joiners_arrive_at_the_service_and_in_the_track(world: World, ada: Person) -> None:
    words = "می\u200cخواهم با تو بخوانم\n👨\u200d👩\u200d👧 la"
    preview = await previewed(ada, lyrics=words)
    assert words in preview.text
    await press(ada, "c:")
    track = await ada.wait_for("audio")
    assert world.music.generated[0].lyrics == f"##{words}##"
    assert track.attached.title == words.split("\n", maxsplit=1)[0]
    assert track.attached.file_name == words.split("\n", maxsplit=1)[0] + ".mp3"


async def test_a_track_is_named_by_its_first_sung_line(world: World, ada: Person) -> None:
    track = await delivered(ada, lyrics="[Verse 1]\nनमस्ते दुनिया\n\n(Chorus)\nla la")
    assert track.attached.title == "नमस्ते दुनिया"
    assert track.attached.file_name == "नमस्ते दुनिया.mp3"


async def test_words_that_were_refused_may_be_mended_by_an_edit(world: World, ada: Person) -> None:
    await asked_words(ada)
    sent = await ada.send_text(ONE)
    await ada.wait_for(said("preview"))
    world.music.fail("1026")
    await press(ada, "c:")
    await ada.wait_for(said("failed-sensitive"), after=0)
    await world.quiet()
    await ada.edit_text(sent.id, TWO)
    preview = await ada.wait_for(said("preview"))
    assert TWO in preview.text
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert world.music.generated[-1].lyrics.strip("#") == TWO


async def test_a_late_edits_button_never_sings_another_tracks_words(
    world: World, ada: Person
) -> None:
    await asked_words(ada)
    sent = await ada.send_text(ONE)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await ada.edit_text(sent.id, TWO)
    late = await ada.wait_for(said("lyrics-edited-late"))
    await asked_words(ada)
    await ada.send_text(THREE)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    await world.quiet()
    await ada.press(late.buttons[0].data, message_id=late.id)
    await ada.wait_for(said("lyrics-question"))
    assert THREE not in ada.messages[-1].text
