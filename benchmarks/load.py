"""`python -m benchmarks.load [--tracks N] [--seconds S] [--finished N …]`: many tracks at once.

Every track is queued before the bot starts; the bot makes all of them at the same time against
a music service that takes its time, and delivers them.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks import load_store, memory, processes, sounds
from benchmarks.load_store import Cost
from benchmarks.people import telegram
from benchmarks.torture_people import track_of
from bot.sandbox.telegram.api import TelegramApi
from bot.sandbox.telegram.server import Call
from bot.store import Store
from tests.support.postgres import Missing, Postgres

ROOT = Path(__file__).parents[1]
FIRST, KEY = 10_000, "sandbox-key"
IN_FLIGHT = (10, 100, 1000)
_INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL")
_PATIENCE = 900.0


@dataclass
class Flight:
    """What came of a wave of tracks; memory in MB, times in seconds."""

    name: str
    tracks: int
    arrived: int
    twice: int
    took: float
    peaks: list[float]
    lag_p99: float
    lag_most: float


class Music:
    """The music API in its process; see `benchmarks.music`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.url = url
        self._session = session

    async def set_up(self, latency: float) -> dict[str, str]:
        """Shut its gate, and give the ids of a recording."""
        form = aiohttp.FormData({"purpose": "song"})
        form.add_field("file", sounds.recording(), filename="a.mp3", content_type="audio/mpeg")
        key = {"Authorization": f"Bearer {KEY}"}
        path = f"{self.url}/v2/generate/audio/minimax/upload"
        async with self._session.post(path, data=form, headers=key) as answer:
            ids: dict[str, str] = await answer.json()
        await self._post("sandbox/knobs", {"latency": latency})
        await self._post("gate/shut", {})
        return ids

    async def open_gate(self, wishes: int) -> None:
        """Wait until every wish has taken its time, then answer all of them."""
        while True:
            async with self._session.get(f"{self.url}/gate") as answer:
                if (await answer.json())["held"] >= wishes:
                    break
            await asyncio.sleep(0.2)
        await self._post("gate/open", {})

    async def _post(self, path: str, body: dict[str, float]) -> None:
        async with self._session.post(f"{self.url}/{path}", json=body):
            return


async def fly(
    name: str, tracks: int, seconds: float, url: str | None = None, workers: int = 1
) -> Flight:
    """Let tracks be made at once, by so many processes.

    Args:
        name: For the table.
        tracks: How many.
        seconds: How long the music service takes for each.
        url: Of a database; SQLite if None.
        workers: How many processes; more than one needs PostgreSQL.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="refrain-load-")))
        api = await stack.enter_async_context(telegram())
        where = await stack.enter_async_context(processes.music(sounds.track()))
        music = Music(await stack.enter_async_context(aiohttp.ClientSession()), where)
        ids = await music.set_up(seconds)
        arrived = Counter[int]()
        api.on_call(lambda call: _count(arrived, call))
        address = url or f"sqlite+aiosqlite:///{folder / 'refrain.sqlite3'}"
        await _seed(address, api, ids, tracks)
        begun = time.perf_counter()
        bots = [
            await stack.enter_async_context(_bot(folder / str(n), api, where, address, tracks))
            for n in range(workers)
        ]
        async with asyncio.timeout(_PATIENCE + seconds):
            await music.open_gate(tracks)
            while len(arrived) < tracks:  # noqa: ASYNC110 - what is counted has no event
                await asyncio.sleep(0.2)
        took = time.perf_counter() - begun
        peaks = [memory.peak(bot.pid) or 0.0 for bot in bots]
        said = [await _ended(bot) for bot in bots]
        flight = Flight(
            name,
            tracks,
            len(arrived),
            sum(times > 1 for times in arrived.values()),
            took,
            peaks,
            max(one["p99"] for one in said),
            max(one["most"] for one in said),
        )
        print(flight, file=sys.stderr, flush=True)
        return flight


def _count(arrived: Counter[int], call: Call) -> None:
    if call.method == "sendAudio" and call.status == 200:
        arrived[track_of(call)] += 1


async def _seed(url: str, api: TelegramApi, ids: dict[str, str], tracks: int) -> None:
    store = await Store.open(_driven(url))
    try:
        for number in range(tracks):
            api.person(FIRST + number)
            await load_store.seed(store, FIRST + number, ids)
    finally:
        await store.aclose()


@asynccontextmanager
async def _bot(
    folder: Path, api: TelegramApi, music: str, url: str, at_once: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    await asyncio.to_thread(folder.mkdir)
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONPATH": str(ROOT),
        "TELEGRAM_TOKEN": api.token,
        "TELEGRAM_API_URL": api.url,
        "AIMLAPI_KEY": KEY,
        "AIMLAPI_URL": music,
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "ACCESS": "open",
        "MAX_CONCURRENT_TRACKS": str(at_once),
        "STOP_GRACE": "5",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load_bot"),
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ended(process: asyncio.subprocess.Process) -> dict[str, float]:
    """What a bot says when it is told to end."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    process.stdin.close()
    told: dict[str, float] = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    return told


