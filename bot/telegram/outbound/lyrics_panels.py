"""What is asked about words that are not, or not yet, the lyrics of a draft."""

from typing import NamedTuple

from telegram import InlineKeyboardMarkup

from bot.i18n import Texts
from bot.model import Step
from bot.store import Draft
from bot.studio import Problem, Room, Words
from bot.telegram.outbound import keyboards

_SHOWN = 1200  # characters of each text: two of them and the question fit into a message


class Panel(NamedTuple):
    """What a draft says, in HTML, and its buttons."""

    text: str
    buttons: InlineKeyboardMarkup | None


def about_words(draft: Draft, room: Room, say: Texts) -> Panel | None:
    """What is asked about the words that wait in a draft; None if something else comes first.

    Args:
        draft: As it stands.
        room: What may be typed for it.
        say: In the language of whoever reads it.
    """
    words = Words.of(draft)
    lyrics = words.lyrics if draft.step is not Step.CLOSED else None
    if draft.step is Step.PREVIEW and not words.new and room.problem(lyrics or ""):
        return Panel(_problem(lyrics or "", room, say), None)
    if not words.new or draft.step is Step.PURPOSE:
        return None
    about = (draft.id, words.new[-1].message_id)
    if room.problem(words.waiting):
        buttons = keyboards.keep_old_words(*about, say) if lyrics else None
        return Panel(_problem(words.waiting, room, say), buttons)
    if lyrics is None:
        asked = say("words-use-question", words=_clipped(words.waiting))
        return Panel(asked, keyboards.use_words(*about, say))
    over = len(words.adding().lyrics or "") - room.most
    asked = say(
        "words-add-question",
        lyrics=_clipped(lyrics),
        words=_clipped(words.waiting),
        over=max(over, 0),
    )
    return Panel(asked, keyboards.add_words(*about, fits=over <= 0, texts=say))


def _problem(text: str, room: Room, say: Texts) -> str:
    count = len(text)
    match room.problem(text):
        case Problem.SHORT:
            return say("lyrics-short", count=count, min=room.least)
        case Problem.LONG:
            return say("lyrics-long", over=count - room.most, max=room.most)
        case _:
            return say("lyrics-empty")


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
