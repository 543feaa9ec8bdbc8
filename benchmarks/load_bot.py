"""A bot at work that does not listen, and says in the end how late its event loop ever was."""

import asyncio
import json
import statistics
import sys
import time

from bot import app, log, settings

STEP = 0.01


async def work() -> None:
    """Work until standard input ends."""
    chosen = settings.load()
    log.set_up("WARNING", "text", chosen.secrets())
    late: list[float] = []
    async with app.working(chosen):
        watching = asyncio.create_task(_watch(late))
        await asyncio.to_thread(sys.stdin.read)
        watching.cancel()
        centiles = statistics.quantiles(late, n=100, method="inclusive")
        told = {"p50": centiles[49], "p99": centiles[98], "most": max(late)}
        print(json.dumps(told), flush=True)


async def _watch(late: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(STEP)
        late.append(time.perf_counter() - begun - STEP)


if __name__ == "__main__":
    asyncio.run(work())
