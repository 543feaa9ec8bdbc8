"""Tracks on their way to a file: hexadecimal text, magic bytes, all or nothing."""

import os
import tempfile
from binascii import unhexlify
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bot.music.errors import BadAnswer

_SLICE = 1 << 18  # hex digits a time: the event loop gets its turn between two slices
_SYNC = 0xE0  # the eleven set bits every MPEG frame begins with


@contextmanager
def atomically(into: Path) -> Iterator[BinaryIO]:
    """Open a file beside `into` that takes its place only when the block ends well.

    Raises:
        OSError: The disk is full, or the directory cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=f".{into.name}.", suffix=".part", dir=into.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        part.replace(into)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def is_mp3(head: bytes) -> bool:
    """Whether a file that begins with `head` calls itself MP3 (docs/facts/music-01.md, §2)."""
    tagged = head[:3] == b"ID3"
    return tagged or (len(head) > 1 and head[0] == 0xFF and head[1] & _SYNC == _SYNC)  # noqa: PLR2004  the sync word


def write_hex(text: str | memoryview, into: Path) -> int:
    """Decode hexadecimal text into a file and return the bytes written.

    `unhexlify` and not `bytes.fromhex`, which skips white space in the middle.

    Raises:
        BadAnswer: The text is empty, odd, not hexadecimal, or not an MP3.
        OSError: The file cannot be written.
    """
    if not text or len(text) % 2:
        raise BadAnswer(f"the audio is {len(text)} hex digits long")
    if not is_mp3(_bytes(text[:6])):
        raise BadAnswer("the audio has no MP3 magic bytes")
    with atomically(into) as file:
        for start in range(0, len(text), _SLICE):
            file.write(_bytes(text[start : start + _SLICE]))
    return len(text) // 2


def _bytes(digits: str | memoryview) -> bytes:
    try:
        return unhexlify(digits)
    except ValueError as error:
        raise BadAnswer("the audio is not hexadecimal") from error
