"""music-01 through AI/ML API (docs/facts/music-01.md)."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import aiohttp
from pydantic import SecretStr

from bot.model import Purpose
from bot.music._download import Downloads
from bot.music._http import Http, Reply
from bot.music.aimlapi.checks import ServiceCheck
from bot.music.aimlapi.faults import (
    about_the_recording,
    raise_for_envelope,
    raise_for_status,
    unusable_answer,
)
from bot.music.aimlapi.results import GenerateResult, PaidAddress
from bot.music.aimlapi.wire import ANSWER, GenerateAnswer, GenerateRequest, Receipt, UploadAnswer
from bot.music.errors import MusicError, StaleUpload, UserFault, UserReason
from bot.music.ports import Abilities, CheckResult, Order, Ticket, TrackFile, Uploaded

MODEL = "music-01"

_PATH = "/v2/generate/audio/minimax"
_PRICE_USD = 0.03
_TYPES = {".mp3": "audio/mpeg", ".wav": "audio/wav"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_log = logging.getLogger(__name__)

T = TypeVar("T")


class AimlApi:
    """A client of music-01: one call is one request, never repeated in here.

    Args:
        session: Used and never closed; see `Http` for what its connector should allow.
        key: Of the account; sent to `url` and nowhere else.
        url: Of the service.
        upload_timeout: Seconds an upload may take to be answered.
        generate_timeout: Seconds a track may take to be answered (docs/facts/music-01.md, §2).
        decoders: How many answers are read and decoded at once, about 5 MB each.

    Raises:
        ValueError: `url` is not an address of HTTP.
    """

    name = "aimlapi"
    title = "AI/ML API"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        key: SecretStr,
        url: str,
        upload_timeout: float,
        generate_timeout: float,
        decoders: asyncio.Semaphore | int = 4,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=tuple(Purpose),
            pairs=True,
            lyrics_max=600,
            recording_seconds=(10, 600),
            recording_bytes=20_000_000,
            track_seconds=60,
            price_usd=_PRICE_USD,
        )
        self._upload_timeout = upload_timeout
        self._generate_timeout = generate_timeout
        self._http = Http(session, url, key=key, decoders=decoders)
        self._downloads = Downloads(self._http.url, within=generate_timeout)
        self._check = ServiceCheck(self._http, MODEL, _PRICE_USD)

    async def upload(self, recording: Path, purpose: Purpose) -> Uploaded:
        """Give it a recording, streamed from disk; the ids it answers with last.

        Raises:
            MusicError: As the tables say; `BadAnswer` where an id is missing.
            OSError: The recording cannot be read.
        """
        with recording.open("rb") as file:
            form = aiohttp.FormData()
            form.add_field("purpose", purpose.value)
            form.add_field(
                "file",
                file,
                filename=f"reference{recording.suffix}",
                content_type=_type(recording),
            )
            return await self._http.request(
                "POST",
                f"{_PATH}/upload",
                within=self._upload_timeout,
                read=lambda reply: _with_receipt(
                    reply, "an upload", lambda: _uploaded(reply, purpose)
                ),
                data=form,
            )

    async def submit(self, order: Order, into: Path) -> TrackFile | Ticket:
        """Ask for a track and write it to `into`; takes a minute or more.

        Returns:
            The track, or a ticket for the address it is at.

        Raises:
            MusicError: As the tables say; `BadAnswer` for a success without an MP3,
                `Unanswered` where it came and `into` could not be written.
            ValueError: The request id is not one that the service takes.
        """
        if not _REQUEST_ID.fullmatch(order.request_id):
            raise ValueError("a request id is 1 to 128 of A-Za-z0-9._:-")
        body = _request(order).model_dump(exclude_none=True)
        received: list[GenerateResult] = []

        def keep(result: GenerateResult) -> None:
            received[:] = [result]
            result.write(into)

        try:
            result = await self._http.request(
                "POST",
                f"{_PATH}/generate",
                within=self._generate_timeout,
                read=lambda reply: _with_receipt(
                    reply, order.request_id, lambda: _generated(reply, self._downloads)
                ),
                keep=keep,
                limit=ANSWER,
                headers={"X-Client-Request-Id": order.request_id},
                hidden=(order.lyrics, *filter(None, order.lyrics.splitlines())),
                json=body,
            )
        except OSError as error:
            raise received[0].lost() from error
        return result.answer

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Fetch a track from the address it is at.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        paid = PaidAddress.read(ticket.id)
        try:
            size = await self._downloads.fetch(paid.address, into)
        except MusicError as error:
            error.cost_usd, error.request_id = paid.cost_usd, paid.request_id
            raise
        return TrackFile(size, paid.request_id, paid.cost_usd)

    async def cancel(self, ticket: Ticket) -> None:
        """Do nothing: a call in flight cannot be taken back."""

    async def find(self, order: Order, since: datetime) -> list[Ticket]:  # noqa: ARG002  the port's
        """Return nothing: music-01 keeps no list of what it was asked for."""
        return []

    async def check(self) -> list[CheckResult]:
        """Look at the model, the key and the balance; costs nothing, never raises."""
        return await self._check.run()

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()


def _type(recording: Path) -> str:
    return _TYPES.get(recording.suffix.lower(), "audio/mpeg")


def _request(order: Order) -> GenerateRequest:
    """Say an order in the service's words.

    Raises:
        UserFault: Neither voice nor beat is named.
        StaleUpload: A recording has no id here, as one uploaded elsewhere.
    """
    if order.voice is None and order.beat is None:
        raise UserFault(UserReason.INVALID, "a track needs a voice or a beat")
    voice = order.voice and order.voice.voice_id
    beat = order.beat and order.beat.beat_id
    if (order.voice and not voice) or (order.beat and not beat):
        raise StaleUpload("the recording has no id at this service")
    return GenerateRequest(
        model=MODEL, lyrics=order.lyrics, refer_voice=voice, refer_instrumental=beat
    )


def _with_receipt(reply: Reply, call: str, read: Callable[[], T]) -> T:
    """Log a call and put what it cost on whatever goes wrong."""
    receipt = _receipt(reply)
    _log.info("%s: HTTP %d after %.1f s: %s", call, reply.status, reply.seconds, receipt)
    try:
        return read()
    except MusicError as error:
        error.cost_usd = receipt.usd
        error.request_id = error.request_id or receipt.inference_id
        raise


def _receipt(reply: Reply) -> Receipt:
    """What an answer's headers say, without names that are none."""
    receipt = Receipt.of(reply.headers)
    return replace(receipt, inference_id=reply.named(receipt.inference_id))


