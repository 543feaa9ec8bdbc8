"""One paid call: made, waited for, looked up where its answer was lost, booked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.backoff import Backoff
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
from bot.studio.backend_choice import failure_of
from bot.studio.claim_renewal import cancel_and_wait
from bot.studio.commit_retry import retry_commit
from bot.studio.context import Context
from bot.studio.results import Results, StoredResult
from bot.studio.track_failure import Pending

log = logging.getLogger(__name__)

_MARGIN = 10.0
_LOOKS = 2
_LONGEST_PAUSE = 10.0  # in first pauses, as is the next
_CANCEL_CHECK = 2.0


class PaidCalls:
    """Makes calls that stand in the ledger, and books how they end."""

    def __init__(self, context: Context, results: Results) -> None:
        self._context = context
        self._results = results
        self._ledger = context.store.ledger
        pause = context.rules.pause
        self._backoff = Backoff(first=pause, longest=_LONGEST_PAUSE * pause)

    async def make(
        self, attempt: Attempt, backend: MusicBackend, order: Order
    ) -> StoredResult | None:
        """Ask for a track and wait for it.

        Returns:
            The track; None if this call may have been billed for nothing.

        Raises:
            MusicError: it was refused.
            Pending: it is not waited for any longer.
        """
        return await self._booked(attempt, self._ask(attempt, backend, order))

    async def resume(
        self, attempt: Attempt, backend: MusicBackend, order: Order | None
    ) -> StoredResult | None:
        """End a call that another process, or the track's predecessor, began.

        Args:
            attempt: Open.
            backend: The one that was asked.
            order: As it was submitted; None where that cannot be told any more.

        Returns, Raises: as `make`.
        """
        path = self._results.path(attempt)
        if path.exists():
            return await self._results.store(attempt, TrackFile(path.stat().st_size))
        return await self._booked(attempt, self._resume(attempt, backend, order))

    async def _booked(self, attempt: Attempt, call: Awaitable[TrackFile]) -> StoredResult | None:
        """Await a call, and book how it ended."""
        try:
            brought = await call
        except Pending as error:
            await self._results.close(attempt, Outcome.UNKNOWN, error)
            raise
        except (Unanswered, BadAnswer) as error:
            outcome = Outcome.BAD if isinstance(error, BadAnswer) else Outcome.UNKNOWN
            await self._results.close(attempt, outcome, error)
            return None
        except MusicError as error:
            free = error.unbilled and not error.cost_usd
            await self._results.close(attempt, Outcome.REFUSED if free else Outcome.UNKNOWN, error)
            raise
        return await self._results.store(attempt, brought)

    async def _ask(self, attempt: Attempt, backend: MusicBackend, order: Order) -> TrackFile:
        # The most that a backend's own bounds add up to: answer, turn, body, and writing.
        longest = 2 * self._context.rules.generate_timeout + BODY + HOLD + _MARGIN
        try:
            async with asyncio.timeout(longest):
                answer = await backend.submit(order, self._results.path(attempt))
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
        async with self._waiting(backend, self._context.rules.generate_timeout):
            ticket = await self._look_up(backend, order, since)
        if ticket is None:
            raise Unanswered("the service knows of no such order")
        log.info("the answer was lost, and its ticket was found")
        return await self._collect(attempt, backend, ticket)

    async def _look_up(
        self, backend: MusicBackend, order: Order, since: datetime
    ) -> Ticket | None:
        """Look twice before anything is repeated: a list may lag behind.

        One that cannot be read says nothing about the order, and is read again.
        """
        looks = failures = 0
        while looks < _LOOKS:
            await asyncio.sleep(self._backoff.pause(failures + 1))
            try:
                tickets = await backend.find(order, since)
            except OperatorFault:
                raise
            except MusicError as error:
                log.info("the list could not be looked at: %s", type(error).__name__)
                failures += 1
                continue
            looks, failures = looks + 1, 0
            for ticket in tickets:
                if not await self._ledger.knows(backend.name, ticket.id):
                    return ticket
        return None

    async def _collect(self, attempt: Attempt, backend: MusicBackend, ticket: Ticket) -> TrackFile:
        """Store a ticket, then wait for its track; the service is told if the person cancels."""
        await retry_commit(partial(self._ledger.note_ticket, attempt, ticket.id))
        telling = asyncio.create_task(self._tell_if_cancelled(attempt, backend, ticket))
        try:
            async with self._waiting(backend, self._context.rules.generate_timeout + _MARGIN):
                brought = await backend.collect(ticket, self._results.path(attempt))
        finally:
            await cancel_and_wait(telling)
        return replace(brought, cost_usd=ticket.cost_usd) if brought.cost_usd is None else brought

    @asynccontextmanager
    async def _waiting(self, backend: MusicBackend, seconds: float) -> AsyncIterator[None]:
        """Wait for a promise, and not for ever; what only the owner can mend ends no promise."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except (TimeoutError, Unready) as error:
            raise Pending(Failure.TIMEOUT) from error
        except OperatorFault as fault:
            await self._context.backends.pass_over(backend, fault)
            raise Pending(failure_of(fault)) from fault
        except OSError as error:
            raise Pending(Failure.OPERATOR) from error  # our disk; what was promised stays

    async def _tell_if_cancelled(
        self, attempt: Attempt, backend: MusicBackend, ticket: Ticket
    ) -> None:
        while True:
            with suppress(StoreUnavailable):
                if (await self._context.store.tracks.get(attempt.track_id)).stop_wanted:
                    break
            await asyncio.sleep(_CANCEL_CHECK * self._context.rules.pause)
        try:
            await backend.cancel(ticket)
        except MusicError as error:
            log.info("the service was not told of the cancel: %s", type(error).__name__)
