"""The simulated Telegram refuses what Telegram refuses, in the same words."""

from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from telegram import (
    BotCommand,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError

from bot.sandbox.telegram.entities import as_html, formatted
from bot.sandbox.telegram.errors import ApiError
from tests.support.telegram_kit import MP3, OGG, Stage, bot_on, picture, stage


def keyboard(**button: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("x", **button)]])


REFUSED: dict[str, dict[str, Any]] = {
    "message is too long": {"text": "a" * 4097},
    "Message text is empty": {"text": " <b> </b> ", "parse_mode": "HTML"},
    "Button_data_invalid": {"text": "x", "reply_markup": keyboard(callback_data="ы" * 33)},
    "Button_copy_text_invalid": {
        "text": "x",
        "reply_markup": keyboard(copy_text=CopyTextButton("a" * 257)),
    },
    "invalid button style": {
        "text": "x",
        "reply_markup": keyboard(callback_data="x", api_kwargs={"style": "pink"}),
    },
    "text buttons are unallowed": {"text": "x", "reply_markup": keyboard()},
    "Message to be replied not found": {"text": "x", "reply_to_message_id": 404},
    "Unsupported parse_mode": {"text": "x", "parse_mode": "MarkdownV2"},
}


@pytest.mark.parametrize("said", REFUSED)
async def test_messages_that_are_refused(said: Any) -> None:
    async with stage() as on:
        with pytest.raises(BadRequest, match=f"(?i){said}"):
            await on.bot.send_message(on.ada.id, **REFUSED[said])
        assert on.ada.messages == []
        assert on.api.calls[-1].status == 400


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a <foo>", 'Unsupported start tag "foo" at byte offset 2'),
        ("жы <b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("жы <b>x</i>", 'Unmatched end tag at byte offset 9, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("2 < 3", "Unclosed start tag at byte offset 2"),
        ("<3", "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ],
)
def test_html_that_does_not_parse(source: Any, said: Any) -> None:
    with pytest.raises(ApiError) as refused:
        formatted(source, "HTML", None)
    assert refused.value.description == f"Bad Request: can't parse entities: {said}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("🎵<b>ж</b>", "🎵ж", [("bold", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("  <u> x </u> ", "x", [("underline", 0, 1)]),
        ("&lt;b&gt; &amp;&#39; &nbsp;", "<b> &' &nbsp;", []),
        ("<tg-spoiler>s</tg-spoiler><s></s>", "s", [("spoiler", 0, 1)]),
        ("<code>/no</code> /yes", "/no /yes", [("code", 0, 3), ("bot_command", 4, 4)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
    ],
)
def test_html_becomes_entities(source: Any, text: Any, entities: Any) -> None:
    plain, found = formatted(source, "html", None)
    assert plain == text
    assert [(each["type"], each["offset"], each["length"]) for each in found] == entities


def test_entities_become_html_again() -> None:
    source = '<b>🎵 a<i>b</i></b> <a href="https://x.org/?a=1&amp;b">l</a> &lt;'
    assert as_html(*formatted(source, "HTML", None)) == source


async def test_a_caption_has_its_own_limit() -> None:
    async with stage() as on:
        with pytest.raises(BadRequest, match="Message caption is too long"):
            await on.bot.send_audio(on.ada.id, MP3, caption="a" * 1025)
        await on.bot.send_audio(on.ada.id, MP3, caption="a" * 1024)


async def test_files_over_the_limits() -> None:
    async with stage() as on:
        await on.ada.send_audio(None, file_size=25_000_000)
        huge = (await on.update()).message
        with pytest.raises(BadRequest, match="File is too big"):
            await huge.audio.get_file()
        with pytest.raises(BadRequest, match="Wrong file_id or the file is temporarily"):
            await on.bot.get_file("nothing")
        with pytest.raises(NetworkError, match="Request Entity Too Large"):
            await on.bot.send_document(on.ada.id, bytes(50 * 1024 * 1024 + 1))
        with pytest.raises(BadRequest, match="File must be non-empty"):
            await on.bot.send_document(on.ada.id, b"")


async def test_wrong_covers_and_wrong_audio_are_passed_over_with_a_complaint() -> None:
    async with stage() as on:
        for cover in (picture(321), picture(kind="PNG"), picture(64) + bytes(200_000)):
            await on.bot.send_audio(on.ada.id, MP3, thumbnail=cover)
            assert on.ada.last.attached.thumbnail is None
        await on.bot.send_audio(on.ada.id, OGG)
        assert on.ada.last.kind == "document"
        with pytest.raises(BadRequest, match="Failed to get http url content"):
            await on.bot.send_audio(on.ada.id, "https://x.org/a.mp3")
    assert [each.partition(":")[0] for each in on.api.complaints] == [
        *["thumbnail ignored"] * 3,
        "'application.octet-stream' is not what sendAudio is for",
        "audio by address",
    ]


async def test_edits_that_are_refused() -> None:
    async with stage() as on:
        sent = await on.bot.send_message(on.ada.id, "<b>x</b>", parse_mode="HTML")
        audio = await on.bot.send_audio(on.ada.id, MP3)
        theirs = await on.ada.send_text("mine")
        same = "specified new message content and reply markup are exactly the same"
        with pytest.raises(BadRequest, match=same):
            await sent.edit_text("<b>x</b>", parse_mode="HTML")
        with pytest.raises(BadRequest, match="There is no text in the message to edit"):
            await audio.edit_text("y")
        with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
            await sent.edit_caption("y")
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await on.bot.edit_message_text("y", on.ada.id, theirs.id)
        await sent.delete()
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await sent.edit_text("y")
        with pytest.raises(BadRequest, match="Message to delete not found"):
            await sent.delete()
        assert await on.bot.delete_messages(on.ada.id, [sent.message_id, theirs.id])
    assert [each.kind for each in on.ada.messages] == ["audio"]


async def test_reactions_commands_and_actions_that_are_refused() -> None:
    async with stage() as on:
        sent = await on.bot.send_message(on.ada.id, "x")
        with pytest.raises(BadRequest, match="Reaction_invalid"):
            await sent.set_reaction("🎧")
        with pytest.raises(BadRequest, match="Message to react not found"):
            await on.bot.set_message_reaction(on.ada.id, 404, "👍")
        with pytest.raises(BadRequest, match="Bot_command_invalid"):
            await on.bot.set_my_commands([BotCommand("Help", "x")])
        with pytest.raises(BadRequest, match="Wrong parameter action in request"):
            await on.bot.send_chat_action(on.ada.id, "sing")


async def test_chats_the_bot_does_not_know() -> None:
    async with stage() as on:
        stranger = on.api.person(id=77, started=False)
        for chat_id in (404, "@nobody", stranger.id):
            with pytest.raises(BadRequest, match="Chat not found"):
                await on.bot.send_message(chat_id, "x")
        await stranger.send_text("/start")
        await on.bot.send_message(stranger.id, "welcome")
        await stranger.block()
        with pytest.raises(Forbidden):
            await on.bot.send_chat_action(stranger.id, "typing")


async def test_tokens_and_methods_that_do_not_exist() -> None:
    async with stage() as on:
        async with aiohttp.ClientSession() as session:
            wrong = f"{on.api.url}/bot1:{'A' * 35}/getMe"
            async with session.get(wrong) as response:
                assert (response.status, (await response.json())["description"]) == (
                    401,
                    "Unauthorized",
                )
            async with session.get(f"{on.api.url}/botwrong/getMe") as response:
                assert response.status == 404
            async with session.get(f"{on.api.url}/bot{on.api.token}/getme") as response:
                assert (await response.json())["result"]["is_bot"] is True
        assert on.api.unknown_methods == []
        with pytest.raises(InvalidToken, match="Not Found: method not found"):
            await on.bot.send_dice(on.ada.id)
        assert on.api.unknown_methods == ["senddice"]


async def test_floods_are_refused_where_rates_are_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")

    async def flood(on: Stage) -> int:
        sent = 0
        with suppress(Exception):
            for _ in range(50):
                await on.bot.send_message(on.ada.id, "x")
                sent += 1
        return sent

    async with stage(strict_rates=True) as on:
        assert await flood(on) == 5
        assert on.api.calls[-1].description.startswith("Too Many Requests: retry after ")
        await on.bot.send_chat_action(on.ada.id, "typing")
    async with stage() as on:
        assert await flood(on) == 50


async def test_a_wrong_token_is_told_by_ptb() -> None:
    async with stage() as on:
        on.api.token = f"5:{'A' * 35}"
        with pytest.raises(InvalidToken):
            async with bot_on(on.api):
                raise AssertionError("it was let in")
