"""Drafts: step and content of a conversation, committed together."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.draft_steps import DraftEvent, accepts, next_step
from bot.model import BY_RECORDING, Purpose, RecordingStatus, Step
from bot.store.daily_limits import DAY, Daily, DailyLimitReached
from bot.store.db.database import Database
from bot.store.rows import Draft
from bot.store.schema import drafts, references, tracks, users

_HANDLED_KEPT = 20  # updates; more than a killed process leaves behind for one person

_GET = select(drafts).where(
    drafts.c.chat_id == bindparam("chat"), drafts.c.user_id == bindparam("user")
)
_OF_MESSAGE = select(references).where(
    references.c.chat_id == bindparam("chat"), references.c.message_id == bindparam("message")
)
_RECORDING_COLUMNS = ("reference_id", "partner_id")


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

    async def change(
        self, draft: Draft, event: DraftEvent, *, by: int | None = None, **values: Any
    ) -> Draft | None:
        """Write values, the step after an event and the next revision.

        A draft that is dropped keeps no lyrics.

        Args:
            draft: As it is now.
            event: What happens to it.
            by: The update that asks for it, so that it is known if it comes again.
            values: Of columns. A `panel_id` of None means that the person has yet to be asked;
                the message that asked before becomes the old one.

        Returns:
            The draft as it is now; None if somebody was quicker, or its step does not accept
            the event.
        """
        if not accepts(draft.step, event):
            return None
        if event is DraftEvent.DROPPED:
            values = {"lyrics": None} | values
        values = values | {"step": _step_after(draft, event, values)}
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

    async def change_in_place(
        self, draft: Draft, *, by: int | None = None, **values: Any
    ) -> Draft | None:
        """Write without a new revision: the buttons that are shown stay valid.

        Args:
            draft: As it is now.
            by: As for `change`.
            values: As for `change`.

        Returns:
            The draft as it is now, or None if somebody was quicker.
        """
        same = (drafts.c.id == draft.id, drafts.c.revision == draft.revision)
        written = _with_old_panel(values) | _handled(draft, by)
        async with self._database.single(urgent=True) as connection:
            changed = await connection.execute(
                update(drafts).where(*same).values(written).returning(drafts)
            )
            row = changed.first()
        return Draft.of(row) if row else None

    async def open(
        self,
        chat_id: int,
        user_id: int,
        event: DraftEvent,
        *,
        by: int | None = None,
        **values: Any,
    ) -> Draft:
        """Begin a new draft, which replaces the one before.

        Args:
            chat_id: Where.
            user_id: Whose.
            event: What begins it; its step is the one after CLOSED.
            by: The update that asks for it.
            values: Of columns; those that are not given are empty.
        """
        empty = dict.fromkeys(
            (
                *("reference_id", "purpose", "partner_id", "lyrics", "lyrics_message_id"),
                *("album", "panel_id", "words"),
            )
        )
        values = empty | values | {"step": _step_after(None, event, values)}
        async with self._database.write_for(user_id) as connection:
            return await _put(connection, chat_id, user_id, values, by)

    async def record(
        self, new: NewRecording, daily_limit: int | None = None
    ) -> tuple[Draft, bool]:
        """Take in a recording: its row, and the draft that now asks for its purpose.

        A second recording for a draft that waits for one becomes the partner instead. The
        same message again, or another one of the same album, changes nothing. The same file
        sent once more, by somebody who has waited for the question about it, has that question
        asked once more; a button of the first one stays good.

        Args:
            new: What came.
            daily_limit: How many recordings the person may send in 24 hours; None for any number.

        Returns:
            The draft, and whether it changed.

        Raises:
            DailyLimitReached: They have sent as many; nothing changed.
        """
        async with self._database.write_for(new.user_id) as connection:
            draft = await _get(connection, new.chat_id, new.user_id)
            if draft and await _known(connection, draft, new):
                return draft, False
            if draft and await _sent_once_more(connection, draft, new):
                return await _ask_once_more(connection, draft, new), True
            await _check_daily_limit(connection, new.user_id, daily_limit)
            partner_purpose = await _missing_half(connection, draft)
            reference_id = await _insert(connection, new, partner_purpose)
            values: dict[str, Any] = {"album": new.album, "panel_id": None}
            if partner_purpose:
                event = DraftEvent.PARTNER_SENT
                values |= {"partner_id": reference_id}
            else:
                event = DraftEvent.RECORDING_SENT
                values |= {"reference_id": reference_id, "purpose": None, "partner_id": None}
                if draft is None or not await _lyrics_wait(connection, draft):
                    values |= {"lyrics": None, "lyrics_message_id": None}
            values["step"] = _step_after(draft, event, values)
            return await _put(connection, new.chat_id, new.user_id, values), True

    async def replace(self, new: NewRecording, daily_limit: int | None = None) -> Draft | None:
        """Take in what a message holds now instead of the recording it held.

        The draft keeps its step and its revision, so that the buttons that are shown stay valid;
        the old recording stays with the tracks that were made from it. Where nothing is made of
        the old one, the message is free for `record`.

        Args:
            new: What the message holds now.
            daily_limit: As for `record`.

        Returns:
            The draft as it is now; None if it has nothing to do with that message, or has the
            recording already.

        Raises:
            DailyLimitReached: as `record`.
        """
        async with self._database.write_for(new.user_id) as connection:
            draft = await _get(connection, new.chat_id, new.user_id)
            old = (await connection.execute(_OF_MESSAGE, _message(new))).first()
            if draft is None or old is None or old.unique_id == new.unique_id:
                return None
            column = next((c for c in _RECORDING_COLUMNS if getattr(draft, c) == old.id), None)
            if column is None or draft.step is Step.CLOSED:
                # An earlier version did not note which file it was: that may be the same one.
                if old.unique_id and not await _has_track(connection, new.user_id, old.id):
                    await _free_message(connection, old.id)
                return None
            await _check_daily_limit(connection, new.user_id, daily_limit)
            await _free_message(connection, old.id)
            reference_id = await _insert(connection, new, old.purpose)
            changed = await connection.execute(
                update(drafts)
                .where(drafts.c.id == draft.id, drafts.c.revision == draft.revision)
                .values({column: reference_id})
                .returning(drafts)
            )
            return Draft.of(changed.one())

    async def choose(
        self, draft: Draft, purpose: Purpose, *, by: int | None = None
    ) -> Draft | None:
        """Set what the recording holds, on the draft and on the recording, in one transaction.

        The question said where the recording goes, so the person is not told again.

        Args:
            draft: As it is now.
            purpose: What it holds.
            by: The update that says so.

        Returns:
            The draft as it is now; None if somebody was quicker, or it has a purpose already.
        """
        event = DraftEvent.PURPOSE_CHOSEN
        if not accepts(draft.step, event):
            return None
        values: dict[str, Any] = {"purpose": purpose, "panel_id": None}
        values["step"] = _step_after(draft, event, values)
        async with self._database.write(urgent=True) as connection:
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


async def _check_daily_limit(
    connection: AsyncConnection, user_id: int, daily_limit: int | None
) -> None:
    """Check that a person may send another recording.

    Raises:
        DailyLimitReached: They may not.
    """
    if daily_limit is None:
        return
    if daily_limit == 0:
        raise DailyLimitReached(Daily.RECORDINGS, 0, None)
    oldest = await connection.scalar(
        select(references.c.created_at)
        .where(references.c.user_id == user_id, references.c.created_at > time.time() - DAY)
        .order_by(references.c.created_at.desc())
        .offset(daily_limit - 1)
        .limit(1)
    )
    if oldest is not None:
        raise DailyLimitReached(Daily.RECORDINGS, daily_limit, oldest + DAY)


async def _insert(connection: AsyncConnection, new: NewRecording, purpose: str | None) -> int:
    inserted = await connection.execute(
        references.insert().values(
            chat_id=new.chat_id,
            user_id=new.user_id,
            message_id=new.message_id,
            file_id=new.file_id,
            unique_id=new.unique_id,
            title=new.title,
            seconds=new.seconds,
            purpose=purpose,
            status=RecordingStatus.RECEIVED,
            created_at=time.time(),
        )
    )
    (reference_id,) = inserted.inserted_primary_key or (0,)
    return int(reference_id)


def _step_after(draft: Draft | None, event: DraftEvent, values: Mapping[str, Any]) -> Step:
    """The step of a draft after an event that writes these values to its columns."""
    if draft is None:
        return next_step(Step.CLOSED, event, has_lyrics=bool(values.get("lyrics")))
    has_lyrics = bool(values.get("lyrics", draft.lyrics))
    return next_step(draft.step, event, has_lyrics=has_lyrics)


def _message(new: NewRecording) -> dict[str, int]:
    return {"chat": new.chat_id, "message": new.message_id}


async def _missing_half(connection: AsyncConnection, draft: Draft | None) -> Purpose | None:
    """What a draft wants of a partner that was not sent yet, or was rejected; None if nothing."""
    if draft is None or draft.step is Step.CLOSED or draft.purpose is None:
        return None
    refused = set(
        await connection.scalars(
            select(references.c.id).where(
                references.c.id.in_([draft.reference_id, draft.partner_id]),
                references.c.status == RecordingStatus.REJECTED,
            )
        )
    )
    waits = draft.step is Step.PARTNER or draft.partner_id in refused
    if draft.reference_id in refused or not waits:
        return None
    return Purpose.INSTRUMENTAL if draft.purpose.has_voice else Purpose.VOICE


async def _lyrics_wait(connection: AsyncConnection, draft: Draft) -> bool:
    """Whether a draft's lyrics still need a recording: it is open, or its track had a bad one."""
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
    row = (await connection.execute(_GET, {"chat": chat_id, "user": user_id})).first()
    return Draft.of(row) if row else None


