"""The one table of a draft's steps: which step follows when something happens to a draft."""

from collections.abc import Mapping
from enum import StrEnum

from bot.model import Step


class DraftEvent(StrEnum):
    """What can happen to a draft.

    LYRICS_WANTED and RECORDING_WANTED are the buttons under a track that begin a new draft with
    the track's recordings, or with its lyrics. MESSAGE_NOTED is a message that is remembered
    and changes nothing else.
    """

    RECORDING_SENT = "recording-sent"
    PURPOSE_CHOSEN = "purpose-chosen"
    LYRICS_CHANGED = "lyrics-changed"
    MESSAGE_NOTED = "message-noted"
    PARTNER_WANTED = "partner-wanted"
    PARTNER_SENT = "partner-sent"
    PARTNER_DECLINED = "partner-declined"
    TRACK_CREATED = "track-created"
    DROPPED = "dropped"
    LYRICS_WANTED = "lyrics-wanted"
    RECORDING_WANTED = "recording-wanted"


_OPEN = [step for step in Step if step is not Step.CLOSED]
_WITH_PURPOSE = [Step.LYRICS, Step.PREVIEW, Step.PARTNER]

_TABLE: Mapping[DraftEvent, Mapping[Step, Step]] = {
    DraftEvent.RECORDING_SENT: dict.fromkeys(Step, Step.PURPOSE),
    DraftEvent.PURPOSE_CHOSEN: {Step.PURPOSE: Step.LYRICS},
    DraftEvent.LYRICS_CHANGED: {
        Step.CLOSED: Step.RECORDING,
        Step.RECORDING: Step.RECORDING,
        Step.PURPOSE: Step.PURPOSE,
        Step.LYRICS: Step.LYRICS,
        Step.PREVIEW: Step.LYRICS,
        Step.PARTNER: Step.PARTNER,
    },
    DraftEvent.MESSAGE_NOTED: {step: step for step in Step},
    DraftEvent.PARTNER_WANTED: {Step.PREVIEW: Step.PARTNER},
    DraftEvent.PARTNER_SENT: dict.fromkeys(_WITH_PURPOSE, Step.LYRICS),
    DraftEvent.PARTNER_DECLINED: dict.fromkeys(_WITH_PURPOSE, Step.LYRICS),
    DraftEvent.TRACK_CREATED: {Step.PREVIEW: Step.CLOSED},
    DraftEvent.DROPPED: dict.fromkeys(_OPEN, Step.CLOSED),
    DraftEvent.LYRICS_WANTED: dict.fromkeys(Step, Step.LYRICS),
    DraftEvent.RECORDING_WANTED: dict.fromkeys(Step, Step.RECORDING),
}
"""By event: the steps that accept it, and the step after each.

A person without a draft is at CLOSED. Where LYRICS follows and the draft has lyrics already,
PREVIEW follows in its place.
"""


def accepts(step: Step, event: DraftEvent) -> bool:
    """Whether an event means anything at a step; if not, it changes nothing."""
    return step in _TABLE[event]


def next_step(step: Step, event: DraftEvent, *, has_lyrics: bool) -> Step:
    """The step after an event; the same one where the event means nothing.

    Args:
        step: Where the draft is.
        event: What happens to it.
        has_lyrics: Whether the draft has lyrics after the event.
    """
    if not accepts(step, event):
        return step
    following = _TABLE[event][step]
    return Step.PREVIEW if following is Step.LYRICS and has_lyrics else following
