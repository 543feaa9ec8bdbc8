"""The claims of this process: taken, kept alive together, given back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from bot.backoff import Backoff
from bot.store import StoreUnavailable
from bot.store.claims import Claims, Item

log = logging.getLogger(__name__)


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended; its exception is logged, not raised."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()):
        log.warning("what ran beside the work failed: %s", type(error).__name__)


class ClaimRenewal:
    """Holds claims, and renews all of a table in one statement.

    A thousand tracks that only wait for the music service would otherwise ask the store for a
    renewal each, and lose their claims when it is slow.

    Args:
        worker: This process, in claims.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._held: dict[Claims[Any], set[int]] = {}
        self._renewing: dict[Claims[Any], asyncio.Task[None]] = {}

    @asynccontextmanager
    async def holding(
        self,
        claims: Claims[Item],
        row_id: int,
        statuses: frozenset[str] | None = None,
        **values: Any,
    ) -> AsyncIterator[Item | None]:
        """Work on a row under a claim that is renewed until the block ends.

        Args:
            claims: Of its table.
            row_id: Which row.
            statuses: Those it is wanted in; in any, if None.
            values: What is written into it with the claim.

        Yields:
            The row as it is now, None if the claim was not to be had.
        """
        item = await claims.take(row_id, self.worker, statuses, **values)
        if item is None:
            yield None
            return
        self._held.setdefault(claims, set()).add(row_id)
        if claims not in self._renewing:
            self._renewing[claims] = asyncio.create_task(self._renew(claims))
        try:
            yield item
        finally:
            mine = row_id in self._held[claims]
            self.let_go(claims, row_id)
            if mine:
                with suppress(StoreUnavailable):
                    await asyncio.shield(claims.release(row_id, self.worker))

    def let_go(self, claims: Claims[Any], row_id: int) -> None:
        """Renew a claim no longer: it has been given back, or is about to be."""
        self._held[claims].discard(row_id)
        if not self._held[claims] and claims in self._renewing:
            self._renewing.pop(claims).cancel()

    async def _renew(self, claims: Claims[Any]) -> None:
        """Renew four times in a claim's life, and sooner again what could not be renewed."""
        held, every = self._held[claims], claims.seconds / 4
        backoff, failures = Backoff(first=every / 4, longest=every / 2), 0
        while True:
            await asyncio.sleep(backoff.pause(failures) if failures else every)
            asked = set(held)
            try:
                async with asyncio.timeout(every):
                    kept = await claims.renew_all(asked, self.worker)
            except Exception as error:  # noqa: BLE001 - whatever it is, the claims must be kept
                failures += 1
                _log_failure(len(asked), error)
                continue
            failures = 0
            for row_id in (asked - kept) & held:
                log.warning("the claim on row %d has gone to somebody else", row_id)
                held.discard(row_id)


def _log_failure(count: int, error: Exception) -> None:
    if isinstance(error, StoreUnavailable | TimeoutError):
        log.warning("%d claims could not be renewed: %s", count, str(error) or "no answer")
    else:
        log.error("%d claims could not be renewed", count, exc_info=error)
