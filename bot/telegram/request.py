"""PTB's way out to Telegram, on one shared aiohttp session.

The stock httpx transport collapses under concurrency
(docs/facts/telegram.md, python-telegram-bot); this one answers the same questions with the same
errors, and bounds every wait, the body's included. What comes back is read by
`bot.telegram.api_answers`.
"""

import asyncio
import io
import json
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue  # PTB types every timeout with it
from telegram._utils.types import ODVInput
from telegram.error import BadRequest, NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.proxies import proxy_for
from bot.telegram import api_answers
from bot.telegram.api_answers import Broken

__all__ = ["AiohttpRequest", "Broken", "TooBig", "Unsent", "UnsentTimedOut"]

POOL_SIZE = 256
"""Connections at once, as PTB's own transport has it."""

KEEP_ALIVE = 30.0
"""Seconds an idle connection is kept: long enough for a conversation, too short to go stale."""

_HEADERS = {"User-Agent": BaseRequest.USER_AGENT, "Accept-Encoding": "identity"}
_JSON_HEADERS = {**_HEADERS, "Content-Type": "application/json"}


class Unsent(NetworkError):
    """No connection came about: nothing was sent, and repeating the call is harmless."""


class UnsentTimedOut(Unsent, TimedOut):
    """As `Unsent`, because the time for connecting ran out."""


class TooBig(Exception):
    """A download was longer than allowed."""


class AiohttpRequest(BaseRequest):
    """Sends PTB's calls through aiohttp.

    Args:
        session: A session to share, closed by whoever opened it. Without one, `initialize`
            opens a session and `shutdown` closes it; afterwards `initialize` may be called
            again.
        read_timeout: Seconds to wait for the next bytes of an answer.
        write_timeout: Seconds for sending a call without files.
        connect_timeout: Seconds for connecting.
        pool_timeout: Seconds to wait for a free connection.
        media_timeout: Seconds for sending files, and for the body of a download.

    Proxies are the environment's, as httpx has it; `~/.netrc` is never read, and no answer leads
    to another address. A timeout of None, which PTB allows, means `media_timeout` here: nothing
    waits forever. The whole exchange may take the sum of its four timeouts.
    """

    __slots__ = ("_defaults", "_media_timeout", "_own", "_session", "_urls")

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 5.0,
        connect_timeout: float = 5.0,
        pool_timeout: float = 5.0,
        media_timeout: float = 120.0,
    ) -> None:
        self._session = session
        self._own = session is None
        self._defaults = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        self._media_timeout = media_timeout
        self._urls: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for the next bytes; PTB adds it to the time of a long poll."""
        return self._defaults[0]

    async def initialize(self) -> None:
        """Open a session, if none was given."""
        if self._own and (self._session is None or self._session.closed):
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            )

    async def shutdown(self) -> None:
        """Close the session, if it was opened here."""
        if self._own and self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(  # noqa: PLR0917 - PTB's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one exchange.

        Returns:
            The status and the whole body of the answer.

        Raises:
            TimedOut: One of the times ran out (`UnsentTimedOut` while connecting).
            NetworkError: No answer, half of one, or none of the Bot API (`Unsent` if no
                connection came about, `Broken` if the call may have been acted on).
        """
        session = self._open_session()
        has_files = request_data is not None and request_data.contains_files
        timeout, total = self._limits(
            (read_timeout, write_timeout, connect_timeout, pool_timeout),
            media=has_files or method == "GET",
        )
        options: dict[str, Any] = {"headers": _HEADERS}
        if request_data is not None and has_files:
            options["data"] = _multipart(request_data)
        elif request_data is not None:
            options["data"] = json.dumps(request_data.parameters).encode()
            options["headers"] = _JSON_HEADERS
        target = self._url(url) if method == "POST" else URL(url)
        proxy, proxy_auth = proxy_for(target)
        try:
            async with (
                asyncio.timeout(total),
                session.request(
                    method,
                    target,
                    timeout=timeout,
                    allow_redirects=False,
                    proxy=proxy,
                    proxy_auth=proxy_auth,
                    **options,
                ) as answer,
            ):
                # PTB gets files, and posts methods.
                body = api_answers.whole if method == "POST" else api_answers.bounded
                return answer.status, await body(answer, url)
        except (aiohttp.ClientError, OSError) as error:
            raise _ptb_error(error, url) from _cause(error, url)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer of the Bot API (see `bot.telegram.api_answers.read`)."""
        return api_answers.read(payload)

    async def download(self, url: str, into: Path, *, at_most: int, timeout: float) -> int:  # noqa: ASYNC109 - a promise
        """Stream a file to disk; after any failure nothing is left at `into`.

        Args:
            url: Where the file is.
            into: Where it goes; replaced if it exists.
            at_most: Bytes; one more and the download is broken off.
            timeout: Seconds for the whole of it.

        Returns:
            The number of bytes written.

        Raises:
            TooBig: It is longer than `at_most`.
            BadRequest: The server doesn't have it.
            TimedOut: The time ran out.
            NetworkError: It could not be fetched whole.
            OSError: It could not be written.
        """
        session = self._open_session()
        limits, _ = self._limits((BaseRequest.DEFAULT_NONE,) * 4, media=True)
        target = URL(url)
        proxy, proxy_auth = proxy_for(target)
        try:
            with into.open("wb") as sink:
                try:
                    async with (
                        asyncio.timeout(timeout),
                        session.get(
                            target,
                            timeout=limits,
                            headers=_HEADERS,
                            allow_redirects=False,
                            proxy=proxy,
                            proxy_auth=proxy_auth,
                        ) as answer,
                    ):
                        return await _stream(answer, sink, at_most)
                except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                    raise _ptb_error(error, url) from _cause(error, url)
        except BaseException:
            into.unlink(missing_ok=True)  # noqa: ASYNC240 - one system call
            raise

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        return self._session

    def _url(self, url: str) -> URL:
        """Parse a method's URL once; there are as many as methods in use."""
        target = self._urls.get(url)
        if target is None:
            target = self._urls[url] = URL(url)
        return target

    def _limits(
        self, asked: tuple[ODVInput[float], ...], *, media: bool
    ) -> tuple[aiohttp.ClientTimeout, float]:
        read, write, connect, pool = (
            default if isinstance(value, DefaultValue) else value
            for value, default in zip(asked, self._defaults, strict=True)
        )
        if media and isinstance(asked[1], DefaultValue):
            write = self._media_timeout
        longest = self._media_timeout
        return _timeout(
            *(longest if time is None else time for time in (read, write, connect, pool))
        )


