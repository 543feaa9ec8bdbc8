"""One preparation at a time for each person: who sends many recordings delays nobody else."""


class FairQueue:
    """Which row of each person is being worked on, and which wait; the newest comes next.

    Between people the job queue decides.
    """

    def __init__(self) -> None:
        self._served: dict[int, int] = {}
        self._waiting: dict[int, list[int]] = {}

    def begin(self, person: int, row: int) -> int | None:
        """Begin a turn, or wait for the end of the one that the person has.

        Returns:
            The row that is being served instead; None if the turn is this row's.
        """
        served = self._served.setdefault(person, row)
        if served == row:
            return None
        waiting = self._waiting.setdefault(person, [])
        if row not in waiting:
            waiting.append(row)
        return served

    def end(self, person: int, row: int) -> int | None:
        """End a turn.

        Returns:
            The row to be woken now.
        """
        if self._served.get(person) != row:
            return None
        del self._served[person]
        waiting = self._waiting.get(person, [])
        following = waiting.pop() if waiting else None
        if not waiting:
            self._waiting.pop(person, None)
        return following
