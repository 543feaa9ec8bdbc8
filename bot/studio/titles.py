"""What a track is called, and what its file is called."""

import re
import unicodedata

from bot.studio.characters import is_mark, truncated, without_invisible
from bot.studio.section_markers import sung

_EDGES = " #*_~`|/\\-–—.,;:!?¡¿…\"'«»“”„‘’‹›·•、。，！？：；「」『』"  # noqa: RUF001 - what people type
_BRACKETS = re.compile(r"^[\[(（［【〔｛{](.*)[\])）］】〕｝}]$")  # noqa: RUF001 - full width
_FILE_BYTES = 180  # a file system takes 255; the suffix and "(1)" want room
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))]
)


def title(lyrics: str, longest: int = 64) -> str:
    """The first line that is sung, cut at a word: the name of a track.

    Markers such as `[Verse 1]`, `(Chorus)`, `Припев:` and `1.` are no part of a song; where a
    text holds nothing else, the first of them has to do.

    Args:
        lyrics: Normalised.
        longest: In characters.
    """
    lines = lyrics.split("\n")
    named = (line for line in map(sung, lines) if any(c.isalnum() for c in line))
    marked = (_bare(line) for line in lines if any(c.isalnum() for c in line))
    name = _bare(next(named, "")) or next(marked, "") or lines[0]
    if len(name) <= longest:
        return name
    head, _, _ = name[:longest].rpartition(" ")
    if len(head) < longest // 2:  # one long word, or a script without spaces
        head = truncated(name, longest - 1)
    return f"{head.rstrip()}…"


def file_name(name: str) -> str:
    """A title as the name of a file, without a suffix.

    Letters, marks and digits of every script stay; what some system gives a meaning goes. It
    fits into the bytes that file systems allow.
    """
    kept = "".join(c if _may_name(c) else " " for c in name)
    kept = " ".join(without_invisible(kept).split()).strip(" -_'’")  # noqa: RUF001 - an apostrophe people type
    while kept and is_mark(kept[0]):
        kept = kept[1:].lstrip()
    while len(kept.encode()) > _FILE_BYTES:
        kept = truncated(kept, len(kept) - 1).rstrip()
    return f"{kept}_" if kept.upper() in _DEVICES else kept or "track"


def _bare(line: str) -> str:
    """A line without brackets and punctuation around it."""
    line = line.strip(_EDGES)
    if found := _BRACKETS.match(line):
        line = found[1].strip(_EDGES)
    return line


def _may_name(c: str) -> bool:
    return c.isalnum() or c in " -_'’" or is_mark(c) or unicodedata.category(c) == "Lm"  # noqa: RUF001 - as above
