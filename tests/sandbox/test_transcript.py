"""A conversation of the sandbox, written down while it happens."""

from typing import Any

import pytest
from rich.console import Console
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaAudio

from bot.commands import demo
from bot.sandbox.transcript import Transcript
from tests.support.telegram_kit import MP3, OGG, stage


def keys(*texts: str) -> Any:
    return InlineKeyboardMarkup([[InlineKeyboardButton(t, callback_data=t[:2])] for t in texts])


async def test_every_step_is_there_and_not_only_the_last() -> None:
    lines: list[str] = []
    async with stage() as on:
        with Transcript(on.api, on.ada, lines.append):
            voice = await on.ada.send_voice(OGG)
            await on.bot.set_message_reaction(on.ada.id, voice.id, "👌")
            sent = await on.bot.send_message(on.ada.id, "What?", reply_markup=keys("Song", "No"))
            await on.ada.press("So", message_id=sent.message_id, wait=0)
            query = (await on.updates())[-1].callback_query
            assert query is not None
            await query.answer("Fine")
            await sent.edit_text("Making it: 0 s", reply_markup=keys("Cancel"))
            await sent.edit_text("Making it: 3 s", reply_markup=keys("Cancel"))
            await sent.edit_text("Making it: 6 s", reply_markup=keys("Stop"))
            await sent.edit_reply_markup(None)
            await sent.edit_media(InputMediaAudio(MP3, caption="Here"))
            await on.ada.press_forged(sent.message_id, "old", wait=0)
            await on.ada.press_forged(404, "gone", wait=0)
            await on.ada.react(sent.message_id, "🔥")
            await on.ada.react(sent.message_id, "")
            word = await on.ada.send_text("la")
            await on.ada.edit_text(word.id, "lalala")
            await sent.delete()
            bob = on.api.person(first_name="Bob")
            await bob.send_text("elsewhere")
        await on.ada.send_text("afterwards")
    assert lines == [
        "Ada: [voice]",
        "bot: 👌",
        "bot: What?\n    [ Song ]\n    [ No ]",
        "Ada presses [ Song ]",
        "bot answers: Fine",
        "bot (edited): Making it: 0 s\n    [ Cancel ]",
        "bot (edited): Making it: 6 s\n    [ Stop ]",
        "bot (edited): [audio] Here",
        "Ada presses [ old ]",
        "Ada presses [ gone ]",
        "Ada: 🔥",
        "Ada: la",
        "Ada (edited): lalala",
        "bot: [audio] Here (deleted)",
    ]


def test_long_lines_are_left_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    demo._printing(Console(width=20))("bot: [b]a line[/b] that is longer than the terminal")
    assert capsys.readouterr().out == "bot: [b]a line[/b] that is longer than the terminal\n\n"
