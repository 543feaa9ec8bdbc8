"""What a job adapter promises, on asyncio alone and on PostgreSQL."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.jobs import Jobs, Kind, LocalJobs
from bot.jobs.postgres import PostgresJobs
from bot.store import StoreUnavailable
from tests.support.bot_kit import until
from tests.support.pg_kit import driven, through, to_postgres, wire
from tests.support.postgres import Postgres, rows

BOUND = 2
SWEEP = 0.3
Make = Callable[..., Jobs]


class RecordedWork:
    """Work that remembers when it was done, and does what a test tells it to."""

    def __init__(self) -> None:
        self.runs: list[tuple[Kind, int]] = []
        self.times: list[float] = []
        self.rows: list[tuple[Kind, int]] = []
        self.now: Counter[Kind] = Counter()
        self.most: Counter[Kind] = Counter()
        self.acts: dict[int, Callable[[], Awaitable[float | None]]] = {}
        self.finished = 0

    async def run(self, kind: Kind, row_id: int) -> float | None:
        self.runs.append((kind, row_id))
        self.times.append(time.monotonic())
        self.now[kind] += 1
        self.most[kind] = max(self.most[kind], self.now[kind])
        try:
            again = await self.acts[row_id]() if row_id in self.acts else None
        finally:
            self.now[kind] -= 1
        self.finished += 1
        return again

    async def due(self) -> list[tuple[Kind, int]]:
        return self.rows

    def count(self, row_id: int) -> int:
        return sum(one == row_id for _, one in self.runs)


@pytest.fixture(params=["local", "postgresql"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes adapters; those of PostgreSQL share one database."""
    at_once = dict.fromkeys(Kind, BOUND)
    if request.param == "local":
        return lambda sweep=60.0: LocalJobs(at_once, sweep_every=sweep)
    url = driven(request.getfixturevalue("ready_url"))
    return lambda sweep=60.0: PostgresJobs(url, at_once, sweep)


@pytest.fixture
async def jobs(make: Make, recorded: RecordedWork) -> AsyncIterator[Jobs]:
    adapter = make()
    await adapter.start(recorded)
    yield adapter
    await adapter.stop(0)


@pytest.fixture
def recorded() -> RecordedWork:
    return RecordedWork()


async def settled(recorded: RecordedWork, count: int) -> None:
    """Wait until so much has been done, and a little for more."""
    await until(lambda: len(recorded.runs) >= count)
    await asyncio.sleep(0.2)
    assert len(recorded.runs) == count


async def test_a_wake_runs_the_work_once(jobs: Jobs, recorded: RecordedWork) -> None:
    await jobs.wake(Kind.TRACK, 1)
    await jobs.wake(Kind.DELIVERY, 1)
    await settled(recorded, 2)
    assert sorted(recorded.runs) == [(Kind.DELIVERY, 1), (Kind.TRACK, 1)]


async def test_a_wake_while_it_runs_runs_it_again(jobs: Jobs, recorded: RecordedWork) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        begun.set()
        await go_on.wait()

    recorded.acts[1] = act
    await jobs.wake(Kind.TRACK, 1)
    await begun.wait()
    for _ in range(3):
        await jobs.wake(Kind.TRACK, 1)
    go_on.set()
    await until(lambda: 2 <= recorded.finished == len(recorded.runs))
    await asyncio.sleep(0.2)
    assert 2 <= len(recorded.runs) <= 4
    assert recorded.most[Kind.TRACK] == 1


async def test_a_delayed_wake_waits_and_one_for_now_does_not(
    jobs: Jobs, recorded: RecordedWork
) -> None:
    begun = time.monotonic()
    await jobs.wake(Kind.TRACK, 1, after=0.5)
    await jobs.wake(Kind.TRACK, 2, after=60)
    await jobs.wake(Kind.TRACK, 2)
    await until(lambda: recorded.count(2) == 1)
    await until(lambda: recorded.count(1) == 1)
    assert recorded.times[recorded.runs.index((Kind.TRACK, 1))] - begun >= 0.45


async def test_work_that_asks_for_another_look_gets_it(jobs: Jobs, recorded: RecordedWork) -> None:
    async def act() -> float | None:
        return 0.05 if recorded.count(1) < 3 else None

    recorded.acts[1] = act
    await jobs.wake(Kind.TRACK, 1)
    await until(lambda: recorded.count(1) == 3)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StoreUnavailable("away")])
async def test_failing_work_is_tried_again_after_a_pause(
    jobs: Jobs, recorded: RecordedWork, error: Exception
) -> None:
    async def act() -> None:
        if recorded.count(1) == 1:
            raise error

    recorded.acts[1] = act
    await jobs.wake(Kind.TRACK, 1)
    await until(lambda: recorded.count(1) == 2)
    assert recorded.times[1] - recorded.times[0] > 1


async def test_each_kind_has_its_own_places(jobs: Jobs, recorded: RecordedWork) -> None:
    go_on = asyncio.Event()

    async def act() -> None:
        await go_on.wait()

    for row_id in range(6):
        recorded.acts[row_id] = act
        await jobs.wake(Kind.TRACK, row_id)
    await jobs.wake(Kind.DELIVERY, 99)
    await until(lambda: recorded.count(99) == 1 and recorded.now[Kind.TRACK] == BOUND)
    go_on.set()
    await until(lambda: recorded.finished == 7)
    assert recorded.most[Kind.TRACK] == BOUND


