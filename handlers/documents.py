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
        ".txt", ".text", ".md", ".lrc", ".srt", ".doc", ".docx", ".epub", ".htm", ".html",
        ".odt", ".pages", ".pdf", ".rtf", ".tex",
    }
)  # fmt: skip
_WORDS_TYPES = (
    "text/",
    "application/pdf",
    "application/rtf",
    "application/msword",
    "application/x-subrip",
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
    if suffix in _SOUND or kind.startswith(("audio/", "video/")):
        return Holds.SOUND
    if suffix in _WORDS or kind.startswith(_WORDS_TYPES):
        return Holds.WORDS
    if suffix in _NEITHER or kind.startswith("image/"):
        return Holds.NEITHER
    return Holds.SOUND


class _HoldsWords(filters.MessageFilter):
    def filter(self, message: Message) -> bool:
        document = message.document
        return document is not None and holds(document) is Holds.WORDS


WORDS_FILE = _HoldsWords(name="WORDS_FILE")
"""Messages with a document that seems to hold words."""
