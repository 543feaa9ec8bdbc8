"""One private, bounded request that every backend shares."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from pydantic import SecretStr
from yarl import URL

from bot.backoff import Backoff
from bot.music.errors import BadAnswer, MusicError, PassingFault, Unanswered
from bot.proxies import proxy_for
from bot.untrusted import name_of

log = logging.getLogger(__name__)

SMALL = 1 << 20
"""Bytes up to which a body is read at once; larger ones wait until few are being decoded."""

BODY = 60.0
"""Seconds a body may take after its headers."""

HOLD = 120.0
"""Seconds for which a track that came and cannot be written stays in memory."""

_CONNECT = 15.0
# Bytes that an answer may hold while it waits to be decoded; 45 MB less at 200 answers.
_BUFFER = 1 << 14
_REFUSAL = 1 << 16  # bytes that are read of an error's body
_REFUSAL_WAIT = 10.0
_KEEP_PAUSE = 1.0
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
        key: Sent to the service itself and nowhere else; None or empty where it wants none.
        decoders: How many large bodies are read and decoded at once, or the semaphore for it.
            The others' bytes stay in the kernel meanwhile, so that a wave of answers does not
            have to fit into memory. Of those few, one is copied or decoded at a time: 200 at
            once kept the event loop so busy that a commit took 40 ms instead of 2.

    Raises:
        ValueError: The address is not one of HTTP.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        key: SecretStr | None,
        decoders: asyncio.Semaphore | int = 4,
    ) -> None:
        self.url = URL(url.rstrip("/"))
        if self.url.scheme not in {"http", "https"} or not self.url.host:
            raise ValueError("the address of a music service begins with http:// or https://")
        if self.url.user or self.url.password:
            raise ValueError("the address of a music service holds no name and no password")
        self._session = session
        self._key = key.get_secret_value().strip() if key else ""
        self._proxy, self._proxy_auth = proxy_for(self.url)
        self._decode_slots = asyncio.Semaphore(decoders) if isinstance(decoders, int) else decoders
        self._copy_lock = asyncio.Lock()

    @property
    def has_key(self) -> bool:
        """Whether there is a key to show."""
        return bool(self._key)

    @property
    def headers(self) -> dict[str, str]:
        """What a call to the service carries, its key among it."""
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return key | {"Accept-Encoding": "identity"}

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
        with_key: bool = True,
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
            headers: Beside those that hold the key; they go nowhere else, for redirects are
                not followed.
            hidden: What the answer must not name anything by, beside the key.
            with_key: Whether the key is shown.
            body: `json=` or `data=`, as aiohttp takes them.

        Raises:
            PassingFault: No connection, so nothing was sent.
            Unanswered: It was sent, and no whole answer came.
            BadAnswer: The body is larger than `limit`, or `read` cannot cope with it.
            MusicError: What `read` or `keep` raises.
            OSError: `keep` could not write a file in all its time.
        """
        started = time.monotonic()
        sent = (self.headers if with_key else {}) | dict(headers or {})
        response = await self._send(method, path, within, headers=sent, **body)
        seconds = time.monotonic() - started
        large = limit > SMALL and response.status in _OK
        try:
            async with self._decode_slot(within) if large else nullcontext():
                received = await self._body(response, limit, min(within, BODY))
                reply = Reply(
                    response.status, response.headers, received, seconds, (self._key, *hidden)
                )
                async with self._copy_lock:
                    result = await asyncio.to_thread(_decoded, read, reply)
                if keep is not None:
                    await self._keep(keep, result)
                return result
        finally:
            response.close()

    async def _send(
        self, method: str, path: str, within: float, **options: Any
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the headers of its answer."""
        with translated_errors():
            async with asyncio.timeout(within):
                return await self._session.request(
                    method,
                    self.url / path.lstrip("/"),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, connect=min(_CONNECT, within / 2)),
                    read_bufsize=_BUFFER,
                    proxy=self._proxy,
                    proxy_auth=self._proxy_auth,
                    **options,
                )

    @asynccontextmanager
    async def _decode_slot(self, within: float) -> AsyncIterator[None]:
        """Be one of the few that read and decode a large body."""
        with translated_errors():
            async with asyncio.timeout(within):
                await self._decode_slots.acquire()
        try:
            yield
        finally:
            self._decode_slots.release()

    async def _body(
        self, response: aiohttp.ClientResponse, limit: int, within: float
    ) -> bytearray:
        """Read a body; of a refusal, as much as comes soon: its status line says the most."""
        if response.status not in _OK:
            body = bytearray()
            with suppress(Unanswered):
                await self._fill(body, response, _REFUSAL, min(within, _REFUSAL_WAIT))
            return body[:_REFUSAL]
        announced = response.content_length or 0
        if announced > limit:
            raise BadAnswer(f"{announced} bytes are announced", http=response.status)
        body = bytearray(announced)
        await self._fill(body, response, limit, within)
        if len(body) > limit:
            raise BadAnswer(f"more than {limit} bytes came", http=response.status)
        return body

    async def _fill(
        self, body: bytearray, response: aiohttp.ClientResponse, limit: int, within: float
    ) -> None:
        """Read to the end, or until the limit is passed.

        Chunks overwrite what `body` has already before it grows: a body of 4 MB that grew by
        each chunk would be copied nine times on the way, on the event loop. The lock is kept for
        one more round of the loop, so that other tasks get to run between two copies.
        """
        size = 0
        with translated_errors():
            async with asyncio.timeout(within):
                async for chunk in response.content.iter_any():
                    async with self._copy_lock:
                        body[size : size + len(chunk)] = chunk
                        await asyncio.sleep(0)
                    size += len(chunk)
                    if size > limit:
                        return
        del body[size:]

    async def _keep(self, keep: Callable[[T], object], result: T) -> None:
        """Hold what came in memory until there is room for it: it may have been paid for."""
        tries = Backoff(first=_KEEP_PAUSE, longest=_KEEP_PAUSE, jitter=0, deadline=HOLD).begin()
        while True:
            try:
                async with self._copy_lock:
                    await asyncio.to_thread(keep, result)
            except OSError as error:
                pause = tries.failed()
                if pause is None:
                    raise
                if tries.failures == 1:
                    log.error("what came back cannot be written yet: %s", error.strerror)  # noqa: TRY400 - one line
            else:
                return
            await asyncio.sleep(pause)


def _decoded(read: Callable[[Reply], T], reply: Reply) -> T:
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


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what aiohttp and asyncio raise on the way into our own errors.

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
