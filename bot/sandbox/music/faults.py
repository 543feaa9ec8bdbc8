"""Things that go wrong on purpose: a queue for each call, by the names of a catalogue."""

from collections import deque
from collections.abc import Collection, Mapping


class Faults:
    """What happens to the next calls; empty means that all goes well.

    Args:
        catalogue: Which names may be queued, for each call.
    """

    def __init__(self, catalogue: Mapping[str, Collection[str]]) -> None:
        self.catalogue = catalogue
        self._queues: dict[str, deque[str]] = {on: deque() for on in catalogue}

    def fail(self, name: str, *, times: int = 1, on: str) -> None:
        """Queue a fault.

        Args:
            name: Of the catalogue.
            times: How many calls it hits; 0 empties the queue instead.
            on: The call that it hits.

        Raises:
            ValueError: The catalogue has no such call or name.
        """
        if name not in self.catalogue.get(on, ()):
            raise ValueError(f"{on!r} cannot fail as {name!r}")
        if times <= 0:
            self._queues[on].clear()
        self._queues[on].extend([name] * times)

    def clear(self, on: str) -> None:
        """Call off what is still to happen to a call."""
        self._queues[on].clear()

    def take(self, on: str) -> str | None:
        """Take what happens to this call."""
        queue = self._queues[on]
        return queue.popleft() if queue else None

    def waiting(self) -> dict[str, list[str]]:
        """Tell what is still to happen."""
        return {on: list(queue) for on, queue in self._queues.items()}
