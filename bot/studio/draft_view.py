"""A draft with all that its panel says about it."""

from dataclasses import dataclass, replace

from bot.audio import Limits
from bot.model import Hint, Purpose, RecordingStatus, recipe
from bot.music import Abilities
from bot.store import Draft, Recording
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
        refusal_known: Whether the person has been told which recording cannot be used.
    """

    draft: Draft
    recordings: tuple[Recording, ...]
    abilities: Abilities
    limits: Limits
    lyrics_limits: LyricsLimits
    lyrics_advice: int
    knows_privacy: bool
    owner_told: bool
    refusal_known: bool = False

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


def unsent(draft: Draft) -> Draft:
    """A draft as a message shows it that is still to be sent."""
    return replace(draft, panel_id=None)
