"""What a paid call brought: proven to be a track, committed, and booked however it ended."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.audio import Inspected, Unusable
from bot.model import Outcome
from bot.music import TrackFile
from bot.store import Attempt, Track
from bot.studio.commit_retry import insist
from bot.studio.context import Context
from bot.untrusted import printable, without_links

log = logging.getLogger(__name__)

_CANCELLED_KEPT = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A track that has been committed, and what it consists of.

    Attributes:
        file: Its sound, until `Keeping.forget`.
        cover: A JPEG.
        note: What its maker says about it, in one short line that leads nowhere; often "".
    """

    track: Track
    file: Path
    cover: bytes
    note: str


class Keeping:
    """Keeps what came back, and closes attempts."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._ledger = context.store.ledger
        self._writing = asyncio.Semaphore(4)
        self._kept: dict[int, Kept] = {}

    async def keep(self, attempt: Attempt, sound: TrackFile) -> bool:
        """Prove that what came is a track, and commit it; a bad one is booked so.

        Its file stays until `forget`, for whoever delivers it now.

        Returns:
            Whether it was one.
        """
        path = self.path(attempt)
        try:
            inspected = await self._inspected(path)
        except Unusable as error:
            await self.close(attempt, Outcome.BAD, error, sound)
            path.unlink(missing_ok=True)
            return False
        note = without_links(printable(inspected.comment))
        async with self._writing:
            win = partial(
                self._ledger.win,
                attempt,
                audio=await asyncio.to_thread(path.read_bytes),
                cover=inspected.cover,
                note=note,
                seconds=inspected.seconds,
                kept_until=time.time() + self._c.rules.keep_tracks,
                cancelled_kept_until=time.time() + _CANCELLED_KEPT,
                provider_request_id=sound.request_id,
                cost_usd=sound.cost_usd,
            )
            track = await insist(win)
        log.info("a track of %.0f s came back", inspected.seconds)
        if track is None:  # it has another sound already
            path.unlink(missing_ok=True)
        else:
            self._kept[track.id] = Kept(track, path, inspected.cover, note)
        return True

    def kept(self, track_id: int) -> Kept | None:
        """A track that was kept here a moment ago."""
        return self._kept.get(track_id)

    def forget(self, track_id: int) -> None:
        """Drop the file of a track that was kept."""
        if kept := self._kept.pop(track_id, None):
            kept.file.unlink(missing_ok=True)

    @property
    def folder(self) -> Path:
        """Where tracks are until they are committed."""
        return self._c.files / "made"

    def path(self, attempt: Attempt) -> Path:
        """Where an attempt's track is until it is committed."""
        return self.folder / f"{attempt.track_id}-{attempt.number}.mp3"

    async def inherit(self, track: Track, attempt: Attempt) -> None:
        """Take over what came back for a track's predecessor and could not be kept then."""
        if track.predecessor_id is None or self.path(attempt).exists():
            return
        for theirs in await self._ledger.of(track.predecessor_id):
            if theirs.request_id == attempt.request_id and self.path(theirs).exists():
                self.path(theirs).replace(self.path(attempt))

    async def close(
        self, attempt: Attempt, outcome: Outcome, error: Exception, sound: TrackFile | None = None
    ) -> None:
        """Book how a call ended that brought no track, and what it cost all the same."""
        context = {"detail": str(error), "outcome": str(outcome), "number": attempt.number}
        log.warning("an attempt failed: %s", detail_of(error), extra=context)
        close = partial(
            self._ledger.close,
            attempt,
            outcome,
            detail_of(error),
            provider_request_id=getattr(sound or error, "request_id", None),
            cost_usd=getattr(sound or error, "cost_usd", None),
        )
        await insist(close)

    async def _inspected(self, path: Path) -> Inspected:
        """Look twice before anything that was paid for is thrown away: a child may just die.

        Raises:
            Unusable: it is no track.
        """
        with suppress(Unusable):
            return await self._c.workshop.inspect(path)
        return await self._c.workshop.inspect(path)


def detail_of(error: Exception) -> str:
    """How an error is named in the ledger; `Pending` marks a promise (see `bot.store.ledger`)."""
    code = getattr(error, "code", None) or getattr(error, "http", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def is_kind(detail: str | None, error: Exception) -> bool:
    """Whether an attempt ended with an error of this type, whatever its number."""
    return (detail or "").partition(" ")[0] == type(error).__name__
