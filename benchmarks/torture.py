"""`python -m benchmarks.torture [--kills N]`: kill real processes, and count what is lost.

Several people talk to a bot on SQLite and to one on PostgreSQL (two that may listen and a
worker). One process after another gets a SIGKILL, at any time and around each commit, and is
started again. In the end every track that was asked for must have arrived, once, or its person
must know why not; and no track may have cost more calls than `GENERATE_ATTEMPTS`.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import sounds
from benchmarks.torture_bots import MOMENTS, Music, Stalked
from benchmarks.torture_people import Crowd
from bot.sandbox.telegram.api import TelegramApi
from tests.support.postgres import Missing, Postgres, rows

KILLS, CAP = 200, 2
_LATENCY = 0.4
_PEOPLE = 5
_AFTERWARDS = 90.0
_UNFINISHED = {"queued", "generating", "made", "sending"}


@dataclass
class Toll:
    """What became of one bot's tracks."""

    engine: str
    kills: Counter[str]
    updates: int
    nudges: int
    stale: int
    stuck: int
    unhandled: int
    billed: int
    calls: int
    asked: int
    arrived: int
    unsure: int
    refused: int
    lost: list[str] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    most: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing was lost, sent twice, undone by a kill, or paid for too often."""
        wrong = self.lost or self.twice or self.stale or self.unhandled
        return not (wrong or self.most > CAP)


async def torture(engine: str, kills: int, postgres: Postgres | None = None) -> Toll:
    """Torture one bot.

    Args:
        engine: For the table.
        kills: How many.
        postgres: Where its database is made; SQLite if None.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="refrain-torture-")))
        telegram = await stack.enter_async_context(TelegramApi())
        music = Music(sounds.track(3.0), _LATENCY)
        stack.push_async_callback(music.aclose)
        await music.start()
        commands: tuple[str, ...] = ("run",)
        settings: dict[str, str] = {}
        if postgres:
            commands = ("run", "run", "worker")
            settings["DATABASE_URL"] = postgres.create()
        settings["GENERATE_ATTEMPTS"] = str(CAP)
        bot = Stalked(engine, commands, folder, telegram, music, **settings)
        crowd = Crowd(telegram, sounds.recording())
        stack.push_async_callback(bot.stop)
        await bot.start()
        crowd.begin(_PEOPLE)
        await bot.torture(kills)
        await crowd.end()
        books = _Books(bot.folder / "data-0" / "refrain.sqlite3", settings.get("DATABASE_URL"))
        await _rest(books)
        return _toll(bot, crowd, music, books)


class _Books:
    """What the bot's database says, asked from outside."""

    def __init__(self, file: Path, url: str | None) -> None:
        self._file, self._url = file, url

    def rows(self, query: str) -> list[dict[str, Any]]:
        if self._url:
            return rows(self._url, query)
        database = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute(query)]
        finally:
            database.close()


async def _rest(books: _Books) -> None:
    """Wait until the bot has nothing left to do, or has had time enough."""
    end = time.monotonic() + _AFTERWARDS
    while time.monotonic() < end:
        waiting = books.rows("SELECT id FROM tracks WHERE told = 0")
        if not waiting and not books.rows("SELECT 1 AS one FROM inbox WHERE done_at IS NULL"):
            return
        await asyncio.sleep(0.5)


def _toll(bot: Stalked, crowd: Crowd, music: Music, books: _Books) -> Toll:
    tracks = {row["id"]: row for row in books.rows("SELECT id, status, told FROM tracks")}
    attempts = books.rows("SELECT track_id, outcome FROM attempts")
    counted = Counter(row["track_id"] for row in attempts if row["outcome"] != "refused")
    calls = Counter(int((call.request_id or "-0-").split("-")[1]) for call in music.generated)
    toll = Toll(
        engine=bot.name,
        kills=bot.kills,
        updates=crowd.updates,
        nudges=crowd.nudges,
        stale=crowd.stale,
        stuck=crowd.stuck,
        unhandled=len(books.rows("SELECT 1 AS one FROM inbox WHERE done_at IS NULL")),
        billed=music.billed,
        calls=len(music.generated),
        asked=len(tracks),
        arrived=len(crowd.arrived),
        unsure=sum(row["status"] == "unsure" for row in tracks.values()),
        refused=sum(row["status"] == "failed" for row in tracks.values()),
        most=max([*counted.values(), *calls.values()], default=0),
    )
    for number, row in tracks.items():
        told = row["told"] and row["status"] not in _UNFINISHED | {"delivered"}
        if not crowd.arrived[number] and not told:
            toll.lost.append(f"{number} ({row['status']})")
        if crowd.arrived[number] > 1 + crowd.resends[number]:
            toll.twice.append(number)
    return toll


def table(tolls: list[Toll], seconds: float) -> str:
    """Markdown."""
    lines = [
        "| | " + " | ".join(toll.engine for toll in tolls) + " |",
        "|---|" + "---|" * len(tolls),
    ]
    facts: list[tuple[str, Sequence[object]]] = [
        ("SIGKILLs", [toll.kills.total() for toll in tolls]),
        *[(f"… when {name}", [toll.kills[name] for toll in tolls]) for name in MOMENTS],
        ("updates sent by people", [toll.updates for toll in tolls]),
        ("tracks asked for", [toll.asked for toll in tolls]),
        ("arrived", [toll.arrived for toll in tolls]),
        ("**lost**", [", ".join(toll.lost) or 0 for toll in tolls]),
        ("**delivered twice**", [", ".join(map(str, toll.twice)) or 0 for toll in tolls]),
        ("of these unsure, and shown as such", [toll.unsure for toll in tolls]),
        ("given up after every counted call was cut off, and told", [t.refused for t in tolls]),
        ("counted calls a track, at most", [f"{toll.most} of {CAP}" for toll in tolls]),
        ("calls billed", [toll.billed for toll in tolls]),
        ("**pressed and stale**", [toll.stale for toll in tolls]),
        ("people asked again", [toll.nudges for toll in tolls]),
        ("conversations that came to nothing", [toll.stuck for toll in tolls]),
        ("updates never handled", [toll.unhandled for toll in tolls]),
    ]
    lines += [f"| {name} | " + " | ".join(map(str, values)) + " |" for name, values in facts]
    return "\n".join([*lines, "", f"In {seconds:.0f} s."])


async def run(kills: int) -> tuple[list[Toll], str]:
    """Torture a bot on each engine that there is, at the same time; gives the table too."""
    begun = time.monotonic()
    try:
        with Postgres() as postgres:
            tolls = list(
                await asyncio.gather(
                    torture("SQLite", kills - kills // 2),
                    torture("PostgreSQL", kills // 2, postgres),
                )
            )
    except Missing as error:
        print(error, file=sys.stderr)
        tolls = [await torture("SQLite", kills)]
    return tolls, table(tolls, time.monotonic() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torture")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many ({KILLS})")
    tolls, text = asyncio.run(run(parser.parse_args().kills))
    print(text)
    sys.exit(0 if all(toll.good for toll in tolls) else 1)


if __name__ == "__main__":
    main()
