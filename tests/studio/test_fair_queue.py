"""One preparation a person at a time, the newest of theirs next."""

from bot.studio.fair_queue import Turns

ADA, BOB = 1, 2


def test_a_person_has_one_turn_and_others_have_theirs() -> None:
    turns = Turns()
    assert turns.begin(ADA, 10) is None
    assert turns.begin(ADA, 11) == 10
    assert turns.begin(ADA, 12) == 10
    assert turns.begin(ADA, 12) == 10
    assert turns.begin(BOB, 20) is None
    assert turns.end(ADA, 10) == 12
    assert turns.begin(ADA, 12) is None
    assert turns.end(ADA, 12) == 11
    assert turns.begin(ADA, 11) is None
    assert turns.end(ADA, 11) is None
    assert turns.end(BOB, 20) is None


def test_who_has_no_turn_ends_none() -> None:
    turns = Turns()
    assert turns.begin(ADA, 10) is None
    assert turns.end(ADA, 11) is None
    assert turns.begin(ADA, 11) == 10
