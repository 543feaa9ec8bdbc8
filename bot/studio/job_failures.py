"""Work that fails in a way nobody foresaw: repeated a few times, then ended and told."""

import errno
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.backoff import Backoff, Tries
from bot.jobs import Kind
from bot.model import Failure, Flaw, Outcome, TrackStatus
from bot.store import PENDING, StoreUnavailable, Track
from bot.studio.context import Context
from bot.studio.track_failure import UNMADE, end_track, fail_waiting

log = logging.getLogger(__name__)

_TRIES = 4
_FIRST_PAUSE, _LONGEST = 2.0, 30.0  # in first pauses
_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNSENT = {
    TrackStatus.MADE: TrackStatus.UNDELIVERABLE,
    TrackStatus.SENDING: TrackStatus.UNSURE,
}


class JobFailures:
    """Runs work, and ends what fails again and again.

    The owner is told, for only they can look at what is wrong, and then the person, who reads
    whether the owner knows. A track that is made is never failed by it: it waits behind its
    button.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failing: dict[tuple[Kind, int], Tries] = {}
        pause = context.rules.pause
        longest = _LONGEST * pause
        self._backoff = Backoff(first=_FIRST_PAUSE * pause, longest=longest, deadline=longest)

    async def run(
        self, kind: Kind, row_id: int, work: Callable[[int], Awaitable[float | None]]
    ) -> float | None:
        """Do a row's work; what fails is tried a few times more, and ended.

        Returns:
            Seconds after which to look again, or None.

        Raises:
            StoreUnavailable: nothing can be read or written down, so nothing can be ended.
        """
        try:
            again = await work(row_id)
        except StoreUnavailable:
            raise
        except LookupError as error:
            if await self._exists(kind, row_id):
                return await self._failed(kind, row_id, error)
            again = None  # whatever woke it, the row is not there any more
            if kind is Kind.RECORDING and await self._context.store.tracks.waiting_for(row_id):
                await self._context.owner_notices.trouble()
                await fail_waiting(self._context, row_id, Failure.TROUBLE)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits
            return await self._failed(kind, row_id, error)
        self._failing.pop((kind, row_id), None)
        return again

    async def _failed(self, kind: Kind, row_id: int, error: Exception) -> float | None:
        tries = self._failing.setdefault((kind, row_id), self._backoff.begin())
        pause = tries.failed()
        if isinstance(error, OSError):
            log.error("work failed, for the %d. time: %s", tries.failures, error)
        else:
            log.error("work failed, for the %d. time", tries.failures, exc_info=error)
        if (
            pause is not None
            and tries.failures < _TRIES
            and not await self._unwanted(kind, row_id)
        ):
            return pause
        if getattr(error, "errno", None) in _FULL:
            await self._context.owner_notices.disk_full()
        else:
            await self._context.owner_notices.trouble()
        await self._end(kind, row_id)
        self._failing.pop((kind, row_id), None)
        return None

    async def _end(self, kind: Kind, row_id: int) -> None:
        """Bring a row to where it needs no work, and let the person be told."""
        if kind is Kind.RECORDING:
            await self._end_recording(row_id)
        elif (await self._context.store.tracks.get(row_id)).status in UNMADE:
            await self._end_making(row_id)
        else:
            await self._end_delivery(row_id)

    async def _end_recording(self, recording_id: int) -> None:
        """Refuse a recording that cannot be judged, and end the tracks that wait for it."""
        store = self._context.store
        await fail_waiting(self._context, recording_id, Failure.TROUBLE)
        if await store.recordings.rejected(recording_id, Flaw.TROUBLE):
            await self._context.jobs.wake(Kind.RECORDING, recording_id)
        else:  # it is judged, and nothing more can be said about it
            await store.recordings.told(recording_id)

    async def _end_making(self, track_id: int) -> None:
        """End a track that is not made; open calls stay promises that can be collected."""
        store = self._context.store
        async with self._context.claim_renewal.holding(
            store.tracks.claims, track_id, UNMADE
        ) as track:
            if track is None:
                return  # another worker has its claim
            for attempt in await store.ledger.of(track_id):
                if attempt.outcome is None:
                    await store.ledger.close(attempt, Outcome.UNKNOWN, PENDING)
            await end_track(self._context, track_id, Failure.TROUBLE)
        await self._context.jobs.wake(Kind.DELIVERY, track_id)

    async def _end_delivery(self, track_id: int) -> None:
        """Let a made track wait behind its button; say no more of one that has ended."""
        tracks = self._context.store.tracks
        async with self._context.claim_renewal.holding(tracks.claims, track_id) as track:
            if track is None:
                return
            await self._put_away(track)
        await self._context.jobs.wake(Kind.DELIVERY, track_id)

    async def _put_away(self, track: Track) -> None:
        if after := _UNSENT.get(track.status):
            await self._context.store.tracks.move(track.id, track.status, after)
        elif track.status not in UNMADE:
            await self._context.store.tracks.told(track.id, track.status)

    async def _unwanted(self, kind: Kind, row_id: int) -> bool:
        """Whether the person has cancelled what fails."""
        if kind is Kind.RECORDING:
            return False
        track = await self._context.store.tracks.get(row_id)
        return track.stop_wanted and track.status in UNMADE

    async def _exists(self, kind: Kind, row_id: int) -> bool:
        store = self._context.store
        with suppress(LookupError):
            if kind is Kind.RECORDING:
                await store.recordings.get(row_id)
            else:
                await store.tracks.get(row_id)
            return True
        return False