async def test_what_nobody_woke_is_found(make: Make, recorded: RecordedWork) -> None:
    adapter = make(SWEEP)
    recorded.rows = [(Kind.TRACK, 7)]
    await adapter.start(recorded)
    await until(lambda: recorded.count(7) >= 2)
    recorded.rows = []
    await adapter.stop(0)


async def test_looking_for_lost_work_survives_a_store_that_is_away(
    make: Make, recorded: RecordedWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Counter[str]()

    async def due() -> list[tuple[Kind, int]]:
        looks["all"] += 1
        if looks["all"] < 3:
            raise StoreUnavailable("away") if looks["all"] == 1 else RuntimeError("a bug")
        return [(Kind.TRACK, 7)]

    monkeypatch.setattr(recorded, "due", due)
    adapter = make(SWEEP)
    await adapter.start(recorded)
    await until(lambda: recorded.count(7) >= 1)
    await adapter.stop(0)


async def test_a_stop_lets_running_work_finish_and_begins_nothing(
    make: Make, recorded: RecordedWork
) -> None:
    adapter = make()
    await adapter.start(recorded)
    begun = asyncio.Event()

    async def act() -> None:
        begun.set()
        await asyncio.sleep(0.5)

    for row_id in range(BOUND + 2):
        recorded.acts[row_id] = act
        await adapter.wake(Kind.TRACK, row_id)
    await begun.wait()
    await until(lambda: recorded.now[Kind.TRACK] == BOUND)
    await adapter.stop(10)
    assert recorded.finished == len(recorded.runs) == BOUND
    await asyncio.sleep(0.3)
    assert len(recorded.runs) == BOUND


async def test_a_stop_without_patience_breaks_work_off(make: Make, recorded: RecordedWork) -> None:
    adapter = make()
    await adapter.start(recorded)

    async def act() -> None:
        await asyncio.sleep(60)

    recorded.acts[1] = act
    await adapter.wake(Kind.TRACK, 1)
    await until(lambda: recorded.now[Kind.TRACK] == 1)
    await adapter.stop(0.1)
    assert recorded.now[Kind.TRACK] == 0
    assert recorded.finished == 0


async def test_two_processes_share_the_work(ready_url: str) -> None:
    at_once = dict.fromkeys(Kind, BOUND)
    works = [RecordedWork(), RecordedWork()]
    adapters = [PostgresJobs(driven(ready_url), at_once, 60) for _ in works]
    for adapter, one in zip(adapters, works, strict=True):

        async def act() -> None:
            await asyncio.sleep(0.05)

        one.acts = dict.fromkeys(range(12), act)
        await adapter.start(one)
    for row_id in range(12):
        await adapters[0].wake(Kind.TRACK, row_id)
    await until(lambda: sum(one.finished for one in works) == 12)
    assert sorted(row_id for one in works for _, row_id in one.runs) == list(range(12))
    assert all(one.runs for one in works)
    for adapter in adapters:
        await adapter.stop(1)


async def test_who_only_talks_wakes_others_and_does_nothing(ready_url: str) -> None:
    at_once = dict.fromkeys(Kind, BOUND)
    talker, worker = RecordedWork(), RecordedWork()
    talking = PostgresJobs(driven(ready_url), at_once, 60, work=False)
    working = PostgresJobs(driven(ready_url), at_once, 60)
    await talking.start(talker)
    await talking.wake(Kind.TRACK, 1)
    await working.start(worker)
    await until(lambda: worker.count(1) == 1)
    await talking.wake(Kind.TRACK, 2)
    await until(lambda: worker.count(2) == 1)
    await working.stop(1)
    await talking.stop(1)
    assert talker.runs == []


async def test_jobs_of_a_dead_process_are_cleared_away(ready_url: str) -> None:
    """A job that was begun by a worker without a heartbeat is dropped by anybody's sweep."""
    query = "SELECT status FROM procrastinate_jobs"
    at_once = dict.fromkeys(Kind, BOUND)
    recorded = RecordedWork()
    adapter = PostgresJobs(driven(ready_url), at_once, SWEEP)
    waker = PostgresJobs(driven(ready_url), at_once, 60, work=False)
    await waker.start(recorded)
    await waker.wake(Kind.TRACK, 1)
    rows(ready_url, "UPDATE procrastinate_jobs SET status = 'doing' RETURNING id")
    recorded.rows = [(Kind.TRACK, 1)]
    await adapter.start(recorded)
    await until(lambda: recorded.count(1) >= 1)
    recorded.rows = []
    await until(lambda: rows(ready_url, query) == [])
    await adapter.stop(1)
    await waker.stop(1)


async def test_a_cut_wire_does_not_end_what_runs_nor_hold_up_what_comes(
    postgres: Postgres, ready_url: str
) -> None:
    at_once = dict.fromkeys(Kind, BOUND)
    recorded = RecordedWork()
    go_on = asyncio.Event()

    async def act() -> None:
        await go_on.wait()

    recorded.acts[1] = act
    async with wire(to_postgres(postgres)) as line:
        adapter = PostgresJobs(through(line, ready_url), at_once, SWEEP)
        await adapter.start(recorded)
        await adapter.wake(Kind.TRACK, 1)
        await until(lambda: recorded.now[Kind.TRACK] == 1)
        line.cut()
        await asyncio.sleep(0.5)
        await adapter.wake(Kind.TRACK, 2)
        await line.mend()
        recorded.rows = [(Kind.TRACK, 2)]
        await until(lambda: recorded.count(2) >= 1, 30)
        assert recorded.now[Kind.TRACK] == 1
        go_on.set()
        await until(lambda: recorded.now[Kind.TRACK] == 0)
        await adapter.stop(1)
