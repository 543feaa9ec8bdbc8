"""A draft with all that its panel says about it, and what a recording's verdict does to it."""

from contextlib import suppress
from dataclasses import dataclass, replace

from bot.audio import Limits
from bot.model import Hint, Purpose, RecordingStatus, Step, recipe
from bot.music import Abilities
from bot.store import Draft, Recording
from bot.studio import lyrics
from bot.studio.context import Context
from bot.studio.lyrics_pieces import LyricsLimits


def result_of(draft: Draft) -> Purpose:
    """What a draft will give; a song where that is not yet known."""
    if draft.purpose is None or draft.reference_id is None:
        return Purpose.SONG
    return recipe(draft.reference_id, draft.purpose, draft.partner_id, "").result


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft, its recordings, and what the music service asks and gives.

    Attributes:
        draft: As it is now.
        recordings: The first one and its partner, as far as they have been sent.
        abilities: Of the service that is used now.
        limits: What recordings it accepts.
        lyrics_limits: Characters that may be typed.
        lyrics_advice: Characters above which shorter is advised.
        knows_privacy: Whether the person has been told where recordings go.
        owner_told: Whether the owner has heard of trouble.
    """

    draft: Draft
    recordings: tuple[Recording, ...]
    abilities: Abilities
    limits: Limits
    lyrics_limits: LyricsLimits
    lyrics_advice: int
    knows_privacy: bool
    owner_told: bool

    @property
    def refused(self) -> Recording | None:
        """The first of its recordings that cannot be used."""
        rejected = RecordingStatus.REJECTED
        return next(
            (recording for recording in self.recordings if recording.status is rejected), None
        )

    @property
    def unheard(self) -> bool:
        """Whether something may still be found out about a recording."""
        return any(recording.status is RecordingStatus.RECEIVED for recording in self.recordings)

    @property
    def hint(self) -> tuple[Recording, Hint] | None:
        """What this panel warns of; each recording is warned of once."""
        return None if self.refused else self.hint_in({None, self.draft.panel_id})

    def hint_in(self, messages: set[int | None]) -> tuple[Recording, Hint] | None:
        """What is doubtful about a recording, if that stands in one of these messages.

        Args:
            messages: Their ids; None for a warning that has yet to be given.
        """
        for recording in self.recordings:
            if recording.hints and recording.hint_message_id in messages:
                return recording, recording.hints[0]
        return None


async def draft_view_of(context: Context, draft: Draft) -> DraftView:
    """Look up what a draft's panel says.

    Args:
        context: What the studio works with.
        draft: As it is now; without its `panel_id` for a message that is still to be sent.
    """
    can, rules = context.music.current.abilities, context.rules
    asks = draft.step is Step.PURPOSE
    return DraftView(
        draft=draft,
        recordings=await _recordings(context, draft),
        abilities=can,
        limits=context.backends.limits,
        lyrics_limits=lyrics_limits_for(context, draft),
        lyrics_advice=rules.lyrics_advice,
        knows_privacy=not asks or await context.store.users.knows_privacy(draft.user_id),
        owner_told=context.messenger.owner_told,
    )


def lyrics_limits_for(context: Context, draft: Draft | None) -> LyricsLimits:
    """How many characters may be typed for a draft: the service's marks are not counted."""
    can = context.music.current.abilities
    open_draft = draft if draft and draft.step is not Step.CLOSED else None
    result = result_of(open_draft) if open_draft else Purpose.SONG
    marks = len(lyrics.final("", result, marks=can.marks))
    most = min(context.rules.lyrics_max, can.lyrics_max)
    return LyricsLimits(max(can.lyrics_min - marks, 1), max(most - marks, 0))


def unsent(draft: Draft) -> Draft:
    """A draft as a message shows it that is still to be sent."""
    return replace(draft, panel_id=None)


async def judged(context: Context, reference: Recording) -> None:
    """Let the open draft that uses a recording show what was found out about it.

    A draft whose panel is still to be sent needs nothing: whoever sends it looks once more
    afterwards. A draft that is closed has a track, which tells how it ends.

    Raises:
        Later, Unreachable: as they say.
    """
    draft = await context.store.drafts.get(reference.chat_id, reference.user_id)
    if draft is None or draft.step is Step.CLOSED or draft.panel_id is None:
        return
    if reference.id not in {draft.reference_id, draft.partner_id}:
        return
    view = await draft_view_of(context, draft)
    refused = reference.status is RecordingStatus.REJECTED
    if not refused and (view.hint is None or view.hint[0].id != reference.id):
        return
    if await context.messenger.redraw(view):
        if view.hint:
            await context.store.recordings.hinted(reference.id, draft.panel_id)
        await _settle(context, draft, draft.panel_id)
    elif refused:
        await context.messenger.refuse(reference, view)


async def _recordings(context: Context, draft: Draft) -> tuple[Recording, ...]:
    if draft.step is Step.CLOSED:  # its recordings belong to its track by now
        return ()
    recordings = []
    for number in (draft.reference_id, draft.partner_id):
        if number is not None:
            with suppress(LookupError):
                recordings.append(await context.store.recordings.get(number))
    return tuple(recordings)


async def _settle(context: Context, before: Draft, panel_id: int) -> None:
    """Put right a message that stopped being this panel while it was edited."""
    now = await context.store.drafts.get(before.chat_id, before.user_id)
    if now is None or (now.revision, now.panel_id) == (before.revision, panel_id):
        return
    track = await context.store.tracks.last_of(before.chat_id, before.user_id)
    if track and track.panel_id == panel_id:
        await context.messenger.show(track)
    elif now.panel_id == panel_id:
        await context.messenger.redraw(await draft_view_of(context, now))
    else:
        await context.messenger.retire(before.chat_id, panel_id)
