"""Making a track: a claim, a ledger row before every paid call, and no call too many."""

import asyncio
import logging
import random
import shutil
import time
from dataclasses import dataclass, field, replace

from bot.jobs import Kind
from bot.model import Failure, Outcome, TrackStatus
from bot.music import (
    INVISIBLE,
    MusicBackend,
    MusicError,
    OperatorFault,
    Order,
    PassingFault,
    StaleUpload,
    TrackFile,
    UnknownFault,
    UserFault,
)
from bot.store import Attempt, Track
from bot.studio.context import Context
from bot.studio.delivery import Delivery
from bot.studio.order_builder import Ordering, without_joiners
from bot.studio.paid_calls import Calls, Pending
from bot.studio.ports import Later
from bot.studio.progress import Showing
from bot.studio.recordings import Recordings, Refused
from bot.studio.results import Keeping, is_kind

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_ROOM = 64_000_000  # bytes; a track needs two million, its row as many again
_UNMADE = frozenset({TrackStatus.QUEUED, TrackStatus.GENERATING})


class _FullError(Later):
    """There is no place to write a track."""


@dataclass(slots=True)
class _Effort:
    """How much has been tried for a track.

    Attributes:
        orders: Of backends that know every recording; each is used once.
        longest: Seconds that refusals may take together.
        pause: The next one after a refusal.
        spent: Seconds that refusals have taken, their pauses included; nothing sets it back.
        refused: Backends that only their owner can mend.
        plain: Whether words go without joiners, because with them they were refused.
    """

    orders: dict[str, Order]
    longest: float
    pause: float
    spent: float = 0.0
    refused: dict[str, OperatorFault] = field(default_factory=dict)
    plain: bool = False

    def next_pause(self, fault: MusicError | Later, begun: float) -> float | None:
        """How long to wait after a refusal; None if there is no time left for it.

        The other side can ask for more than our own pause, never for less.
        """
        ours = self.pause * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
        wait = max(ours, _pause_of(fault) or 0.0)
        self.spent += time.monotonic() - begun + wait
        self.pause = min(_LONGEST_PAUSE, self.pause * 2)
        return wait if self.spent <= self.longest else None


