"""Every rule of drafts, on both databases."""

import pytest

from bot.draft_steps import DraftEvent
from bot.model import Failure, Purpose, Step, TrackStatus
from bot.store import (
    Draft,
    Store,
    Track,
)
from tests.support.store_kit import ADA, BOB, WRITTEN, aged, at_once, created, previewed, recording


async def test_a_draft_changes_once_for_each_revision(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))

    async def choose(number: int) -> Draft | None:
        return await store.drafts.change(draft, WRITTEN, lyrics=f"words {number}")

    changed = [one for one in await at_once(choose) if one is not None]
    assert len(changed) == 1
    assert changed[0].revision == draft.revision + 1
    assert await store.drafts.get(ADA, ADA) == changed[0]


async def test_purpose_is_on_draft_and_reference_together(store: Store) -> None:
    draft, _ = await store.drafts.record(recording(1))
    assert draft.reference_id is not None
    assert await store.drafts.choose(draft, Purpose.VOICE)
    assert await store.drafts.choose(draft, Purpose.SONG) is None
    reference = await store.recordings.get(draft.reference_id)
    assert reference.purpose is Purpose.VOICE


async def test_open_conversations_are_listed_by_step(store: Store) -> None:
    await previewed(store, ADA)
    await created(store, BOB, 11)
    assert await store.drafts.steps() == {(ADA, ADA): Step.PREVIEW}


async def test_a_dropped_draft_keeps_no_lyrics(store: Store) -> None:
    draft = await previewed(store)
    dropped = await store.drafts.change(draft, DraftEvent.DROPPED)
    assert dropped is not None
    assert dropped.lyrics is None


@pytest.mark.parametrize(
    ("status", "reason", "hours", "kept"),
    [
        (None, None, 2, True),
        (TrackStatus.DELIVERED, None, 0, True),
        (TrackStatus.DELIVERED, None, 2, False),
        (TrackStatus.FAILED, Failure.UPSTREAM, 2, False),
        (TrackStatus.FAILED, Failure.RECORDING, 2, True),
        (TrackStatus.FAILED, Failure.VOICE_LENGTH, 2, True),
        (TrackStatus.FAILED, Failure.RECORDING, 31 * 24, False),
        (TrackStatus.CANCELLED, None, 2, False),
    ],
)
async def test_a_closed_draft_keeps_its_lyrics_while_its_track_needs_them(
    store: Store,
    database_url: str,
    status: TrackStatus | None,
    reason: Failure | None,
    hours: int,
    kept: bool,
) -> None:
    earlier = await created(store)  # of the same draft; it says nothing about the later one
    await store.tracks.move(
        earlier.id, TrackStatus.QUEUED, TrackStatus.FAILED, reason=Failure.RECORDING
    )
    track = await created(store, message_id=11)
    if status:
        await store.tracks.move(track.id, TrackStatus.QUEUED, status, reason=reason)
    await aged(database_url, hours * 3600.0)
    await store.tidy()
    draft = await store.drafts.get(ADA, ADA)
    assert draft is not None
    assert (draft.lyrics == "La la") is kept
    assert (await store.tracks.get(track.id)).lyrics == "La la"


async def test_what_showed_a_draft_before_is_remembered(store: Store) -> None:
    draft = await previewed(store)
    await store.drafts.note_panel(draft, 7, 77)
    draft = await store.drafts.get(ADA, ADA) or draft
    assert (draft.panel_id, draft.old_panel_id, draft.topic_id) == (7, None, 77)
    changed = await store.drafts.change(draft, DraftEvent.PARTNER_WANTED, by=1, panel_id=None)
    assert changed is not None
    assert (changed.panel_id, changed.old_panel_id) == (None, 7)
    again = await store.drafts.change(changed, DraftEvent.PARTNER_DECLINED, by=2, panel_id=None)
    assert again is not None
    assert (again.panel_id, again.old_panel_id, again.handled) == (None, 7, (1, 2))
    track = await store.tracks.create(again, 9, 5, origin="press:1")
    assert isinstance(track, Track)
    assert (track.topic_id, track.take) == (77, 1)
    closed = await store.drafts.get(ADA, ADA)
    assert closed is not None
    assert (closed.panel_id, closed.old_panel_id) == (None, None)
    for begun in (
        await store.tracks.asked_for(ADA, "press:1"),
        await store.tracks.shown_in(ADA, ADA, 9),
    ):
        assert begun is not None
        assert begun.id == track.id
    assert await store.tracks.asked_for(ADA, "press:2") is None


async def test_the_latest_updates_of_a_draft_are_remembered(store: Store) -> None:
    draft: Draft | None = await previewed(store)
    for number in range(30):
        assert draft is not None
        draft = await store.drafts.change(draft, WRITTEN, by=number, lyrics=f"words {number}")
    assert draft is not None
    assert draft.handled == tuple(range(10, 30))


async def test_who_has_chosen_knows_where_recordings_go(store: Store) -> None:
    await store.users.seen(ADA, "en")
    assert not await store.users.knows_privacy(ADA)
    await previewed(store)
    assert await store.users.knows_privacy(ADA)
    await store.users.seen(ADA, "de")
    assert await store.users.knows_privacy(ADA)
