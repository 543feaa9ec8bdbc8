"""What the tables hold, as typed rows."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from sqlalchemy import Row

from bot.model import Flaw, Hint, Outcome, Purpose, Recipe, RecordingStatus, Step, TrackStatus


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split())


class _FromRow:
    _words: ClassVar[dict[str, Any]] = {}

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """The row, its words turned into enums; columns the type lacks are left out."""
        values = row._mapping  # noqa: SLF001 - the public name of SQLAlchemy's accessor
        names = (field.name for field in fields(cls))  # type: ignore[arg-type]  # a dataclass
        return cls(**{name: cls._read(name, values[name]) for name in names})

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        word = cls._words.get(name)
        return value if word is None or value is None else word(value)


@dataclass(frozen=True, slots=True)
class Draft(_FromRow):
    """The form a person is filling in; the only truth of a conversation.

    Attributes:
        panel_id: The message that shows it; None while the person has yet to be asked.
        old_panel_id: The one before that; its buttons go when the next one is there.
        topic_id: The topic of the private chat that it is filled in in, or None.
        handled: The latest updates that changed it.
    """

    id: int
    chat_id: int
    user_id: int
    step: Step
    revision: int
    reference_id: int | None
    purpose: Purpose | None
    partner_id: int | None
    lyrics: str | None
    lyrics_message_id: int | None
    panel_id: int | None
    old_panel_id: int | None
    topic_id: int | None
    album: str | None
    words: str | None
    changed_at: float
    handled: tuple[int, ...]

    _words: ClassVar[dict[str, Any]] = {
        "step": Step,
        "purpose": Purpose,
        "handled": _numbers,
    }


@dataclass(frozen=True, slots=True)
class Recording(_FromRow):
    """A recording a person sent.

    Attributes:
        hint_message_id: The message in which the person reads what is doubtful about it.
    """

    id: int
    chat_id: int
    user_id: int
    message_id: int
    file_id: str
    unique_id: str
    title: str
    seconds: float | None
    level: float | None
    findings: tuple[Hint, ...]
    purpose: Purpose | None
    status: RecordingStatus
    reason: Flaw | None
    told: bool
    wake_at: float
    hint_message_id: int | None
    claimed_by: str | None
    claimed_until: float | None

    _words: ClassVar[dict[str, Any]] = {
        "findings": lambda text: tuple(Hint(word) for word in text.split()),
        "purpose": Purpose,
        "status": RecordingStatus,
        "reason": Flaw,
        "told": bool,
    }

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What is doubtful about it, as far as that is known: only a voice can be talking."""
        voice = self.purpose is Purpose.VOICE
        return tuple(hint for hint in self.findings if voice or hint is not Hint.TALKING)


@dataclass(frozen=True, slots=True)
class Upload(_FromRow):
    """A recording as one backend knows it, or why that backend refused it."""

    reference_id: int
    purpose: Purpose
    backend: str
    voice_id: str | None
    beat_id: str | None
    url: str | None
    expires_at: float | None
    refusal: str | None

    _words: ClassVar[dict[str, Any]] = {"purpose": Purpose}


@dataclass(frozen=True, slots=True)
class Track(_FromRow):
    """A track: asked for, being made, or made.

    Attributes:
        lyrics_messages: Ids of the messages that its lyrics came in, as far as that is known.
        pressed: The update that last stopped it, or asked for it to be sent again.
        take: Which one of those made from its recipe it is, counted from 1.
        topic_id: The topic of the private chat that it belongs to, or None.
    """

    id: int
    predecessor_id: int | None
    chat_id: int
    user_id: int
    voice_ref: int | None
    beat_ref: int | None
    lyrics: str
    lyrics_messages: tuple[int, ...]
    status: TrackStatus
    reason: str | None
    stop_wanted: bool
    told: bool
    pressed: str | None
    take: int
    panel_id: int | None
    topic_id: int | None
    file_id: str | None
    seconds: float | None
    created_at: float
    wake_at: float
    claimed_by: str | None
    claimed_until: float | None

    _words: ClassVar[dict[str, Any]] = {
        "lyrics_messages": _numbers,
        "status": TrackStatus,
        "stop_wanted": bool,
        "told": bool,
    }

    @property
    def recipe(self) -> Recipe:
        """What it is made from."""
        return Recipe(self.voice_ref, self.beat_ref, self.lyrics)


@dataclass(frozen=True, slots=True)
class Attempt(_FromRow):
    """One line of the ledger: a call that may cost money."""

    track_id: int
    number: int
    backend: str
    request_id: str
    outcome: Outcome | None
    ticket: str | None
    detail: str | None
    opened_at: float

    _words: ClassVar[dict[str, Any]] = {"outcome": Outcome}
