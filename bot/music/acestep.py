"""ACE-Step 1.5 on a server of one's own: nobody can withdraw it (facts: backends, acestep)."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import aiohttp
from pydantic import SecretStr

from bot.model import Purpose
from bot.music.download import Downloads
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    UnknownFault,
    UserReason,
)
from bot.music.http import Http, Reply
from bot.music.polling import PACE, until_there
from bot.music.protocol import Abilities, Finding, Likeness, Order, Sound, Ticket, Uploaded
from bot.music.verdicts import Verdict, fault_of, seconds
from bot.music.wire import Loose, LooseCount, LooseText, Wire

MODEL = "ACE-Step 1.5"
STYLE = "A full song in the style of the reference, with clear lead vocals"
"""What the model is told where nobody chose another style."""

BY_STATUS: dict[int, Verdict] = {
    400: UserReason.INVALID,
    401: OperatorReason.KEY,
    403: OperatorReason.KEY,
    404: OperatorReason.WITHDRAWN,
    413: UserReason.INVALID,
    422: UserReason.INVALID,
    429: PassingFault,
    500: PassingFault,
    502: PassingFault,
    503: PassingFault,
    504: PassingFault,
}
"""By status of HTTP and of the envelope; a full queue answers 429, and nothing costs money."""

_SECONDS = 60
_LYRICS_MAX = 3500
_LOOK = 20.0
_GOOD = 200
_RUNNING, _DONE, _FAILED = 0, 1, 2
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

T = TypeVar("T")


class Answer(Wire):
    """The envelope, or how FastAPI says no."""

    data: Any = None
    code: LooseCount = None
    error: Any = None
    detail: Any = None


class Task(Wire):
    """What a release answers with."""

    task_id: LooseText = None


class Standing(Wire):
    """How far a task is; `result` is JSON inside JSON."""

    status: LooseCount = None
    result: Any = None

    def track(self) -> str | None:
        """Where the track is on the server; None while it is being made.

        Raises:
            BadAnswer: There will be none.
        """
        if self.status == _FAILED:
            raise BadAnswer("the server could not make the track")
        if self.status != _DONE:
            return None
        try:
            told = json.loads(self.result) if isinstance(self.result, str) else self.result
        except ValueError as error:
            raise BadAnswer("the result cannot be read") from error
        first = told[0] if isinstance(told, list) and told else told
        file = first.get("file") if isinstance(first, dict) else None
        if not isinstance(file, str) or not file:
            raise BadAnswer("a success without a track")
        return file


class Standings(Wire):
    """How far the tasks are that were asked about."""

    tasks: list[Annotated[Standing | None, Loose]]


class AceStep:
    """A client of an ACE-Step server.

    Args:
        session: Used and never closed.
        key: What the server wants to be shown; None or empty where it wants nothing.
        url: Of the server.
        upload_timeout: Seconds a release, which carries the recording, may take.
        generate_timeout: Seconds a track may take from its ticket on.
        style: What the model is told beside the recording.
        pace: Seconds between two looks: first, longest.
    """

    name = "acestep"
    title = "ACE-Step"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        key: SecretStr | None,
        url: str,
        upload_timeout: float,
        generate_timeout: float,
        style: str = STYLE,
        pace: tuple[float, float] = PACE,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=(Purpose.SONG,),
            pairs=False,
            pairs_from_song=False,
            lyrics_max=_LYRICS_MAX,
            reference_seconds=(10, 600),
            reference_bytes=20_000_000,
            track_seconds=_SECONDS,
            price_usd=None,
            likeness=Likeness.STYLE,
            marks=False,
            style=style,
            inline=True,
        )
        self._key = key
        self._upload_timeout = upload_timeout
        self._generate_timeout = generate_timeout
        self._style = style
        self._pace = pace
        self._http = Http(session, url, decoders=4)
        self._downloads = Downloads(self._http.url, ())

    async def upload(self, recording: Path, purpose: Purpose) -> Uploaded:  # noqa: ARG002  a song
        """Name the recording, which travels with the order."""
        return Uploaded(path=recording)

    async def submit(self, order: Order, into: Path) -> Ticket:  # noqa: ARG002  a ticket is all there is
        """Put a track into the server's queue.

        Raises:
            MusicError: As the table says; `BadAnswer` where the task's id is missing.
            StaleUpload: The recording was uploaded elsewhere and is no file here.
            OSError: The recording cannot be read.
        """
        song = order.voice or order.beat
        if song is None or song.path is None:
            raise StaleUpload("ACE-Step needs the recording itself")
        with await asyncio.to_thread(song.path.open, "rb") as file:
            form = aiohttp.FormData(
                {
                    "prompt": self._style,
                    "lyrics": order.lyrics,
                    "audio_format": "mp3",
                    "audio_duration": str(_SECONDS),
                    "batch_size": "1",
                    "task_type": "text2music",
                }
            )
            name = f"reference{song.path.suffix}"
            form.add_field("reference_audio", file, filename=name, content_type="audio/mpeg")
            told = await self._call(
                "POST", "/release_task", _task, within=self._upload_timeout, data=form
            )
        if not told.task_id or not _ID.fullmatch(told.task_id):
            raise BadAnswer("a task came back without its id")
        return Ticket(told.task_id)

    async def collect(self, ticket: Ticket, into: Path) -> Sound:
        """Wait for a task and fetch its track.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        if not _ID.fullmatch(ticket.id):
            raise UnknownFault("not a ticket of this service")

        async def look() -> Sound | None:
            asked = {"task_id_list": [ticket.id]}
            told = await self._call("POST", "/query_result", _standing, json=asked)
            address = told.track()
            if address is None:
                return None
            size = await self._downloads.fetch(
                address, into, within=self._generate_timeout, key=self._headers()
            )
            return Sound(size, ticket.id)

        return await until_there(look, within=self._generate_timeout, pace=self._pace)

    async def cancel(self, ticket: Ticket) -> None:
        """Do nothing: the server knows no such call."""

    async def find(self, order: Order, since: datetime) -> list[Ticket]:  # noqa: ARG002  the protocol's
        """Return nothing: the server keeps no list, and a task that is lost costs nothing."""
        return []

    async def check(self) -> list[Finding]:
        """Look whether the server is there and takes the key."""
        lines = []
        for subject, path, good in (
            ("model", "/health", f"{MODEL} answers"),
            ("key", "/v1/models", "accepted" if self._secret else "none set, none wanted"),
        ):
            try:
                await self._call("GET", path, _answer)
            except MusicError as error:
                lines.append(_bad(subject, error))
            else:
                lines.append(Finding(f"music {subject}", good=True, detail=good))
        return [*lines, Finding("music balance", good=True, detail="your own machine")]

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Reply], T],
        *,
        within: float = _LOOK,
        **more: Any,
    ) -> T:
        return await self._http.request(
            method,
            path,
            within=within,
            read=read,
            headers=self._headers(),
            hidden=(self._secret,),
            **more,
        )

    @property
    def _secret(self) -> str:
        return self._key.get_secret_value().strip() if self._key else ""

    def _headers(self) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self._secret}"} if self._secret else {}
        return key | {"Accept-Encoding": "identity"}


