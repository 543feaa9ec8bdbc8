"""The configured backends in their owner's order, and which of them can be used now."""

from collections.abc import Callable, Collection, Iterator, Sequence

from bot.music.errors import OperatorReason
from bot.music.ports import Abilities, CheckResult, MusicBackend


class Failover:
    """An ordered list of backends; one that only its owner can mend is passed over.

    Nothing is passed over for good: where every backend that could do the work is down, the
    first one is still asked, so that a balance topped up a minute ago is noticed.

    Args:
        backends: At least one, the preferred one first; owned from now on.

    Raises:
        ValueError: There is none.
    """

    def __init__(self, backends: Sequence[MusicBackend]) -> None:
        if not backends:
            raise ValueError("there is no backend")
        self._backends = {backend.name: backend for backend in backends}
        self._down: dict[str, OperatorReason] = {}

    def __iter__(self) -> Iterator[MusicBackend]:
        return iter(self._backends.values())

    @property
    def current(self) -> MusicBackend:
        """The one that is used now, as far as a recipe does not need another."""
        return self.choose(lambda _: True) or next(iter(self))

    @property
    def title(self) -> str:
        """By which names people know the services."""
        return ", ".join(dict.fromkeys(backend.title for backend in self))

    def named(self, name: str) -> MusicBackend | None:
        """The backend that a row names, if it is still configured."""
        return self._backends.get(name)

    def choose(
        self, able: Callable[[Abilities], bool], without: Collection[str] = ()
    ) -> MusicBackend | None:
        """The first backend that can do some work, preferably one that is not down.

        Args:
            able: Judges what a backend can do.
            without: Names that have been tried.
        """
        fit = [b for b in self if b.name not in without and able(b.abilities)]
        return next((b for b in fit if b.name not in self._down), fit[0] if fit else None)

    def reason(self, name: str) -> OperatorReason | None:
        """Why a backend is down; None if it is not."""
        return self._down.get(name)

    def mark_down(self, name: str, reason: OperatorReason) -> None:
        """Note that a backend is down, and why."""
        self._down[name] = reason

    def mark_up(self, name: str) -> bool:
        """Note that a backend can be used; True if it was down."""
        return self._down.pop(name, None) is not None

    async def check(self) -> dict[str, list[CheckResult]]:
        """Look at every backend, one after the other; nothing here costs or raises."""
        return {backend.name: await backend.check() for backend in self}

    async def aclose(self) -> None:
        """Close every backend."""
        for backend in self:
            await backend.aclose()
