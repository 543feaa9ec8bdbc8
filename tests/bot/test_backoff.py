"""Pauses grow, end, and are told apart without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backoff import Backoff


def test_pauses_grow_by_the_factor_up_to_the_longest() -> None:
    backoff = Backoff(first=1, longest=10, jitter=0)
    assert [backoff.pause(failures) for failures in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_a_factor_of_one_keeps_them_even() -> None:
    backoff = Backoff(first=0.1, longest=5, factor=1, jitter=0)
    assert {backoff.pause(failures) for failures in range(1, 50)} == {0.1}


@pytest.mark.parametrize(("chance", "pause"), [(0, 7), (0.5, 10), (1, 13)])
def test_jitter_goes_either_way(chance: float, pause: float) -> None:
    assert Backoff(first=10, longest=10).pause(1, chance) == pytest.approx(pause)


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_no_pause_is_longer_than_the_longest_and_its_jitter(failures: int, chance: float) -> None:
    pause = Backoff(first=0.2, longest=30, jitter=0.3).pause(failures, chance)
    assert 0 < pause <= 39 * (1 + 1e-9)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_is_given_up_when_the_next_try_would_be_past_the_deadline() -> None:
    clock = Clock()
    tries = Backoff(first=1, longest=4, jitter=0, deadline=10).begin(clock)
    waited = []
    while (pause := tries.failed()) is not None:
        waited.append(pause)
        clock.now += pause
    assert waited == [1, 2, 4]  # another 4 would end 11 seconds after the first failure


def test_the_other_side_may_ask_for_more_and_that_counts_too() -> None:
    clock = Clock()
    tries = Backoff(first=1, longest=4, jitter=0, deadline=10).begin(clock)
    assert tries.failed(at_least=7) == 7
    clock.now += 7
    assert tries.failed(at_least=7) is None
