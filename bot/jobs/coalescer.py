"""Wakes of a row that is being looked at already: they become one more look afterwards."""

from bot.jobs.ports import Kind

Row = tuple[Kind, int]


class Coalescer:
    """Lets one look at a row be under way, and remembers whether another is wanted."""

    def __init__(self) -> None:
        self._woken: dict[Row, bool] = {}

    def __contains__(self, row: Row) -> bool:
        """Whether a look at the row waits for its place, or is under way."""
        return row in self._woken

    def admit(self, row: Row) -> bool:
        """Whether a look may begin; if not, the one that is under way is followed by another."""
        admitted = row not in self._woken
        self._woken[row] = not admitted
        return admitted

    def begin(self, row: Row) -> None:
        """Forget the wakes until now: the look that begins sees whatever they were for."""
        self._woken[row] = False

    def end(self, row: Row) -> bool:
        """End a look; True if the row was woken while it was under way."""
        return self._woken.pop(row)
