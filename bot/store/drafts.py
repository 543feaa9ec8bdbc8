"""Drafts: step and content of a conversation, committed together."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam as given
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import BY_RECORDING, Purpose, ReferenceStatus, Step
from bot.store.daily_limits import DAY, Daily, DailyLimitReached
from bot.store.db.database import Database
from bot.store.rows import Draft
from bot.store.schema import drafts, references, tracks, users

_REMEMBERED = 20  # updates; as many as a kill leaves behind of one person, and more

_GET = select(drafts).where(drafts.c.chat_id == given("chat"), drafts.c.user_id == given("user"))
_OF_MESSAGE = select(references).where(
    references.c.chat_id == given("chat"), references.c.message_id == given("message")
)
_HOLDERS = ("reference_id", "partner_id")


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A recording as Telegram announces it."""

    chat_id: int
    user_id: int
    message_id: int
    file_id: str
    title: str
    seconds: float | None
    album: str | None
    unique_id: str = ""


class Drafts:
    """One draft per chat and user; every change is a compare-and-set on its revision."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, chat_id: int, user_id: int) -> Draft | None:
        """The draft of a user in a chat, closed or not."""
        async with self._database.read() as connection:
            return await _get(connection, chat_id, user_id)

    async def steps(self) -> dict[tuple[int, int], Step]:
        """Where every open conversation stands, by chat and user."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(drafts.c.chat_id, drafts.c.user_id, drafts.c.step).where(
                    drafts.c.step != Step.CLOSED
                )
            )
            return {(row.chat_id, row.user_id): Step(row.step) for row in rows}

    async def change(self, draft: Draft, *, by: int | None = None, **values: Any) -> Draft | None:
        """Write values and the next revision; a draft that is dropped keeps no lyrics.

        Args:
            draft: As it is now.
            by: The update that asks for it, so that it is known if it comes again.
            values: Of columns. A `panel_id` of None means that the person has yet to be asked;
                the message that asked before becomes the old one.

        Returns:
            The draft as it is now, or None if somebody was quicker.
        """
        if values.get("step") is Step.CLOSED:
            values = {"lyrics": None} | values
        async with self._database.write(urgent=True) as connection:
            return await _change(connection, draft, values, by)

    async def note_panel(
        self, draft: Draft, panel_id: int | None, topic_id: int | None = None
    ) -> None:
        """Remember which message shows the draft, and in which topic; changes nothing else."""
        async with self._database.single(urgent=True) as connection:
            await connection.execute(
                update(drafts)
                .where(drafts.c.id == draft.id)
                .values(panel_id=panel_id, topic_id=topic_id)
            )

    async def change_in_place(self, draft: Draft, **values: Any) -> Draft | None:
        """Write what was written where no button tells of it: none is made stale by that.

        Returns:
            The draft as it is now, or None if somebody was quicker.
        """
        same = (drafts.c.id == draft.id, drafts.c.revision == draft.revision)
        async with self._database.single(urgent=True) as connection:
            row = await connection.execute(
                update(drafts).where(*same).values(values).returning(drafts)
            )
            found = row.first()
        return Draft.of(found) if found else None

    async def open(
        self, chat_id: int, user_id: int, *, by: int | None = None, **values: Any
    ) -> Draft:
        """Begin a draft anew with these values, whatever stood there before.

        Args:
            chat_id: Where.
            user_id: Whose.
            by: The update that asks for it.
            values: Of columns.
        """
        fresh = dict.fromkeys(
            (
                *("reference_id", "purpose", "partner_id", "lyrics", "lyrics_message_id"),
                *("album", "panel_id", "words"),
            )
        )
        async with self._database.write_for(user_id) as connection:
            return await _put(connection, chat_id, user_id, fresh | values, by)

    async def record(self, new: NewRecording, a_day: int | None = None) -> tuple[Draft, bool]:
        """Take in a recording: its reference and the draft that now asks for its purpose.

        A second recording for a draft that waits for one becomes the partner instead. The
        same message again, or another one of the same album, changes nothing.

        Args:
            new: What came.
            a_day: How many recordings the person may send in 24 hours; any number, if None.

        Returns:
            The draft, and whether it changed.

        Raises:
            DailyLimitReached: They have sent as many; nothing changed.
        """
        async with self._database.write_for(new.user_id) as connection:
            draft = await _get(connection, new.chat_id, new.user_id)
            if draft and await _known(connection, draft, new):
                return draft, False
            await _count(connection, new.user_id, a_day)
            wanted = await _missing_half(connection, draft)
            reference_id = await _insert(connection, new, wanted)
            values: dict[str, Any] = {"album": new.album, "panel_id": None}
            if draft and wanted:
                step = Step.PREVIEW if draft.lyrics else Step.LYRICS
                values |= {"partner_id": reference_id, "step": step}
            else:
                values |= {"reference_id": reference_id, "step": Step.PURPOSE}
                values |= {"purpose": None, "partner_id": None}
                if draft is None or not await _lyrics_wait(connection, draft):
                    values |= {"lyrics": None, "lyrics_message_id": None}
            return await _put(connection, new.chat_id, new.user_id, values), True

    async def replace(self, new: NewRecording, a_day: int | None = None) -> Draft | None:
        """Take in what a message holds now instead of the recording it held.

        The draft keeps its step and its revision, so that what it shows and offers goes on
        being true; the old recording stays with the tracks that were made from it.

        Args:
            new: What the message holds now.
            a_day: As for `record`.

        Returns:
            The draft as it is now; None if it has nothing to do with that message, or has the
            recording already.

        Raises:
            DailyLimitReached: as `record`.
        """
        async with self._database.write_for(new.user_id) as connection:
            draft = await _get(connection, new.chat_id, new.user_id)
            old = (await connection.execute(_OF_MESSAGE, _message(new))).first()
            if draft is None or old is None or draft.step is Step.CLOSED:
                return None
            holder = next((h for h in _HOLDERS if getattr(draft, h) == old.id), None)
            if holder is None or old.unique_id == new.unique_id:
                return None
            await _count(connection, new.user_id, a_day)
            await connection.execute(
                update(references).where(references.c.id == old.id).values(message_id=-old.id)
            )
            reference_id = await _insert(connection, new, old.purpose)
            row = await connection.execute(
                update(drafts)
                .where(drafts.c.id == draft.id, drafts.c.revision == draft.revision)
                .values({holder: reference_id})
                .returning(drafts)
            )
            return Draft.of(row.one())

    async def choose(
        self, draft: Draft, purpose: Purpose, *, by: int | None = None
    ) -> Draft | None:
        """Say what the recording holds, on draft and reference at once.

        Whoever does so has read where the recording goes, and need not be told again.

        Args:
            draft: As it is now.
            purpose: What it holds.
            by: The update that says so.

        Returns:
            The draft as it is now, or None if somebody was quicker.
        """
        step = Step.PREVIEW if draft.lyrics else Step.LYRICS
        async with self._database.write(urgent=True) as connection:
            values = {"purpose": purpose, "step": step, "panel_id": None}
            changed = await _change(connection, draft, values, by)
            if changed:
                await connection.execute(
                    update(references)
                    .where(references.c.id == draft.reference_id)
                    .values(purpose=purpose)
                )
                await connection.execute(
                    update(users)
                    .where(users.c.id == draft.user_id, users.c.knows_privacy == 0)
                    .values(knows_privacy=1)
                )
        return changed