def _uploaded(reply: Reply, purpose: Purpose) -> Uploaded:
    with about_the_recording():
        if not reply.good:
            raise_for_status(reply, carries=True)
        answer = UploadAnswer.parse(reply.body) or UploadAnswer()
        raise_for_envelope(reply, answer)
    voice = answer.voice_id if purpose.has_voice else None
    beat = answer.instrumental_id if purpose.has_beat else None
    if (purpose.has_voice and not voice) or (purpose.has_beat and not beat):
        raise unusable_answer(reply, answer, f"an upload as {purpose} came back without its ids")
    return Uploaded(voice_id=voice, beat_id=beat)


def _generated(reply: Reply, downloads: Downloads) -> GenerateResult:
    """Find the track in an answer, or the address it is at."""
    if not reply.good:
        raise_for_status(reply)
    answer, audio = GenerateAnswer.read(reply.body)
    raise_for_envelope(reply, answer)
    receipt = _receipt(reply)
    name = receipt.inference_id or reply.named(answer.trace_id)
    _log.debug("of the track %s is said: %s", name, answer.extra_info)
    if not audio:
        raise unusable_answer(reply, answer, "a success without audio")
    if isinstance(audio, str) and audio.startswith(("https://", "http://")):
        downloads.check(audio)
        return GenerateResult(PaidAddress(audio, name, receipt.usd).ticket())
    return GenerateResult(TrackFile(len(audio) // 2, name, receipt.usd), audio)
