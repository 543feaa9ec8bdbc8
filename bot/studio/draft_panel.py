"""The panel of a draft: what it says, and how it follows what a recording turns out to be."""

from contextlib import suppress

from bot.model import Purpose, RecordingStatus, Step
from bot.store import Draft, Recording
from bot.studio import lyrics
from bot.studio.context import Context
from bot.studio.draft_view import DraftView, result_of
from bot.studio.lyrics_pieces import LyricsLimits


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


async def judged(context: Context, recording: Recording) -> None:
    """Let the open draft that uses a recording show what was found out about it.

    A draft whose panel is still to be sent needs nothing: whoever sends it looks once more
    afterwards. A draft that is closed has a track, which tells how it ends.

    Raises:
        Later, Unreachable: as they say.
    """
    draft = await context.store.drafts.get(recording.chat_id, recording.user_id)
    if draft is None or draft.step is Step.CLOSED or draft.panel_id is None:
        return
    if recording.id not in {draft.reference_id, draft.partner_id}:
        return
    view = await draft_view_of(context, draft)
    refused = recording.status is RecordingStatus.REJECTED
    if not refused and (view.hint is None or view.hint[0].id != recording.id):
        return
    if await context.messenger.redraw(view):
        if view.hint:
            await context.store.recordings.hinted(recording.id, draft.panel_id)
        await _settle(context, draft, draft.panel_id)
    elif refused:
        await context.messenger.refuse(recording, view)


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
