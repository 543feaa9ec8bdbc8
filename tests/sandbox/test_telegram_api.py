"""A person and a bot talk over the simulated Telegram."""

import asyncio

import pytest
from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaAudio,
    ReplyKeyboardMarkup,
)
from telegram.error import Conflict, Forbidden

from bot.sandbox.telegram.api import Attachment, Keep
from tests.support.telegram_kit import MP3, OGG, bot_on, picture, stage

GO = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])


async def test_text_with_a_command_comes_as_telegram_sends_it() -> None:
    async with stage() as on:
        sent = await on.ada.send_text("/start from-a-link")
        message = (await on.update()).message
    assert message is not None
    assert message.text == "/start from-a-link"
    assert [(each.type, each.offset, each.length) for each in message.entities] == [
        ("bot_command", 0, 6)
    ]
    assert message.from_user.language_code == "en"
    assert (message.message_id, message.chat.type) == (sent.id, "private")


async def test_person_sees_markup_buttons_and_edits() -> None:
    async with stage() as on:
        await on.ada.send_text("hi")
        button = InlineKeyboardButton("Copy", copy_text=CopyTextButton("la la"))
        styled = InlineKeyboardButton("Go", callback_data="go", api_kwargs={"style": "danger"})
        markup = InlineKeyboardMarkup([[styled], [button]])
        sent = await on.bot.send_message(
            on.ada.id, "<b>A &amp; B</b>", parse_mode="HTML", reply_markup=markup
        )
        seen = await on.ada.wait_for("A & B")
        assert seen.html == "<b>A &amp; B</b>"
        assert [(each.text, each.row) for each in seen.buttons] == [("Go", 0), ("Copy", 1)]
        assert [(each.data, each.style) for each in seen.buttons] == [("go", "danger"), ("", "")]
        assert seen.buttons[1].copy_text == "la la"
        await sent.edit_text("done")
        edited = await on.ada.wait_for("done", after=seen)
        assert (edited.id, edited.edited, edited.buttons) == (seen.id, True, [])
        await sent.delete()
        assert [each.text for each in on.ada.messages] == ["hi"]


async def test_press_gets_the_answer_and_only_the_first() -> None:
    async with stage() as on:
        await on.bot.send_message(on.ada.id, "?", reply_markup=GO)
        press = asyncio.create_task(on.ada.press("Go"))
        query = (await on.update()).callback_query
        assert query is not None
        assert query.data == "go"
        await query.answer("gone", show_alert=True)
        answer = await press
        assert answer is not None
        assert (answer.text, answer.show_alert) == ("gone", True)
        with pytest.raises(Exception, match="Query is too old"):
            await query.answer()
        assert await on.ada.press("go", wait=0) is None
        with pytest.raises(LookupError, match="no button 'Stop'"):
            await on.ada.press("Stop")


async def test_forged_press_on_a_deleted_message_is_inaccessible() -> None:
    async with stage() as on:
        sent = await on.bot.send_message(on.ada.id, "?", reply_markup=GO)
        await sent.delete()
        await on.ada.press_forged(sent.message_id, "x", wait=0)
        query = (await on.update()).callback_query
    assert query is not None
    assert query.message is not None
    assert not query.message.is_accessible


async def test_every_kind_of_file_can_be_fetched() -> None:
    async with stage() as on:
        await on.ada.send_voice(OGG, duration=7)
        await on.ada.send_audio(MP3, title="Song", performer="Me", caption="listen")
        await on.ada.send_document(b"words", "lyrics.txt", "text/plain")
        await on.ada.send_video(b"v")
        await on.ada.send_video_note(b"n")
        await on.ada.send_photo(picture())
        await on.ada.send_sticker()
        found = [update.effective_message for update in await on.updates()]
        fetched = []
        for message in found:
            what = message.effective_attachment
            file = await (what[-1] if isinstance(what, tuple) else what).get_file()
            fetched.append(bytes(await file.download_as_bytearray()))
    assert fetched[:5] == [OGG, MP3, b"words", b"v", b"n"]
    assert fetched[5].startswith(b"\xff\xd8")
    assert found[0].voice.to_dict()["duration"] == 7
    assert (found[1].audio.title, found[1].caption) == ("Song", "listen")
    assert found[2].document.file_name == "lyrics.txt"