async def _count(connection: AsyncConnection, user_id: int, a_day: int | None) -> None:
    """Look whether a person may send another recording.

    Raises:
        DailyLimitReached: They may not.
    """
    if a_day is None:
        return
    if a_day == 0:
        raise DailyLimitReached(Daily.RECORDINGS, 0, None)
    oldest = await connection.scalar(
        select(references.c.created_at)
        .where(references.c.user_id == user_id, references.c.created_at > time.time() - DAY)
        .order_by(references.c.created_at.desc())
        .offset(a_day - 1)
        .limit(1)
    )
    if oldest is not None:
        raise DailyLimitReached(Daily.RECORDINGS, a_day, oldest + DAY)


async def _insert(connection: AsyncConnection, new: NewRecording, purpose: str | None) -> int:
    row = await connection.execute(
        references.insert().values(
            chat_id=new.chat_id,
            user_id=new.user_id,
            message_id=new.message_id,
            file_id=new.file_id,
            unique_id=new.unique_id,
            title=new.title,
            seconds=new.seconds,
            purpose=purpose,
            status=ReferenceStatus.RECEIVED,
            created_at=time.time(),
        )
    )
    (reference_id,) = row.inserted_primary_key or (0,)
    return int(reference_id)


def _message(new: NewRecording) -> dict[str, int]:
    return {"chat": new.chat_id, "message": new.message_id}


