"""The load benchmark takes the cost of what the product asks the store, and of nothing less."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from benchmarks import load_store
from bot.sandbox.telegram.api import Person
from bot.store import Store
from tests.support.bot_kit import World, press, previewed, until

TOGETHER = (
    "tracks.id IN",  # asked for many tracks at once
    "avg(",  # once a minute
    "tracks.wake_at <=",  # the sweep, which the benchmark takes the time of by itself
    '"references".findings !=',
    "DELETE FROM sounds",  # when nobody waits, and counted apart
    "sounds.kept_until <",
)


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """What databases are asked meanwhile."""
    asked = Counter[str]()

    def heard(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked[" ".join(statement.split())] += 1

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", heard)


async def test_the_benchmark_asks_what_the_product_asks(world: World, ada: Person) -> None:
    await previewed(ada)
    await world.uploaded(1)
    await until(lambda: world.rows('SELECT 1 FROM "references" WHERE claimed_by IS NULL'))
    await asyncio.sleep(0.3)  # its work has a last look at it
    with statements() as by_product:
        await press(ada, "c:")
        await ada.wait_for("audio")
        await until(lambda: world.rows("SELECT 1 FROM tracks WHERE told = 1"))
        await world.quiet()
    store = await Store.open(f"sqlite+aiosqlite:///{world.data / 'bench.sqlite3'}")
    try:
        draft = await load_store._preview(store, 1)
        with statements() as by_benchmark:
            await load_store._way(store, draft, load_store.Held(store, 10))
    finally:
        await store.aclose()
    assert alone(by_product) == alone(by_benchmark)
    assert any(TOGETHER[0] in statement for statement in by_benchmark)


async def test_what_is_erased_later_is_counted_too(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'bench.sqlite3'}")
    try:
        with statements() as asked:
            cost = await load_store.measure(store, 2, 3)
        assert sum(n for words, n in asked.items() if words.startswith("DELETE FROM sounds")) == 3
        assert cost.erasing > 0
    finally:
        await store.aclose()


def alone(asked: Counter[str]) -> Counter[str]:
    """What is asked for one track."""
    return Counter(
        {
            statement: times
            for statement, times in asked.items()
            if not any(words in statement for words in TOGETHER)
        }
    )
