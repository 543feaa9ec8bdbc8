"""The status messages of the tracks in the making, all kept moving by one task."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress

from bot.model import Failure, RecordingStatus, TrackStatus
from bot.store import StoreUnavailable, Track
from bot.studio.claim_renewal import cancel_and_wait
from bot.studio.context import Context
from bot.studio.ports import Progress, Unfit

log = logging.getLogger(__name__)

_USUAL = 60.0
_TICK = 3.0  # in first pauses
_EDITS_A_SECOND = 15  # of Telegram's 30 messages a second overall

_ENDED_BADLY = {TrackStatus.FAILED, TrackStatus.UNSURE, TrackStatus.UNDELIVERABLE}


async def ring_once(context: Context, track: Track) -> bool:
    """Let a person's phone ring for a track that has ended badly, once.

    An edited status message rings no phone; whoever has left would not learn of it.

    Returns:
        False if it is to be tried again.
    """
    tracks = context.store.tracks
    if track.status not in _ENDED_BADLY or not await tracks.ring(track.id, track.status):
        return True
    if await context.messenger.ring(track):
        return True
    await tracks.not_rung(track.id)
    return False


async def unfit_of(context: Context, track: Track) -> Unfit | None:
    """What is wrong with the recording of a track that failed by it, where that is known."""
    if track.status is not TrackStatus.FAILED or track.reason != Failure.RECORDING:
        return None
    for recording_id in track.recipe.uploads():
        recording = await context.store.recordings.get(recording_id)
        if recording.status is RecordingStatus.REJECTED and recording.reason:
            return Unfit(recording.reason, context.backends.limits)
    return None


class ProgressMessages:
    """Shows, in turn, where each track stands; those that begin come first.

    A thousand tracks that each asked the store how they stand would ask it a thousand times.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._begun: dict[int, float] = {}
        self._due: dict[int, float] = {}
        self._edits: dict[int, asyncio.Task[bool]] = {}
        self._added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, track_id: int) -> None:
        """Keep a track's message moving from now on; harmless to repeat."""
        if track_id in self._begun:
            return
        self._begun[track_id] = time.monotonic()
        self._due[track_id] = 0.0
        self._added.set()
        if self._task is None:
            self._task = asyncio.create_task(self._show_in_turn(), name="progress")

    async def end(self, track_id: int) -> None:
        """Let go of a track's message; nothing is on its way to it any more."""
        self._begun.pop(track_id, None)
        self._due.pop(track_id, None)
        if edit := self._edits.pop(track_id, None):
            await cancel_and_wait(edit)
        if not self._begun and self._task:
            task, self._task = self._task, None
            await cancel_and_wait(task)

    async def _show_in_turn(self) -> None:
        while True:
            self._added.clear()
            now = time.monotonic()
            due = sorted((at, track_id) for track_id, at in self._due.items() if at <= now)
            track_ids = [track_id for _, track_id in due[:_EDITS_A_SECOND]]
            if track_ids:
                await self._show(track_ids)
            await asyncio.sleep(len(track_ids) / _EDITS_A_SECOND)
            pause = max(0.0, min(self._due.values(), default=now + 1) - time.monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait(), pause)

    async def _show(self, track_ids: Sequence[int]) -> None:
        every = max(_TICK * self._context.rules.pause, len(self._begun) / _EDITS_A_SECOND)
        for track_id in track_ids:
            self._due[track_id] = time.monotonic() + every
        try:
            expected = await self._context.store.ledger.usual_seconds() or _USUAL
            tracks = await self._context.store.tracks.some(track_ids)
        except StoreUnavailable:
            return
        except Exception:
            log.exception("where tracks stand could not be shown")
            return
        for track in tracks:
            edit, begun = self._edits.get(track.id), self._begun.get(track.id)
            if begun is not None and (edit is None or edit.done()):
                progress = Progress(time.monotonic() - begun, expected)
                showing = self._context.messenger.show(track, progress)
                self._edits[track.id] = asyncio.create_task(showing)
