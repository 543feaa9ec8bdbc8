"""ACE-Step 1.5 on a server of one's own (docs/facts/services.md, ACE-Step)."""

import re
from datetime import datetime
from pathlib import Path

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.backoff import Backoff
from bot.model import Purpose
from bot.music._download import Downloads
from bot.music._http import Http
from bot.music._polling import PAUSES
from bot.music.acestep.wire import answer_of, progress_of, task_of
from bot.music.aimlapi.checks import why
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    StaleUpload,
    UnknownFault,
)
from bot.music.ports import Abilities, CheckResult, Likeness, Order, Ticket, TrackFile, Uploaded

MODEL = "ACE-Step 1.5"
STYLE = "A full song in the style of the reference, with clear lead vocals"
"""What the model is told where nobody chose another style."""

_SECONDS = 60
_LYRICS_MAX = 3500
_LOOK = 20.0
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class AceStep:
    """A client of an ACE-Step server.

    Args:
        session: Used and never closed.
        key: What the server wants to be shown; None or empty where it wants nothing.
        url: Of the server.
        upload_timeout: Seconds a release, which carries the recording, may take.
        generate_timeout: Seconds a track may take from its ticket on.
        style: What the model is told beside the recording.
        pauses: Between two looks at a track in the making.
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
        pauses: Backoff = PAUSES,
    ) -> None:
        self.abilities = Abilities(
            model=MODEL,
            purposes=(Purpose.SONG,),
            pairs=False,
            lyrics_max=_LYRICS_MAX,
            recording_seconds=(10, 600),
            recording_bytes=20_000_000,
            track_seconds=_SECONDS,
            price_usd=None,
            likeness=Likeness.STYLE,
            marks=False,
            style=style,
            inline=True,
        )
        self._upload_timeout = upload_timeout
        self._style = style
        self._http = Http(session, url, key=key)
        self._downloads = Downloads(
            self._http.url, (), within=generate_timeout, pauses=pauses, key=self._http.headers
        )

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
            task = await self._http.request(
                "POST", "/release_task", within=self._upload_timeout, read=task_of, data=form
            )
        if not task.task_id or not _ID.fullmatch(task.task_id):
            raise BadAnswer("a task came back without its id")
        return Ticket(task.task_id)

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Wait for a task and fetch its track.

        Raises:
            MusicError: See `MusicBackend.collect`.
            OSError: `into` cannot be written.
        """
        if not _ID.fullmatch(ticket.id):
            raise UnknownFault("not a ticket of this service")

        async def address_of_track() -> str | None:
            asked = {"task_id_list": [ticket.id]}
            progress = await self._http.request(
                "POST", "/query_result", within=_LOOK, read=progress_of, json=asked
            )
            return progress.track()

        return TrackFile(await self._downloads.fetch_when_made(address_of_track, into), ticket.id)

    async def cancel(self, ticket: Ticket) -> None:
        """Do nothing: the server knows no such call."""

    async def find(self, order: Order, since: datetime) -> list[Ticket]:  # noqa: ARG002  the protocol's
        """Return nothing: the server keeps no list, and a task that is lost costs nothing."""
        return []

    async def check(self) -> list[CheckResult]:
        """Look whether the server is there and takes the key."""
        lines = []
        for subject, path, good in (
            ("model", "/health", f"{MODEL} answers"),
            ("key", "/v1/models", "accepted" if self._http.has_key else "none set, none wanted"),
        ):
            try:
                await self._http.request("GET", path, within=_LOOK, read=answer_of)
            except MusicError as error:
                lines.append(_bad(subject, error, self._http.url))
            else:
                lines.append(CheckResult(f"music {subject}", good=True, detail=good))
        return [*lines, CheckResult("music balance", good=True, detail="your own machine")]

    async def aclose(self) -> None:
        """Close the downloads; the session belongs to whoever gave it."""
        await self._downloads.aclose()


def _bad(subject: str, error: MusicError, url: URL) -> CheckResult:
    reason = error.reason if isinstance(error, OperatorFault) else None
    if reason is OperatorReason.KEY:
        detail = "refused; check ACESTEP_KEY"
    elif reason is OperatorReason.WITHDRAWN:
        detail = "ACESTEP_URL leads to something else"
    else:
        detail = why(error, url, "ACESTEP_URL")
    return CheckResult(f"music {subject}", good=False, detail=detail, reason=reason)