def _answer(reply: Reply) -> Answer:
    """Read the envelope, or raise what it means."""
    told = Answer.parse(reply.body) or Answer()
    code = told.code if reply.good and told.code is not None else reply.status
    if reply.good and code in {0, reply.status, _GOOD}:
        return told
    said = reply.quote(str(told.detail or told.error or "nothing said"))
    verdict = BY_STATUS.get(code, UnknownFault)
    fault = fault_of(verdict, f"HTTP {reply.status}: {said}", http=reply.status, code=code)
    if isinstance(fault, PassingFault):
        fault.retry_after = seconds(reply.headers.get("Retry-After", ""))
    raise fault


def _task(reply: Reply) -> Task:
    return Task.model_validate(_data(reply, dict))


def _standing(reply: Reply) -> Standing:
    found = Standings(tasks=_data(reply, list)).tasks
    if not found or found[0] is None:
        raise BadAnswer("the server does not know the task any more", http=reply.status)
    return found[0]


def _data(reply: Reply, kind: type[T]) -> T:
    data = _answer(reply).data
    if not isinstance(data, kind):
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return data


def _bad(subject: str, error: MusicError) -> Finding:
    reason = error.reason if isinstance(error, OperatorFault) else None
    if reason is OperatorReason.KEY:
        detail = "refused; check ACESTEP_KEY"
    elif reason is OperatorReason.WITHDRAWN:
        detail = "ACESTEP_URL leads to something else"
    else:
        detail = f"could not be asked: {error}"
    return Finding(f"music {subject}", good=False, detail=detail, reason=reason)
