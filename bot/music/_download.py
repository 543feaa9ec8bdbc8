"""Fetching a track that a service names by its address, without walking into our own network."""

import asyncio
import binascii
import logging
import socket
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.backoff import Backoff
from bot.music._http import translated_errors
from bot.music._mp3_files import atomically, is_mp3
from bot.music._polling import PAUSES, until_there
from bot.music.aimlapi.faults import retry_after_seconds
from bot.music.errors import BadAnswer, MusicError, PassingFault, Unanswered, Unready

LIMIT = 50_000_000
"""Bytes a track may have."""

_CONNECT = 15.0
_HOPS = 4
_REDIRECTS = {301, 302, 303, 307, 308}
_OK = 200
_BUSY = 429
_TROUBLE = 500
_MISSING = 404
_NOT_YET = 30.0  # a result may be announced before it can be read
_PAUSES = Backoff(first=1.0, longest=10.0, factor=1.5, jitter=0.1)

_log = logging.getLogger(__name__)


class _MissingError(BadAnswer):
    """Nothing is at the address, for now."""


class _PrivateError(OSError):
    """A name that leads into a private network."""


def _is_public(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class _PublicOnly(AbstractResolver):
    """Resolves names, and gives out only addresses that anybody could reach."""

    def __init__(self, trusted: str | None) -> None:
        self._trusted = trusted
        self._resolver = aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = await self._resolver.resolve(host, port, family)
        public = [a for a in addresses if host == self._trusted or _is_public(a["host"])]
        if not public:
            raise _PrivateError(f"{host} is no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


class Downloads:
    """Fetches results with a session of its own: no cookies, public HTTPS only.

    Args:
        trusted: The service's own address, set by the operator; exempt from the rules.
        hosts: Where else a result may be, subdomains included; None where any public place
            will do.
        within: Seconds that fetching a track may take.
        pauses: Between two times of asking whether a track is made.
        key: Headers with the key, shown to the service itself and to nobody it leads to.
    """

    def __init__(
        self,
        trusted: URL,
        hosts: tuple[str, ...] | None = None,
        *,
        within: float,
        pauses: Backoff = PAUSES,
        key: Mapping[str, str] | None = None,
    ) -> None:
        self._trusted = trusted.origin()
        self._hosts = hosts
        self._within = within
        self._pauses = pauses
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, address: str, into: Path) -> int:
        """Write what is at `address` into a file and return its bytes.

        A failed look costs nothing and ends nothing, until there is no time left.

        Args:
            address: As the service gave it; what is percent-encoded stays so. A path is one
                at the service itself; a `data:` address holds the track.
            into: Written whole or not at all.

        Raises:
            Unready: It could not be fetched in time or whole.
            BadAnswer: It is elsewhere, too large, no MP3, or still missing after a while.
            OSError: The file could not be written in time.
        """
        url = None if address.startswith("data:") else self.check(address)
        clock = asyncio.get_running_loop().time
        deadline, missing_until = clock() + self._within, clock() + min(_NOT_YET, self._within / 4)
        disk_error: OSError | None = None

        async def look() -> int | None:
            nonlocal disk_error
            try:
                if url is None:
                    return await asyncio.to_thread(_unpack, address, into)
                return await self._follow(url, into, deadline)
            except _MissingError as error:
                if clock() > missing_until:
                    raise BadAnswer(str(error), http=error.http) from error
            except OSError as error:
                if disk_error is None:
                    _log.error("a track cannot be written yet: %s", error.strerror)
                disk_error = error
            return None

        try:
            return await until_there(look, within=self._within, pauses=_PAUSES)
        except Unready as error:
            if disk_error is not None:
                raise disk_error from error
            raise

    async def fetch_when_made(
        self, address_of: Callable[[], Awaitable[str | None]], into: Path
    ) -> int:
        """Ask a service until it says where its track is, and fetch that.

        Args:
            address_of: Asks; brings None while the track is being made.
            into: As for `fetch`; so is what is raised.
        """

        async def look() -> int | None:
            address = await address_of()
            return None if address is None else await self.fetch(address, into)

        return await until_there(look, within=self._within, pauses=self._pauses)

    def check(self, address: str) -> URL:
        """Look at an address without following it.

        Returns:
            Where it leads.

        Raises:
            BadAnswer: Nothing would be fetched from there.
        """
        return self._checked(address, self._trusted if address.startswith("/") else None)

    async def _follow(self, url: URL, into: Path, deadline: float) -> int:
        """Follow an address once, to its end.

        Raises:
            PassingFault, Unanswered, BadAnswer, OSError: as they say.
        """
        key = self._key
        for _ in range(_HOPS):
            response = await self._open(
                url, deadline, key if url.origin() == self._trusted else None
            )
            key = None  # it is never shown where a redirect leads to
            try:
                if response.status == _OK:
                    return await _save(response, into, deadline)
                if response.status not in _REDIRECTS:
                    raise _absent(response)
                url = self._checked(response.headers.get("Location", ""), url)
            finally:
                response.close()
        raise BadAnswer("the track's address leads in circles")

    async def aclose(self) -> None:
        """Close the session, if one was opened."""
        if self._session is not None:
            await self._session.close()

    async def _open(
        self, url: URL, deadline: float, key: Mapping[str, str] | None
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            resolver = _PublicOnly(self._trusted.host)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT),
            )
        try:
            with translated_errors():
                async with asyncio.timeout_at(deadline):
                    return await self._session.get(url, headers=key, allow_redirects=False)
        except PassingFault as error:
            if isinstance(getattr(error.__cause__, "os_error", None), _PrivateError):
                raise BadAnswer("the track's address is in a private network") from error
            raise Unanswered("the track could not be fetched") from error

    def _checked(self, address: str, base: URL | None = None) -> URL:
        """Read an address, and refuse what a stranger should not send us to."""
        try:
            url = URL(address, encoded=True)
            url = base.join(url) if base else url
            if url.origin() == self._trusted:
                return url
            private = _is_private(url.host or "")
        except ValueError as error:
            raise BadAnswer("the track's address is not one") from error
        if url.scheme != "https" or url.user or private:
            raise BadAnswer("the track's address is not a public one of HTTPS")
        if self._hosts is not None and not self._expected(url.host or ""):
            raise BadAnswer("the track's address is on an unexpected host")
        return url

    def _expected(self, host: str) -> bool:
        return any(host == known or host.endswith(f".{known}") for known in self._hosts or ())


