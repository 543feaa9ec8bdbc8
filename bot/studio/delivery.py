"""Delivery: once, as far as the messenger tells; and what is said at the end of every track."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

from bot.audio import tagged
from bot.backoff import Backoff
from bot.model import Failure, TrackStatus
from bot.store import UNFINISHED, Track
from bot.studio.claim_renewal import cancel_and_wait
from bot.studio.commit_retry import retry_commit
from bot.studio.context import Context
from bot.studio.ports import AnswerLost, Later, Unreachable
from bot.studio.progress import ring_once, unfit_of
from bot.studio.results import StoredResult
from bot.studio.track_failure import UNMADE

log = logging.getLogger(__name__)

_TRIES = 16
_LONGEST_PAUSE = 300.0
_EDIT_SECONDS = 5.0
_SHOW_AGAIN = 5.0  # in first pauses
_AT_ONCE = 8  # a track that is being sent is in memory, twice
_MADE_OR_ENDED = frozenset(TrackStatus) - UNMADE


class Delivery:
    """Takes a track from made to delivered, and shows how it ended."""

    def __init__(self, context: Context, performer: str) -> None:
        self._context = context
        self._store = context.store.tracks
        self._performer = performer
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tries: Counter[int] = Counter()

    async def work(self, track_id: int) -> float | None:
        """Deliver a made track, or say how an ended one ended."""
        holding = self._context.claim_renewal.holding
        async with holding(self._store.claims, track_id, _MADE_OR_ENDED) as track:
            if track is not None:
                return await self.finish(track)
        # Somebody else has it; its maker needs no reminder.
        status = (await self._store.get(track_id)).status
        return 1.0 if status in _MADE_OR_ENDED else None

    async def finish(self, track: Track, stored: StoredResult | None = None) -> float | None:
        """Do, for whoever has the claim, all that is left to do for a track.

        Args:
            track: As it is now; nothing is done for one that is still in the making.
            stored: The same with all that is sent, where this process has just stored it.

        Returns:
            Seconds after which to look again, or None.
        """
        if track.status not in _MADE_OR_ENDED:
            return None
        if track.status is TrackStatus.SENDING:
            log.warning("the answer to a delivery was lost with its process")
            track = await self._moved(track, TrackStatus.UNSURE)
        elif track.status is TrackStatus.MADE:
            async with self._places:
                try:
                    track = await self._send(track, stored)
                except Later as later:
                    return later.seconds
        return await self._show_end(track)

    async def _send(self, track: Track, stored: StoredResult | None) -> Track:
        """Send a made track.

        Returns:
            It as it is now.

        Raises:
            Later: not now.
        """
        content = await self._content(track.id, stored)
        if content is None:
            log.error("a made track has no sound any more: nobody fetched it in time")
            return await self._moved(track, TrackStatus.FAILED, reason=Failure.UPSTREAM)
        audio, cover, note = content
        audio = tagged(
            audio,
            title=await self._context.messenger.name_of(track),
            artist=self._performer,
            lyrics=track.lyrics,
            cover=cover,
            comment=note,
        )
        sending = await self._store.sending(track.id, self._context.claim_renewal.worker)
        if sending is None:
            return await self._store.get(track.id)
        # Beside the sending: it waits for no status message.
        showing = asyncio.create_task(self._context.messenger.show(sending))
        try:
            sent = await self._sent(sending, audio, cover, note)
            await asyncio.wait(
                {showing}, timeout=_EDIT_SECONDS
            )  # else it might land after the end's
            return sent
        finally:
            await cancel_and_wait(showing)

    async def _sent(self, sending: Track, audio: bytes, cover: bytes, note: str) -> Track:
        """Send what is written down as being sent, and write down what came of it.

        Raises:
            Later: not now.
        """
        try:
            file_id = await self._context.messenger.deliver(sending, audio, cover, note)
        except Later as later:
            return await self._put_off(sending, later)
        except AnswerLost:
            log.warning("the answer to a delivery was lost")
            return await self._moved(sending, TrackStatus.UNSURE)
        except Unreachable:
            return await self._moved(sending, TrackStatus.UNDELIVERABLE)
        delivered = await retry_commit(lambda: self._store.delivered(sending.id, file_id))
        self._tries.pop(sending.id, None)
        log.info("delivered")
        return delivered or await self._store.get(sending.id)

    async def _content(
        self, track_id: int, stored: StoredResult | None
    ) -> tuple[bytes, bytes, str] | None:
        """Audio, cover and note; from the file where there is one, which spares the store 2 MB."""
        if stored:
            with suppress(OSError):
                return await asyncio.to_thread(stored.file.read_bytes), stored.cover, stored.note
        return await self._store.sound(track_id)

    async def _put_off(self, track: Track, later: Later) -> Track:
        """Try again, less and less often; what is refused for an hour waits for a button.

        Raises:
            Later: unless that hour is over.
        """
        self._tries[track.id] += 1
        if self._tries[track.id] > _TRIES:
            del self._tries[track.id]
            log.error("a delivery is refused again and again; it waits for its button")
            return await self._moved(track, TrackStatus.UNDELIVERABLE)
        backoff = Backoff(first=later.seconds, longest=_LONGEST_PAUSE)
        pause = max(later.seconds, backoff.pause(self._tries[track.id]))
        await self._moved(track, TrackStatus.MADE, wake_at=time.time() + pause)
        raise Later(pause)

    async def _moved(self, track: Track, after: TrackStatus, **values: Any) -> Track:
        """Write down what has become of a track; gives it as it is now, whoever wrote it."""
        move = partial(self._store.move, track.id, track.status, after, **values)
        return await retry_commit(move) or await self._store.get(track.id)

    async def _show_end(self, track: Track) -> float | None:
        """Say how a track has ended, and let go of it; again later where that fails."""
        if track.status in UNFINISHED or track.told:
            return None
        kept = track.status is TrackStatus.CANCELLED and await self._store.has_sound(track.id)
        unfit = await unfit_of(self._context, track)
        shown = await self._context.messenger.show(track, kept=kept, unfit=unfit)
        if not shown or not await ring_once(self._context, track):
            return _SHOW_AGAIN * self._context.rules.pause
        if await self._store.told(track.id, track.status):
            self._context.claim_renewal.let_go(self._store.claims, track.id)
        return None
