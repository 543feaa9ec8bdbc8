"""Every rule of recordings and uploads, on both databases."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.model import Flaw, Hint, Purpose, RecordingStatus
from bot.store import (
    Daily,
    DailyLimitReached,
    Store,
)
from tests.support.store_kit import ADA, BOB, at_once, created, previewed, recording


async def test_a_recording_counts_once_and_an_album_too(store: Store) -> None:
    draft, changed = await store.drafts.record(recording(1, album="a"))
    assert changed
    assert await store.drafts.record(recording(1, album="a")) == (draft, False)
    assert await store.drafts.record(recording(2, album="a")) == (draft, False)
    other, changed = await store.drafts.record(recording(3))
    assert changed
    assert other.id == draft.id
    assert other.reference_id != draft.reference_id


async def test_so_many_recordings_a_day_and_no_more_however_they_come(store: Store) -> None:
    async def send(number: int) -> bool:
        try:
            await store.drafts.record(recording(number), 3)
        except DailyLimitReached as reached:
            right = (reached.what, reached.limit) == (Daily.RECORDINGS, 3)
            return not (right and 0 < (reached.seconds or 0) <= 86_400)
        return True

    assert sum(await at_once(send, 12)) == 3
    draft, changed = await store.drafts.record(recording(99), None)
    assert changed
    assert await store.drafts.record(recording(99), 3) == (draft, False)
    assert not await send(100)
    assert (await store.drafts.record(recording(101, BOB), 3))[1]
    with pytest.raises(DailyLimitReached) as reached:
        await store.drafts.record(recording(102, BOB), 0)
    assert reached.value.seconds is None


async def test_the_day_is_the_last_24_hours(store: Store) -> None:
    await store.drafts.record(recording(1), 1)
    async with store._database.write() as connection:
        await connection.execute(text('UPDATE "references" SET created_at = created_at - 86300'))
    with pytest.raises(DailyLimitReached) as reached:
        await store.drafts.record(recording(2), 1)
    assert reached.value.seconds == pytest.approx(100, abs=10)
    async with store._database.write() as connection:
        await connection.execute(text('UPDATE "references" SET created_at = created_at - 101'))
    assert (await store.drafts.record(recording(2), 1))[1]


async def test_media_replaced_in_a_message_takes_the_place_once(store: Store) -> None:
    first = replace(recording(1), unique_id="one")
    draft, _ = await store.drafts.record(first)
    second = replace(recording(1), unique_id="two", file_id="other")
    changed = [one for one in await at_once(lambda _: store.drafts.replace(second)) if one]
    assert len(changed) == 1
    assert changed[0].revision == draft.revision
    assert changed[0].step is draft.step
    assert changed[0].reference_id not in {None, draft.reference_id}
    assert await store.drafts.replace(second) is None
    assert await store.drafts.record(second) == (changed[0], False)
    back = await store.drafts.replace(first)
    assert back is not None
    assert (await store.recordings.get(back.reference_id or 0)).unique_id == "one"
    assert await store.drafts.replace(replace(recording(7), unique_id="x")) is None


async def test_media_replaced_after_its_track_leaves_the_track_alone(store: Store) -> None:
    track = await created(store)
    new = replace(recording(10), unique_id="two")
    assert await store.drafts.replace(new) is None
    assert await store.recordings.track_uses_replaced(new)
    assert not await store.recordings.track_uses_replaced(recording(10))
    other_message = replace(recording(11), unique_id="two")
    assert not await store.recordings.track_uses_replaced(other_message)
    assert (await store.tracks.get(track.id)).voice_ref == track.voice_ref


async def test_a_recording_is_superseded_when_nothing_is_made_of_it(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    first = draft.reference_id or 0
    assert not await store.recordings.superseded(first)
    await store.drafts.record(recording(2))
    assert first in await store.recordings.due()
    assert await store.recordings.superseded(first)
    assert first not in await store.recordings.due()
    assert (await store.recordings.get(first)).status is RecordingStatus.SUPERSEDED
    track = await created(store, message_id=3)
    await store.drafts.record(recording(4))
    assert not await store.recordings.superseded(track.voice_ref or 0)


async def test_the_same_file_is_known_by_its_unique_id(store: Store) -> None:
    numbers = []
    for message, unique in ((1, "a"), (2, "b"), (3, "a"), (4, "")):
        draft, _ = await store.drafts.record(replace(recording(message), unique_id=unique))
        numbers.append(draft.reference_id or 0)
    last = await store.recordings.get(numbers[2])
    assert [twin.id for twin in await store.recordings.twins(last)] == [numbers[0]]
    nameless = await store.recordings.get(numbers[3])
    assert await store.recordings.twins(nameless) == []
    assert await store.recordings.of_person(ADA) == numbers[::-1]


async def test_only_a_voice_is_said_to_talk(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    number = draft.reference_id or 0
    hints = (Hint.QUIET, Hint.TALKING)
    await store.recordings.prepared(number, seconds=12, level=-42, hints=hints)
    assert (await store.recordings.get(number)).hints == (Hint.QUIET,)
    await store.drafts.choose(draft, Purpose.VOICE)
    assert (await store.recordings.get(number)).hints == hints


async def test_an_upload_that_is_about_to_expire_is_not_used(store: Store) -> None:
    draft = await previewed(store)
    reference_id = draft.reference_id
    assert reference_id is not None
    soon, late = time.time() + 60, time.time() + 3600
    keep, find = store.recordings.keep_upload, store.recordings.upload
    told = {"voice_id": "v", "expires_at": soon}
    await keep(reference_id, Purpose.SONG, "aimlapi", **told)
    fresh = await find(reference_id, Purpose.SONG, "aimlapi")
    assert fresh is not None, "what was uploaded a moment ago is used, not uploaded again"
    long_ago = time.time() - 3600
    await keep(reference_id, Purpose.SONG, "aimlapi", **told, uploaded_at=long_ago)
    assert await find(reference_id, Purpose.SONG, "aimlapi") is None
    await at_once(
        lambda _: keep(reference_id, Purpose.SONG, "aimlapi", beat_id="b", expires_at=late)
    )
    found = await find(reference_id, Purpose.SONG, "aimlapi")
    assert found is not None
    assert (found.voice_id, found.beat_id) == (None, "b")
    assert await find(reference_id, Purpose.VOICE, "aimlapi") is None
    await store.recordings.forget_upload(reference_id, Purpose.SONG, "aimlapi")
    assert await find(reference_id, Purpose.SONG, "aimlapi") is None


async def test_a_recording_is_judged_once_and_told_about_once(store: Store) -> None:
    draft = await previewed(store)
    reference_id = draft.reference_id
    assert reference_id is not None
    assert await store.recordings.due() == [reference_id]
    hints = (Hint.QUIET, Hint.CLIPPED)
    judged = await asyncio.gather(
        store.recordings.prepared(reference_id, seconds=12, level=-42, hints=hints),
        store.recordings.rejected(reference_id, Flaw.SILENT),
    )
    assert sorted(judged) == [False, True]
    assert await store.recordings.due() == [reference_id]
    await store.recordings.told(reference_id)
    assert await store.recordings.due() == []
    assert (await store.recordings.get(reference_id)).status is not RecordingStatus.RECEIVED