async def _free_message(connection: AsyncConnection, reference_id: int) -> None:
    """Forget which message a recording came in: it holds another one now."""
    await connection.execute(
        update(references).where(references.c.id == reference_id).values(message_id=-reference_id)
    )


async def _has_track(connection: AsyncConnection, user_id: int, reference_id: int) -> bool:
    made = or_(tracks.c.voice_ref == reference_id, tracks.c.beat_ref == reference_id)
    one = select(tracks.c.id).where(tracks.c.user_id == user_id, made).limit(1)
    return await connection.scalar(one) is not None


async def _known(connection: AsyncConnection, draft: Draft, new: NewRecording) -> bool:
    """Whether a message has been taken in: by itself, in an album, or in a later copy of it."""
    if new.album and new.album == draft.album:
        return True
    if (await connection.execute(_OF_MESSAGE, _message(new))).first() is not None:
        return True
    later_copy = select(references.c.id).where(
        references.c.id.in_([draft.reference_id, draft.partner_id]),
        references.c.unique_id == new.unique_id,
        references.c.message_id > new.message_id,
    )
    return bool(new.unique_id) and await connection.scalar(later_copy) is not None


async def _sent_once_more(connection: AsyncConnection, draft: Draft, new: NewRecording) -> bool:
    """Whether this is the file whose purpose is being asked for, in another message."""
    if draft.step is not Step.PURPOSE or not new.unique_id:
        return False
    unique_id = await connection.scalar(
        select(references.c.unique_id).where(
            references.c.id == draft.reference_id,
            references.c.status != RecordingStatus.REJECTED,
        )
    )
    return bool(unique_id == new.unique_id)


