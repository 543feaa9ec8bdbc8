"""`python -m benchmarks [--quick]`: measure, and print docs/performance.md's table."""

import argparse
import asyncio
import os
import sys
import time

from benchmarks import report, start, throughput, tracks


async def run(*, quick: bool) -> None:
    began, load = time.monotonic(), _load()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", file=sys.stderr, flush=True)

    say("starting the bots, again and again")
    starts = await start.measure(rounds=2 if quick else 5)
    say("updates answered a second")
    rates = await (throughput.measure(2, 2.0) if quick else throughput.measure(5, 4.0))
    say("tracks")
    flights = await (
        tracks.measure(30, creations=5, seconds=5.0, say=say)
        if quick
        else tracks.measure(200, creations=15, seconds=20.0, say=say)
    )
    print(report.table(rates, flights, starts))
    print()
    print(report.conditions(load, _load(), time.monotonic() - began, quick=quick))


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, with 30 tracks")
    try:
        asyncio.run(run(quick=parser.parse_args().quick))
    except (
        RuntimeError,
        TimeoutError,
        OSError,
    ) as error:  # figures are for people: never a failure
        print(f"the benchmark broke off: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
