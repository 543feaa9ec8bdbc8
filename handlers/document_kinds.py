"""What a file sent as a document may be: words, sound, or neither; the decoder decides."""

from enum import Enum, auto
from pathlib import PurePath

from telegram import Document, Message
from telegram.ext import filters

_SOUND = frozenset(
    {
        ".aac", ".aif", ".aiff", ".alac", ".amr", ".avi", ".caf", ".flac", ".m4a", ".m4b",
        ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".oga", ".ogg", ".opus",
        ".ts", ".wav", ".wave", ".weba", ".webm", ".wma", ".3gp", ".3g2",
    }
)  # fmt: skip
_WORDS = frozenset(
    {
        ".txt", ".text", ".md", ".markdown", ".lrc", ".srt", ".vtt", ".doc", ".docx", ".epub",
        ".htm", ".html", ".odt", ".pages", ".pdf", ".rtf", ".tex",
    }
)  # fmt: skip
_FORMATTED = frozenset(
    {".doc", ".docx", ".epub", ".htm", ".html", ".odt", ".pages", ".pdf", ".rtf", ".tex"}
)
_FORMATTED_TYPES = ("text/html", "text/rtf", "text/x-tex", "application/")
_WORDS_TYPES = (
    "text/",
    "application/pdf",
    "application/rtf",
    "application/msword",
    "application/x-subrip",
    "application/xhtml",
    "application/epub",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.wordprocessingml",
)
_NEITHER = frozenset(
    {
        ".7z", ".apk", ".bmp", ".exe", ".gif", ".gz", ".heic", ".iso", ".jpeg", ".jpg", ".json",
        ".png", ".rar", ".svg", ".tar", ".webp", ".xls", ".xlsx", ".xml", ".zip",
    }
)  # fmt: skip


class Holds(Enum):
    """What a document seems to hold."""

    SOUND = auto()
    WORDS = auto()
    NEITHER = auto()


def holds(document: Document) -> Holds:
    """Judge a document by name and type; whatever is not clearly something else may be sound.

    A name that ends like a sound is believed before the type, and a type that says sound before
    a name that says nothing: apps send MP3 files as `text/plain` and `application/octet-stream`.
    """
    suffix = PurePath((document.file_name or "").strip().lower()).suffix
    kind = (document.mime_type or "").strip().lower()
    if is_surely_sound(document):
        return Holds.SOUND
    if suffix in _WORDS or kind.startswith(_WORDS_TYPES):
        return Holds.WORDS
    if suffix in _NEITHER or kind.startswith("image/"):
        return Holds.NEITHER
    return Holds.SOUND


def is_surely_sound(document: Document) -> bool:
    """Whether a document's name or type says that it holds sound."""
    suffix = PurePath((document.file_name or "").strip().lower()).suffix
    kind = (document.mime_type or "").strip().lower()
    return suffix in _SOUND or kind.startswith(("audio/", "video/"))


class Writing(Enum):
    """How words stand in a file.

    FORMATTED cannot be read: the words are packed, or hidden between commands.
    """

    PLAIN = auto()
    MARKDOWN = auto()
    TIMED = auto()
    CUES = auto()
    FORMATTED = auto()


def writing_of(document: Document) -> Writing:
    """How the words in a document that holds some are written; its name is believed first."""
    suffix = PurePath((document.file_name or "").strip().lower()).suffix
    kind = (document.mime_type or "").strip().lower()
    by_name = {
        ".txt": Writing.PLAIN,
        ".text": Writing.PLAIN,
        ".md": Writing.MARKDOWN,
        ".markdown": Writing.MARKDOWN,
        ".lrc": Writing.TIMED,
        ".srt": Writing.CUES,
        ".vtt": Writing.CUES,
    }
    if suffix in by_name:
        return by_name[suffix]
    if suffix in _FORMATTED:
        return Writing.FORMATTED
    if kind in {"application/x-subrip", "text/vtt"}:
        return Writing.CUES
    if kind == "text/markdown":
        return Writing.MARKDOWN
    return Writing.FORMATTED if kind.startswith(_FORMATTED_TYPES) else Writing.PLAIN


class _HoldsWords(filters.MessageFilter):
    def filter(self, message: Message) -> bool:
        document = message.document
        return document is not None and holds(document) is Holds.WORDS


WORDS_FILE = _HoldsWords(name="WORDS_FILE")
"""Messages with a document that seems to hold words."""
