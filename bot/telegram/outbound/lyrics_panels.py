"""What is asked about words that are not, or not yet, the lyrics of a draft."""

from typing import NamedTuple

from telegram import InlineKeyboardMarkup

from bot.i18n import Texts
from bot.model import Step
from bot.store import Draft
from bot.studio import DraftLyrics, LyricsLimits, LyricsProblem
from bot.telegram.outbound import keyboards

_SHOWN = 1200  # characters of each text: two of them and the question fit into a message


class Panel(NamedTuple):
    """What a draft says, in HTML, and its buttons."""

    text: str
    buttons: InlineKeyboardMarkup | None


def about_words(draft: Draft, limits: LyricsLimits, say: Texts) -> Panel | None:
    """What is asked about the words that wait in a draft; None if something else comes first.

    Args:
        draft: As it stands.
        limits: What may be typed for it.
        say: In the language of whoever reads it.
    """
    words = DraftLyrics.of(draft)
    lyrics = words.lyrics if draft.step is not Step.CLOSED else None
    if draft.step is Step.PREVIEW and not words.pending and limits.problem(lyrics or ""):
        return Panel(_problem(lyrics or "", limits, say), None)
    if not words.pending or draft.step is Step.PURPOSE:
        return None
    about = (draft.id, words.pending[-1].message_id)
    if limits.problem(words.pending_text):
        buttons = keyboards.keep_old_lyrics(*about, say) if lyrics else None
        return Panel(_problem(words.pending_text, limits, say), buttons)
    if lyrics is None:
        asked = say("words-use-question", words=clipped(words.pending_text))
        return Panel(asked, keyboards.use_as_lyrics(*about, say))
    over = len(words.with_pending_added().lyrics or "") - limits.most
    question = say(
        "words-add-question",
        lyrics=clipped(lyrics),
        words=clipped(words.pending_text),
        over=max(over, 0),
    )
    asked = f"{_about_held(words.held_text, limits, say)}{question}"
    return Panel(asked, keyboards.add_or_replace_lyrics(*about, fits=over <= 0, texts=say))


def _about_held(text: str, limits: LyricsLimits, say: Texts) -> str:
    """What becomes of words that do not fit with those that are asked about."""
    if not text:
        return ""
    too_long = limits.problem(text)
    return f"{_problem(text, limits, say) if too_long else say('words-asked-next')}\n\n"


def _problem(text: str, limits: LyricsLimits, say: Texts) -> str:
    count = len(text)
    match limits.problem(text):
        case LyricsProblem.SHORT:
            return say("lyrics-short", count=count, min=limits.least)
        case LyricsProblem.LONG:
            return say("lyrics-long", over=count - limits.most, max=limits.most)
        case _:
            return say("lyrics-empty")


def clipped(text: str) -> str:
    """Words as much as a message has room for."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
