"""The words of a draft, message by message: what is sung, and what waits for an answer.

People send a song in several messages: their app splits a long paste, they type a verse at a
time, they correct one of them later. So a draft remembers every message by its number, with its
text as typed, and the lyrics are always made from those.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Self

from bot.model import Step
from bot.store import Draft
from bot.studio import lyrics

_SPLIT_AT = 4096  # UTF-16 units: Telegram's longest message
_SPLIT_FROM = _SPLIT_AT // 2  # apps look for a line's end in the second half
_AT_ONCE = 2.0  # seconds between the messages of one paste
_MOST_PIECES = 32
_REMEMBERED = 20
_LONG = 100
_LINES = 2


class LyricsProblem(StrEnum):
    """Why words cannot be sung as they are."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"


class LyricsLimits(NamedTuple):
    """How many characters a person may type for a draft: at least, and at most."""

    least: int
    most: int

    def problem(self, text: str) -> LyricsProblem | None:
        """What is wrong with normalised words, if anything is."""
        if not any(c.isalnum() for c in text):
            return LyricsProblem.EMPTY
        if len(text) < self.least:
            return LyricsProblem.SHORT
        return LyricsProblem.LONG if len(text) > self.most else None


@dataclass(frozen=True, slots=True)
class LyricsPiece:
    """A message of words.

    Attributes:
        message_id: Of the message.
        text: As typed, or read from its file; normalised.
        sent_at: By Telegram's clock, in seconds.
        units: Its length as Telegram counts it, in UTF-16 units.
        tail: Whether it goes on where the message before it was cut.
    """

    message_id: int
    text: str
    sent_at: float
    units: int = 0
    tail: bool = False

    @classmethod
    def of(cls, message_id: int, typed: str, sent_at: float) -> Self:
        """A message as it came."""
        return cls(message_id, lyrics.normalised(typed), sent_at, _units(typed))

    def is_tail_of(self, head: "LyricsPiece", answer_id: int | None) -> bool:
        """Whether an app has split one paste into these two.

        Args:
            head: What came before.
            answer_id: The bot's answer to that, if there is one; whoever has seen it goes on by
                hand, and does not send the rest of a paste.
        """
        at_once = 0 <= self.sent_at - head.sent_at <= _AT_ONCE
        unseen = answer_id is None or answer_id > self.message_id
        return at_once and unseen and head.units >= _SPLIT_FROM


