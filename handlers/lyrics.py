"""Lyrics as they come: typed, edited, or in a .txt file."""

from pathlib import Path
from tempfile import TemporaryDirectory

from telegram import Message
from telegram.ext import filters

from bot.studio import Later, lyrics
from bot.studio.ports import FileGone, TooBig
from handlers.desk import Desk
from handlers.documents import WORDS_FILE

_FILE_BYTES = 16 * 1024

WORDS = filters.UpdateType.MESSAGE & ((filters.TEXT & ~filters.COMMAND) | WORDS_FILE)
EDITED_WORDS = filters.UpdateType.EDITED_MESSAGE & filters.TEXT
OTHER = filters.UpdateType.MESSAGE & ~filters.COMMAND & ~filters.StatusUpdate.ALL


class Unread(Exception):
    """A text file that gives no lyrics.

    Args:
        key: The text that says why.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


async def read(message: Message, desk: Desk) -> str:
    """The lyrics in a message, normalised; "" if nothing visible is left.

    Raises:
        Unread: its text file is too big, gone, or in no known encoding.
    """
    if message.document is None:
        return lyrics.normalised(message.text or "")
    if (message.document.file_size or 0) > _FILE_BYTES:
        raise Unread("lyrics-file-big")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lyrics.txt"
        try:
            await desk.courier.fetch(message.document.file_id, path, _FILE_BYTES)
        except TooBig as error:
            raise Unread("lyrics-file-big") from error
        except (FileGone, Later) as error:
            raise Unread("lyrics-file-gone") from error
        return lyrics.normalised(_decoded(path.read_bytes()))


def _decoded(raw: bytes) -> str:
    marks = (b"\xff\xfe", b"\xfe\xff")
    try:
        return raw.decode("utf-16" if raw.startswith(marks) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unread("lyrics-file-unreadable") from error
