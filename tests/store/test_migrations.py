"""A database that an earlier version has filled is read by this one as it was meant."""

from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import bot.store.migrations
from bot.model import Purpose, RecordingStatus, Step, TrackStatus
from bot.store import Store, Track
from bot.studio import DraftLyrics

ADA, BOB = 7, 8
FILLED: dict[str, list[dict[str, Any]]] = {
    "users": [{"id": ADA, "language": "en", "seen_at": 1.0}],
    "references": [
        {
            "id": number,
            "chat_id": person,
            "user_id": person,
            "message_id": number,
            "file_id": f"file-{number}",
            "title": "song",
            "findings": "",
            "purpose": "song",
            "status": "prepared",
            "told": 1,
            "created_at": 1.0,
        }
        for number, person in ((1, ADA), (2, BOB))
    ],
    "uploads": [
        {
            "reference_id": 1,
            "purpose": "song",
            "backend": "aimlapi",
            "voice_id": "v",
            "beat_id": "b",
            "uploaded_at": 1.0,
        }
    ],
    "drafts": [
        {
            "id": person,
            "chat_id": person,
            "user_id": person,
            "step": step,
            "revision": 3,
            "reference_id": reference,
            "purpose": "song",
            "lyrics": "La la",
            "lyrics_message_id": 30,
            "panel_id": 40,
            "changed_at": 1.0,
        }
        for person, step, reference in ((ADA, "closed", 1), (BOB, "preview", 2))
    ],
    "tracks": [
        {
            "id": 1,
            "draft_id": ADA,
            "draft_revision": 2,
            "chat_id": ADA,
            "user_id": ADA,
            "voice_ref": 1,
            "beat_ref": 1,
            "lyrics": "La la",
            "status": "queued",
            "stop_wanted": 0,
            "told": 0,
            "panel_id": 40,
            "created_at": 1.0,
            "wake_at": 0.0,
        }
    ],
}
"""What the first version with these tables keeps of two people."""


async def test_a_filled_database_is_brought_up_to_date(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(_fill_earlier_version)
    await engine.dispose()
    store = await Store.open(empty_url)
    try:
        closed = await store.drafts.get(ADA, ADA)
        assert closed is not None
        assert closed.panel_id is None  # it is the track's by now
        draft = await store.drafts.get(BOB, BOB)
        assert draft is not None
        assert (draft.step, draft.revision, draft.panel_id) == (Step.PREVIEW, 3, 40)
        assert DraftLyrics.of(draft).lyrics == "La la"
        assert DraftLyrics.of(draft).accepted_messages == [30]
        recording = await store.recordings.get(2)
        assert recording.status is RecordingStatus.PREPARED
        known = await store.recordings.upload(1, Purpose.SONG, "aimlapi")
        assert known is not None
        assert known.voice_id == "v"
        assert await store.tracks.due() == [(1, TrackStatus.QUEUED)]
        track = await store.tracks.create(draft, 40, 5)
        assert isinstance(track, Track)
        assert track.take == 1
        assert track.lyrics_messages == ()
    finally:
        await store.aclose()


def _fill_earlier_version(connection: Connection) -> None:
    command, config = import_module("alembic.command"), import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(bot.store.migrations.__path__[0])))
    config.attributes["connection"] = connection
    command.upgrade(config, "0002")
    for table, rows in FILLED.items():
        for row in rows:
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            statement = f'INSERT INTO "{table}" ({columns}) VALUES ({values})'  # noqa: S608 - our own names
            connection.execute(text(statement), row)
    if connection.dialect.name == "postgresql":
        for table in ("references", "drafts", "tracks"):
            sequence = f"pg_get_serial_sequence('\"{table}\"', 'id')"
            connection.execute(text(f"SELECT setval({sequence}, 99)"))
