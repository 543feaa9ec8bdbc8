"""One preparation a person at a time: who sends much waits for himself, and for nobody else."""


class FairQueue:
    """Who is being served, and what else of theirs waits; the newest of it comes next.

    Between people the jobs' own order decides: whoever had a turn stands at the end again.
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