def _absent(response: aiohttp.ClientResponse) -> MusicError:
    """What it means that an address answers with something else than a track."""
    status = response.status
    if status == _BUSY or status >= _TROUBLE:
        busy = PassingFault("the track cannot be had now", http=status)
        busy.retry_after = retry_after_seconds(response.headers.get("Retry-After", ""))
        return busy
    kind = _MissingError if status == _MISSING else BadAnswer
    return kind("the track is not at its address", http=status)


def _is_private(host: str) -> bool:
    """Judge a host by its looks; a name is judged when it is resolved."""
    try:
        return not _is_public(host)
    except ValueError:
        return host.replace(".", "").isdecimal() or not host


def _unpack(address: str, into: Path) -> int:
    """Write the track that a `data:` address holds."""
    kind, _, text = address.partition(",")
    if not kind.endswith(";base64") or len(text) > LIMIT * 4 // 3 + 4:
        raise BadAnswer("the track's address holds no track")
    try:
        track = b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadAnswer("the track's address holds no Base64") from error
    if not is_mp3(track[:3]):
        raise BadAnswer("what the track's address holds is no MP3")
    with atomically(into) as file:
        file.write(track)
    return len(track)


async def _save(response: aiohttp.ClientResponse, into: Path, deadline: float) -> int:
    size, head = 0, b""
    with atomically(into) as file:
        while chunk := await _next(response, deadline):
            size += len(chunk)
            if size > LIMIT:
                raise BadAnswer(f"the track is larger than {LIMIT} bytes")
            head = head if len(head) > 2 else head + chunk[:3]  # noqa: PLR2004  enough for the magic
            await asyncio.to_thread(file.write, chunk)
        if not is_mp3(head):
            raise BadAnswer("what is at the track's address is no MP3")
    return size


async def _next(response: aiohttp.ClientResponse, deadline: float) -> bytes:
    with translated_errors():
        async with asyncio.timeout_at(deadline):
            return await response.content.readany()
