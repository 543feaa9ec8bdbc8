"""The upload that goes on while the lyrics are being typed."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.model import Purpose
from bot.sandbox.telegram.api import Person
from bot.store import NewRecording, Store
from bot.studio.context import Rules
from bot.studio.prepared_files import PreparedFiles
from bot.studio.uploads import Uploads
from tests.support import music_kit
from tests.support.bot_kit import LYRICS, World, asked_purpose, chosen, press, said, until

TRIES = 7


async def test_a_service_that_takes_nothing_is_not_asked_for_ever(
    world: World, ada: Person
) -> None:
    world.music.fail("503", times=100, on="upload")
    await asked_purpose(ada)
    await chosen(ada)
    await until(lambda: world.log.count("no upload") >= TRIES)
    await asyncio.sleep(0.3)  # fifteen first pauses
    assert world.log.count("no upload") == TRIES


async def test_a_recording_that_was_given_up_goes_up_for_its_track(
    world: World, ada: Person
) -> None:
    world.music.fail("503", times=TRIES, on="upload")
    await asked_purpose(ada)
    await chosen(ada)
    await until(lambda: world.log.count("no upload") == TRIES)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio")
    assert [upload.ok for upload in world.music.uploads] == [False] * TRIES + [True]


async def test_who_asks_at_the_same_time_shares_one_upload(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'refrain.sqlite3'}")
    (tmp_path / "recordings").mkdir()
    async with music_kit.scene(tmp_path) as music:
        music.api.upload_latency = 0.2
        try:
            draft, _ = await store.drafts.record(NewRecording(1, 1, 1, "file", "a", 12.0, None))
            number = draft.reference_id or 0
            music.recording(f"recordings/{number}.mp3")
            tools: Any = SimpleNamespace(store=store, files=tmp_path, rules=Rules())
            uploads = Uploads(tools, PreparedFiles(tools))
            ask = [uploads.uploaded(number, Purpose.SONG, music.client) for _ in range(3)]
            answers = await asyncio.gather(*ask)
        finally:
            await store.aclose()
    assert answers[0].voice_id
    assert answers[0] == answers[1] == answers[2]
    assert len(music.api.uploads) == 1
