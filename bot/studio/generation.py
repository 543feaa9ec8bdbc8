"""Making a track: a claim, a ledger row before every paid call, and no call too many."""

import asyncio
import logging
import shutil
import time
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bot.backoff import Backoff
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
from bot.studio.order_builder import OrderBuilder, without_joiners
from bot.studio.paid_calls import PaidCalls
from bot.studio.ports import Later
from bot.studio.progress import ProgressMessages
from bot.studio.results import Results, StoredResult, is_kind
from bot.studio.track_failure import UNMADE, NoTrack, Refused, end_track
from bot.studio.uploads import Uploads

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_ROOM = 64_000_000  # bytes; a track needs two million, its row as many again


class _FullError(Later):
    """There is no place to write a track."""


@dataclass(frozen=True, slots=True)
class _Again:
    """Another call may bring the track.

    Attributes:
        pause: Seconds to wait before it.
    """

    pause: float = 0.0


@dataclass(slots=True)
class _Effort:
    """How much has been tried for a track.

    Attributes:
        orders: Of backends that know every recording; each is used once.
        backoff: Between refusals.
        longest: Seconds that refusals may take together.
        refusals: How many there were.
        spent: Seconds that they have taken, their pauses included; nothing sets it back.
        down: Backends that only their owner can mend.
        plain: Whether lyrics go without joiners, because with them they were refused.
    """

    orders: dict[str, Order]
    backoff: Backoff
    longest: float
    refusals: int = 0
    spent: float = 0.0
    down: dict[str, OperatorFault] = field(default_factory=dict)
    plain: bool = False

    def next_pause(self, fault: MusicError | Later, begun: float) -> float | None:
        """How long to wait after a refusal; None if there is no time left for it.

        The other side can ask for more than our own pause, never for less.
        """
        self.refusals += 1
        pause = max(self.backoff.pause(self.refusals), _asked_pause(fault) or 0.0)
        self.spent += time.monotonic() - begun + pause
        return pause if self.spent <= self.longest else None