class Making:
    """Takes a track from queued to made, failed or cancelled, and hands it to delivery."""

    def __init__(self, context: Context, recordings: Recordings, delivery: Delivery) -> None:
        self._c = context
        self._ordering = Ordering(context, recordings)
        self._delivery = delivery
        self._showing = Showing(context)
        self._keeping = Keeping(context)
        self._calls = Calls(context, self._keeping)

    async def work(self, track_id: int) -> float | None:
        """Advance a track, unless somebody else is at it; who has made it delivers it."""
        track = await self._c.store.tracks.get(track_id)
        if track.status not in _UNMADE:
            if not track.told:  # the store failed us when it was made
                await self._c.jobs.wake(Kind.DELIVERY, track_id)
            return None
        orders = await self._ordering.at_hand(track)
        if orders is None:
            return None
        claims = self._c.store.tracks.claims
        as_seen, begun = frozenset({track.status}), TrackStatus.GENERATING
        async with self._c.holding(claims, track_id, as_seen, status=begun) as mine:
            if mine is None:
                return None
            try:
                await self._shown(track, orders)
                again = await self._deliver(track_id)
            finally:
                self._keeping.forget(track_id)
        if again is not None:
            await self._c.jobs.wake(Kind.DELIVERY, track_id, again)
        return None

    async def recover(self) -> None:
        """Keep every track that came back and was not booked before the process died.

        A track with a live claim is left alone: a worker beside this one may be at it.
        """
        for path in sorted(self._keeping.folder.glob("*-*.mp3")):
            track_id, number = (int(part) for part in path.stem.split("-"))
            attempts = await self._c.store.ledger.of(track_id)
            attempt = next((a for a in attempts if a.number == number), None)
            if attempt is None or attempt.outcome is Outcome.WON:
                path.unlink(missing_ok=True)
                continue
            async with self._c.holding(self._c.store.tracks.claims, track_id) as track:
                if track is None:
                    continue
                if await self._keeping.keep(attempt, TrackFile(path.stat().st_size)):
                    log.info("kept a track that had come back before the stop")
                    self._keeping.forget(track_id)
            await self._c.jobs.wake(Kind.DELIVERY, track_id)

    async def _shown(self, track: Track, orders: dict[str, Order]) -> None:
        """Make a track, its status message moving meanwhile."""
        self._showing.begin(track.id)
        try:
            await self._generate(track, orders)
        finally:
            await self._showing.end(track.id)

    async def _deliver(self, track_id: int) -> float | None:
        """Deliver what was made, under the claim that it was made under.

        Returns:
            When somebody should look at it, or None.
        """
        kept = self._keeping.kept(track_id)
        track = kept.track if kept else await self._c.store.tracks.get(track_id)
        if self._c.stopping.is_set() or track.claimed_by != self._c.worker:
            return None if track.status in _UNMADE else 0.0  # another one delivers it
        return await self._delivery.finish(track, kept)

    async def _generate(self, track: Track, orders: dict[str, Order]) -> None:
        """Try until there is a track, a reason to give up, or the order to stop."""
        try:
            for attempt in await self._ordering.promises(track):
                if await self._resume(track, attempt):
                    return
            await self._persist(track, orders)
        except (Pending, Refused) as end:
            await self._end(track.id, end.failure)
        except UserFault as fault:
            await self._end(track.id, Failure(fault.reason))

    async def _persist(self, track: Track, orders: dict[str, Order]) -> None:
        """Make calls until one brings the track, moving on from a backend only its owner mends.

        Args:
            track: Claimed.
            orders: Of backends that know every recording; each is used once.

        Raises:
            Pending, Refused, UserFault: as they say.
        """
        rules = self._c.rules
        effort = _Effort(orders, rules.generate_timeout, rules.pause)
        while not self._c.stopping.is_set():
            backend = self._c.backend_for(track.recipe, effort.refused)
            if backend is None:
                raise Refused(self._c.why_none(track.recipe, effort.refused))
            begun = time.monotonic()
            try:
                if await self._attempt(track, backend, effort):
                    return
            except (Refused, UserFault):
                raise
            except OperatorFault as fault:
                effort.refused[backend.name] = fault
                await self._c.pass_over(backend, fault)
            except (MusicError, Later) as fault:
                wait = effort.next_pause(fault, begun)
                if wait is None:
                    ours = isinstance(fault, _FullError)
                    raise Refused(Failure.OPERATOR if ours else Failure.UPSTREAM) from fault
                await self._c.pause(wait)

    async def _ordered(self, track: Track, backend: MusicBackend, effort: _Effort) -> Order:
        """What is asked for now."""
        known = effort.orders.pop(backend.name, None)
        order = known or await self._ordering.make(track, backend)
        return replace(order, lyrics=without_joiners(order.lyrics)) if effort.plain else order

    async def _attempt(self, track: Track, backend: MusicBackend, effort: _Effort) -> bool:
        """Make one paid call.

        Returns:
            Whether the track is settled: made, cancelled, failed, or somebody else's.

        Raises:
            MusicError: the call was refused and booked so, or never made.
            Pending: it is not waited for any longer.
            Refused, Later: it was not made, or would be refused again.
        """
        order = await self._ordered(track, backend, effort)
        if self._c.stopping.is_set():  # it came during an upload; a call would not end in time
            return False
        if not await asyncio.to_thread(self._has_room):
            await self._c.disk_full()
            raise _FullError(_LONGEST_PAUSE)
        attempt = await self._c.store.ledger.open(
            track.id,
            self._c.worker,
            backend.name,
            order.request_id,
            self._c.rules.attempts,
        )
        if attempt is None:
            await self._give_up(track.id)
            return True
        log.info("asking for a track, attempt %d", attempt.number)
        try:
            made = await self._calls.make(attempt, backend, order)
        except MusicError as error:
            if _lacks_joiners(error, order):
                effort.plain = True
            else:
                await self._after_refusal(track, backend, error)
            return False
        if made:
            await self._c.up(backend)
        return made

    def _has_room(self) -> bool:
        try:
            return shutil.disk_usage(self._keeping.folder).free >= _ROOM
        except OSError:
            return False

    async def _after_refusal(self, track: Track, backend: MusicBackend, error: MusicError) -> None:
        """Decide what an unbilled refusal means; returning means: try again at once.

        Raises:
            MusicError: this refusal again, if another call would be refused as well.
        """
        attempts = await self._c.store.ledger.of(track.id)
        alike = [a for a in attempts if a.backend == backend.name and is_kind(a.detail, error)]
        first_of_its_kind = len(alike) <= 1
        if isinstance(error, StaleUpload) and first_of_its_kind:
            for reference_id, purpose in track.recipe.uploads().items():
                await self._c.store.recordings.forget_upload(reference_id, purpose, backend.name)
        elif isinstance(error, UnknownFault) and first_of_its_kind:
            await self._c.pause(self._c.rules.pause)
        elif isinstance(error, StaleUpload | UnknownFault):
            raise Refused(Failure.UPSTREAM) from error
        else:
            raise error

    async def _resume(self, track: Track, attempt: Attempt) -> bool:
        backend = self._c.music.named(attempt.backend)
        if backend is None:
            log.warning("%s is not configured any more; its track is lost", attempt.backend)
            await self._c.store.ledger.close(attempt, Outcome.UNKNOWN, "Unconfigured")
            return False
        order = await self._ordering.as_submitted(track, backend)
        await self._keeping.inherit(track, attempt)
        try:
            return await self._calls.resume(attempt, backend, order)
        except UserFault as fault:
            if order is not None and _lacks_joiners(fault, order):
                return False
            raise
        except MusicError as error:
            log.info("what was promised does not come: %s", type(error).__name__)
            return False

    async def _give_up(self, track_id: int) -> None:
        """No further call may be made: cancelled, or every counted attempt is used up."""
        track = await self._c.store.tracks.get(track_id)
        if track.claimed_by == self._c.worker:
            await self._end(track_id, Failure.UPSTREAM)

    async def _end(self, track_id: int, failure: Failure) -> None:
        """End a track that does not come; as cancelled, if the person wants none any more."""
        if (await self._c.store.tracks.get(track_id)).stop_wanted:
            before = TrackStatus.GENERATING
            await self._c.store.tracks.move(track_id, before, TrackStatus.CANCELLED)
        else:
            await self._c.failed(track_id, failure)


def _lacks_joiners(error: MusicError, order: Order) -> bool:
    """Whether words were refused for what joins them, and may be taken without."""
    return error.code == INVISIBLE and without_joiners(order.lyrics) != order.lyrics


def _pause_of(fault: MusicError | Later) -> float | None:
    """How long the other side asked us to wait, if it did."""
    if isinstance(fault, Later):
        return fault.seconds
    return fault.retry_after if isinstance(fault, PassingFault) else None
