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

from bot.backoff import Backoff
from bot.model import Purpose
from bot.music._download import Downloads
from bot.music._http import Http, Reply
from bot.music._polling import PAUSES
from bot.music.aimlapi.checks import why
from bot.music.aimlapi.faults import about_the_recording
from bot.music.aimlapi.wire import ANSWER, Wire
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
from bot.music.ports import Abilities, CheckResult, Order, Ticket, TrackFile, Uploaded
from bot.music.replicate.wire import File, Prediction, Predictions, raise_for_status

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

T = TypeVar("T", bound=Wire)


class Replicate:
    """A client of music-01 at Replicate: a create is sent once, a look as often as needed.

    Args:
        session: Used and never closed.
        key: The account's token; sent to `url` and nowhere else.
        url: Of the service.
        upload_timeout: Seconds an upload may take to be answered.
        generate_timeout: Seconds a track may take from its ticket on.
        pauses: Between two looks at a track in the making.
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
        pauses: Backoff = PAUSES,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=tuple(Purpose),
            pairs=True,
            lyrics_max=400,
            recording_seconds=(15, 600),
            recording_bytes=20_000_000,
            track_seconds=60,
            price_usd=0.035,
            lists=True,
        )
        self._upload_timeout = upload_timeout
        self._generate_timeout = generate_timeout
        self._http = Http(session, url, key=key)
        self._downloads = Downloads(
            self._http.url,
            _HOSTS,
            within=generate_timeout,
            pauses=pauses,
            key=self._http.headers,
        )

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
            return await self._http.request(
                "POST", "/v1/files", within=self._upload_timeout, read=_uploaded, data=form
            )

    async def submit(self, order: Order, into: Path) -> Ticket:  # noqa: ARG002  a ticket is all there is
        """Create a prediction.

        Raises:
            MusicError: As the tables say; `Unanswered` where it may have been created.
            StaleUpload: A recording is not one of this service's.
            UserFault: Neither voice nor beat is named.
        """
        minutes = math.ceil((self._generate_timeout + _LATE) / 60)
        prediction = await self._http.request(
            "POST",
            f"/v1/models/{MODEL}/predictions",
            within=min(_CREATE, self._generate_timeout),
            read=_as(Prediction),
            headers={"Cancel-After": f"{minutes}m"},
            json={"input": self._input(order)},
        )
        if not prediction.id or not _ID.fullmatch(prediction.id):
            raise BadAnswer("a prediction came back without its id")
        return Ticket(prediction.id)

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Wait for a prediction and fetch its track before it is removed.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        path = f"/v1/predictions/{_checked(ticket)}"

        async def address_of_track() -> str | None:
            return (await self._about_ticket("GET", path)).track()

        return TrackFile(await self._downloads.fetch_when_made(address_of_track, into), ticket.id)

    async def cancel(self, ticket: Ticket) -> None:
        """Stop a prediction; one that has ended stays as it is."""
        await self._about_ticket("POST", f"/v1/predictions/{_checked(ticket)}/cancel")

    async def find(self, order: Order, since: datetime) -> list[Ticket]:
        """Look for predictions with an order's input among the latest ones, newest first."""
        wanted, after = self._input(order), since - _CLOCKS
        listed = await self._http.request(
            "GET", "/v1/predictions", within=_LOOK, read=_as(Predictions)
        )
        tickets = []
        for prediction in filter(None, listed.results[:_LATEST]):
            created, name = _aware(prediction.created_at), prediction.id
            if created is None or created < after or prediction.model != MODEL:
                continue
            if name and _ID.fullmatch(name) and await self._has_input(prediction, wanted):
                tickets.append(Ticket(name))
        return tickets

    async def check(self) -> list[CheckResult]:
        """Look at the model and the key; the balance is not told."""
        if not self._http.has_key:
            return [_finding("key", "REPLICATE_TOKEN is not set", OperatorReason.KEY)]
        lines = []
        for subject, path, good in (
            ("model", f"/v1/models/{MODEL}", f"{MODEL} is offered"),
            ("key", "/v1/account", "accepted"),
        ):
            try:
                await self._http.request("GET", path, within=_LOOK, read=_as(Prediction))
            except MusicError as error:
                lines.append(_bad(subject, error, self._http.url))
            else:
                lines.append(CheckResult(f"music {subject}", good=True, detail=good))
        balance = CheckResult("music balance", good=True, detail="not told by the provider")
        return [*lines, balance] if lines[-1].good else lines

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()

    async def _has_input(self, listed: Prediction, wanted: Mapping[str, Any]) -> bool:
        """Whether a prediction has this input; the list may leave inputs out."""
        given: Mapping[str, Any] | None = listed.input
        if not given:
            whole = await self._about_ticket("GET", f"/v1/predictions/{listed.id}")
            given = whole.input or {}
        return all(given.get(name) == value for name, value in wanted.items())

    async def _about_ticket(self, method: str, path: str) -> Prediction:
        return await self._http.request(
            method, path, within=_LOOK, read=_read_prediction, limit=ANSWER
        )

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


def _as(kind: type[T]) -> Callable[[Reply], T]:
    """How to read a good answer as `kind`; others are raised."""
    return lambda reply: _parsed(kind, reply) if reply.good else raise_for_status(reply)


def _read_prediction(reply: Reply) -> Prediction:
    return _parsed(Prediction, reply) if reply.good else raise_for_status(reply, about_ticket=True)


def _parsed(kind: type[T], reply: Reply) -> T:
    answer = kind.parse(reply.body)
    if answer is None:
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return answer


def _uploaded(reply: Reply) -> Uploaded:
    """Read the answer to an upload.

    When it expires is reckoned from the service's own clock, where that is known: it may be a
    day apart from ours.
    """
    with about_the_recording():
        if not reply.good:
            raise_for_status(reply, carries=True)
    file = _parsed(File, reply)
    if file.urls is None or not file.urls.get:
        raise BadAnswer("an upload came back without its address")
    now, expires = datetime.now(UTC), _aware(file.expires_at)
    if expires is None:
        return Uploaded(url=file.urls.get)
    kept = expires - (_date(reply) or now)
    least, most = _KEPT
    return Uploaded(url=file.urls.get, expires_at=now + min(max(kept, least), most))


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
    details = {
        OperatorReason.KEY: "refused; REPLICATE_TOKEN is not valid",
        OperatorReason.BALANCE: "out of credits; top it up",
        OperatorReason.WITHDRAWN: f"{MODEL} is not offered any more; choose another MUSIC_BACKEND",
    }
    detail = details.get(reason) if reason else None
    return _finding(subject, detail or why(error, url, "REPLICATE_URL"), reason)
