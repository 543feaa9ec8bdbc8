"""Delivery: once, as far as the messenger lets that be known; and how every track ended."""

import logging
import time
from collections import Counter

from bot.audio import tagged
from bot.model import Failure, TrackStatus
from bot.store import UNFINISHED, Track
from bot.studio import lyrics
from bot.studio.context import Context
from bot.studio.insist import insist
from bot.studio.ports import AnswerLost, Later, Unreachable

log = logging.getLogger(__name__)

_TRIES = 16
_LONGEST = 300.0
_SHOW_AGAIN = 5.0  # in first pauses


class Delivery:
    """Takes a track from made to delivered, and shows how it ended."""

    def __init__(self, context: Context, performer: str) -> None:
        self._c = context
        self._store = context.store.tracks
        self._performer = performer
        self._tries: Counter[int] = Counter()

    async def work(self, track_id: int) -> float | None:
        """Deliver a made track, or say how an ended one ended."""
        track = await self._store.get(track_id)
        if track.status in {TrackStatus.QUEUED, TrackStatus.GENERATING}:
            return None  # its maker needs the claim, and wakes this when it is done
        async with self._c.holding(self._store.claims, track_id) as mine:
            if not mine:
                return 1.0
            again = None
            if track.status is TrackStatus.SENDING:
                log.warning("the answer to a delivery was lost with its process")
                await self._store.move(track_id, TrackStatus.SENDING, TrackStatus.UNSURE)
            elif track.status is TrackStatus.MADE:
                again = await self._send(track)
            if again is None:
                again = await self._show_end(track_id)
        return again

    async def _send(self, track: Track) -> float | None:
        sound = await self._store.sound(track.id)
        if sound is None:
            failed = TrackStatus.FAILED
            if await self._store.move(track.id, TrackStatus.MADE, failed, reason=Failure.UPSTREAM):
                log.error("a made track has no sound any more: nobody fetched it in time")
            return None
        audio, cover, note = sound
        audio = tagged(
            audio,
            title=lyrics.title(track.lyrics),
            artist=self._performer,
            lyrics=track.lyrics,
            cover=cover,
            comment=note,
        )
        if not await self._store.move(track.id, TrackStatus.MADE, TrackStatus.SENDING):
            return None
        try:
            file_id = await self._c.courier.deliver(track, audio, cover, note)
        except Later as later:
            return await self._put_off(track, later)
        except AnswerLost:
            log.warning("the answer to a delivery was lost")
            await self._sent(track.id, TrackStatus.UNSURE)
        except Unreachable:
            await self._sent(track.id, TrackStatus.UNDELIVERABLE)
        else:
            await insist(lambda: self._store.delivered(track.id, file_id))
            self._tries.pop(track.id, None)
            log.info("delivered")
        return None

    async def _put_off(self, track: Track, later: Later) -> float | None:
        """Try again, less and less often; what is refused for an hour waits for a button."""
        self._tries[track.id] += 1
        if self._tries[track.id] > _TRIES:
            del self._tries[track.id]
            log.error("a delivery is refused again and again; it waits for its button")
            await self._sent(track.id, TrackStatus.UNDELIVERABLE)
            return None
        pause = max(
            later.seconds, min(_LONGEST, later.seconds * 2.0 ** (self._tries[track.id] - 1))
        )
        await self._sent(track.id, TrackStatus.MADE, wake_at=time.time() + pause)
        return pause

    async def _sent(self, track_id: int, after: TrackStatus, **values: float) -> None:
        """Write down how sending ended."""
        await insist(lambda: self._store.move(track_id, TrackStatus.SENDING, after, **values))

    async def _show_end(self, track_id: int) -> float | None:
        track = await self._store.get(track_id)
        if track.status in UNFINISHED or track.told:
            return None
        kept = track.status is TrackStatus.CANCELLED and await self._store.has_sound(track_id)
        shown = await self._c.courier.show(track, kept=kept)
        if not shown:
            return _SHOW_AGAIN * self._c.rules.pause
        await self._store.told(track_id, track.status)
        return None
