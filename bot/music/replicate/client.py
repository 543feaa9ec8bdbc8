"""music-01 through Replicate: files, predictions, and tracks that are gone after an hour."""

import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.model import Purpose
from bot.music.aimlapi.checks import why
from bot.music.aimlapi.faults import about_the_recording
from bot.music.aimlapi.wire import ANSWER, Wire
from bot.music.download import Downloads
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    StaleUpload,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.http import Http, Reply
from bot.music.polling import PACE, until_there
from bot.music.ports import Abilities, CheckResult, Order, Ticket, TrackFile, Uploaded
from bot.music.replicate.wire import File, Prediction, Predictions, refuse

MODEL = "minimax/music-01"

_HOSTS = ("replicate.delivery",)
_TYPES = {".mp3": "audio/mpeg", ".wav": "audio/wav"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SETTING = {"sample_rate": 44_100, "bitrate": 256_000}
_CREATE = 60.0
_LOOK = 20.0
_KEPT = (timedelta(minutes=1), timedelta(days=7))  # of an upload, at least and at most
_CLOCKS = timedelta(minutes=1)  # how far two clocks may be apart
_LATEST = 100  # predictions that are looked at; a page of the list has as many
_LATE = 600.0  # seconds past our own patience after which nobody wants the track any more

_log = logging.getLogger(__name__)

T = TypeVar("T")
W = TypeVar("W", bound=Wire)


class Replicate:
    """A client of music-01 at Replicate: a create is sent once, a look as often as needed.

    Args:
        session: Used and never closed.
        key: The account's token; sent to `url` and nowhere else.
        url: Of the service.
        upload_timeout: Seconds an upload may take to be answered.
        generate_timeout: Seconds a track may take from its ticket on.
        pace: Seconds between two looks at a prediction: first, longest.
    """

    name = "replicate"
    title = "Replicate"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        key: SecretStr,
        url: str,
        upload_timeout: float,
        generate_timeout: float,
        pace: tuple[float, float] = PACE,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=tuple(Purpose),
            pairs=True,
            pairs_from_song=False,
            lyrics_max=400,
            reference_seconds=(15, 600),
            reference_bytes=20_000_000,
            track_seconds=60,
            price_usd=0.035,
            lists=True,
        )
        self._key = key
        self._upload_timeout = upload_timeout
        self._generate_timeout = generate_timeout
        self._pace = pace
        self._http = Http(session, url, decoders=4)
        self._downloads = Downloads(self._http.url, _HOSTS)

    async def upload(self, recording: Path, purpose: Purpose) -> Uploaded:  # noqa: ARG002  the order says it
        """Give it a recording, which it keeps for a day.

        Raises:
            MusicError: As the tables say; `BadAnswer` where the address is missing.
            OSError: The recording cannot be read.
        """
        with recording.open("rb") as file:
            form = aiohttp.FormData()
            kind = _TYPES.get(recording.suffix.lower(), "audio/mpeg")
            name = f"reference{recording.suffix}"
            form.add_field("content", file, filename=name, content_type=kind)
            return await self._call(
                "POST", "/v1/files", _uploaded, within=self._upload_timeout, data=form
            )

    async def submit(self, order: Order, into: Path) -> Ticket:  # noqa: ARG002  a ticket is all there is
        """Create a prediction.

        Raises:
            MusicError: As the tables say; `Unanswered` where it may have been created.
            StaleUpload: A recording is not one of this service's.
            UserFault: Neither voice nor beat is named.
        """
        patience = math.ceil((self._generate_timeout + _LATE) / 60)
        told = await self._call(
            "POST",
            f"/v1/models/{MODEL}/predictions",
            _as(Prediction),
            within=min(_CREATE, self._generate_timeout),
            headers={"Cancel-After": f"{patience}m"},
            json={"input": self._input(order)},
        )
        if not told.id or not _ID.fullmatch(told.id):
            raise BadAnswer("a prediction came back without its id")
        return Ticket(told.id)

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Wait for a prediction and fetch its track before it is removed.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        path = f"/v1/predictions/{_checked(ticket)}"

        async def look() -> TrackFile | None:
            told = await self._call("GET", path, _about_ticket, limit=ANSWER)
            address = told.track()
            if address is None:
                return None
            size = await self._downloads.fetch(
                address, into, within=self._generate_timeout, key=self._headers()
            )
            return TrackFile(size, ticket.id)

        return await until_there(look, within=self._generate_timeout, pace=self._pace)

    async def cancel(self, ticket: Ticket) -> None:
        """Stop a prediction; one that has ended stays as it is."""
        path = f"/v1/predictions/{_checked(ticket)}/cancel"
        await self._call("POST", path, _about_ticket, limit=ANSWER)

    async def find(self, order: Order, since: datetime) -> list[Ticket]:
        """Look for predictions with an order's input among the latest ones, newest first."""
        wanted, after = self._input(order), since - _CLOCKS
        told = await self._call("GET", "/v1/predictions", _as(Predictions))
        found = []
        for each in told.results[:_LATEST]:
            created = _aware(each.created_at) if each else None
            if each is None or created is None or created < after or each.model != MODEL:
                continue
            if each.id and _ID.fullmatch(each.id) and await self._is(each, wanted):
                found.append(Ticket(each.id))
        return found

    async def check(self) -> list[CheckResult]:
        """Look at the model and the key; the balance is not told."""
        if not self._secret:
            return [_finding("key", "REPLICATE_TOKEN is not set", OperatorReason.KEY)]
        lines = []
        for subject, path, good in (
            ("model", f"/v1/models/{MODEL}", f"{MODEL} is offered"),
            ("key", "/v1/account", "accepted"),
        ):
            try:
                await self._call("GET", path, _as(Prediction))
            except MusicError as error:
                lines.append(_bad(subject, error, self._http.url))
            else:
                lines.append(CheckResult(f"music {subject}", good=True, detail=good))
        balance = CheckResult("music balance", good=True, detail="not told by the provider")
        return [*lines, balance] if lines[-1].good else lines

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()

    async def _is(self, listed: Prediction, wanted: Mapping[str, Any]) -> bool:
        """Whether a prediction has this input; the list may leave inputs out."""
        told: Mapping[str, Any] | None = listed.input
        if not told:
            path = f"/v1/predictions/{listed.id}"
            told = (await self._call("GET", path, _about_ticket, limit=ANSWER)).input or {}
        return all(told.get(name) == value for name, value in wanted.items())

    def _input(self, order: Order) -> dict[str, Any]:
        """Say an order in the model's words; a song is never mixed with the other two."""
        voice, beat = self._file(order.voice), self._file(order.beat)
        if voice is None and beat is None:
            raise UserFault(UserReason.INVALID, "a track needs a voice or a beat")
        if voice == beat:
            files = {"song_file": voice}
        else:
            files = {"voice_file": voice, "instrumental_file": beat}
        named = {name: url for name, url in files.items() if url is not None}
        return {"lyrics": order.lyrics, **named, **_SETTING}

    def _file(self, uploaded: Uploaded | None) -> str | None:
        if uploaded is None:
            return None
        if not uploaded.url or URL(uploaded.url).origin() != self._http.url.origin():
            raise StaleUpload("the recording has no address at this service")
        return uploaded.url

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Reply], T],
        *,
        within: float = _LOOK,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> T:
        return await self._http.request(
            method,
            path,
            within=within,
            read=read,
            headers={**self._headers(), **(headers or {})},
            hidden=(self._secret,),
            **more,
        )

    @property
    def _secret(self) -> str:
        return self._key.get_secret_value().strip()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._secret}", "Accept-Encoding": "identity"}


