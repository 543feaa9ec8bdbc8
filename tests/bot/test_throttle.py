"""The same thing is said again only after a while, and strangers cannot make that grow."""

from hypothesis import given
from hypothesis import strategies as st

from bot.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_thing_is_said_again_after_its_time_and_not_before() -> None:
    clock = Clock()
    throttle = Throttle(3600, clock=clock)
    assert [throttle.take("ada"), throttle.take("ada"), throttle.take("ben")] == [
        True,
        False,
        True,
    ]
    clock.now += 3599
    assert not throttle.is_due("ada")
    clock.now += 1
    assert throttle.take("ada")
    assert not throttle.is_due("ada")


def test_what_could_not_be_said_stays_due() -> None:
    throttle = Throttle(3600, clock=Clock())
    assert throttle.is_due("ada")
    assert throttle.is_due("ada")
    throttle.note("ada")
    assert not throttle.is_due("ada")


def test_a_moment_of_the_other_side_can_stand_for_the_clock() -> None:
    throttle = Throttle(60, clock=Clock())
    throttle.note("apology", at=500)
    assert not throttle.is_due("apology", since=500)
    assert throttle.is_due("apology", since=501)
    assert throttle.is_due("another", since=0)


def test_no_time_lets_everything_through() -> None:
    throttle = Throttle(0, clock=Clock())
    assert all(throttle.take("ada") for _ in range(3))


@given(st.lists(st.integers(0, 30), max_size=200))
def test_it_remembers_the_latest_and_no_more(things: list[int]) -> None:
    throttle = Throttle(3600, most=5, clock=Clock())
    for thing in things:
        throttle.note(thing)
    latest = list(dict.fromkeys(reversed(things)))
    assert not any(throttle.is_due(thing) for thing in latest[:5])
    assert all(throttle.is_due(thing) for thing in latest[5:])
