"""Jobs on many machines: procrastinate, in the same PostgreSQL as the rows.

The row decides; a job only says "look at it". So a job that is lost costs time and nothing
else, and one that comes twice does nothing the second time.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Status
from procrastinate.worker import Worker
from psycopg import Error as PsycopgError
from structlog.contextvars import bound_contextvars

from bot.jobs.coalescer import Coalescer
from bot.jobs.ports import BACKOFF, Kind, Work, log_name
from bot.store import StoreUnavailable

log = logging.getLogger(__name__)

_TASK = "look"
_CONNECTIONS = 6
_CONNECTION_WAIT = 5.0
_STALLED = 60.0
_ANSWER = 30.0
# Looks that are due later are found by polling only, and so is one whose notification comes
# while procrastinate is fetching.
_POLL = 1.0
_AWAY = (ProcrastinateException, PsycopgError, OSError, TimeoutError)


class PostgresJobs:
    """Wakes work over LISTEN/NOTIFY; every process that works takes what it can.

    Args:
        url: The database's address; SQLAlchemy's driver name in it is taken off.
        at_once: How many of each kind run at the same time in this process.
        sweep_every: Seconds between looks for rows that nobody woke.
        work: Whether work is done here, or only woken.
    """

    def __init__(
        self, url: str, at_once: Mapping[Kind, int], sweep_every: float, *, work: bool = True
    ) -> None:
        conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_CONNECTION_WAIT,
            kwargs={"connect_timeout": 10},
        )
        self._app = procrastinate.App(connector=connector)
        self._app.task(name=_TASK)(self._look)
        self._at_once = at_once
        self._places = {kind: asyncio.Semaphore(at_once[kind]) for kind in Kind}
        self._running: set[asyncio.Task[None]] = set()
        self._coalescer = Coalescer()
        self._sweep_every = sweep_every
        self._works_here = work
        self._work: Work | None = None
        self._workers: set[Worker] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self, work: Work) -> None:
        """Open the connections and, where work is done here, begin.

        Raises:
            StoreUnavailable: the database is away.
        """
        try:
            await self._app.open_async()
        except _AWAY as error:
            raise StoreUnavailable("the job queue cannot be opened") from error
        self._work = work
        asyncio.get_running_loop().set_exception_handler(_unheard)
        if self._works_here:
            self._tasks = [asyncio.create_task(self._serve(kind), name=kind) for kind in Kind]
            self._tasks.append(asyncio.create_task(self._sweep(work), name="sweep"))

    async def wake(self, kind: Kind, row_id: int, after: float = 0) -> None:
        """Have somebody look at a row; a look that already waits is enough."""
        await self._defer(kind, row_id, after)

    async def stop(self, grace: float) -> None:
        """Begin nothing new, let what runs finish for `grace` seconds, then cancel it."""
        self._stopping = True
        if self._work is None:
            return
        self._work = None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        for worker in self._workers:
            worker.shutdown_graceful_timeout = grace
            worker.stop()  # type: ignore[no-untyped-call]  # procrastinate types it not
        if self._tasks:
            self._tasks[-1].cancel()
            await asyncio.wait(self._tasks, timeout=grace + 10)
        if self._running:  # work outlives a worker that has lost its database
            await asyncio.wait(self._running, timeout=max(0.0, deadline - loop.time()))
        left = [*self._tasks, *self._running]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        with suppress(*_AWAY):
            await self._app.close_async()
        asyncio.get_running_loop().set_exception_handler(None)

    async def _defer(self, kind: Kind, row_id: int, after: float, failures: int = 0) -> None:
        later = after > 0
        job = self._app.configure_task(
            _TASK,
            queue=kind,
            # A look that is due later must not stand in the way of one that is due now.
            queueing_lock=f"{kind}:{row_id}:{'later' if later else 'now'}",
            schedule_in={"seconds": after} if later else None,
        )
        try:
            async with asyncio.timeout(_ANSWER):
                await job.defer_async(kind=str(kind), row_id=row_id, failures=failures)
        except AlreadyEnqueued:
            return
        except _AWAY as error:
            log.warning("a wake was lost; the next sweep finds the row: %s", type(error).__name__)

    async def _look(self, kind: str, row_id: int, failures: int = 0) -> None:
        """Run the row's work; never fails, so that procrastinate retries nothing by itself.

        A row that is being worked on here is looked at once more afterwards. A worker that has
        lost its database cancels this; the work itself goes on, for it may be a paid call.
        """
        if self._work is None or not self._coalescer.admit((Kind(kind), row_id)):
            return
        running = asyncio.create_task(self._run(self._work, Kind(kind), row_id, failures))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        await asyncio.shield(running)

    async def _run(self, work: Work, kind: Kind, row_id: int, failures: int) -> None:
        again: float | None = None
        try:
            async with self._places[kind]:
                self._coalescer.begin((kind, row_id))
                again, failures = await self._guarded(work, kind, row_id, failures)
        finally:
            woken = self._coalescer.end((kind, row_id))
        if self._stopping:
            return
        if woken:
            await self._defer(kind, row_id, 0)
        elif again is not None:
            await self._defer(kind, row_id, max(again, 0.05), failures)

    async def _guarded(
        self, work: Work, kind: Kind, row_id: int, failures: int
    ) -> tuple[float | None, int]:
        """When to look again, and how often in a row it has failed."""
        with bound_contextvars(**{log_name(kind): row_id}):
            try:
                again, failures = await work.run(kind, row_id), 0
            except (StoreUnavailable, OSError) as error:
                again, failures = _pause(failures), failures + 1
                log.error("work was put off for %.0f s: %s", again, error)  # noqa: TRY400 - one line
            except Exception:
                again, failures = _pause(failures), failures + 1
                log.exception("work failed; looking again in %.0f s", again)
        return again, failures

    async def _serve(self, kind: Kind) -> None:
        """Keep a worker running for one kind, through outages of the database."""
        failures = 0
        while not self._stopping:
            worker = Worker(
                self._app,
                queues=[kind],
                name=kind,
                concurrency=self._at_once[kind],
                install_signal_handlers=False,
                delete_jobs="always",
                shutdown_graceful_timeout=0,
                fetch_job_polling_interval=_POLL,
            )
            self._workers.add(worker)
            reason = "its connection"
            try:
                await worker.run()  # type: ignore[no-untyped-call]  # as stop
                failures = 0
            except Exception as error:  # noqa: BLE001 - whatever ended it, it must run again
                failures += 1
                reason = type(error).__name__
            finally:
                self._workers.discard(worker)
            if not self._stopping:
                log.warning("waking of %s work is interrupted: %s", kind, reason)
                await asyncio.sleep(_pause(failures) / 2)

    async def _sweep(self, work: Work) -> None:
        """Wake every row with work left, and drop the jobs of workers that died."""
        while True:
            try:
                for kind, row_id in await work.due():
                    await self._defer(kind, row_id, 0)
                async with asyncio.timeout(_ANSWER):
                    await self._drop_stalled()
            except (StoreUnavailable, *_AWAY) as error:
                log.error("looking for unfinished work failed: %s", error)  # noqa: TRY400 - one line
            except Exception:
                log.exception("looking for unfinished work failed")
            await asyncio.sleep(self._sweep_every)

    async def _drop_stalled(self) -> None:
        """Drop the jobs of workers that died; their rows are woken by what is due."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
            if job.id is not None:
                await self._app.job_manager.finish_job_by_id_async(
                    job.id, Status.ABORTED, delete_job=True
                )


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say in one line what procrastinate's own tasks lost with their database."""
    error = context.get("exception")
    if isinstance(error, _AWAY):
        log.warning("the job queue lost its database: %s", type(error).__name__)
    else:
        loop.default_exception_handler(context)


def _pause(failures: int) -> float:
    return BACKOFF.pause(failures + 1)