@lru_cache(maxsize=64)
def _timeout(
    read: float, write: float, connect: float, pool: float
) -> tuple[aiohttp.ClientTimeout, float]:
    """Translate PTB's four times into aiohttp's, and into seconds for the whole."""
    limits = aiohttp.ClientTimeout(
        total=None, connect=pool + connect, sock_connect=connect, sock_read=read
    )
    return limits, read + write + connect + pool


_JOINERS = "\u200c\u200d"  # part of the spelling of Persian and Hindi


def _multipart(request_data: RequestData) -> aiohttp.FormData:
    """Lay parameters and files side by side; file names are UTF-8, as Telegram reads them."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, mime_type) in request_data.multipart_data.items():
        form.add_field(
            name,
            io.BytesIO(content) if isinstance(content, bytes) else content,
            filename="".join(
                char if char.isprintable() or char in _JOINERS else "_" for char in file_name
            ),
            content_type=mime_type,
        )
    return form


async def _stream(answer: aiohttp.ClientResponse, sink: io.BufferedWriter, at_most: int) -> int:
    if answer.status != HTTPStatus.OK:
        refused = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        kind = BadRequest if refused else NetworkError
        raise kind(f"the file could not be fetched: {answer.status}")
    if (answer.content_length or 0) > at_most:
        raise TooBig(f"{answer.content_length} bytes, at most {at_most} allowed")
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > at_most:
            raise TooBig(f"more than {at_most} bytes")
        sink.write(chunk)
    return size


def _ptb_error(error: Exception, url: str) -> NetworkError:
    """Choose PTB's error for one of aiohttp's, without the token that the URL carries."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UnsentTimedOut("Timed out before a connection was there: nothing was sent")
    if isinstance(error, TimeoutError):
        return TimedOut()
    kind = Unsent if isinstance(error, aiohttp.ClientConnectorError) else Broken
    text = str(error) if _cause(error, url) else "details withheld"
    return kind(f"aiohttp.{type(error).__name__}: {text}")


def _cause(error: Exception, url: str) -> Exception | None:
    """Give the error as a cause only if neither its text nor its arguments quote the URL."""
    return None if URL(url).path in f"{error} {error!r}" else error