def _as(kind: type[W]) -> Callable[[Reply], W]:
    """How to read a good answer as `kind`; others are raised."""
    return lambda reply: _parsed(kind, reply) if reply.good else refuse(reply)


def _about_ticket(reply: Reply) -> Prediction:
    return _parsed(Prediction, reply) if reply.good else refuse(reply, about_ticket=True)


def _parsed(kind: type[W], reply: Reply) -> W:
    told = kind.parse(reply.body)
    if told is None:
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return told


def _uploaded(reply: Reply) -> Uploaded:
    """Read the answer to an upload.

    When it expires is reckoned from the service's own clock, as far as that is told: between it
    and ours may lie a day.
    """
    with about_the_recording():
        if not reply.good:
            refuse(reply, carries=True)
    told = _parsed(File, reply)
    if told.urls is None or not told.urls.get:
        raise BadAnswer("an upload came back without its address")
    now, expires = datetime.now(UTC), _aware(told.expires_at)
    if expires is None:
        return Uploaded(url=told.urls.get)
    kept = expires - (_date(reply) or now)
    least, most = _KEPT
    return Uploaded(url=told.urls.get, expires_at=now + min(max(kept, least), most))


def _date(reply: Reply) -> datetime | None:
    """The moment of an answer by the service's clock."""
    try:
        return _aware(parsedate_to_datetime(reply.headers.get("Date", "")))
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _checked(ticket: Ticket) -> str:
    if not _ID.fullmatch(ticket.id):
        raise UnknownFault("not a ticket of this service")
    return ticket.id


def _finding(subject: str, detail: str, reason: OperatorReason | None) -> CheckResult:
    return CheckResult(f"music {subject}", good=False, detail=detail, reason=reason)


def _bad(subject: str, error: MusicError, url: URL) -> CheckResult:
    reason = error.reason if isinstance(error, OperatorFault) else None
    said = {
        OperatorReason.KEY: "refused; REPLICATE_TOKEN is not valid",
        OperatorReason.BALANCE: "out of credits; top it up",
        OperatorReason.WITHDRAWN: f"{MODEL} is not offered any more; choose another MUSIC_BACKEND",
    }
    detail = said.get(reason) if reason else None
    return _finding(subject, detail or why(error, url, "REPLICATE_URL"), reason)