class Generation:
    """Takes a track from queued to made, failed or cancelled, and hands it to delivery."""

    def __init__(self, context: Context, uploads: Uploads, delivery: Delivery) -> None:
        self._context = context
        self._order_builder = OrderBuilder(context, uploads)
        self._delivery = delivery
        self._progress = ProgressMessages(context)
        self._results = Results(context)
        self._paid_calls = PaidCalls(context, self._results)

    async def work(self, track_id: int) -> float | None:
        """Advance a track, unless somebody else is at it; who has made it delivers it."""
        track = await self._context.store.tracks.get(track_id)
        if track.status not in UNMADE:
            if not track.told:  # the store was away when it was made
                await self._context.jobs.wake(Kind.DELIVERY, track_id)
            return None
        orders = await self._order_builder.at_hand(track)
        if orders is None:
            return None
        as_seen, begun = frozenset({track.status}), TrackStatus.GENERATING
        async with self._holding(track_id, as_seen, status=begun) as claimed:
            if claimed is None:
                return None
            stored = await self._shown(track, orders)
            try:
                again = await self._deliver(track_id, stored)
            finally:
                if stored:
                    stored.drop_file()
        if again is not None:
            await self._context.jobs.wake(Kind.DELIVERY, track_id, again)
        return None

    async def recover(self) -> None:
        """Store every track that came back and was not booked before the process died.

        A track with a live claim is left alone: a worker beside this one may be at it.
        """
        for path in sorted(self._results.folder.glob("*-*.mp3")):
            track_id, number = (int(part) for part in path.stem.split("-"))
            attempts = await self._context.store.ledger.of(track_id)
            attempt = next((a for a in attempts if a.number == number), None)
            if attempt is None or attempt.outcome is Outcome.WON:
                path.unlink(missing_ok=True)
                continue
            async with self._holding(track_id) as track:
                if track is None:
                    continue
                if stored := await self._results.store(attempt, TrackFile(path.stat().st_size)):
                    log.info("stored a track that had come back before the stop")
                    stored.drop_file()
            await self._context.jobs.wake(Kind.DELIVERY, track_id)

    def _holding(
        self, track_id: int, statuses: frozenset[str] | None = None, **values: Any
    ) -> AbstractAsyncContextManager[Track | None]:
        claims = self._context.store.tracks.claims
        return self._context.claim_renewal.holding(claims, track_id, statuses, **values)

    async def _shown(self, track: Track, orders: dict[str, Order]) -> StoredResult | None:
        """Make a track, its status message moving meanwhile."""
        self._progress.begin(track.id)
        try:
            return await self._generate(track, orders)
        finally:
            await self._progress.end(track.id)

    async def _deliver(self, track_id: int, stored: StoredResult | None) -> float | None:
        """Deliver what was made, under the claim that it was made under.

        Returns:
            When somebody should look at it, or None.
        """
        track = stored.track if stored else await self._context.store.tracks.get(track_id)
        if self._context.stopping.is_set() or not self._is_ours(track):
            return None if track.status in UNMADE else 0.0  # another one delivers it
        return await self._delivery.finish(track, stored)

    def _is_ours(self, track: Track) -> bool:
        return track.claimed_by == self._context.claim_renewal.worker

    async def _generate(self, track: Track, orders: dict[str, Order]) -> StoredResult | None:
        """Try until there is a track, a reason to give up, or the stop.

        Returns:
            The track; None if it has ended, is somebody else's, or waits for the next start.
        """
        try:
            for attempt in await self._order_builder.promises(track):
                if stored := await self._resume(track, attempt):
                    return stored
            return await self._persist(track, orders)
        except NoTrack as end:
            await end_track(self._context, track.id, end.failure)
        except UserFault as fault:
            await end_track(self._context, track.id, Failure(fault.reason))
        return None

    async def _persist(self, track: Track, orders: dict[str, Order]) -> StoredResult | None:
        """Make calls until one brings the track, moving on from a backend only its owner mends.

        Args:
            track: Claimed.
            orders: Of backends that know every recording; each is used once.

        Raises:
            NoTrack, UserFault: as they say.
        """
        rules = self._context.rules
        backoff = Backoff(first=rules.pause, longest=_LONGEST_PAUSE)
        effort = _Effort(orders, backoff, rules.generate_timeout)
        while not self._context.stopping.is_set():
            outcome = await self._tried(track, effort)
            if not isinstance(outcome, _Again):
                return outcome
            with suppress(TimeoutError):
                await asyncio.wait_for(self._context.stopping.wait(), outcome.pause)
        return None

    async def _tried(self, track: Track, effort: _Effort) -> StoredResult | _Again | None:
        """Make one call, and say what its failure means (see `_attempt`).

        Raises:
            NoTrack, UserFault: no further call would bring the track.
        """
        backends = self._context.backends
        backend = backends.choose(track.recipe, effort.down)
        if backend is None:
            raise Refused(backends.why_none(track.recipe, effort.down))
        begun = time.monotonic()
        try:
            return await self._attempt(track, backend, effort)
        except UserFault:
            raise
        except OperatorFault as fault:
            effort.down[backend.name] = fault
            await backends.pass_over(backend, fault)
            return _Again()
        except (MusicError, Later) as fault:
            pause = effort.next_pause(fault, begun)
            if pause is None:
                ours = isinstance(fault, _FullError)
                raise Refused(Failure.OPERATOR if ours else Failure.UPSTREAM) from fault
            return _Again(pause)

    async def _attempt(
        self, track: Track, backend: MusicBackend, effort: _Effort
    ) -> StoredResult | _Again | None:
        """Make one paid call.

        Returns:
            The track; `_Again` if another call may bring it; None if it has ended, or is
            somebody else's.

        Raises:
            MusicError: the call was refused and booked so, or never made.
            NoTrack, Later: it was not made, would be refused again, or is not waited for.
        """
        order = await self._ordered(track, backend, effort)
        if self._context.stopping.is_set():  # it came during an upload; a call would be cut off
            return _Again()
        if not await asyncio.to_thread(self._has_room):
            await self._context.owner_notices.disk_full()
            raise _FullError(_LONGEST_PAUSE)
        worker, most = self._context.claim_renewal.worker, self._context.rules.attempts
        attempt = await self._context.store.ledger.open(
            track.id, worker, backend.name, order.request_id, most
        )
        if attempt is None:
            await self._give_up(track.id)
            return None
        log.info("asking for a track, attempt %d", attempt.number)
        try:
            stored = await self._paid_calls.make(attempt, backend, order)
        except MusicError as error:
            if _lacks_joiners(error, order):
                effort.plain = True
                return _Again()
            return await self._after_refusal(track, backend, error)
        if stored is None:
            return _Again()
        await self._context.backends.mark_up(backend)
        return stored

    async def _ordered(self, track: Track, backend: MusicBackend, effort: _Effort) -> Order:
        """What is asked for now."""
        known = effort.orders.pop(backend.name, None)
        order = known or await self._order_builder.make(track, backend)
        return replace(order, lyrics=without_joiners(order.lyrics)) if effort.plain else order

    def _has_room(self) -> bool:
        try:
            return shutil.disk_usage(self._results.folder).free >= _ROOM
        except OSError:
            return False

    async def _after_refusal(
        self, track: Track, backend: MusicBackend, error: MusicError
    ) -> _Again:
        """What a refused call means for the next one.

        A recording that the service has forgotten goes up again, and an answer that no table
        knows is asked for again: once each. Anything else is a fault like any other.

        Raises:
            MusicError: this refusal again, if it is such a fault.
            Refused: it was the second time.
        """
        if not isinstance(error, StaleUpload | UnknownFault):
            raise error
        attempts = await self._context.store.ledger.of(track.id)
        alike = [a for a in attempts if a.backend == backend.name and is_kind(a.detail, error)]
        if len(alike) > 1:
            raise Refused(Failure.UPSTREAM) from error
        if isinstance(error, UnknownFault):
            return _Again(self._context.rules.pause)
        for recording_id, purpose in track.recipe.uploads().items():
            await self._context.store.recordings.forget_upload(recording_id, purpose, backend.name)
        return _Again()

    async def _resume(self, track: Track, attempt: Attempt) -> StoredResult | None:
        """Collect what an earlier call promised; None where that does not come."""
        backend = self._context.music.named(attempt.backend)
        if backend is None:
            log.warning("%s is not configured any more; its track is lost", attempt.backend)
            await self._context.store.ledger.close(attempt, Outcome.UNKNOWN, "Unconfigured")
            return None
        order = await self._order_builder.as_submitted(track, backend)
        await self._results.inherit(track, attempt)
        try:
            return await self._paid_calls.resume(attempt, backend, order)
        except UserFault as fault:
            if order is not None and _lacks_joiners(fault, order):
                return None
            raise
        except MusicError as error:
            log.info("what was promised does not come: %s", type(error).__name__)
            return None

    async def _give_up(self, track_id: int) -> None:
        """No further call may be made: cancelled, or every counted attempt is used up."""
        if self._is_ours(await self._context.store.tracks.get(track_id)):
            await end_track(self._context, track_id, Failure.UPSTREAM)


def _lacks_joiners(error: MusicError, order: Order) -> bool:
    """Whether lyrics were refused for what joins their characters, and may be taken without."""
    return error.code == INVISIBLE and without_joiners(order.lyrics) != order.lyrics


def _asked_pause(fault: MusicError | Later) -> float | None:
    """How long the other side asked us to wait, if it did."""
    if isinstance(fault, Later):
        return fault.seconds
    return fault.retry_after if isinstance(fault, PassingFault) else None
