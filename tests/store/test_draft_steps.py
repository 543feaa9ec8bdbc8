"""The table of a draft's steps, and the store, which follows it."""

import asyncio
from itertools import count, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.draft_steps import DraftEvent, accepts, next_step
from bot.model import Purpose, Step
from bot.store import Draft, NewRecording, Store, Track

EVENTS = st.sampled_from(DraftEvent)
STEPS = st.sampled_from(Step)
MANY = 1_000_000


@given(STEPS, EVENTS, st.booleans())
def test_every_event_leads_from_every_step_to_a_step(
    step: Step, event: DraftEvent, has_lyrics: bool
) -> None:
    following = next_step(step, event, has_lyrics=has_lyrics)
    assert isinstance(following, Step)
    if not accepts(step, event):
        assert following is step


@given(STEPS, EVENTS)
def test_lyrics_are_asked_for_only_while_there_are_none(step: Step, event: DraftEvent) -> None:
    if accepts(step, event) and event is not DraftEvent.MESSAGE_NOTED:
        assert next_step(step, event, has_lyrics=True) is not Step.LYRICS
        assert next_step(step, event, has_lyrics=False) is not Step.PREVIEW


def test_every_step_is_reached_from_no_draft_and_left_again() -> None:
    following = {
        step: {
            next_step(step, event, has_lyrics=has_lyrics)
            for event, has_lyrics in product(DraftEvent, (True, False))
        }
        for step in Step
    }
    for start in Step:
        reached = {start}
        while new := {step for known in reached for step in following[known]} - reached:
            reached |= new
        assert reached == set(Step)


def test_every_event_is_accepted_somewhere() -> None:
    for event in DraftEvent:
        assert any(accepts(step, event) for step in Step), event


class Person:
    """Does at random what people can do to a draft, through the real store."""

    def __init__(self, store: Store, user_id: int) -> None:
        self._store = store
        self._user_id = user_id
        self._messages = count(1)

    async def draft(self) -> Draft | None:
        return await self._store.drafts.get(self._user_id, self._user_id)

    async def cause(self, event: DraftEvent, lyrics: str | None) -> bool:
        """Let the store do what an event does; whether it changed anything."""
        draft, drafts = await self.draft(), self._store.drafts
        if event in {DraftEvent.RECORDING_SENT, DraftEvent.PARTNER_SENT}:
            return (await drafts.record(self._recording()))[1]
        begins = draft is None or draft.step is Step.CLOSED
        if event in {DraftEvent.LYRICS_WANTED, DraftEvent.RECORDING_WANTED} or (
            begins and event is DraftEvent.LYRICS_CHANGED
        ):
            return bool(await self._open(event, lyrics))
        if draft is None:
            return event is DraftEvent.MESSAGE_NOTED and bool(await self._open(event, None))
        if event is DraftEvent.PURPOSE_CHOSEN:
            return await drafts.choose(draft, Purpose.VOICE) is not None
        if event is DraftEvent.TRACK_CREATED:
            return isinstance(await self._store.tracks.create(draft, None, MANY), Track)
        values: dict[str, Any] = {"lyrics": lyrics} if event is DraftEvent.LYRICS_CHANGED else {}
        return await drafts.change(draft, event, **values) is not None

    async def _open(self, event: DraftEvent, lyrics: str | None) -> Draft:
        values: dict[str, Any] = {"lyrics": lyrics}
        if event is DraftEvent.LYRICS_WANTED:
            used, _ = await self._store.drafts.record(self._recording())
            values = {"reference_id": used.reference_id, "purpose": Purpose.VOICE}
        user_id = self._user_id
        return await self._store.drafts.open(user_id, user_id, event, **values)

    def _recording(self) -> NewRecording:
        user_id, number = self._user_id, next(self._messages)
        return NewRecording(user_id, user_id, number, "file", "song", 12.0, None)


def expected(before: Draft | None, event: DraftEvent, lyrics: str | None) -> Step | None:
    """The step that the table says follows; None if the event is not accepted."""
    step = before.step if before else Step.CLOSED
    sent = {DraftEvent.RECORDING_SENT, DraftEvent.PARTNER_SENT}
    if event in sent:  # which of them a recording is depends on the draft
        waits = step is Step.PARTNER
        event = DraftEvent.PARTNER_SENT if waits else DraftEvent.RECORDING_SENT
    if not accepts(step, event):
        return None
    kept = before.lyrics if before else None
    changed = {DraftEvent.LYRICS_CHANGED: lyrics, DraftEvent.LYRICS_WANTED: None}
    return next_step(step, event, has_lyrics=bool(changed.get(event, kept)))


def holds_together(draft: Draft) -> bool:
    """Whether a draft has what its step shows, and lacks what its step asks for."""
    has = (draft.reference_id is not None, draft.purpose is not None, bool(draft.lyrics))
    match draft.step:
        case Step.CLOSED:
            return True
        case Step.RECORDING:
            return has[:2] == (False, False)
        case Step.PURPOSE:
            return has[:2] == (True, False)
        case Step.PARTNER:
            return has[:2] == (True, True)
        case _:
            return has == (True, True, draft.step is Step.PREVIEW)


async def live(person: Person, events: list[tuple[DraftEvent, str | None]]) -> None:
    """Let events happen one by one; the draft is after each where the table says."""
    for event, lyrics in events:
        before = await person.draft()
        step = expected(before, event, lyrics)
        changed = await person.cause(event, lyrics)
        after = await person.draft()
        assert changed is (step is not None), event
        if step is None:
            assert after == before
            continue
        assert after is not None
        assert after.step is step, event
        assert before is None or after.revision > before.revision
        assert holds_together(after), after


def test_the_store_follows_the_table(database_url: str) -> None:
    """Through random events, on both databases."""
    lives = st.lists(st.tuples(EVENTS, st.sampled_from([None, "La la"])), max_size=25)
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(database_url))
        people = count(1)

        @settings(max_examples=60, deadline=None)
        @given(lives)
        def follow(events: list[tuple[DraftEvent, str | None]]) -> None:
            runner.run(live(Person(store, next(people)), events))

        try:
            follow()
        finally:
            runner.run(store.aclose())
