"""What the owner is told because only they can mend it, each matter once in a while."""

import asyncio
import logging
from contextlib import suppress

from bot.music import OperatorReason
from bot.store import Store, StoreUnavailable
from bot.studio.ports import Messenger, OutOfReach

log = logging.getLogger(__name__)

HOUR = 3600.0


class OwnerNotices:
    """Tells the owner; the store remembers what has been told, for every process alike.

    Args:
        store: Remembers when the owner was told of what.
        messenger: Tells them.
    """

    def __init__(self, store: Store, messenger: Messenger) -> None:
        self._store = store
        self._messenger = messenger
        self._turn = asyncio.Lock()  # whoever finds a matter told must not meet it half told

    async def backend_down(
        self, name: str, reason: OperatorReason, instead: str | None, every: float
    ) -> None:
        """Say that a backend is of no use, at most once in `every` seconds.

        Args:
            name: The backend's.
            reason: What the owner must mend.
            instead: Name of the backend that is used until then, if there is one.
            every: Seconds.
        """
        await self._tell(f"{name}:{reason}", reason, every, name, instead)

    async def backend_up(self, name: str) -> None:
        """Say that a backend can be used again, if the owner was told the opposite."""
        with suppress(StoreUnavailable):
            if await self._store.users.over(name):
                await self._messenger.tell_owner("over", name)

    async def trouble(self) -> None:
        """Say that something in here fails again and again."""
        await self._tell("trouble", "trouble")

    async def disk_full(self) -> None:
        """Say that no track is asked for until there is room to keep it."""
        log.error("the disk is full: no track is asked for until there is room")
        await self._tell("disk", "disk")

    async def out_of_reach(self, error: OutOfReach) -> None:
        """Say why recordings cannot be fetched."""
        log.error("recordings cannot be fetched: %s", error.why)
        await self._tell(error.matter, error.matter)

    async def _tell(
        self,
        kind: str,
        matter: str,
        every: float = HOUR,
        backend: str = "",
        instead: str | None = None,
    ) -> None:
        users = self._store.users
        async with self._turn:
            with suppress(StoreUnavailable):
                told = not await users.due(kind, every)  # then they have been told before
                if not told:
                    told = await self._messenger.tell_owner(matter, backend, instead)
                    if not told:
                        await users.not_told(kind)
                self._messenger.owner_told = told
