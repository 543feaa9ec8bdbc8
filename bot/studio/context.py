"""What every use case needs, given once by the composition root."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.audio import Limits, Workshop
from bot.jobs import Jobs, Kind
from bot.model import Failure, Recipe, TrackStatus
from bot.music import Abilities, Failover, MusicBackend, OperatorFault, OperatorReason
from bot.store import Store, StoreUnavailable
from bot.store.claims import Claims, Item
from bot.studio import lyrics
from bot.studio.claim_renewal import Holder
from bot.studio.ports import Courier, OutOfReach

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
        tracks_per_day: Tracks a person may begin in 24 hours; None if there is no such limit.
        recordings_per_day: Recordings a person may send in 24 hours; likewise.
        owner_id: For whom there is neither, or None.
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
    tracks_per_day: int | None = None
    recordings_per_day: int | None = None
    owner_id: int | None = None
    lyrics_max: int = 600
    lyrics_advice: int = 400
    keep_recordings: float = 86_400
    keep_tracks: float = 30 * 86_400
    limits: Limits = field(default_factory=Limits)
    pause: float = 1.0

    def tracks_a_day(self, user_id: int) -> int | None:
        """How many tracks a person may begin in 24 hours; None if there is no limit to them."""
        return None if user_id == self.owner_id else self.tracks_per_day

    def recordings_a_day(self, user_id: int) -> int | None:
        """How many recordings a person may send in 24 hours; None if there is no limit."""
        return None if user_id == self.owner_id else self.recordings_per_day


@dataclass(frozen=True, slots=True)
class Context:
    """The studio's tools.

    Attributes:
        worker: This process, in claims.
        files: A directory of this process's machine; `recordings` and `made` in it.
        stopping: Set when no new work may begin.
        holder: Of the claims of this process.
    """

    store: Store
    jobs: Jobs
    music: Failover
    workshop: Workshop
    courier: Courier
    rules: Rules
    worker: str
    files: Path
    stopping: asyncio.Event
    holder: Holder = field(default_factory=Holder)

    @asynccontextmanager
    async def holding(
        self,
        claims: Claims[Item],
        row_id: int,
        statuses: frozenset[str] | None = None,
        **values: Any,
    ) -> AsyncIterator[Item | None]:
        """Work on a row under a claim of this process (see `bot.studio.claim_renewal.Holder`)."""
        async with self.holder.holding(claims, row_id, self.worker, statuses, **values) as item:
            yield item

    async def pause(self, seconds: float) -> bool:
        """Wait, but not past the order to stop; False if that came."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return not self.stopping.is_set()

    def backend_for(
        self, recipe: Recipe, without: Mapping[str, OperatorFault] | None = None
    ) -> MusicBackend | None:
        """The first backend that can make a recipe, lyrics included; None if there is none.

        Args:
            recipe: Of the track.
            without: Backends that have been tried.
        """
        return self.music.choose(lambda can: _fits(can, recipe), without or ())

    def why_none(self, recipe: Recipe, tried: Mapping[str, OperatorFault]) -> Failure:
        """What the person is told when no backend can make a recipe."""
        if tried:
            return self.failure_of(list(tried.values())[-1])
        only_words = any(backend.abilities.make(recipe) for backend in self.music)
        return Failure.INVALID if only_words else Failure.WITHDRAWN

    @property
    def limits(self) -> Limits:
        """What recordings the backend that is used now accepts."""
        return narrowed(self.rules.limits, self.music.current.abilities)

    async def pass_over(self, backend: MusicBackend, fault: OperatorFault) -> None:
        """Use another backend from now on, and let the owner know what only they can mend."""
        log.error(
            "%s needs its owner: %s", backend.name, fault.reason, extra={"detail": str(fault)}
        )
        await self.down(backend, fault.reason, _HOUR)

    async def down(self, backend: MusicBackend, reason: OperatorReason, every: float) -> None:
        """Note that a backend is of no use; the owner is told once in `every` seconds at most."""
        self.music.mark_down(backend.name, reason)
        follower = self.music.current
        instead = None if self.music.reason(follower.name) else follower.name
        await self._tell_owner(f"{backend.name}:{reason}", reason, every, backend.name, instead)

    async def trouble(self) -> None:
        """Let the owner know that something in here fails again and again."""
        await self._tell_owner("trouble", "trouble", _HOUR)

    async def up(self, backend: MusicBackend, *, look: bool = False) -> bool:
        """Note that a backend can be used; the owner hears of it who had heard the opposite.

        Args:
            backend: Which one.
            look: Whether an earlier process may have told the owner.

        Returns:
            Whether it was down as far as this process knew.
        """
        news = self.music.mark_up(backend.name)
        with suppress(StoreUnavailable):
            if (news or look) and await self.store.users.over(backend.name):
                await self.courier.tell_owner("over", backend.name)
        return news

    async def disk_full(self) -> None:
        """Let the owner know that no track is asked for until there is room to keep it."""
        log.error("the disk is full: no track is asked for until there is room")
        await self._tell_owner("disk", "disk", _HOUR)

    async def files_away(self, error: OutOfReach) -> None:
        """Let the owner know why recordings cannot be fetched."""
        log.error("recordings cannot be fetched: %s", error.why)
        await self._tell_owner(error.matter, error.matter, _HOUR)

    async def _tell_owner(
        self, kind: str, matter: str, every: float, backend: str = "", instead: str | None = None
    ) -> None:
        with suppress(StoreUnavailable):
            if not await self.store.users.due(kind, every):
                return
            if not await self.courier.tell_owner(matter, backend, instead):
                await self.store.users.not_told(kind)

    async def fail(self, track_id: int, failure: Failure) -> None:
        """End a track that will not be made, and let the person be told."""
        if await self.failed(track_id, failure):
            await self.jobs.wake(Kind.DELIVERY, track_id)

    async def failed(self, track_id: int, failure: Failure) -> bool:
        """Write down that a track will not be made; False if it had ended already."""
        before = (TrackStatus.QUEUED, TrackStatus.GENERATING)
        failed = TrackStatus.FAILED
        if not await self.store.tracks.move(track_id, before, failed, reason=failure):
            return False
        log.warning("track %d failed: %s", track_id, failure)
        return True

    @staticmethod
    def failure_of(fault: OperatorFault) -> Failure:
        """What the person is told when nothing works until the service has been mended."""
        own = (OperatorReason.WITHDRAWN, OperatorReason.MAINTENANCE)
        return Failure(fault.reason) if fault.reason in own else Failure.OPERATOR


def narrowed(limits: Limits, can: Abilities) -> Limits:
    """Limits that a backend keeps to as well, with as much room for MP3 framing as they have."""
    least, most = can.reference_seconds
    return replace(
        limits,
        shortest=max(limits.shortest, least + 0.1),
        longest=min(limits.longest, most - 0.5),
        largest=min(limits.largest, can.reference_bytes),
    )


def _fits(can: Abilities, recipe: Recipe) -> bool:
    words = lyrics.final(recipe.lyrics, recipe.result, marks=can.marks)
    return can.make(recipe) and can.lyrics_min <= len(words) <= can.lyrics_max
