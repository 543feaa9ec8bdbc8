"""Which music service makes a track, and what is done about one that only its owner can mend."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.audio import Limits
from bot.model import Failure, Recipe
from bot.music import Abilities, Failover, MusicBackend, OperatorFault, OperatorReason
from bot.studio import lyrics
from bot.studio.owner_notices import HOUR, OwnerNotices

log = logging.getLogger(__name__)


class BackendChoice:
    """Chooses backends; passes one over whose owner must act, and lets the owner know.

    Args:
        failover: The backends, in their owner's order.
        limits: What recordings the studio accepts; a backend may accept less.
        notices: Go to the owner.
    """

    def __init__(self, failover: Failover, limits: Limits, notices: OwnerNotices) -> None:
        self._failover = failover
        self._limits = limits
        self._notices = notices

    @property
    def limits(self) -> Limits:
        """What recordings the backend that is used now accepts."""
        return narrowed(self._limits, self._failover.current.abilities)

    def choose(
        self, recipe: Recipe, tried: Mapping[str, OperatorFault] | None = None
    ) -> MusicBackend | None:
        """The first backend that can make a recipe, lyrics included; None if there is none.

        Args:
            recipe: Of the track.
            tried: Backends that are passed over, by name, and why.
        """
        return self._failover.choose(lambda can: _fits(can, recipe), tried or ())

    def why_none(self, recipe: Recipe, tried: Mapping[str, OperatorFault]) -> Failure:
        """What the person is told when no backend can make a recipe."""
        if tried:
            return failure_of(list(tried.values())[-1])
        only_lyrics = any(backend.abilities.make(recipe) for backend in self._failover)
        return Failure.INVALID if only_lyrics else Failure.WITHDRAWN

    async def pass_over(self, backend: MusicBackend, fault: OperatorFault) -> None:
        """Use another backend from now on, and let the owner know what only they can mend."""
        detail = {"detail": str(fault)}
        log.error("%s needs its owner: %s", backend.name, fault.reason, extra=detail)
        await self.mark_down(backend, fault.reason, HOUR)

    async def mark_down(self, backend: MusicBackend, reason: OperatorReason, every: float) -> None:
        """Note that a backend is of no use; the owner is told once in `every` seconds at most."""
        self._failover.mark_down(backend.name, reason)
        follower = self._failover.current.name
        instead = None if self._failover.reason(follower) else follower
        await self._notices.backend_down(backend.name, reason, instead, every)

    async def mark_up(self, backend: MusicBackend, *, told_before: bool = False) -> bool:
        """Note that a backend can be used; the owner is told if they were told the opposite.

        Args:
            backend: Which one.
            told_before: Whether an earlier process may have told the owner.

        Returns:
            Whether it was down as far as this process knew.
        """
        was_down = self._failover.mark_up(backend.name)
        if was_down or told_before:
            await self._notices.backend_up(backend.name)
        return was_down


def failure_of(fault: OperatorFault) -> Failure:
    """What the person is told when nothing works until the service has been mended."""
    own = (OperatorReason.WITHDRAWN, OperatorReason.MAINTENANCE)
    return Failure(fault.reason) if fault.reason in own else Failure.OPERATOR


def narrowed(limits: Limits, can: Abilities) -> Limits:
    """Limits that a backend keeps to as well, with as much room for MP3 framing as they have."""
    least, most = can.recording_seconds
    return replace(
        limits,
        shortest=max(limits.shortest, least + 0.1),
        longest=min(limits.longest, most - 0.5),
        largest=min(limits.largest, can.recording_bytes),
    )


def _fits(can: Abilities, recipe: Recipe) -> bool:
    final = lyrics.final(recipe.lyrics, recipe.result, marks=can.marks)
    return can.make(recipe) and can.lyrics_min <= len(final) <= can.lyrics_max
