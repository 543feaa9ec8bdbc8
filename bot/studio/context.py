"""What every use case needs, given once by the composition root."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.audio import Limits, Workshop
from bot.jobs import Jobs, Kind
from bot.model import Failure, TrackStatus
from bot.music import MusicBackend, OperatorFault, OperatorReason
from bot.store import Store, StoreUnavailable
from bot.store.claims import Claims
from bot.studio.ports import Courier

log = logging.getLogger(__name__)

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """How the studio works; times in seconds.

    Attributes:
        upload_timeout: For one recording to go up.
        generate_timeout: For one track to come back, and for refusals to be retried.
        attempts: Counted calls a track may have.
        tracks_per_user: Unfinished tracks a person may have.
        lyrics_max: Longest final string in characters.
        lyrics_advice: Above this, advise shorter lyrics.
        keep_recordings: How long prepared recordings stay on disk.
        keep_tracks: How long tracks that nobody fetched are kept.
        limits: What recordings are accepted.
        pause: The first pause after a refusal; it doubles, with jitter.
    """

    upload_timeout: float = 120
    generate_timeout: float = 300
    attempts: int = 2
    tracks_per_user: int = 2
    lyrics_max: int = 600
    lyrics_advice: int = 400
    keep_recordings: float = 86_400
    keep_tracks: float = 30 * 86_400
    limits: Limits = field(default_factory=Limits)
    pause: float = 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """The studio's tools.

    Attributes:
        worker: This process, in claims.
        files: A directory of this process's machine; `recordings` and `made` in it.
        stopping: Set when no new work may begin.
    """

    store: Store
    jobs: Jobs
    music: MusicBackend
    workshop: Workshop
    courier: Courier
    rules: Rules
    worker: str
    files: Path
    stopping: asyncio.Event

    @asynccontextmanager
    async def holding(self, claims: Claims, row_id: int) -> AsyncIterator[bool]:
        """Work on a row under a claim that is renewed until the block ends.

        Yields:
            Whether the claim was to be had.
        """
        if not await claims.take(row_id, self.worker):
            yield False
            return
        renewing = asyncio.create_task(self._renew(claims, row_id))
        try:
            yield True
        finally:
            renewing.cancel()
            with suppress(StoreUnavailable):
                await asyncio.shield(claims.release(row_id, self.worker))

    async def pause(self, seconds: float) -> bool:
        """Wait, but not past the order to stop; False if that came."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return not self.stopping.is_set()

    async def report(self, fault: OperatorFault) -> None:
        """Log what only the owner can mend, and tell them once an hour at most."""
        log.error(
            "the music service needs its owner: %s", fault.reason, extra={"detail": str(fault)}
        )
        with suppress(StoreUnavailable):
            if await self.store.people.due(f"{self.music.name}:{fault.reason}", _HOUR):
                await self.courier.tell_owner(fault.reason, self.music.name)

    async def fail(self, track_id: int, failure: Failure) -> None:
        """End a track that will not be made, and let the person be told."""
        before = (TrackStatus.QUEUED, TrackStatus.GENERATING)
        if await self.store.tracks.move(track_id, before, TrackStatus.FAILED, reason=failure):
            log.warning("track %d failed: %s", track_id, failure)
            await self.jobs.wake(Kind.DELIVERY, track_id)

    @staticmethod
    def failure_of(fault: OperatorFault) -> Failure:
        """What the person is told when only the owner can help."""
        withdrawn = fault.reason is OperatorReason.WITHDRAWN
        return Failure.WITHDRAWN if withdrawn else Failure.OPERATOR

    async def _renew(self, claims: Claims, row_id: int) -> None:
        while True:
            await asyncio.sleep(claims.seconds / 3)
            try:
                if not await claims.renew(row_id, self.worker):
                    log.warning("the claim on row %d has gone to somebody else", row_id)
                    return
            except StoreUnavailable as error:
                log.warning("a claim could not be renewed: %s", error)
