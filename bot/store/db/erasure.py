"""Nothing that was deleted can be read in the SQLite file any more.

SQLite writes zeros over what is deleted (`secure_delete`), which for a track means 2 MB more to
write. So a track's sound is deleted a little after its delivery, one at a time, when nobody
waits for the database; and the log of writes, which has a copy of all that was written, is
emptied then. PostgreSQL frees what was deleted by its own rules.
"""

import asyncio
import time
from contextlib import suppress

from sqlalchemy import bindparam, delete, exists, or_, select, update

from bot.model import BY_RECORDING, Step, TrackStatus
from bot.store.db.database import Database, StoreUnavailable
from bot.store.db.sql import one_of
from bot.store.schema import drafts, sounds, tracks
from bot.store.track_creation import UNFINISHED

_PAUSE = 0.05
_AT_THE_END = 10.0
_CLOSED_KEPT = 3600.0
_FAILED_KEPT = 30 * 86_400.0

_OVER = (
    select(sounds.c.track_id)
    .join(tracks, tracks.c.id == sounds.c.track_id)
    .where(
        or_(
            tracks.c.status == TrackStatus.DELIVERED,
            (sounds.c.kept_until < bindparam("now")) & ~one_of(tracks.c.status, UNFINISHED),
        )
    )
    .limit(1)
)
_DROP = delete(sounds).where(sounds.c.track_id == bindparam("track"))
_later = tracks.alias()
_NEEDED = (
    select(tracks.c.id)
    .where(
        tracks.c.draft_id == drafts.c.id,
        ~exists().where(_later.c.draft_id == drafts.c.id, _later.c.id > tracks.c.id),
        or_(
            one_of(tracks.c.status, UNFINISHED),
            one_of(tracks.c.reason, tuple(BY_RECORDING)),
        ),
    )
    .exists()
)
_EMPTY = (
    update(drafts)
    .where(
        drafts.c.step == Step.CLOSED,
        or_(drafts.c.lyrics.is_not(None), drafts.c.words.is_not(None)),
        or_(
            drafts.c.changed_at < bindparam("long_ago"),
            (drafts.c.changed_at < bindparam("before")) & ~_NEEDED,
        ),
    )
    .values(lyrics=None, words=None)
)


class Erasure:
    """Deletes for good what is no longer needed.

    Args:
        database: Open; of PostgreSQL only drafts are looked at.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._work: asyncio.Task[None] | None = None

    def start(self, every: float) -> None:
        """Erase what there is, now and every so many seconds, until `finish`."""
        self._work = asyncio.create_task(self._go_on(every), name="erasing")

    async def _go_on(self, every: float) -> None:
        while True:
            with suppress(StoreUnavailable):  # those who need to write log it
                await self.sounds()
            await asyncio.sleep(every)

    async def sounds(self, pause: float = _PAUSE) -> None:
        """Erase the sounds of tracks that have arrived, or that nobody fetched in time.

        Raises:
            StoreUnavailable: the database is away.
        """
        if not self._database.is_sqlite:
            return
        while await self._one():  # noqa: ASYNC110 - it is work that is done, not waited for
            await asyncio.sleep(pause)
        await self._database.empty_log()

    async def drafts(self) -> None:
        """Empty the words of drafts that are closed and whose track needs them no more.

        A track that failed by its recording is one that does: its words wait for another.
        """
        now = time.time()
        when = {"before": now - _CLOSED_KEPT, "long_ago": now - _FAILED_KEPT}
        async with self._database.single() as connection:
            await connection.execute(_EMPTY, when)

    async def finish(self) -> None:
        """Erase what is left, at the end of a process; what takes too long is left to the next."""
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(_AT_THE_END):
                await self.sounds(pause=0)

    async def _one(self) -> bool:
        async with self._database.read() as connection:
            track = await connection.scalar(_OVER, {"now": time.time()})
        if track is None:
            return False
        async with self._database.single() as connection:
            await connection.execute(_DROP, {"track": track})
        return True
