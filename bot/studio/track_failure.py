"""How a track ends that will not be made: written down, and told to its person."""

import logging

from bot.jobs import Kind
from bot.model import Failure, TrackStatus
from bot.studio.context import Context

log = logging.getLogger(__name__)

UNMADE = frozenset({TrackStatus.QUEUED, TrackStatus.GENERATING})


class NoTrack(Exception):
    """A track does not come.

    Args:
        failure: What the person is told.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Refused(NoTrack):
    """A recording cannot be used for a track, or no service can make it."""


class Pending(NoTrack):
    """The track may be there one day, and is not waited for any longer.

    Its attempt stays a promise: "Try again" collects it before anything is paid for again.
    The ledger keeps the name of this class (see `bot.store.PENDING`).
    """


async def end_track(context: Context, track_id: int, failure: Failure) -> None:
    """End a track that does not come; as cancelled, if the person wants none any more."""
    tracks = context.store.tracks
    if (await tracks.get(track_id)).stop_wanted:
        await tracks.move(track_id, tuple(UNMADE), TrackStatus.CANCELLED)
    else:
        await _fail(context, track_id, failure)


async def fail_waiting(context: Context, recording_id: int, failure: Failure) -> None:
    """End the tracks that wait for a recording, and let their person be told."""
    for track_id in await context.store.tracks.waiting_for(recording_id):
        await fail_track(context, track_id, failure)


async def fail_track(context: Context, track_id: int, failure: Failure) -> None:
    """End a track that nobody works on, and let the person be told."""
    if await _fail(context, track_id, failure):
        await context.jobs.wake(Kind.DELIVERY, track_id)


async def _fail(context: Context, track_id: int, failure: Failure) -> bool:
    """Write down that a track will not be made; False if it had ended already."""
    failed = TrackStatus.FAILED
    if not await context.store.tracks.move(track_id, tuple(UNMADE), failed, reason=failure):
        return False
    log.warning("track %d failed: %s", track_id, failure)
    return True
