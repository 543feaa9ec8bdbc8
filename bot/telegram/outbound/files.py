"""What people sent, fetched: over HTTP, or from the disk of a Bot API server of one's own.

A server in local mode names a file by its place on its disk. Such a path comes from
outside: files are read only inside the folder that the owner has named for it.
"""

import asyncio
import os
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter  # no public way builds one

from bot.studio import Flooded, Later, Missing, OutOfReach, TooBig
from bot.telegram import request
from bot.telegram.retry import seconds

_TIMEOUT = 120.0
_PAUSE = 5.0
_MISSING_PAUSE = 2.0
_PIECE = 1 << 16
_TOO_BIG = "file is too big"
_NAMED = "the Bot API server names a place on its own disk"
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe must not hold up whoever opens it
    | getattr(os, "O_BINARY", 0)
)


class Files:
    """Fetches files by their id.

    Args:
        bot: Initialised, on a `bot.telegram.request.AiohttpRequest`.
        local_dir: Where an own Bot API server keeps its files; None reads none from a disk.
        time_scale: A factor on its pauses; tests hurry.
    """

    def __init__(self, bot: Bot, local_dir: Path | None, time_scale: float = 1.0) -> None:
        self._bot = bot
        self._local_dir = local_dir
        self._pause, self._missing_pause = _PAUSE * time_scale, _MISSING_PAUSE * time_scale

    async def fetch(self, file_id: str, into: Path, at_most: int) -> None:
        """Write a file to disk; after any failure nothing is left at `into`.

        Raises:
            TooBig, OutOfReach, Missing, Flooded, Later: see `bot.studio.ports.Messenger.fetch`.
        """
        try:
            place = await self._place(file_id)
            if _is_local(place):
                async with asyncio.timeout(_TIMEOUT):
                    await asyncio.to_thread(copy, place, self._local_dir, into, at_most)
            else:
                url = f"{self._bot.base_file_url}/{place}"
                await self._request.download(url, into, at_most=at_most, timeout=_TIMEOUT)
        except request.TooBig as error:
            raise TooBig from error
        except RetryAfter as error:
            raise Flooded(seconds(error)) from error
        except (BadRequest, Forbidden) as error:
            if _TOO_BIG in error.message.lower():
                raise TooBig from error
            raise Missing(self._missing_pause) from error
        except (TelegramError, TimeoutError) as error:
            raise Later(self._pause) from error
        except OSError as error:
            raise OutOfReach("disk", f"they cannot be written ({error.strerror})") from error

    async def _place(self, file_id: str) -> str:
        """Where a file is, in the server's words: PTB would look at this machine's disk for it.

        Raises:
            Missing: The server does not say.
        """
        answer: object = await self._bot.request.post(
            f"{self._bot.base_url}/getFile",
            RequestData([RequestParameter.from_input("file_id", file_id)]),
        )
        place = answer.get("file_path") if isinstance(answer, dict) else None
        if not isinstance(place, str) or not place:
            raise Missing(self._missing_pause)
        return place

    @property
    def _request(self) -> request.AiohttpRequest:
        own = self._bot.request
        if not isinstance(own, request.AiohttpRequest):
            raise TypeError(type(own))
        return own


def copy(named: str, folder: Path | None, into: Path, at_most: int) -> None:
    """Copy a file from a Bot API server's disk.

    Args:
        named: The path it names.
        folder: Where its files may be; None for nowhere.
        into: Where the copy goes.
        at_most: Bytes.

    Raises:
        OutOfReach: Only the owner can help: no folder is set, the file is not in it, or not to be
            read.
        TooBig: It is longer than `at_most`.
        OSError: The copy cannot be written.
    """
    if folder is None:
        raise OutOfReach("files-unset", f"{_NAMED}, and TELEGRAM_LOCAL_DIR is not set")
    source = _open_inside(named, folder)
    try:
        with into.open("wb") as sink:
            _copy_pieces(source, sink, at_most)
    except BaseException:
        into.unlink(missing_ok=True)
        raise
    finally:
        os.close(source)


def _open_inside(named: str, folder: Path) -> int:
    """Open what a path really leads to, if that is a regular file inside the folder."""
    try:
        real = Path(named).resolve(strict=True)
        inside = real.is_relative_to(folder.resolve()) and real.is_file()
        opened = os.open(real, _FLAGS) if inside else None
    except (FileNotFoundError, NotADirectoryError, RuntimeError, ValueError) as error:
        raise _not_inside() from error
    except OSError as error:
        raise _unreadable(error) from error
    if opened is None:
        raise _not_inside()
    return opened


def _copy_pieces(source: int, sink: BinaryIO, at_most: int) -> None:
    """Copy with a bound; what a file says about its own size is not believed."""
    size = 0
    while True:
        try:
            piece = os.read(source, _PIECE)
        except OSError as error:
            raise _unreadable(error) from error
        if not piece:
            return
        size += len(piece)
        if size > at_most:
            raise TooBig
        sink.write(piece)


def _not_inside() -> OutOfReach:
    return OutOfReach("files-missing", f"{_NAMED}, and it is no file in TELEGRAM_LOCAL_DIR")


def _unreadable(error: OSError) -> OutOfReach:
    return OutOfReach("files-unreadable", f"{_NAMED}, and reading it fails ({error.strerror})")


def _is_local(place: str) -> bool:
    return place.startswith(("/", "\\", "file:")) or bool(PureWindowsPath(place).drive)
