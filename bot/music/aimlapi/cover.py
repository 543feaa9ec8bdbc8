"""music-cover at AI/ML API: the melody stays (docs/facts/services.md, music-cover)."""

import asyncio
import json
import re
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Annotated

import aiohttp
from pydantic import Field, SecretStr

from bot.backoff import Backoff
from bot.model import Purpose
from bot.music._download import Downloads
from bot.music._http import Http, Reply
from bot.music._polling import PAUSES
from bot.music.aimlapi.checks import ServiceCheck
from bot.music.aimlapi.faults import INVISIBLE, FaultKind, fault_of, raise_for_status
from bot.music.aimlapi.wire import AudioSetting, Loose, LooseAmount, LooseId, LooseText, Wire
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.ports import Abilities, CheckResult, Likeness, Order, Ticket, TrackFile, Uploaded

MODEL = "minimax/music-cover"
STYLE = "A modern pop version with clear lead vocals, warm drums, bass and guitars"
"""What the model is told where nobody chose another style."""

_PATH = "/v2/generate/audio"
_PRICE_USD = 0.195
_CREATE = 120.0
_LOOK = 20.0
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CODE = re.compile(r"\b[12]\d{3}\b")
_SERVER = range(500, 600)
_FULL = 503


class Usage(Wire):
    """What was spent."""

    usd_spent: LooseAmount = None


class Meta(Wire):
    """What goes beside an answer."""

    usage: Annotated[Usage | None, Loose] = None


class Fault(Wire):
    """Why there is no track."""

    name: LooseText = None
    message: LooseText = None


class AudioFile(Wire):
    """Where the track is, for about a day."""

    url: LooseText = Field(default=None, repr=False)


class Generation(Wire):
    """A cover that was asked for."""

    id: LooseId = None
    status: LooseText = None
    error: Annotated[Fault | None, Loose] = None
    audio_file: Annotated[AudioFile | None, Loose] = None
    meta: Annotated[Meta | None, Loose] = None

    @property
    def usd(self) -> float | None:
        """What it costs, where that is said."""
        return self.meta.usage.usd_spent if self.meta and self.meta.usage else None

    def track(self) -> str | None:
        """Where the track is; None while it is being made.

        Raises:
            MusicError: There will be none.
        """
        if self.status == "error":
            fault = self.error or Fault()
            raise _end(f"{fault.name or ''} {fault.message or ''}", self.id)
        if self.status != "completed":
            return None
        if self.audio_file is None or not self.audio_file.url:
            raise BadAnswer("a success without a track", request_id=self.id)
        return self.audio_file.url


