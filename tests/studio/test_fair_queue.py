"""One preparation a person at a time, the newest of theirs next."""

from bot.studio.fair_queue import FairQueue

ADA, BOB = 1, 2


def test_a_person_has_one_turn_and_others_have_theirs() -> None:
    queue = FairQueue()
    assert queue.begin(ADA, 10) is None
    assert queue.begin(ADA, 11) == 10
    assert queue.begin(ADA, 12) == 10
    assert queue.begin(ADA, 12) == 10
    assert queue.begin(BOB, 20) is None
    assert queue.end(ADA, 10) == 12
    assert queue.begin(ADA, 12) is None
    assert queue.end(ADA, 12) == 11
    assert queue.begin(ADA, 11) is None
    assert queue.end(ADA, 11) is None
    assert queue.end(BOB, 20) is None


def test_who_has_no_turn_ends_none() -> None:
    queue = FairQueue()
    assert queue.begin(ADA, 10) is None
    assert queue.end(ADA, 11) is None
    assert queue.begin(ADA, 11) == 10