async def test_album_shares_one_group_id() -> None:
    async with stage() as on:
        song = Attachment("audio", MP3, {"duration": 30})
        await on.ada.send_album([song, song])
        first, second = await on.updates()
    assert first.message is not None
    assert second.message is not None
    assert first.message.media_group_id == second.message.media_group_id is not None


async def test_a_track_arrives_with_cover_and_caption() -> None:
    async with stage() as on:
        await on.bot.send_audio(
            on.ada.id,
            MP3,
            title="Der Mond",
            performer="Refrain",
            duration=61,
            thumbnail=picture(),
            caption="<i>yours</i>",
            parse_mode="HTML",
            filename="Мост [1].mp3",
            reply_markup=GO,
        )
        seen = await on.ada.wait_for("audio")
        file = seen.attached
        assert (file.content, file.thumbnail) == (MP3, picture())
        assert (file.title, file.performer, file.duration) == ("Der Mond", "Refrain", 61)
        assert file.file_name == "Мост [1].mp3"
        assert (seen.html, seen.button_texts) == ("<i>yours</i>", ["Go"])
        await on.bot.send_audio(on.ada.id, file.file_id)
        again = await on.ada.wait_for("audio", after=seen)
    assert again.attached.content == MP3
    assert on.api.complaints == []


async def test_media_is_edited_and_caption_changed() -> None:
    async with stage() as on:
        sent = await on.bot.send_audio(on.ada.id, MP3, caption="one")
        await sent.edit_caption("two")
        assert on.ada.last.text == "two"
        await sent.edit_media(InputMediaAudio(MP3 + b"more", title="B"))
        assert (on.ada.last.attached.content, on.ada.last.text) == (MP3 + b"more", "")
        await sent.edit_reply_markup(GO)
    assert on.ada.last.button_texts == ["Go"]


async def test_person_edits_reacts_and_blocks() -> None:
    async with stage() as on:
        sent = await on.ada.send_text("la")
        await on.ada.edit_text(sent.id, "la la")
        voice = await on.ada.send_voice(OGG, caption="a")
        await on.ada.edit_caption(voice.id, "b")
        await on.ada.react(sent.id)
        await on.ada.block()
        kinds = [
            (each.edited_message and each.edited_message.text, each.my_chat_member is not None)
            for each in await on.updates()
        ]
        assert kinds == [
            (None, False), ("la la", False), (None, False), (None, False), (None, True),
        ]  # fmt: skip
        with pytest.raises(Forbidden, match="Forbidden: bot was blocked by the user"):
            await on.bot.send_message(on.ada.id, "still there?")
        await on.ada.unblock()
        await on.bot.send_message(on.ada.id, "welcome back")
        assert on.ada.last.text == "welcome back"


async def test_reactions_come_only_when_asked_for() -> None:
    async with stage() as on:
        await on.updates(allowed_updates=["message_reaction"])
        sent = await on.bot.send_message(on.ada.id, "like?")
        await on.ada.send_text("not asked for")
        await on.ada.react(sent.message_id, "🔥")
        reaction = (await on.update()).message_reaction
        assert reaction is not None
        assert reaction.new_reaction[0].emoji == "🔥"
        await on.bot.set_message_reaction(on.ada.id, sent.message_id, "👌")
    assert on.ada.last.reactions == ["🔥", "👌"]


