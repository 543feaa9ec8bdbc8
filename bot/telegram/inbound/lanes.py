"""Lanes: one for each chat and user, in order inside, side by side otherwise."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Place(Enum):
    """What became of an item that wanted into a lane."""

    TAKEN = auto()
    FULL = auto()
    STILL_FULL = auto()
    CLOSED = auto()


@dataclass(slots=True)
class _Lane(Generic[Item]):
    waiting: deque[Item] = field(default_factory=deque)
    flooded: bool = False


class Lanes(Generic[Item]):
    """Serves items in the order of their lane; a slow lane holds up nobody else.

    A lane exists only while it has work, and gives its turn to the next after every item, so
    that a long one takes no more of the places than a short one. Every item is served in a task
    and a context of its own: what one binds (a log line's track, say) the next does not see.

    Args:
        serve: Serves one item; whatever it raises is logged and the lane goes on.
        per_lane: Items that may wait in one lane.
        at_once: Lanes served at the same time.
        most: Items that may wait altogether before `crowded`.
    """

    def __init__(
        self,
        serve: Callable[[Item], Awaitable[None]],
        *,
        per_lane: int = 30,
        at_once: int = 256,
        most: int = 1000,
    ) -> None:
        self._serve = serve
        self._per_lane = per_lane
        self._at_once = at_once
        self._most = most
        self._context: Context = copy_context()
        self._lanes: dict[Hashable, _Lane[Item]] = {}
        self._ready: deque[Hashable] = deque()
        self._running: dict[asyncio.Task[None], Hashable] = {}
        self._waiting = 0
        self._closed = False
        self._room = asyncio.Event()
        self._idle = asyncio.Event()
        self._set_events()

    @property
    def waiting(self) -> int:
        """Items that nobody has begun with."""
        return self._waiting

    @property
    def busy(self) -> int:
        """Lanes that have work."""
        return len(self._lanes)

    @property
    def crowded(self) -> bool:
        """Whether as much waits as may."""
        return self._waiting >= self._most

    async def room(self) -> None:
        """Wait while it is crowded."""
        await self._room.wait()

    async def idle(self) -> None:
        """Wait until nothing is left to do."""
        await self._idle.wait()

    def push(self, key: Hashable, item: Item) -> Place:
        """Put an item at the end of its lane, without waiting.

        Returns:
            FULL for the first item a lane has no place for, STILL_FULL for those after it until
            the lane has been empty; CLOSED after `close`.
        """
        if self._closed:
            return Place.CLOSED
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
            self._ready.append(key)
        elif len(lane.waiting) >= self._per_lane:
            first, lane.flooded = not lane.flooded, True
            return Place.FULL if first else Place.STILL_FULL
        lane.waiting.append(item)
        self._waiting += 1
        self._fill()
        return Place.TAKEN

    async def close(self) -> list[Item]:
        """Break off what is being served, and take nothing any more.

        Returns:
            The items that were never begun.
        """
        self._closed = True
        left = [item for lane in self._lanes.values() for item in lane.waiting]
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=5)
        self._lanes.clear()
        self._ready.clear()
        self._waiting = 0
        self._set_events()
        return left

    def _fill(self) -> None:
        """Begin with as many lanes as there are free places."""
        while self._ready and len(self._running) < self._at_once:
            key = self._ready.popleft()
            item = self._lanes[key].waiting.popleft()
            self._waiting -= 1
            task = asyncio.get_running_loop().create_task(
                self._run(item), context=self._context.copy()
            )
            self._running[task] = key
            task.add_done_callback(self._served)
        self._set_events()

    async def _run(self, item: Item) -> None:
        try:
            await self._serve(item)
        except Exception:  # whatever it is, the lane goes on
            log.exception("An item of a lane failed")

    def _served(self, task: asyncio.Task[None]) -> None:
        key = self._running.pop(task)
        lane = self._lanes.get(key)
        if self._closed or lane is None:
            return
        if lane.waiting:
            self._ready.append(key)
        else:
            del self._lanes[key]
        self._fill()

    def _set_events(self) -> None:
        """Let go on who waits for room or for the end, or hold them up."""
        (self._room.clear if self.crowded else self._room.set)()
        (self._idle.clear if self._lanes else self._idle.set)()