@dataclass(frozen=True, slots=True)
class DraftLyrics:
    """What a person has written for a draft.

    Attributes:
        accepted: What is sung.
        pending: What waits: until it fits, or until they say what it is for.
        held: What came after that and does not fit with it: it is too long, or its turn comes
            when they have said what the other is for.
        answered: The latest messages that are none of these and have had their answer.
        late_edit_answered: Whether they have been told that an edit came after Create.
        edited_from_track: Id of the track whose words, edited after Create, these are.
        refused: What the service has refused, to be copied from until other words are sung.
        decision: The data of the button that said last what words are for.
    """

    accepted: tuple[LyricsPiece, ...] = ()
    pending: tuple[LyricsPiece, ...] = ()
    held: tuple[LyricsPiece, ...] = ()
    answered: tuple[int, ...] = ()
    late_edit_answered: bool = False
    edited_from_track: int | None = None
    refused: str = ""
    decision: str = ""

    @classmethod
    def of(cls, draft: Draft | None) -> Self:
        """The words of a draft; of a closed one, those its track was made from."""
        if draft is None:
            return cls()
        stored = json.loads(draft.words or "{}")
        accepted = tuple(LyricsPiece(*row) for row in stored.get("kept", ()))
        if draft.step is not Step.CLOSED:
            if not draft.lyrics:
                accepted = ()
            elif not accepted:  # kept by an earlier version
                accepted = (LyricsPiece(draft.lyrics_message_id or 0, draft.lyrics, 0),)
        return cls(
            accepted=accepted,
            pending=tuple(LyricsPiece(*row) for row in stored.get("new", ())),
            held=tuple(LyricsPiece(*row) for row in stored.get("held", ())),
            answered=tuple(stored.get("heard", ())),
            late_edit_answered=bool(stored.get("late")) and bool(accepted),
            edited_from_track=stored.get("renews"),
            refused=stored.get("refused", ""),
            decision=stored.get("decision", ""),
        )

    def packed(self) -> str:
        """For the store."""
        return json.dumps(
            {
                "kept": [_packed(piece) for piece in self.accepted],
                "new": [_packed(piece) for piece in self.pending],
                "held": [_packed(piece) for piece in self.held],
                "heard": self.answered[-_REMEMBERED:],
                "late": self.late_edit_answered,
                "renews": self.edited_from_track,
                "refused": "" if self.accepted else self.refused,
                "decision": self.decision,
            }
        )

    @property
    def lyrics(self) -> str | None:
        """What is sung, normalised; None if nothing is."""
        return joined(self.accepted) or None

    @property
    def pending_text(self) -> str:
        """What waits, normalised."""
        return joined(self.pending)

    @property
    def held_text(self) -> str:
        """What does not fit with what waits, normalised."""
        return joined(self.held)

    @property
    def pieces(self) -> tuple[LyricsPiece, ...]:
        """Every message of words, whatever becomes of it."""
        return (*self.accepted, *self.pending, *self.held)

    @property
    def accepted_messages(self) -> list[int]:
        """The messages that what is sung came in, the latest of them if they are many."""
        known = sorted(number for number in message_ids(self.accepted) if number > 0)
        return known[-_MOST_PIECES:]

    def has_seen(self, message_id: int) -> bool:
        """Whether a message has been taken in before."""
        return message_id in self.answered or message_id in message_ids(self.pieces)

    def with_answered(self, *numbers: int) -> Self:
        """These, and messages that have had their answer."""
        return replace(self, answered=(*self.answered, *numbers)[-_REMEMBERED:])

    def with_tail(self, piece: LyricsPiece) -> Self:
        """These, and the rest of a paste."""
        tail = replace(piece, tail=True)
        if self.held:
            return replace(self, held=(*self.held, tail)[-_MOST_PIECES:])
        if self.pending:
            return replace(self, pending=(*self.pending, tail)[-_MOST_PIECES:])
        return replace(self, accepted=(*self.accepted, tail))

    def with_message(self, piece: LyricsPiece, limits: LyricsLimits, *, sure: bool) -> Self:
        """These, and a new message.

        The same words once more are the same words. What did not fit is replaced by what comes
        after it; what waits to be added or to replace is added to, as far as that fits.

        Args:
            piece: The message.
            limits: What fits.
            sure: Whether they are lyrics beyond doubt.
        """
        if self.accepted and piece.text == self.lyrics:
            return self._with(accepted=(piece,), pending=())
        pending: tuple[LyricsPiece, ...] = (piece,)
        held: tuple[LyricsPiece, ...] = ()
        if self.accepted and self.pending and not limits.problem(self.pending_text):
            held = () if limits.problem(self.held_text) else self.held
            longer = (*self.pending, piece)[-_MOST_PIECES:]
            same = piece.text == self.pending_text
            if not same and (held or limits.problem(joined(longer))):
                pending, held = self.pending, (*held, piece)[-_MOST_PIECES:]
            else:
                pending = (piece,) if same else longer
        after = self._with(accepted=self.accepted, pending=pending, held=held)
        return after.rearranged(limits, sure=sure)

    def edited(self, message_id: int, text: str) -> Self:
        """These after an edit of one of the messages."""

        def follow(pieces: tuple[LyricsPiece, ...]) -> tuple[LyricsPiece, ...]:
            return tuple(
                replace(LyricsPiece.of(message_id, text, piece.sent_at), tail=piece.tail)
                if piece.message_id == message_id
                else piece
                for piece in pieces
            )

        return replace(
            self,
            accepted=follow(self.accepted),
            pending=follow(self.pending),
            held=follow(self.held),
        )

    def rearranged(self, limits: LyricsLimits, *, sure: bool) -> Self:
        """These with everything where it belongs: only what fits is sung, only doubts wait."""
        together = (*self.pending, *self.held)
        if self.held and not limits.problem(joined(together)):
            return replace(self, pending=together, held=()).rearranged(limits, sure=sure)
        if self.accepted and limits.problem(joined(self.accepted)):
            return replace(self, accepted=(), pending=(*self.accepted, *self.pending))
        if self.pending and not self.accepted and sure and not limits.problem(self.pending_text):
            return replace(self, accepted=self.pending, pending=())
        return self

    def with_pending_added(self) -> Self:
        """What waits goes behind what is sung."""
        return self._with(accepted=(*self.accepted, *self.pending), pending=(), held=self.held)

    def with_pending_instead(self) -> Self:
        """What waits is what is sung."""
        return self._with(accepted=self.pending, pending=(), held=self.held)

    def without_pending(self) -> Self:
        """What waits is not for the song."""
        return self._with(accepted=self.accepted, pending=(), held=self.held)

    def with_held_next(self, limits: LyricsLimits) -> Self:
        """What was held comes next, once nothing else waits; they know what is too long."""
        if self.pending or not self.held:
            return self
        too_long = limits.problem(self.held_text)
        return self._with(accepted=self.accepted, pending=() if too_long else self.held)

    def _with(
        self,
        *,
        accepted: tuple[LyricsPiece, ...],
        pending: tuple[LyricsPiece, ...],
        held: tuple[LyricsPiece, ...] = (),
    ) -> Self:
        """These words; the messages that are left out have had their answer."""
        gone = message_ids(self.pieces) - message_ids((*accepted, *pending, *held))
        answered = self.with_answered(*sorted(gone))
        return replace(answered, accepted=accepted, pending=pending, held=held)


def message_ids(pieces: Iterable[LyricsPiece]) -> set[int]:
    """The numbers of messages."""
    return {piece.message_id for piece in pieces}


def joined(pieces: Iterable[LyricsPiece]) -> str:
    """One text of several messages, normalised; verses stay apart, a split paste becomes whole."""
    text, cut_at = "", 0
    for piece in pieces:
        if piece.tail:  # Telegram trims the space or the line's end at which an app has cut
            text += ("" if cut_at >= _SPLIT_AT else "\n") + piece.text
        else:
            text += f"\n\n{piece.text}"
        cut_at = piece.units
    return lyrics.normalised(text)


def looks_like_lyrics(text: str) -> bool:
    """Whether words that nobody has asked for are a song: several lines, or a long text."""
    lines = [line for line in text.splitlines() if any(c.isalnum() for c in line)]
    return len(lines) >= _LINES or len(text) >= _LONG


def _packed(piece: LyricsPiece) -> list[object]:
    return [piece.message_id, piece.text, piece.sent_at, piece.units, piece.tail]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
