"""One paid call: asked for, waited for, looked up where its answer was lost, booked, kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.model import Failure, Outcome
from bot.music import (
    BODY,
    HOLD,
    BadAnswer,
    MusicBackend,
    MusicError,
    OperatorFault,
    Order,
    Ticket,
    TrackFile,
    Unanswered,
    Unready,
)
from bot.store import Attempt, StoreUnavailable
from bot.studio.claim_renewal import ended
from bot.studio.commit_retry import insist
from bot.studio.context import Context
from bot.studio.results import Keeping

log = logging.getLogger(__name__)

_MARGIN = 10.0
_GLANCE = 2.0  # in first pauses


class Pending(Exception):
    """The track may be there one day, and is not waited for any longer.

    Its attempt stays a promise: "Try again" collects it before anything is paid for again.

    Args:
        failure: What the person is told.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Calls:
    """Makes calls that have been booked, and books how they end."""

    def __init__(self, context: Context, keeping: Keeping) -> None:
        self._c = context
        self._keeping = keeping
        self._ledger = context.store.ledger

    async def make(self, attempt: Attempt, backend: MusicBackend, order: Order) -> bool:
        """Ask for a track and wait for it.

        Returns:
            Whether it is there; False if this call may have been billed for nothing.

        Raises:
            MusicError: it was refused.
            Pending: it is not waited for any longer.
        """
        return await self._booked(attempt, self._ask(attempt, backend, order))

    async def resume(self, attempt: Attempt, backend: MusicBackend, order: Order | None) -> bool:
        """End a call that another process, or the track's predecessor, began.

        Args:
            attempt: Open.
            backend: The one that was asked.
            order: As it was submitted; None where that cannot be told any more.

        Returns, Raises: as `make`.
        """
        if self._keeping.path(attempt).exists():
            return await self._keeping.keep(
                attempt, TrackFile(self._keeping.path(attempt).stat().st_size)
            )
        return await self._booked(attempt, self._resume(attempt, backend, order))

    async def _booked(self, attempt: Attempt, call: Awaitable[TrackFile]) -> bool:
        try:
            sound = await call
        except Pending as error:
            await self._keeping.close(attempt, Outcome.UNKNOWN, error)
            raise
        except (Unanswered, BadAnswer) as error:
            outcome = Outcome.BAD if isinstance(error, BadAnswer) else Outcome.UNKNOWN
            await self._keeping.close(attempt, outcome, error)
            return False
        except MusicError as error:
            free = error.unbilled and not error.cost_usd
            await self._keeping.close(attempt, Outcome.REFUSED if free else Outcome.UNKNOWN, error)
            raise
        return await self._keeping.keep(attempt, sound)

    async def _ask(self, attempt: Attempt, backend: MusicBackend, order: Order) -> TrackFile:
        try:
            async with asyncio.timeout(self._longest):
                answer = await backend.submit(order, self._keeping.path(attempt))
        except (TimeoutError, Unanswered) as error:
            if not backend.abilities.lists:
                if isinstance(error, Unanswered):
                    raise  # with what the answer told, if one came: cost, name, status
                raise Unanswered("no answer to the order") from error
            return await self._recall(attempt, backend, order)
        if isinstance(answer, TrackFile):
            return answer
        return await self._collect(attempt, backend, answer)

    async def _resume(
        self, attempt: Attempt, backend: MusicBackend, order: Order | None
    ) -> TrackFile:
        if attempt.ticket:
            return await self._collect(attempt, backend, Ticket(attempt.ticket))
        if order is None or not backend.abilities.lists:
            log.warning("attempt %d was cut off; it may have been billed", attempt.number)
            raise Unanswered("cut off")
        return await self._recall(attempt, backend, order)

    async def _recall(self, attempt: Attempt, backend: MusicBackend, order: Order) -> TrackFile:
        """Collect the track of an order whose answer was lost.

        Raises:
            Unanswered: the service has no such order.
            Pending: the service cannot be asked.
        """
        since = datetime.fromtimestamp(attempt.opened_at, UTC)
        async with self._waiting(backend, self._c.rules.generate_timeout):
            ticket = await self._look_up(backend, order, since)
        if ticket is None:
            raise Unanswered("the service knows of no such order")
        log.info("the answer was lost, and its ticket was found")
        return await self._collect(attempt, backend, ticket)

    async def _look_up(
        self, backend: MusicBackend, order: Order, since: datetime
    ) -> Ticket | None:
        """Look twice before anything is repeated: a list may lag behind."""
        looks = 0
        while looks < 2:  # noqa: PLR2004 - the second one
            await asyncio.sleep(self._c.rules.pause)
            try:
                found = await backend.find(order, since)
            except OperatorFault:
                raise
            except MusicError as error:  # whatever it is, it says nothing about the order
                log.info("the list could not be looked at: %s", type(error).__name__)
                continue
            looks += 1
            for ticket in found:
                if not await self._ledger.knows(backend.name, ticket.id):
                    return ticket
        return None

    async def _collect(self, attempt: Attempt, backend: MusicBackend, ticket: Ticket) -> TrackFile:
        """Store a ticket, then wait for its track; the service is told if the person cancels."""
        await insist(partial(self._ledger.note_ticket, attempt, ticket.id))
        telling = asyncio.create_task(self._tell_if_cancelled(attempt, backend, ticket))
        try:
            async with self._waiting(backend, self._patience):
                sound = await backend.collect(ticket, self._keeping.path(attempt))
        finally:
            await ended(telling)
        return sound if sound.cost_usd is not None else replace(sound, cost_usd=ticket.cost_usd)

    @asynccontextmanager
    async def _waiting(self, backend: MusicBackend, seconds: float) -> AsyncIterator[None]:
        """Wait for a promise, and not for ever; what only the owner can mend ends no promise."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except (TimeoutError, Unready) as error:
            raise Pending(Failure.TIMEOUT) from error
        except OperatorFault as fault:
            await self._c.pass_over(backend, fault)
            raise Pending(self._c.failure_of(fault)) from fault
        except OSError as error:
            raise Pending(Failure.OPERATOR) from error  # our disk; what was promised stays

    async def _tell_if_cancelled(
        self, attempt: Attempt, backend: MusicBackend, ticket: Ticket
    ) -> None:
        while True:
            with suppress(StoreUnavailable):
                if (await self._c.store.tracks.get(attempt.track_id)).stop_wanted:
                    break
            await asyncio.sleep(_GLANCE * self._c.rules.pause)
        try:
            await backend.cancel(ticket)
        except MusicError as error:
            log.info("the service was not told of the cancel: %s", type(error).__name__)

    @property
    def _longest(self) -> float:
        """The most that a backend's own bounds add up to: answer, turn, body, and writing."""
        return 2 * self._c.rules.generate_timeout + BODY + HOLD + _MARGIN

    @property
    def _patience(self) -> float:
        return self._c.rules.generate_timeout + _MARGIN
