"""Lyrics as they come: typed, edited, or in a file of text."""

import re
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

from telegram import Message
from telegram.ext import filters

from bot.studio import Later
from bot.studio.characters import is_noncharacter
from bot.studio.ports import FileGone, TooBig
from handlers.deps import Deps
from handlers.document_kinds import WORDS_FILE, Writing, writing_of

_FILE_BYTES = 16 * 1024
_LONG_LINE = 500

WORDS = filters.UpdateType.MESSAGE & ((filters.TEXT & ~filters.COMMAND) | WORDS_FILE)
EDITED_WORDS = filters.UpdateType.EDITED_MESSAGE & (filters.TEXT | WORDS_FILE)
SLASHED = filters.UpdateType.MESSAGE & filters.COMMAND
OTHER = filters.UpdateType.MESSAGE & ~filters.COMMAND & ~filters.StatusUpdate.ALL

_MARKED = (  # the longer marks first: UTF-32's begins like UTF-16's
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_NO_TEXT = (
    b"%PDF",
    b"PK\x03\x04",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"\x89PNG",
    b"ID3",
)
_PAGE = re.compile(r"\s*(?:<\?xml|<!doctype\s+html|<html|\\documentclass)", re.IGNORECASE)
_BREAKS = frozenset("\t\n\r\x0b\x0c\x85")

_TIME = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,:]\d{1,3})?"
_LRC_TIMES = re.compile(rf"\[{_TIME}\]|<{_TIME}>")
_LRC_ID = re.compile(r"\[[a-z#]{1,10}:.*\]", re.IGNORECASE)
_CUE = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}.*")
_TAG = re.compile(r"</?[a-z][^<>]{0,80}>|\{\\[^{}]{0,40}\}", re.IGNORECASE)
_MD_LINE = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+(?=\S))")
_MD_RULE = re.compile(r"^\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|=+|`{3,}.*|~{3,}.*)$")
_MD_MARK = re.compile(
    r"(\*\*\*|\*\*|~~|`|(?<!\w)(?:\*|___|__|_))(?=\S)(.+?)(?<=\S)\1(?!(?<=[_*])\w)"
)
_MD_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")


class Unread(Exception):
    """A file that gives no lyrics.

    Args:
        key: The text that says why.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


async def read(message: Message, deps: Deps) -> str:
    """The words in a message, as typed, or as they stand in its file.

    Raises:
        Unread: its file is no text, too big, gone, or in no encoding that can be told.
    """
    if message.document is None:
        return message.text or ""
    kind = writing_of(message.document)
    if kind is Writing.FORMATTED:
        raise Unread("lyrics-wrong-kind")
    if (message.document.file_size or 0) > _FILE_BYTES:
        raise Unread("lyrics-file-big")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lyrics.txt"
        try:
            await deps.studio.fetch_lyrics_file(message.document.file_id, path, _FILE_BYTES)
        except TooBig as error:
            raise Unread("lyrics-file-big") from error
        except (FileGone, Later) as error:
            raise Unread("lyrics-file-gone") from error
        return words_of(path.read_bytes(), kind)


def words_of(raw: bytes, kind: Writing = Writing.PLAIN) -> str:
    """The words in a file.

    Args:
        raw: What it holds.
        kind: As what it was sent; times and cues are found in a `.txt`, too.

    Raises:
        Unread: it is no text, or in no encoding that can be told.
    """
    if raw.startswith(_NO_TEXT):
        raise Unread("lyrics-wrong-kind")
    text = _decoded(raw)
    if _PAGE.match(text):
        raise Unread("lyrics-wrong-kind")
    lines = text.splitlines()
    if kind is Writing.CUES or any(_CUE.fullmatch(line) for line in lines):
        return _without_cues(lines)
    if kind is Writing.TIMED or _is_timed(lines):
        return _without_times(lines)
    return _without_markdown(lines) if kind is Writing.MARKDOWN else text


def _decoded(raw: bytes) -> str:
    """Text in UTF-8, or in UTF-16 or UTF-32 with a mark or without.

    Encodings of eight bits cannot be told from each other: better to say so than to offer
    nonsense to be sung.
    """
    try:
        for mark, encoding in _MARKED:
            if raw.startswith(mark):
                return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unread("lyrics-file-unreadable") from error
    for encoding in ("utf-8-sig", *_UNMARKED):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_typed(text) if encoding == "utf-8-sig" else _is_wide(text):
            return text
    raise Unread("lyrics-file-unreadable")


def _is_typed(text: str) -> bool:
    """Whether a text that reads as UTF-8 was written as that.

    UTF-16 reads so, too, where its letters are of one of the first scripts: as letters and
    control characters in turn. A stray one does no harm.
    """
    if "\0" in text or "\x1b" in text:
        return False
    strays = sum(unicodedata.category(c) == "Cc" and c not in _BREAKS for c in text)
    return strays * 50 <= len(text)


def _is_wide(text: str) -> bool:
    """Whether a text read as UTF-16 or UTF-32 is one: not eight-bit bytes taken two by two.

    Spaces and line ends cannot come from eight-bit text that way (one of their bytes is zero);
    without any, letters must all come from one corner of Unicode, which pairs of bytes do not.
    """
    odd = {"Cc", "Cs", "Co"}
    if any(unicodedata.category(c) in odd and c not in _BREAKS for c in text):
        return False
    if any(is_noncharacter(c) for c in text):
        return False
    if any(c in " \n\r" for c in text):
        return True
    corners = {ord(c) >> 8 for c in text if c.isalpha()}
    return len(text) > 1 and len(corners) == 1 and corners < set(range(0x20))


def _is_timed(lines: list[str]) -> bool:
    """Whether a text is an LRC file by another name."""
    written = [line.strip() for line in lines if line.strip()]
    timed = [line for line in written if _LRC_TIMES.match(line)]
    about = [line for line in written if _LRC_ID.fullmatch(line)]
    return bool(timed) and 2 * len(timed + about) > len(written)


def _without_times(lines: list[str]) -> str:
    """Lyrics from an LRC file."""
    kept = []
    for line in lines:
        words = _LRC_TIMES.sub("", line).strip()
        if words != line.strip() or not _LRC_ID.fullmatch(words):
            kept.append(words)
    return "\n".join(kept)


def _without_cues(lines: list[str]) -> str:
    """Lyrics from subtitles: without numbers, times, tags and notes."""
    kept: list[str] = []
    for block in re.split(r"\n[^\S\n]*\n", "\n".join(lines)):
        rows = block.strip().split("\n")
        cue = next((at for at, row in enumerate(rows) if _CUE.fullmatch(row)), None)
        if cue is None:  # "WEBVTT", a note, a style
            continue
        words = [_TAG.sub("", row).strip() for row in rows[cue + 1 :]]
        kept.append("\n".join(words))
    return "\n".join(kept)


def _without_markdown(lines: list[str]) -> str:
    """Lyrics from a Markdown file, as simple as such files of words are."""
    kept = []
    for line in lines:
        if len(line) > _LONG_LINE:  # no line of a song; looking for pairs of signs would take long
            kept.append(line)
            continue
        if _MD_RULE.fullmatch(line):
            kept.append("")
            continue
        words = _MD_LINK.sub(r"\1", _MD_LINE.sub("", line))
        before = None
        while before != words:
            before, words = words, _MD_MARK.sub(r"\2", words)
        kept.append(words.rstrip("\\").strip())
    return "\n".join(kept)
