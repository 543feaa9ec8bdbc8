"""What becomes of work that fails in a way nobody foresaw: it ends soon, and in words."""

import errno
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bot.jobs import Kind
from bot.model import Failure, Flaw, Outcome, TrackStatus
from bot.store import PENDING, StoreUnavailable, Track
from bot.studio.context import Context

log = logging.getLogger(__name__)

_TRIES = 4
_LONGEST = 30.0  # in first pauses, from the first failure on
_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNMADE = frozenset({TrackStatus.QUEUED, TrackStatus.GENERATING})
_UNSENT = {
    TrackStatus.MADE: TrackStatus.UNDELIVERABLE,
    TrackStatus.SENDING: TrackStatus.UNSURE,
}


@dataclass(slots=True)
class _Series:
    """Failures in a row of one row's work."""

    count: int = 0
    since: float = field(default_factory=time.monotonic)


class Guard:
    """Runs work, and ends what fails again and again.

    The person is told, and the owner, for only they can look at what is wrong. A track that is
    made is never failed by it: it waits behind its button.
    """

    def __init__(self, context: Context) -> None:
        self._c = context
        self._failing: dict[tuple[Kind, int], _Series] = {}

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
            if kind is Kind.REFERENCE:
                await self._fail_waiting(row_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits
            return await self._failed(kind, row_id, error)
        self._failing.pop((kind, row_id), None)
        return again

    async def _failed(self, kind: Kind, row_id: int, error: Exception) -> float | None:
        series = self._failing.setdefault((kind, row_id), _Series())
        series.count += 1
        pause = self._c.rules.pause
        if isinstance(error, OSError):
            log.error("work failed, for the %d. time: %s", series.count, error)
        else:
            log.error("work failed, for the %d. time", series.count, exc_info=error)
        late = time.monotonic() - series.since > _LONGEST * pause and series.count > 1
        if series.count < _TRIES and not late and not await self._unwanted(kind, row_id):
            return pause * 2.0**series.count
        await self._end(kind, row_id)
        self._failing.pop((kind, row_id), None)
        if getattr(error, "errno", None) in _FULL:
            await self._c.disk_full()
        else:
            await self._c.trouble()
        return None

    async def _end(self, kind: Kind, row_id: int) -> None:
        """Bring a row to where it needs no work, and let the person be told."""
        if kind is Kind.REFERENCE:
            await self._end_reference(row_id)
        elif (await self._c.store.tracks.get(row_id)).status in _UNMADE:
            await self._end_making(row_id)
        else:
            await self._end_delivery(row_id)

    async def _end_reference(self, reference_id: int) -> None:
        """Refuse a recording that cannot be judged, and end the tracks that wait for it."""
        store = self._c.store
        await self._fail_waiting(reference_id)
        if await store.recordings.rejected(reference_id, Flaw.TROUBLE):
            await self._c.jobs.wake(Kind.REFERENCE, reference_id)
        else:  # it is judged, and nothing more can be said about it
            await store.recordings.told(reference_id)

    async def _fail_waiting(self, reference_id: int) -> None:
        for track_id in await self._c.store.tracks.waiting_for(reference_id):
            await self._c.fail(track_id, Failure.TROUBLE)
            await self._c.trouble()

    async def _end_making(self, track_id: int) -> None:
        """End a track that is not made; what was promised of it stays a promise."""
        store = self._c.store
        async with self._c.holding(store.tracks.claims, track_id, _UNMADE) as track:
            if track is None:
                return  # somebody else is at it, with better luck
            for attempt in await store.ledger.of(track_id):
                if attempt.outcome is None:
                    await store.ledger.close(attempt, Outcome.UNKNOWN, PENDING)
            if track.stop_wanted:
                await store.tracks.move(track_id, tuple(_UNMADE), TrackStatus.CANCELLED)
            else:
                await self._c.failed(track_id, Failure.TROUBLE)
        await self._c.jobs.wake(Kind.DELIVERY, track_id)

    async def _end_delivery(self, track_id: int) -> None:
        """Let a made track wait behind its button; of one that has ended no more can be said."""
        tracks = self._c.store.tracks
        async with self._c.holding(tracks.claims, track_id) as track:
            if track is None:
                return
            await self._put_away(track)
        await self._c.jobs.wake(Kind.DELIVERY, track_id)

    async def _put_away(self, track: Track) -> None:
        if after := _UNSENT.get(track.status):
            await self._c.store.tracks.move(track.id, track.status, after)
        elif track.status not in _UNMADE:
            await self._c.store.tracks.told(track.id, track.status)

    async def _unwanted(self, kind: Kind, row_id: int) -> bool:
        """Whether the person has cancelled what fails."""
        if kind is Kind.REFERENCE:
            return False
        track = await self._c.store.tracks.get(row_id)
        return track.stop_wanted and track.status in _UNMADE

    async def _exists(self, kind: Kind, row_id: int) -> bool:
        store = self._c.store
        with suppress(LookupError):
            if kind is Kind.REFERENCE:
                await store.recordings.get(row_id)
            else:
                await store.tracks.get(row_id)
            return True
        return False
