"""The words of the domain; imports nothing of ours."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a recording holds, and so what can be made from it (docs/facts/music-01.md, §1)."""

    SONG = "song"
    VOICE = "voice"
    INSTRUMENTAL = "instrumental"

    @property
    def has_voice(self) -> bool:
        """Whether the recording lends its voice to the track."""
        return self is not Purpose.INSTRUMENTAL

    @property
    def has_beat(self) -> bool:
        """Whether the recording lends its accompaniment to the track."""
        return self is not Purpose.VOICE


class Step(StrEnum):
    """Where a draft stands: what the person is asked for next."""

    RECORDING = "recording"
    PURPOSE = "purpose"
    LYRICS = "lyrics"
    PREVIEW = "preview"
    PARTNER = "partner"
    CLOSED = "closed"


class RecordingStatus(StrEnum):
    """How far a recording has come."""

    RECEIVED = "received"
    PREPARED = "prepared"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class TrackStatus(StrEnum):
    """How far a track has come; it moves forward only, by compare-and-set."""

    QUEUED = "queued"
    GENERATING = "generating"
    MADE = "made"
    SENDING = "sending"
    DELIVERED = "delivered"
    UNSURE = "unsure"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"


class Outcome(StrEnum):
    """How a paid call ended; an open ledger row has none yet.

    All but REFUSED may have cost money, and count against `GENERATE_ATTEMPTS`.
    """

    REFUSED = "refused"
    WON = "won"
    BAD = "bad"
    UNKNOWN = "unknown"


class Flaw(StrEnum):
    """Why a recording cannot be used."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    TOO_BIG = "too-big"
    EMPTY = "empty"
    SILENT = "silent"
    UNREADABLE = "unreadable"
    NOT_AUDIO = "not-audio"
    GONE = "gone"
    TROUBLE = "trouble"


class Hint(StrEnum):
    """What makes a usable recording a doubtful one; it warns and never blocks."""

    QUIET = "quiet"
    CLIPPED = "clipped"
    CUT_OFF = "cut-off"
    MOSTLY_SILENT = "mostly-silent"
    TALKING = "talking"


class Failure(StrEnum):
    """Why a track failed, as far as the person who asked for it is concerned.

    RECORDING is what we cannot use, RECORDING_REFUSED and TOO_LARGE what the service does not
    take; SENSITIVE and INVALID are about the words. OPERATOR and WITHDRAWN are the owner's to
    mend, MAINTENANCE is the service's, TROUBLE is a fault of ours.
    """

    RECORDING = "recording"
    RECORDING_REFUSED = "recording-refused"
    TOO_LARGE = "too-large"
    VOICE_LENGTH = "voice-length"
    SENSITIVE = "sensitive"
    INVALID = "invalid"
    OPERATOR = "operator"
    WITHDRAWN = "withdrawn"
    MAINTENANCE = "maintenance"
    UPSTREAM = "upstream"
    TIMEOUT = "timeout"
    TROUBLE = "trouble"


BY_RECORDING = frozenset(
    {
        Failure.RECORDING,
        Failure.RECORDING_REFUSED,
        Failure.TOO_LARGE,
        Failure.VOICE_LENGTH,
    }
)
"""Failures that another recording helps against; the words of such a track wait for it."""


BY_WORDS = frozenset({Failure.SENSITIVE, Failure.INVALID})
"""Failures that other words help against."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a track is made from.

    Attributes:
        voice: Id of the recording that lends its voice, or None.
        beat: Id of the recording that lends its accompaniment, or None; the same as `voice`
            where one song lends both.
        lyrics: As typed, normalised.
    """

    voice: int | None
    beat: int | None
    lyrics: str

    @property
    def result(self) -> Purpose:
        """What will come back: a song, a voice alone, or music without singing."""
        if self.voice is None:
            return Purpose.INSTRUMENTAL
        return Purpose.VOICE if self.beat is None else Purpose.SONG

    def uploads(self) -> dict[int, Purpose]:
        """Which recordings are needed, and as what each is uploaded."""
        if self.voice is not None and self.voice == self.beat:
            return {self.voice: Purpose.SONG}
        parts = {self.voice: Purpose.VOICE, self.beat: Purpose.INSTRUMENTAL}
        return {ref: purpose for ref, purpose in parts.items() if ref is not None}


def recipe(recording: int, purpose: Purpose, partner: int | None, lyrics: str) -> Recipe:
    """The recipe of a finished draft.

    Args:
        recording: What the draft began with.
        purpose: What it holds.
        partner: A second recording that lends what the first has not, or None.
        lyrics: As typed, normalised.
    """
    voice = recording if purpose.has_voice else partner
    beat = recording if purpose.has_beat else partner
    return Recipe(voice, beat, lyrics)