async def _ask_once_more(connection: AsyncConnection, draft: Draft, new: NewRecording) -> Draft:
    """Let the recording be the one of its latest message, and its question be asked below that."""
    await connection.execute(
        update(references)
        .where(references.c.id == draft.reference_id)
        .values(message_id=new.message_id, file_id=new.file_id)
    )
    row = await connection.execute(
        update(drafts)
        .where(drafts.c.id == draft.id)
        .values(_with_old_panel({"panel_id": None, "album": new.album}))
        .returning(drafts)
    )
    return Draft.of(row.one())


def _with_old_panel(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a draft; where its panel is to be a new message, the one before is remembered."""
    if values.get("panel_id", 0) is not None:
        return values
    return values | {"old_panel_id": func.coalesce(drafts.c.panel_id, drafts.c.old_panel_id)}


def _handled(draft: Draft, by: int | None) -> dict[str, str]:
    """The column of the updates that have changed a draft, with one more."""
    if by is None:
        return {}
    latest = (*draft.handled, by)[-_HANDLED_KEPT:]
    return {"handled": " ".join(str(number) for number in latest)}


async def _change(
    connection: AsyncConnection, draft: Draft, values: dict[str, Any], by: int | None = None
) -> Draft | None:
    values = _with_old_panel(values) | _handled(draft, by)
    changed = await connection.execute(
        update(drafts)
        .where(drafts.c.id == draft.id, drafts.c.revision == draft.revision)
        .values(revision=draft.revision + 1, changed_at=time.time(), **values)
        .returning(drafts)
    )
    row = changed.first()
    return Draft.of(row) if row else None


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
    inserted = await connection.execute(
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
    return Draft.of(inserted.one())
