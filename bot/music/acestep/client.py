"""ACE-Step 1.5 on a server of one's own (docs/facts/services.md, ACE-Step)."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.model import Purpose
from bot.music.acestep.wire import answer_of, standing_of, task_of
from bot.music.aimlapi.checks import why
from bot.music.download import Downloads
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    StaleUpload,
    UnknownFault,
)
from bot.music.http import Http, Reply
from bot.music.polling import PACE, until_there
from bot.music.ports import Abilities, Finding, Likeness, Order, Sound, Ticket, Uploaded

MODEL = "ACE-Step 1.5"
STYLE = "A full song in the style of the reference, with clear lead vocals"
"""What the model is told where nobody chose another style."""

_SECONDS = 60
_LYRICS_MAX = 3500
_LOOK = 20.0
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

T = TypeVar("T")


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
        with song.path.open("rb") as file:
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
                "POST", "/release_task", task_of, within=self._upload_timeout, data=form
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
            told = await self._call("POST", "/query_result", standing_of, json=asked)
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
                await self._call("GET", path, answer_of)
            except MusicError as error:
                lines.append(_bad(subject, error, self._http.url))
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


def _bad(subject: str, error: MusicError, url: URL) -> Finding:
    reason = error.reason if isinstance(error, OperatorFault) else None
    if reason is OperatorReason.KEY:
        detail = "refused; check ACESTEP_KEY"
    elif reason is OperatorReason.WITHDRAWN:
        detail = "ACESTEP_URL leads to something else"
    else:
        detail = why(error, url, "ACESTEP_URL")
    return Finding(f"music {subject}", good=False, detail=detail, reason=reason)