async def costs(url: str, finished: list[int], times: int) -> dict[tuple[int, int], Cost]:
    """The store's cost by (finished tracks in the store, tracks in flight)."""
    found: dict[tuple[int, int], Cost] = {}
    store = await Store.open(_driven(url))
    try:
        there = 0
        for wanted in (0, *finished):
            await load_store.fill(store, there, wanted)
            there = wanted
            for in_flight in IN_FLIGHT if wanted == 0 else (100,):
                found[wanted, in_flight] = await load_store.measure(store, in_flight, times)
    finally:
        await store.aclose()
    return found


_COSTS = (
    "store: CPU a track",
    "finished before",
    "in flight",
    "CPU",
    "clock",
    "sweep's query",
    "erased later, CPU",
)


def table(flights: list[Flight], prices: dict[str, dict[tuple[int, int], Cost]]) -> str:
    """Markdown."""
    lines = [
        "| in flight | arrived | twice | took | peak memory | loop lag p99 | longest |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in flights:
        peaks = ", ".join(f"{peak:.0f}" for peak in one.peaks)
        lines.append(
            f"| {one.name}: {one.tracks} | {one.arrived} of {one.tracks} | {one.twice} "
            f"| {one.took:.0f} s | {peaks} MB | {one.lag_p99 * 1000:.0f} ms "
            f"| {one.lag_most * 1000:.0f} ms |"
        )
    lines += [
        "",
        f"| {' | '.join(_COSTS)} |",
        f"|{'---|' * len(_COSTS)}",
    ]
    for engine, found in prices.items():
        lines += [
            f"| {engine} | {finished:,} | {in_flight:,} | {cost.cpu:.1f} ms "
            f"| {cost.clock:.1f} ms | {cost.due:.1f} ms | {cost.erasing:.1f} ms |"
            for (finished, in_flight), cost in found.items()
        ]
    return "\n".join(lines)


async def run(tracks: list[int], seconds: float, finished: list[int], times: int) -> str:
    """Measure; gives the tables."""
    flights = [await fly("SQLite", count, seconds) for count in tracks]
    with tempfile.TemporaryDirectory(prefix="refrain-load-") as folder:
        file = f"sqlite+aiosqlite:///{Path(folder) / 'refrain.sqlite3'}"
        prices = {"SQLite": await costs(file, finished, times)}
    try:
        with Postgres() as server:
            flights += [
                await fly("PostgreSQL", count, seconds, server.create()) for count in tracks
            ]
            flights.append(
                await fly("PostgreSQL, 3 workers", max(tracks), seconds, server.create(), 3)
            )
            prices["PostgreSQL"] = await costs(server.create(), finished, times)
    except Missing as error:
        print(error, file=sys.stderr)
    return table(flights, prices)


def _driven(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--tracks", type=int, nargs="+", default=[1000])
    parser.add_argument("--seconds", type=float, default=60.0, help="a track takes (60)")
    parser.add_argument("--finished", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--times", type=int, default=1000, help="tracks to take the cost of")
    chosen = parser.parse_args()
    print(asyncio.run(run(chosen.tracks, chosen.seconds, chosen.finished, chosen.times)))


if __name__ == "__main__":
    main()
