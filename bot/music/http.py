"""One private, bounded request that every backend shares."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.music.errors import BadAnswer, MusicError, PassingFault, Unanswered
from bot.proxies import proxy_for
from bot.untrusted import name_of

log = logging.getLogger(__name__)

SMALL = 1 << 20
"""Bytes up to which a body may be read without waiting for a turn."""

BODY = 60.0
"""Seconds a body may take after its headers."""

HOLD = 120.0
"""Seconds for which a track that came and cannot be written stays in memory."""

_CONNECT = 15.0
_BUFFER = (
    1 << 14
)  # bytes an answer may hold while it waits for its turn; 45 MB less at 200 answers
_REFUSAL = 1 << 16  # bytes that are read of an error's body
_REFUSAL_WAIT = 10.0
_LOOK_AGAIN = 1.0
_OK = range(200, 300)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came whole.

    Attributes:
        status: Of HTTP.
        headers: Of HTTP; names in any case.
        body: At most the limit that was asked for.
        seconds: From the request to the answer's headers.
        hidden: What it must not name anything by: keys, lyrics.
    """

    status: int
    headers: CIMultiDictProxy[str]
    body: bytearray
    seconds: float
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def good(self) -> bool:
        """Whether HTTP itself reports success."""
        return self.status in _OK

    def named(self, text: str | None) -> str | None:
        """What the service calls something, for log and ledger, if it looks like a name.

        Every such name has a digit in it, and hardly a word of lyrics has.
        """
        name = name_of(text)
        if name is None or not any(c.isdecimal() for c in name):
            return None
        return None if any(h and h in name for h in self.hidden) else name


class Http:
    """The way to one service: every wait and every size is bounded, the body's included.

    Args:
        session: Used and never closed. Its connector should allow as many connections as there
            are tracks in the making: waiting for a free one counts as never sent.
        url: Of the service, without a path.
        decoders: How many large bodies are read and decoded at once, or the semaphore for it.
            Answers waiting for their turn stay with the kernel, so that a wave of them does
            not have to fit into memory. Of those that have it, one is copied or decoded at a
            time: 200 of them kept the event loop so busy that a commit took 40 ms instead of 2.

    Raises:
        ValueError: The address is not one of HTTP.
    """

    def __init__(
        self, session: aiohttp.ClientSession, url: str, *, decoders: asyncio.Semaphore | int
    ) -> None:
        self.url = URL(url.rstrip("/"))
        if self.url.scheme not in {"http", "https"} or not self.url.host:
            raise ValueError("the address of a music service begins with http:// or https://")
        if self.url.user or self.url.password:
            raise ValueError("the address of a music service holds no name and no password")
        self._session = session
        self._proxy, self._proxy_auth = proxy_for(self.url)
        self._turns = asyncio.Semaphore(decoders) if isinstance(decoders, int) else decoders
        self._pen = asyncio.Lock()

    async def request(
        self,
        method: str,
        path: str,
        *,
        within: float,
        read: Callable[[Reply], T],
        keep: Callable[[T], object] | None = None,
        limit: int = SMALL,
        headers: Mapping[str, str] | None = None,
        hidden: tuple[str, ...] = (),
        **body: Any,
    ) -> T:
        """Send once, and turn the whole answer into what `read` makes of it, off the loop.

        Args:
            method: Of HTTP.
            path: Below the service's address.
            within: Seconds until the answer's headers must have come. A body gets as long
                again, at most a minute.
            read: Judges and decodes, once; runs in a thread.
            keep: Writes what `read` made to a file; runs in a thread, and again every second
                for two minutes while the disk refuses.
            limit: Bytes the body may have.
            headers: Secrets among them go nowhere else: redirects are not followed.
            hidden: What the answer must not name anything by.
            body: `json=` or `data=`, as aiohttp takes them.

        Raises:
            PassingFault: No connection, so nothing was sent.
            Unanswered: It was sent, and no whole answer came.
            BadAnswer: The body is larger than `limit`, or `read` cannot cope with it.
            MusicError: What `read` or `keep` raises.
            OSError: `keep` could not write a file in all its time.
        """
        started = time.monotonic()
        wait = aiohttp.ClientTimeout(total=None, connect=min(_CONNECT, within / 2))
        with translated_errors():
            async with asyncio.timeout(within):
                response = await self._session.request(
                    method,
                    self.url / path.lstrip("/"),
                    headers=headers,
                    allow_redirects=False,
                    timeout=wait,
                    read_bufsize=_BUFFER,
                    proxy=self._proxy,
                    proxy_auth=self._proxy_auth,
                    **body,
                )
        seconds = time.monotonic() - started
        try:
            async with self._turn(within, needed=limit > SMALL and response.status in _OK):
                whole = await _body(response, limit, min(within, BODY), self._pen)
                reply = Reply(response.status, response.headers, whole, seconds, hidden)
                async with self._pen:
                    found = await asyncio.to_thread(_judged, read, reply)
                if keep is not None:
                    await self._keep(keep, found)
                return found
        finally:
            response.close()

    async def _keep(self, keep: Callable[[T], object], found: T) -> None:
        """Hold what came in memory until there is room for it: it may have been paid for."""
        until, said = time.monotonic() + HOLD, False
        while True:
            try:
                async with self._pen:
                    await asyncio.to_thread(keep, found)
            except OSError as error:
                if time.monotonic() > until:
                    raise
                if not said:
                    log.error("what came back cannot be written yet: %s", error.strerror)  # noqa: TRY400 - one line
                said = True
            else:
                return
            await asyncio.sleep(_LOOK_AGAIN)

    @asynccontextmanager
    async def _turn(self, within: float, *, needed: bool) -> AsyncIterator[None]:
        if not needed:
            yield
            return
        with translated_errors():
            async with asyncio.timeout(within):
                await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()


