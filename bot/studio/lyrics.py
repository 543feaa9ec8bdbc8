"""Lyrics as typed, and as the music service counts them."""

import re
import unicodedata

from bot.model import Purpose
from bot.studio.characters import JOINERS_AND_SELECTORS, without_invisible
from bot.studio.titles import file_name, title

__all__ = ["file_name", "final", "normalised", "title"]

_MARK = "##"


def normalised(text: str) -> str:
    """Lyrics as typed, in the one form in which they are kept, counted and sent.

    Line ends become newlines, what shows nothing goes (see `bot.studio.characters`), runs of
    blank lines become one, and marks that ask for accompaniment are taken off: `final` puts them
    where they belong.

    Args:
        text: As typed, or read from a file.

    Returns:
        The lyrics, or "" if nothing visible is left.
    """
    while (tidied := _tidied(text)) != text:  # taking one thing away may bring up another
        text = tidied
    return text


def final(lyrics: str, result: Purpose, *, marks: bool = True) -> str:
    """The string that is sent and counted: `##` at both ends asks for accompaniment.

    Args:
        lyrics: Normalised.
        result: What is to come back.
        marks: Whether the model knows these marks.
    """
    return f"{_MARK}{lyrics}{_MARK}" if marks and result.has_beat else lyrics


def _tidied(text: str) -> str:
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text).replace("\t", " ")
    text = unicodedata.normalize("NFC", without_invisible(text))
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    while text.startswith(_MARK) or text.endswith(_MARK):
        text = text.removeprefix(_MARK).removesuffix(_MARK).strip().lstrip(JOINERS_AND_SELECTORS)
    return text