class AimlApiCover:
    """A client of music-cover: one create, then looks by its id.

    Args:
        session: Used and never closed.
        key: Of the account; sent to `url` and nowhere else.
        url: Of the service.
        upload_timeout: Seconds a create, which carries the recording, may take beyond a minute.
        generate_timeout: Seconds a track may take from its ticket on.
        style: What the cover is to sound like, 10 to 300 characters.
        data_uri: Whether the recording is sent as a `data:` address, or as bare Base64: the
            documentation's text and schema disagree.
        pauses: Between two looks at a track in the making.
    """

    name = "aimlapi-cover"
    title = "AI/ML API (cover)"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        key: SecretStr,
        url: str,
        upload_timeout: float,
        generate_timeout: float,
        style: str = STYLE,
        data_uri: bool = True,
        pauses: Backoff = PAUSES,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=(Purpose.SONG,),
            pairs=False,
            lyrics_max=1000,
            recording_seconds=(6, 360),
            recording_bytes=20_000_000,
            track_seconds=360,
            price_usd=_PRICE_USD,
            likeness=Likeness.MELODY,
            lyrics_min=10,
            marks=False,
            style=style,
            inline=True,
        )
        self._create_timeout = _CREATE + upload_timeout
        self._style = style
        self._prefix = "data:audio/mpeg;base64," if data_uri else ""
        self._http = Http(session, url, key=key)
        self._downloads = Downloads(self._http.url, within=generate_timeout, pauses=pauses)
        self._check = ServiceCheck(self._http, MODEL, _PRICE_USD)

    async def upload(self, recording: Path, purpose: Purpose) -> Uploaded:  # noqa: ARG002  a song
        """Name the recording, which travels with the order."""
        return Uploaded(path=recording)

    async def submit(self, order: Order, into: Path) -> Ticket:  # noqa: ARG002  a ticket is all there is
        """Ask for a cover.

        Raises:
            MusicError: As the tables say; `BadAnswer` where the id is missing.
            StaleUpload: The recording was uploaded elsewhere and is no file here.
            OSError: The recording cannot be read.
        """
        song = order.voice or order.beat
        if song is None or song.path is None:
            raise StaleUpload("a cover needs the recording itself")
        generation = await self._http.request(
            "POST",
            _PATH,
            within=self._create_timeout,
            read=_read,
            hidden=(order.lyrics, *filter(None, order.lyrics.splitlines())),
            data=await asyncio.to_thread(self._body, order, song.path),
            headers={"Content-Type": "application/json"},
        )
        if not generation.id or not _ID.fullmatch(generation.id):
            raise BadAnswer("a cover was accepted without an id")
        return Ticket(generation.id, generation.usd)

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Wait for a cover and fetch it.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        if not _ID.fullmatch(ticket.id):
            raise UnknownFault("not a ticket of this service")

        cost_usd = ticket.cost_usd

        async def address_of_track() -> str | None:
            nonlocal cost_usd
            asked = {"generation_id": ticket.id}
            generation = await self._http.request(
                "GET", _PATH, within=_LOOK, read=_read_again, params=asked
            )
            cost_usd = generation.usd or ticket.cost_usd
            return generation.track()

        size = await self._downloads.fetch_when_made(address_of_track, into)
        return TrackFile(size, ticket.id, cost_usd)

    async def cancel(self, ticket: Ticket) -> None:
        """Do nothing: a cover cannot be taken back."""

    async def find(self, order: Order, since: datetime) -> list[Ticket]:  # noqa: ARG002  the port's
        """Return nothing: there is no list of what was asked for."""
        return []

    async def check(self) -> list[CheckResult]:
        """Look at the model, the key and the balance; costs nothing, never raises."""
        return await self._check.run()

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()

    def _body(self, order: Order, recording: Path) -> bytes:
        """Write the body of a create: the recording goes as text, a third longer than it is."""
        body = {
            "model": MODEL,
            "prompt": self._style,
            "reference_audio_url": self._prefix + b64encode(recording.read_bytes()).decode(),
            "lyrics": order.lyrics,
            "audio_setting": AudioSetting().model_dump(),
        }
        return json.dumps(body).encode()


def _read(reply: Reply, *, carries: bool = True) -> Generation:
    """Read the answer to a create; an error in the middle of it may have left a cover behind."""
    if not reply.good:
        try:
            raise_for_status(reply, carries=carries)
        except PassingFault as fault:
            if reply.status in _SERVER and reply.status != _FULL:
                raise Unanswered(str(fault), http=reply.status) from fault
            raise
    generation = Generation.parse(reply.body)
    if generation is None:
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return generation


def _read_again(reply: Reply) -> Generation:
    """Read an answer about a ticket: 404 says that nobody knows it, not that the model is gone."""
    try:
        return _read(reply, carries=False)
    except OperatorFault as fault:
        if fault.reason is OperatorReason.WITHDRAWN:
            raise BadAnswer("the cover is not known any more", http=reply.status) from fault
        raise
    except UserFault as fault:  # of the question, not of the words
        raise BadAnswer("the cover cannot be asked about", http=reply.status) from fault


def _end(text: str, name: str | None) -> MusicError:
    """Why there is no cover; what is said is not repeated, for it may quote the lyrics."""
    kind = _kind_of_fault(text)
    invisible = str(INVISIBLE) in _CODE.findall(text)
    code = INVISIBLE if invisible and kind is UserReason.INVALID else None
    return fault_of(kind, "the service gave the cover up", code=code, request_id=name)


def _kind_of_fault(text: str) -> FaultKind:
    lower = text.lower()
    if "sensitive" in lower or "moderation" in lower:
        return UserReason.SENSITIVE
    return UserReason.INVALID if "invalid" in lower or str(INVISIBLE) in lower else BadAnswer
