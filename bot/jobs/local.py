"""Jobs inside this process: asyncio tasks over the rows of the store."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from contextvars import Context

from structlog.contextvars import bound_contextvars

from bot.jobs.coalescer import Coalescer, Row
from bot.jobs.ports import BACKOFF, Kind, Work, log_name
from bot.store import StoreUnavailable

log = logging.getLogger(__name__)


class LocalJobs:
    """Runs at most one task a row, and at most so many of each kind at once.

    Args:
        at_once: How many of each kind may run at the same time.
        sweep_every: Seconds between looks for rows that nobody woke.
    """

    def __init__(self, at_once: Mapping[Kind, int], sweep_every: float = 30) -> None:
        self._places = {kind: asyncio.Semaphore(at_once[kind]) for kind in Kind}
        self._sweep_every = sweep_every
        self._tasks: dict[Row, asyncio.Task[None]] = {}
        self._begun: set[Row] = set()
        self._coalescer = Coalescer()
        self._timers: dict[Row, asyncio.TimerHandle] = {}
        self._failures: Counter[Row] = Counter()
        self._work: Work | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, work: Work) -> None:
        """Begin: everything unfinished is woken now and every `sweep_every` seconds."""
        self._work = work
        self._sweeper = asyncio.create_task(self._sweep(work), name="sweep")

    async def wake(self, kind: Kind, row_id: int, after: float = 0) -> None:
        """Run the row's work soon; a wake of a row that is being worked on runs it once more."""
        if after > 0:
            self._later((kind, row_id), after)
        else:
            self._wake((kind, row_id))

    async def stop(self, grace: float) -> None:
        """Begin nothing new, let what runs finish for `grace` seconds, then cancel it."""
        work, self._work = self._work, None
        if work is None:
            return
        for timer in self._timers.values():
            timer.cancel()
        if self._sweeper:
            self._sweeper.cancel()
        for row, task in self._tasks.items():
            if row not in self._begun:
                task.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _wake(self, row: Row) -> None:
        if self._work is None:
            return
        if timer := self._timers.pop(row, None):
            timer.cancel()
        if self._coalescer.admit(row):
            look = self._look(self._work, row)
            self._tasks[row] = asyncio.create_task(look, name=f"{row}", context=Context())

    def _later(self, row: Row, after: float) -> None:
        if self._work is None:
            return
        if timer := self._timers.pop(row, None):
            timer.cancel()
        self._timers[row] = asyncio.get_running_loop().call_later(after, self._wake, row)

    async def _look(self, work: Work, row: Row) -> None:
        kind, row_id = row
        again: float | None = None
        try:
            async with self._places[kind]:
                self._begun.add(row)
                self._coalescer.begin(row)
                with bound_contextvars(**{log_name(kind): row_id}):
                    again = await self._guarded(work, row)
        finally:
            self._begun.discard(row)
            del self._tasks[row]
            woken = self._coalescer.end(row)
        if woken:
            self._wake(row)
        elif again is not None:
            self._later(row, again)

    async def _guarded(self, work: Work, row: Row) -> float | None:
        try:
            again = await work.run(*row)
        except Exception as error:
            self._failures[row] += 1
            pause = BACKOFF.pause(self._failures[row])
            if isinstance(error, StoreUnavailable | OSError):
                log.error("work was put off for %.0f s: %s", pause, error)  # noqa: TRY400 - one line
            else:
                log.exception("work failed; looking again in %.0f s", pause)
            return pause
        del self._failures[row]
        return again

    async def _sweep(self, work: Work) -> None:
        while True:
            try:
                for row in await work.due():
                    if row not in self._timers and row not in self._coalescer:
                        self._wake(row)
            except StoreUnavailable as error:
                log.error("looking for unfinished work failed: %s", error)  # noqa: TRY400 - one line
            except Exception:
                log.exception("looking for unfinished work failed")
            await asyncio.sleep(self._sweep_every)
