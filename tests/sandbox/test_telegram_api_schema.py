"""Everything the simulated Telegram says is as the Bot API reference publishes it."""

import asyncio
from typing import Any

import aiohttp
import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox.telegram.api import Attachment, TelegramApi
from bot.sandbox.telegram.server import METHODS
from tests.support.bot_api_schema import check_request, check_result, check_update
from tests.support.telegram_kit import MP3, OGG, picture, stage

KEYBOARD = {
    "inline_keyboard": [
        [{"text": "Go", "callback_data": "go", "style": "primary"}],
        [{"text": "Copy", "copy_text": {"text": "la"}}, {"text": "Web", "url": "https://x.org"}],
    ]
}


class Wire:
    """Calls methods with plain JSON, and holds calls and results against the reference."""

    def __init__(self, api: TelegramApi, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.session = session
        self.called: set[str] = set()

    async def call(self, method: str, **params: Any) -> Any:
        url = f"{self.api.url}/bot{self.api.token}/{method}"
        async with self.session.post(url, json=params) as response:
            answer = await response.json()
        assert answer["ok"], answer
        assert check_request(method, params) == []
        assert check_result(method, answer["result"]) == []
        self.called.add(method)
        return answer["result"]

    async def send_file(self, method: str, part: str, content: bytes, **params: Any) -> Any:
        form = aiohttp.FormData({name: str(value) for name, value in params.items()})
        form.add_field(part, content, filename="it.mp3", content_type="audio/mpeg")
        if part in {"audio", "document"}:
            form.add_field("cover", picture(), filename="c.jpg", content_type="image/jpeg")
            form.add_field("thumbnail", "attach://cover")
        url = f"{self.api.url}/bot{self.api.token}/{method}"
        async with self.session.post(url, data=form) as response:
            answer = await response.json()
        assert answer["ok"], answer
        assert check_request(method, self.api.calls[-1].params) == []
        assert check_result(method, answer["result"]) == []
        self.called.add(method)
        return answer["result"]


async def test_every_answer_conforms() -> None:
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        ada, wire = api.person(username="ada", last_name="L"), Wire(api, session)
        group = api.group("Band", [ada])
        asked = await ada.send_text("/start and https://x.org @somebody")
        await wire.call("getMe")
        await wire.call("getUpdates", allowed_updates=["message", "callback_query"])
        sent = await wire.call(
            "sendMessage",
            chat_id=ada.id,
            text="<b>x <i>y</i></b> /help <pre><code class='language-py'>z</code></pre>",
            parse_mode="HTML",
            reply_parameters={"message_id": asked.id},
            link_preview_options={"is_disabled": True},
            protect_content=True,
            reply_markup=KEYBOARD,
        )
        here = {"chat_id": ada.id, "message_id": sent["message_id"]}
        await wire.call("editMessageText", **here, text="new", reply_markup=KEYBOARD)
        await wire.call("editMessageReplyMarkup", **here)
        await wire.call("setMessageReaction", **here, reaction=[{"type": "emoji", "emoji": "👌"}])
        voice = await wire.send_file("sendVoice", "voice", OGG, chat_id=ada.id, duration=3)
        await wire.send_file("sendDocument", "document", b"x", chat_id=ada.id)
        await wire.send_file("sendPhoto", "photo", picture(), chat_id=ada.id, caption="c")
        audio = await wire.send_file(
            "sendAudio", "audio", MP3, chat_id=ada.id, title="T", performer="P", duration=9
        )
        there = {"chat_id": ada.id, "message_id": audio["message_id"]}
        await wire.call("editMessageCaption", **there, caption="<u>c</u>", parse_mode="HTML")
        again = {"type": "audio", "media": audio["audio"]["file_id"], "caption": "d"}
        await wire.call("editMessageMedia", **there, media=again)
        await wire.call("getFile", file_id=voice["voice"]["file_id"])
        await wire.call("sendChatAction", chat_id=ada.id, action="typing")
        await wire.call("setMyCommands", commands=[{"command": "help", "description": "Help"}])
        await wire.call("getMyCommands")
        await wire.call("deleteMyCommands")
        for text, name in (
            ("Name", "name"),
            ("Description", "description"),
            ("ShortDescription", "short_description"),
        ):
            await wire.call(f"setMy{text}", **{name: "words"})
            assert await wire.call(f"getMy{text}") == {name: "words"}
        await wire.call("setChatMenuButton", menu_button={"type": "commands"})
        await wire.call("getChatMenuButton")
        await wire.call("getChat", chat_id=ada.id)
        await wire.call("getChat", chat_id=group.id)
        await wire.call("getChatMember", chat_id=group.id, user_id=ada.id)
        await wire.call("leaveChat", chat_id=group.id)
        await wire.call("getChatMember", chat_id=group.id, user_id=api.state.bot["id"])
        await ada.press_forged(sent["message_id"], "x", wait=0)
        query = (await wire.call("getUpdates"))[-1]["callback_query"]
        await wire.call("answerCallbackQuery", callback_query_id=query["id"], text="ok")
        await wire.call("deleteMessage", **here)
        await wire.call("deleteMessages", chat_id=ada.id, message_ids=[there["message_id"]])
        await wire.call("setWebhook", url="http://127.0.0.1:9/", allowed_updates=["message"])
        await wire.call("getWebhookInfo")
        await wire.call("deleteWebhook")
        await wire.call("getWebhookInfo")
        assert wire.called == {*METHODS, "getUpdates"}
        assert api.complaints == []


async def test_every_update_conforms() -> None:
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        wire = Wire(api, session)
        kinds = ["message", "edited_message", "callback_query"]
        kinds += ["message_reaction", "my_chat_member"]
        await wire.call("getUpdates", allowed_updates=kinds)
        ada = api.person(is_premium=True)
        group = api.group("Band", [ada])
        text = await ada.send_text("/start")
        await ada.send_text("yes", reply_to=text.id)
        await ada.send_text("/help", chat=group)
        await ada.edit_text(text.id, "x")
        voice = await ada.send_voice(OGG, caption="c")
        await ada.edit_caption(voice.id, "d")
        await ada.send_audio(MP3, title="T", performer="P")
        await ada.send_audio(None, file_size=25_000_000)
        await ada.send_document(b"x", "a.txt", "text/plain")
        await ada.send_video(b"v")
        await ada.send_video_note(b"v")
        await ada.send_photo(picture())
        await ada.send_sticker()
        await ada.send_album([Attachment("audio", MP3, {"duration": 3}, "c")])
        sent = await wire.call("sendMessage", chat_id=ada.id, text="t", reply_markup=KEYBOARD)
        await ada.press("Go", wait=0)
        await ada.react(sent["message_id"])
        await ada.react(sent["message_id"], "")
        await wire.call("deleteMessage", chat_id=ada.id, message_id=sent["message_id"])
        await ada.press_forged(sent["message_id"], "y", wait=0)
        await ada.block()
        await ada.unblock()
        updates = await wire.call("getUpdates")
    seen = {kind for update in updates for kind in update if kind != "update_id"}
    assert seen == set(kinds)
    assert [wrong for update in updates for wrong in check_update(update)] == []


async def test_what_a_real_bot_sends_can_be_held_against_the_reference() -> None:
    async with stage() as on:
        markup = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
        sent = await on.bot.send_audio(
            on.ada.id, MP3, thumbnail=picture(), title="T", caption="c", reply_markup=markup
        )
        await sent.edit_caption("d")
        await sent.set_reaction("👌")
        await on.bot.send_message(on.ada.id, "x", reply_to_message_id=sent.message_id)
        press = asyncio.create_task(on.ada.press_forged(sent.message_id, "x"))
        query = (await on.update()).callback_query
        assert query is not None
        await query.answer()
        await press
        wrong = [each for call in on.api.calls for each in check_request(call.method, call.params)]
    assert wrong == []
    assert len(on.api.calls) == 7


@pytest.mark.parametrize(
    ("method", "params", "wrong"),
    [
        ("sendMessage", {"chat_id": 1}, "sendMessage: 'text' is missing"),
        (
            "sendMessage",
            {"chat_id": 1, "text": "x", "txt": "y"},
            "sendMessage: no parameter 'txt'",
        ),
        ("sendMessage", {"chat_id": 1, "text": 5}, "sendMessage.text: not String but 5"),
        ("sendPigeon", {}, "sendPigeon: no such method"),
        (
            "answerCallbackQuery",
            {"callback_query_id": "1", "text": "x" * 201},
            "answerCallbackQuery.text: 201 characters, at most 200",
        ),
        (
            "sendMessage",
            {"chat_id": "1", "text": "x", "reply_markup": '{"inline_keyboard": [[{}]]}'},
            "sendMessage.reply_markup.inline_keyboard[0][0]: 'text' is missing",
        ),
    ],
)
def test_the_judge_finds_what_is_wrong(method: Any, params: Any, wrong: Any) -> None:
    assert check_request(method, params) == [wrong]
