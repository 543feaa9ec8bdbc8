"""What is stored, and the rules that lose nothing."""

from typing import Self

from bot.store.daily_limits import Daily, DailyLimitReached
from bot.store.db.database import Database, StoreUnavailable
from bot.store.db.erasure import Erasure
from bot.store.db.file_lock import AlreadyOpen
from bot.store.db.leader import Leader
from bot.store.db.migrate import AnotherBot, NewerSchema
from bot.store.drafts import Drafts, NewRecording
from bot.store.identity import belongs_to
from bot.store.inbox import Inbox
from bot.store.ledger import PENDING, Ledger
from bot.store.recordings import Recordings
from bot.store.rows import Attempt, Draft, Recording, Track, Upload
from bot.store.track_creation import UNFINISHED, NotNow
from bot.store.tracks import Tracks
from bot.store.users import Users

__all__ = [
    "PENDING",
    "UNFINISHED",
    "AlreadyOpen",
    "AnotherBot",
    "Attempt",
    "Daily",
    "DailyLimitReached",
    "Draft",
    "NewRecording",
    "NewerSchema",
    "NotNow",
    "Recording",
    "Store",
    "StoreUnavailable",
    "Track",
    "Upload",
]


class Store:
    """Everything that is stored, a repository for each kind.

    Args:
        database: Open and migrated; closed with the store.
        claim_seconds: How long a claim lives without being renewed.
    """

    def __init__(self, database: Database, claim_seconds: float) -> None:
        self._database = database
        self.inbox = Inbox(database)
        self.users = Users(database)
        self.drafts = Drafts(database)
        self.recordings = Recordings(database, claim_seconds)
        self.tracks = Tracks(database, claim_seconds)
        self.ledger = Ledger(database)
        self.leader = Leader(database)
        self.erasure = Erasure(database)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        claim_seconds: float = 60,
        alone: bool = True,
        bot_id: str | None = None,
    ) -> Self:
        """Open a database and bring its schema up to date.

        Args:
            url: SQLAlchemy's address, with an async driver.
            claim_seconds: How long a claim lives without being renewed.
            alone: Whether a SQLite file is to be this process's alone.
            bot_id: Whose database it must be, if anybody's.

        Raises:
            AnotherBot: it belongs to another bot; nothing was touched.
            AlreadyOpen: another process has the SQLite file.
            NewerSchema: a newer program wrote it.
            StoreUnavailable: it cannot be opened.
        """
        database = await Database.open(url, alone=alone, bot_id=bot_id)
        return cls(database, claim_seconds)

    @staticmethod
    async def look(url: str, *, bot_id: str | None = None) -> bool:
        """Look whether a database can be had (see `Database.look`)."""
        return await Database.look(url, bot_id=bot_id)

    @property
    def is_sqlite(self) -> bool:
        """Whether this process alone has the database."""
        return self._database.is_sqlite

    async def belongs_to(self, bot_id: str) -> bool:
        """Whether the database is this bot's; an ownerless one becomes so."""
        return await belongs_to(self._database, bot_id)

    async def take_over(self) -> None:
        """At start: where this process has the database alone, claims of a dead one end."""
        if self._database.is_sqlite:
            await self.tracks.claims.release_all()
            await self.recordings.claims.release_all()

    async def tidy(self) -> None:
        """Drop what has had its time."""
        await self.inbox.tidy()
        await (self.erasure.sounds() if self.is_sqlite else self.tracks.tidy())
        await self.erasure.drafts()

    async def aclose(self) -> None:
        """Close the database."""
        await self.erasure.finish()
        await self._database.aclose()
