"""Making a track: a claim, a ledger row before every paid call, and no call too many."""

import asyncio
import logging
import random
import time
import uuid
from contextlib import suppress
from pathlib import Path

from bot.audio import Unusable
from bot.jobs import Kind
from bot.model import Failure, Outcome, TrackStatus
from bot.music import (
    BadAnswer,
    MusicError,
    OperatorFault,
    Order,
    PassingFault,
    Sound,
    StaleUpload,
    Ticket,
    Unanswered,
    UnknownFault,
    UserFault,
)
from bot.store import Attempt, StoreUnavailable, Track
from bot.studio import lyrics
from bot.studio.context import Context
from bot.studio.ports import Later, Progress
from bot.studio.recordings import Recordings, Refused

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_USUAL = 60.0
_TICK = 3.0  # in first pauses
_EDITS_A_SECOND = 15.0  # of Telegram's 30 messages a second overall
_CANCELLED_KEPT = 86_400.0
_MARGIN = 10.0


class Making:
    """Takes a track from queued to made, failed or cancelled."""

    def __init__(self, context: Context, recordings: Recordings) -> None:
        self._c = context
        self._recordings = recordings
        self._keeping = asyncio.Semaphore(4)
        self._in_hand = 0

    async def work(self, track_id: int) -> float | None:
        """Advance a track, unless somebody else is at it."""
        track = await self._c.store.tracks.get(track_id)
        if track.status not in {TrackStatus.QUEUED, TrackStatus.GENERATING}:
            return None
        async with self._c.holding(self._c.store.tracks.claims, track_id) as mine:
            if not mine:
                return None
            if track.status is TrackStatus.QUEUED and not await self._ready(track):
                return None
            await self._c.store.tracks.start(track_id, self._c.worker)
            showing = asyncio.create_task(self._show(track_id))
            self._in_hand += 1
            try:
                await self._generate(track)
            finally:
                self._in_hand -= 1
                showing.cancel()
        await self._c.jobs.wake(Kind.DELIVERY, track_id)
        return None

    async def recover(self) -> None:
        """Keep every track that came back and was not booked before the process died."""
        for path in sorted(self._folder().glob("*-*.mp3")):
            track_id, number = (int(part) for part in path.stem.split("-"))
            attempts = await self._c.store.ledger.of(track_id)
            attempt = next((a for a in attempts if a.number == number), None)
            if attempt is None or attempt.outcome is Outcome.WON:
                path.unlink()
            elif await self._keep(attempt, Sound(path.stat().st_size)):
                log.info("kept a track that had come back before the stop")
                await self._c.jobs.wake(Kind.DELIVERY, track_id)

    async def _ready(self, track: Track) -> bool:
        """Whether every recording is uploaded; wakes those that are not."""
        ready = True
        for reference_id, purpose in track.recipe.uploads().items():
            found = await self._c.store.references.upload(
                reference_id, purpose, self._c.music.name
            )
            if found is None:
                ready = False
                await self._c.jobs.wake(Kind.REFERENCE, reference_id)
        return ready

    async def _generate(self, track: Track) -> None:
        """Try until there is a track, a reason to give up, or the order to stop."""
        refusing_since: float | None = None
        pause = self._c.rules.pause
        for before in await self._c.store.ledger.of(track.id):
            if before.outcome is None and await self._settle(before):
                return
        while not self._c.stopping.is_set():
            try:
                if await self._attempt(track):
                    return
                refusing_since, pause = None, self._c.rules.pause
            except Refused as refused:
                await self._c.fail(track.id, refused.failure)
                return
            except UserFault as fault:
                await self._c.fail(track.id, Failure(fault.reason))
                return
            except OperatorFault as fault:
                await self._c.report(fault)
                await self._c.fail(track.id, self._c.failure_of(fault))
                return
            except (MusicError, Later) as fault:
                refusing_since = refusing_since or time.monotonic()
                wait = _pause_of(fault) or pause * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
                if time.monotonic() + wait - refusing_since > self._c.rules.generate_timeout:
                    await self._c.fail(track.id, Failure.UPSTREAM)
                    return
                await self._c.pause(wait)
                pause = min(_LONGEST_PAUSE, pause * 2)

    async def _attempt(self, track: Track) -> bool:
        """Make one paid call.

        Returns:
            Whether the track is settled: made, cancelled, failed, or somebody else's.

        Raises:
            PassingFault, UserFault, OperatorFault: the call was refused and booked so.
            Refused, Later, MusicError: there was nothing to call with.
        """
        order = await self._order(track)
        attempt = await self._c.store.ledger.open(
            track.id,
            self._c.worker,
            self._c.music.name,
            order.request_id,
            self._c.rules.attempts,
        )
        if attempt is None:
            await self._give_up(track.id)
            return True
        log.info("asking for a track, attempt %d", attempt.number)
        try:
            async with asyncio.timeout(self._c.rules.generate_timeout + _MARGIN):
                sound = await self._call(attempt, order)
        except (TimeoutError, Unanswered, BadAnswer) as error:
            outcome = Outcome.BAD if isinstance(error, BadAnswer) else Outcome.UNKNOWN
            await self._close(attempt, outcome, error)
            return False
        except MusicError as error:
            await self._close(attempt, Outcome.REFUSED, error)
            await self._after_refusal(track, error)
            return False
        return await self._keep(attempt, sound)

    async def _call(self, attempt: Attempt, order: Order) -> Sound:
        into = self._path(attempt)
        answer = await self._c.music.submit(order, into)
        if isinstance(answer, Ticket):
            await self._c.store.ledger.note_ticket(attempt, answer.id)
            answer = await self._c.music.collect(answer, into)
        return answer

    async def _after_refusal(self, track: Track, error: MusicError) -> None:
        """Decide what an unbilled refusal means; returning means: try again at once.

        Raises:
            MusicError: this refusal again, if another call would be refused as well.
        """
        attempts = await self._c.store.ledger.of(track.id)
        first_of_its_kind = sum(a.detail == _detail(error) for a in attempts) <= 1
        if isinstance(error, StaleUpload) and first_of_its_kind:
            for reference_id, purpose in track.recipe.uploads().items():
                await self._c.store.references.forget_upload(
                    reference_id, purpose, self._c.music.name
                )
        elif isinstance(error, UnknownFault) and first_of_its_kind:
            await self._c.pause(self._c.rules.pause)
        elif isinstance(error, StaleUpload | UnknownFault):
            raise Refused(Failure.UPSTREAM) from error
        else:
            raise error

    async def _order(self, track: Track) -> Order:
        voice, beat = track.voice_ref, track.beat_ref
        known = {
            reference_id: await self._recordings.uploaded(reference_id, purpose)
            for reference_id, purpose in track.recipe.uploads().items()
        }
        return Order(
            request_id=f"refrain-{track.id}-{uuid.uuid4().hex[:12]}",
            lyrics=lyrics.final(track.lyrics, track.recipe.result),
            voice=known[voice] if voice is not None else None,
            beat=known[beat] if beat is not None else None,
        )

    async def _settle(self, attempt: Attempt) -> bool:
        """End an attempt whose worker died: its track is fetched if it can be.

        Returns:
            Whether the track is made.
        """
        if self._path(attempt).exists():
            return await self._keep(attempt, Sound(self._path(attempt).stat().st_size))
        if attempt.ticket:
            try:
                async with asyncio.timeout(self._c.rules.generate_timeout + _MARGIN):
                    sound = await self._c.music.collect(
                        Ticket(attempt.ticket), self._path(attempt)
                    )
                return await self._keep(attempt, sound)
            except (MusicError, TimeoutError) as error:
                await self._close(attempt, Outcome.UNKNOWN, error)
                return False
        log.warning("attempt %d was cut off; it may have been billed", attempt.number)
        await self._c.store.ledger.close(attempt, Outcome.UNKNOWN, "CutOff")
        return False

    async def _keep(self, attempt: Attempt, sound: Sound) -> bool:
        """Prove that what came is a track, and commit it; a bad one is booked so.

        Returns:
            Whether it was one.
        """
        path = self._path(attempt)
        try:
            inspected = await self._c.workshop.inspect(path)
        except Unusable as error:
            await self._close(attempt, Outcome.BAD, error)
            path.unlink(missing_ok=True)
            return False
        async with self._keeping:
            await self._c.store.ledger.win(
                attempt,
                audio=await asyncio.to_thread(path.read_bytes),
                cover=inspected.cover,
                note=inspected.comment,
                seconds=inspected.seconds,
                kept_until=time.time() + self._c.rules.keep_tracks,
                cancelled_kept_until=time.time() + _CANCELLED_KEPT,
                provider_request_id=sound.request_id,
                cost_usd=sound.cost_usd,
            )
        path.unlink(missing_ok=True)
        log.info("a track of %.0f s came back", inspected.seconds)
        return True

    async def _give_up(self, track_id: int) -> None:
        """No further call may be made: cancelled, or every counted attempt is used up."""
        track = await self._c.store.tracks.get(track_id)
        if track.claimed_by != self._c.worker:
            return
        if track.stop_wanted:
            await self._c.store.tracks.move(
                track_id, TrackStatus.GENERATING, TrackStatus.CANCELLED
            )
        else:
            await self._c.fail(track_id, Failure.UPSTREAM)

    async def _close(self, attempt: Attempt, outcome: Outcome, error: Exception) -> None:
        context = {"detail": str(error), "outcome": str(outcome), "number": attempt.number}
        log.warning("an attempt failed: %s", _detail(error), extra=context)
        await self._c.store.ledger.close(attempt, outcome, _detail(error))

    async def _show(self, track_id: int) -> None:
        """Keep the status message moving while the track is being made."""
        begun = time.monotonic()
        while True:
            with suppress(StoreUnavailable):
                expected = await self._c.store.ledger.usual_seconds() or _USUAL
                track = await self._c.store.tracks.get(track_id)
                await self._c.courier.show(track, Progress(time.monotonic() - begun, expected))
            tick = _TICK * self._c.rules.pause
            await asyncio.sleep(max(tick, self._in_hand / _EDITS_A_SECOND))

    def _folder(self) -> Path:
        return self._c.files / "made"

    def _path(self, attempt: Attempt) -> Path:
        return self._folder() / f"{attempt.track_id}-{attempt.number}.mp3"


def _pause_of(fault: MusicError | Later) -> float | None:
    """How long the other side asked us to wait, if it did."""
    if isinstance(fault, Later):
        return fault.seconds
    return fault.retry_after if isinstance(fault, PassingFault) else None


def _detail(error: Exception) -> str:
    code = getattr(error, "code", None) or getattr(error, "http", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