def _judged(read: Callable[[Reply], T], reply: Reply) -> T:
    """What `read` makes of an answer; an answer that surprises it may have been paid for.

    Raises:
        MusicError, OSError: What `read` raises; `BadAnswer` for anything else.
    """
    try:
        return read(reply)
    except (MusicError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever an odd answer does to our reading
        name = type(error).__name__
        # Without its cause, which may quote what came.
        raise BadAnswer(f"the answer cannot be read: {name}", http=reply.status) from None


async def _body(
    response: aiohttp.ClientResponse, limit: int, within: float, pen: asyncio.Lock
) -> bytearray:
    """Read a body; of a refusal, as much as comes soon: its status line says the most."""
    if response.status not in _OK:
        body = bytearray()
        try:
            await _fill(body, response, _REFUSAL, min(within, _REFUSAL_WAIT), pen)
        except Unanswered:
            return body
        return body[:_REFUSAL]
    announced = response.content_length or 0
    if announced > limit:
        raise BadAnswer(f"{announced} bytes are announced", http=response.status)
    body = bytearray(announced)
    await _fill(body, response, limit, within, pen)
    if len(body) > limit:
        raise BadAnswer(f"more than {limit} bytes came", http=response.status)
    return body


async def _fill(
    body: bytearray, response: aiohttp.ClientResponse, limit: int, within: float, pen: asyncio.Lock
) -> None:
    """Read to the end, or until the limit is passed; room that is there is used first.

    A body of 4 MB that grows by each chunk is copied nine times on the way, on the event loop.
    Whoever copies holds the pen for a round of the loop, and all the others get theirs.
    """
    size = 0
    with translated_errors():
        async with asyncio.timeout(within):
            async for chunk in response.content.iter_any():
                async with pen:
                    body[size : size + len(chunk)] = chunk
                    await asyncio.sleep(0)
                size += len(chunk)
                if size > limit:
                    return
    del body[size:]


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what aiohttp and asyncio raise on the way into our tree.

    Raises:
        PassingFault: No connection came about, so nothing was sent.
        Unanswered: It was sent, and no whole answer came.
    """
    try:
        yield
    except aiohttp.ClientHttpProxyError as error:
        refused = f"never sent: the proxy answers HTTP {error.status}"
        _forget(error)
        raise PassingFault(refused) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise PassingFault(f"never sent: {error}") from error
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        _forget(error)
        raise Unanswered(f"no whole answer: {type(error).__name__}") from error


def _forget(error: Exception) -> None:
    """Take out of an error what it quotes: headers of the request, bytes of the answer."""
    error.args = ()
    error.__cause__ = error.__context__ = None
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        error.message = ""
    if isinstance(error, aiohttp.ClientResponseError):
        nothing: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
        origin = error.request_info.real_url.origin()
        method = error.request_info.method
        error.request_info = aiohttp.RequestInfo(origin, method, nothing, origin)
