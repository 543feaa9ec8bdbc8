"""The words of the domain; imports nothing of ours."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a recording holds, and so what can be made from it (facts: music-01, §1)."""

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
    CLOSED = "closed"


class ReferenceStatus(StrEnum):
    """How far a recording has come."""

    RECEIVED = "received"
    PREPARED = "prepared"
    REJECTED = "rejected"


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
    """How a paid call ended; an open ledger row has none yet."""

    REFUSED = "refused"
    WON = "won"
    BAD = "bad"
    UNKNOWN = "unknown"

    @property
    def counts(self) -> bool:
        """Whether it may have cost money, and so counts against `GENERATE_ATTEMPTS`."""
        return self is not Outcome.REFUSED


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


class Hint(StrEnum):
    """What makes a usable recording a doubtful one; it warns and never blocks."""

    QUIET = "quiet"
    CLIPPED = "clipped"
    CUT_OFF = "cut-off"
    MOSTLY_SILENT = "mostly-silent"
    TALKING = "talking"


class Failure(StrEnum):
    """Why a track failed, as far as the person who asked for it is concerned."""

    RECORDING = "recording"
    SENSITIVE = "sensitive"
    INVALID = "invalid"
    VOICE_LENGTH = "voice-length"
    OPERATOR = "operator"
    WITHDRAWN = "withdrawn"
    UPSTREAM = "upstream"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a track is made from: one or two references, and the lyrics as typed."""

    purpose: Purpose
    voice: int | None
    beat: int | None
    lyrics: str
