"""A dozen of the kills that `make torture` does by the hundred."""

import pytest

from benchmarks import torture

KILLS = 12


@pytest.mark.timeout(400)
async def test_a_dozen_kills_lose_nothing() -> None:
    tolls, table = await torture.run(KILLS)
    assert sum(toll.kills.total() for toll in tolls) == KILLS
    for toll in tolls:
        assert toll.asked > 0
        assert toll.good, table