async def _missing_half(connection: AsyncConnection, draft: Draft | None) -> Purpose | None:
    """What a draft waits for beside its first recording: never sent, or sent and of no use."""
    if draft is None or draft.step is Step.CLOSED or draft.purpose is None:
        return None
    refused = set(
        await connection.scalars(
            select(references.c.id).where(
                references.c.id.in_([draft.reference_id, draft.partner_id]),
                references.c.status == ReferenceStatus.REJECTED,
            )
        )
    )
    waits = draft.step is Step.PARTNER or draft.partner_id in refused
    if draft.reference_id in refused or not waits:
        return None
    return Purpose.INSTRUMENTAL if draft.purpose.has_voice else Purpose.VOICE


async def _lyrics_wait(connection: AsyncConnection, draft: Draft) -> bool:
    """Whether a draft's lyrics still want a recording: open, or its track had a bad one."""
    if draft.step is not Step.CLOSED:
        return True
    reason = await connection.scalar(
        select(tracks.c.reason)
        .where(tracks.c.draft_id == draft.id)
        .order_by(tracks.c.id.desc())
        .limit(1)
    )
    return reason in BY_RECORDING


async def _get(connection: AsyncConnection, chat_id: int, user_id: int) -> Draft | None:
    found = (await connection.execute(_GET, {"chat": chat_id, "user": user_id})).first()
    return Draft.of(found) if found else None


async def _known(connection: AsyncConnection, draft: Draft, new: NewRecording) -> bool:
    if new.album and new.album == draft.album:
        return True
    return (await connection.execute(_OF_MESSAGE, _message(new))).first() is not None


async def _change(
    connection: AsyncConnection, draft: Draft, values: dict[str, Any], by: int | None = None
) -> Draft | None:
    if values.get("panel_id", 0) is None:
        before = func.coalesce(drafts.c.panel_id, drafts.c.old_panel_id)
        values = values | {"old_panel_id": before}
    if by is not None:
        latest = (*draft.handled, by)[-_REMEMBERED:]
        values = values | {"handled": " ".join(str(number) for number in latest)}
    row = await connection.execute(
        update(drafts)
        .where(drafts.c.id == draft.id, drafts.c.revision == draft.revision)
        .values(revision=draft.revision + 1, changed_at=time.time(), **values)
        .returning(drafts)
    )
    found = row.first()
    return Draft.of(found) if found else None


async def _put(
    connection: AsyncConnection,
    chat_id: int,
    user_id: int,
    values: dict[str, Any],
    by: int | None = None,
) -> Draft:
    draft = await _get(connection, chat_id, user_id)
    if draft:
        changed = await _change(connection, draft, values, by)
        if changed:
            return changed
    handled = "" if by is None else str(by)
    row = await connection.execute(
        drafts.insert()
        .values(
            chat_id=chat_id,
            user_id=user_id,
            revision=1,
            handled=handled,
            changed_at=time.time(),
            **values,
        )
        .returning(drafts)
    )
    return Draft.of(row.one())
