"""What a paid call brought: proven to be a track, stored, and booked however it ended."""

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
from bot.studio.commit_retry import retry_commit
from bot.studio.context import Context
from bot.untrusted import printable, without_links

log = logging.getLogger(__name__)

_CANCELLED_KEPT = 86_400.0


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A finished track that has been committed, on its way to delivery.

    Attributes:
        track: As it is now.
        file: Its audio, for whoever delivers it now; dropped afterwards. It is missing where the
            track has been stored before: then the store has all of it.
        cover: A JPEG.
        note: What its maker says about it, in one short line that leads nowhere; often "".
    """

    track: Track
    file: Path
    cover: bytes
    note: str

    def drop_file(self) -> None:
        """Clear the audio away; the store has it."""
        self.file.unlink(missing_ok=True)


class Results:
    """Stores what came back, and closes attempts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.store.ledger
        self._writing = asyncio.Semaphore(4)

    async def store(self, attempt: Attempt, brought: TrackFile) -> StoredResult | None:
        """Prove that what came is a track, and commit it; a bad one is booked so.

        Returns:
            What was stored; None if it is no track.
        """
        path = self.path(attempt)
        try:
            inspected = await self._inspected(path)
        except Unusable as error:
            await self.close(attempt, Outcome.BAD, error, brought)
            path.unlink(missing_ok=True)
            return None
        note = without_links(printable(inspected.comment))
        async with self._writing:
            commit = partial(
                self._ledger.win,
                attempt,
                audio=await asyncio.to_thread(path.read_bytes),
                cover=inspected.cover,
                note=note,
                seconds=inspected.seconds,
                kept_until=time.time() + self._context.rules.keep_tracks,
                cancelled_kept_until=time.time() + _CANCELLED_KEPT,
                provider_request_id=brought.request_id,
                cost_usd=brought.cost_usd,
            )
            track = await retry_commit(commit)
        log.info("a track of %.0f s came back", inspected.seconds)
        if track is None:  # another attempt's audio has been stored already
            path.unlink(missing_ok=True)
            track = await self._context.store.tracks.get(attempt.track_id)
        return StoredResult(track, path, inspected.cover, note)

    @property
    def folder(self) -> Path:
        """Where tracks are until they are committed."""
        return self._context.files / "made"

    def path(self, attempt: Attempt) -> Path:
        """Where an attempt's track is until it is committed."""
        return self.folder / f"{attempt.track_id}-{attempt.number}.mp3"

    async def inherit(self, track: Track, attempt: Attempt) -> None:
        """Take over what came back for a track's predecessor and could not be stored then."""
        if track.predecessor_id is None or self.path(attempt).exists():
            return
        for earlier in await self._ledger.of(track.predecessor_id):
            if earlier.request_id == attempt.request_id and self.path(earlier).exists():
                self.path(earlier).replace(self.path(attempt))

    async def close(
        self,
        attempt: Attempt,
        outcome: Outcome,
        error: Exception,
        brought: TrackFile | None = None,
    ) -> None:
        """Book how a call ended that brought no track, and what it cost all the same."""
        extra = {"detail": str(error), "outcome": str(outcome), "number": attempt.number}
        log.warning("an attempt failed: %s", detail_of(error), extra=extra)
        close = partial(
            self._ledger.close,
            attempt,
            outcome,
            detail_of(error),
            provider_request_id=getattr(brought or error, "request_id", None),
            cost_usd=getattr(brought or error, "cost_usd", None),
        )
        await retry_commit(close)

    async def _inspected(self, path: Path) -> Inspected:
        """Inspect twice before anything that was paid for is thrown away: a child may just die.

        Raises:
            Unusable: it is no track.
        """
        with suppress(Unusable):
            return await self._context.audio_processor.inspect(path)
        return await self._context.audio_processor.inspect(path)


def detail_of(error: Exception) -> str:
    """How an error is named in the ledger; `Pending` marks a promise (see `bot.store.ledger`)."""
    code = getattr(error, "code", None) or getattr(error, "http", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def is_kind(detail: str | None, error: Exception) -> bool:
    """Whether an attempt ended with an error of this type, whatever its number."""
    return (detail or "").partition(" ")[0] == type(error).__name__