async def test_reply_keyboard_actions_and_replies_are_seen() -> None:
    async with stage() as on:
        asked = await on.ada.send_text("?")
        await on.bot.send_chat_action(on.ada.id, "upload_voice")
        await on.bot.send_message(
            on.ada.id,
            "choose",
            reply_markup=ReplyKeyboardMarkup([["A", "B"]]),
            reply_to_message_id=asked.id,
        )
        seen = await on.ada.wait_for("choose")
        assert on.ada.actions == ["upload_voice"]
        assert seen.reply_to == asked.id
        assert seen.keyboard is not None
        await on.ada.send_text("A", reply_to=seen.id)
        message = (await on.updates())[-1].message
    assert message is not None
    assert message.reply_to_message is not None
    assert message.reply_to_message.text == "choose"


async def test_in_a_group_the_bot_hears_what_is_meant_for_it() -> None:
    async with stage() as on:
        bob = on.api.person(first_name="Bob")
        group = on.api.group("Band", [on.ada, bob])
        await on.ada.send_text("just talking", chat=group)
        await bob.send_text("/help", chat=group)
        joined, command = await on.updates()
        assert joined.my_chat_member is not None
        assert command.message is not None
        assert (command.message.chat.type, command.message.text) == ("supergroup", "/help")
        await command.message.reply_text("over there")
        assert (await on.ada.wait_for("over there", chat=group)).from_bot
        await on.bot.leave_chat(group.id)
        with pytest.raises(Forbidden):
            await on.bot.send_message(group.id, "hello?")


async def test_updates_stay_until_confirmed_and_come_again_on_order() -> None:
    async with stage() as on:
        first = await on.ada.send_text("1")
        await on.ada.send_text("2")
        assert [len(await on.bot.get_updates()) for _ in range(2)] == [2, 2]
        assert len(await on.bot.get_updates(limit=1)) == 1
        assert first.update_id is not None
        await on.updates()
        assert await on.updates() == ()
        on.api.redeliver(first.update_id)
        (again,) = await on.updates()
    assert (again.update_id, again.message and again.message.text) == (first.update_id, "1")


async def test_long_poll_waits_and_yields_to_another() -> None:
    async with stage() as on:
        waiting = asyncio.create_task(on.updates(wait=20))
        await on.is_polled()
        await on.ada.send_text("woken")
        assert len(await waiting) == 1
        async with bot_on(on.api) as other:
            first = asyncio.create_task(on.updates(wait=20))
            await on.is_polled()
            second = asyncio.create_task(other.get_updates(offset=on.offset, timeout=20))
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await first
            await on.ada.send_text("to the other")
            assert len(await second) == 1


async def test_memory_is_bounded_where_wanted() -> None:
    keep = Keep(messages=3, calls=2, events=4, updates=1, file_bytes=500)
    async with stage(keep=keep) as on:
        first = await on.ada.send_voice(OGG * 2)
        for number in range(5):
            await on.ada.send_voice(OGG, caption=str(number))
            await on.bot.get_me()
        assert [each.text for each in on.ada.messages] == ["2", "3", "4"]
        assert [len(on.api.calls), len(on.api.events.since(0))] == [2, 4]
        assert on.api.counts["getMe"] == 6
        with pytest.raises(LookupError):
            on.api.redeliver(first.update_id or 0)
    assert on.api.state.files.content_of(first.attached.file_id) is None


async def test_waiting_ends_with_the_whole_chat_in_the_error() -> None:
    async with stage() as on:
        await on.bot.send_message(on.ada.id, "before", reply_markup=GO)
        await on.ada.send_text("hello")
        with pytest.raises(
            TimeoutError, match=r"(?s)'audio'.*bot: before\n    \[ Go \]\nAda: hello"
        ):
            await on.ada.wait_for("audio", timeout=0.05)
        assert (await on.ada.wait_for("before", after=0)).button("Go") is not None


async def test_a_long_text_goes_out_in_pieces() -> None:
    async with stage() as on:
        await on.ada.send_text("a" * 4096 + "b")
        texts = [update.message and update.message.text for update in await on.updates()]
    assert texts == ["a" * 4096, "b"]
