"""Lyrics as typed, and as the music service counts them."""

import re
import unicodedata

from bot.model import Purpose

_MARK = "##"
_BLANK = {"\u2800", "\u3164", "\uffa0", "\u115f", "\u1160"}  # letters that show nothing
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def normalised(text: str) -> str:
    """Lyrics without what a music service refuses (facts: music-01, §4.7).

    Line ends become newlines, invisible characters go, runs of blank lines become one, and
    marks that ask for accompaniment are taken off: `final` puts them where they belong.

    Args:
        text: As typed, or read from a file.

    Returns:
        The lyrics, or "" if nothing visible is left.
    """
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text).replace("\t", " ")
    text = "".join(c for c in text if c == "\n" or _visible(c))
    text = unicodedata.normalize("NFC", text)
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    while text.startswith(_MARK) or text.endswith(_MARK):
        text = text.removeprefix(_MARK).removesuffix(_MARK).strip()
    return text


def final(lyrics: str, result: Purpose, *, marks: bool = True) -> str:
    """The string that is sent and counted: `##` at both ends asks for accompaniment.

    Args:
        lyrics: Normalised.
        result: What is to come back.
        marks: Whether the model knows these marks.
    """
    return f"{_MARK}{lyrics}{_MARK}" if marks and result.has_beat else lyrics


def title(lyrics: str, longest: int = 64) -> str:
    """The first line with letters or digits, cut at a word: the name of a track."""
    lines = (line.strip(" #*-–—.,;:!?\"'") for line in lyrics.split("\n"))  # noqa: RUF001 - dashes people type
    name = next(
        (line for line in lines if any(c.isalnum() for c in line)),
        lyrics.split("\n", maxsplit=1)[0],
    )
    if len(name) <= longest:
        return name
    head, _, _ = name[:longest].rpartition(" ")
    return f"{head or name[: longest - 1]}…"


def _visible(c: str) -> bool:
    return unicodedata.category(c) not in _INVISIBLE and c not in _BLANK
