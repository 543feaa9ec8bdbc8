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


class Problem(StrEnum):
    """Why words cannot be sung as they are."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"


class Room(NamedTuple):
    """How many characters a person may type for a draft: at least, and at most."""

    least: int
    most: int

    def problem(self, text: str) -> Problem | None:
        """What is wrong with normalised words, if anything is."""
        if not any(c.isalnum() for c in text):
            return Problem.EMPTY
        if len(text) < self.least:
            return Problem.SHORT
        return Problem.LONG if len(text) > self.most else None


@dataclass(frozen=True, slots=True)
class Piece:
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

    def is_tail_of(self, head: "Piece", answer_id: int | None) -> bool:
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
class Words:
    """What a person has written for a draft.

    Attributes:
        kept: What is sung.
        new: What waits: until it fits, or until they say what it is for.
        heard: The latest messages that are none of these and have had their answer.
        late: Whether they have been told that an edit came after Create.
        renews: Id of the track whose words, edited too late, these are.
    """

    kept: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()
    heard: tuple[int, ...] = ()
    late: bool = False
    renews: int | None = None

    @classmethod
    def of(cls, draft: Draft | None) -> Self:
        """The words of a draft; of a closed one, those its track was made from."""
        if draft is None:
            return cls()
        stored = json.loads(draft.words or "{}")
        kept = tuple(Piece(*each) for each in stored.get("kept", ()))
        if draft.step is not Step.CLOSED:
            if not draft.lyrics:
                kept = ()
            elif not kept:  # kept by an earlier version
                kept = (Piece(draft.lyrics_message_id or 0, draft.lyrics, 0),)
        return cls(
            kept=kept,
            new=tuple(Piece(*each) for each in stored.get("new", ())),
            heard=tuple(stored.get("heard", ())),
            late=bool(stored.get("late")) and bool(kept),
            renews=stored.get("renews"),
        )

    def packed(self) -> str:
        """For the store."""
        return json.dumps(
            {
                "kept": [_packed(piece) for piece in self.kept],
                "new": [_packed(piece) for piece in self.new],
                "heard": self.heard[-_REMEMBERED:],
                "late": self.late,
                "renews": self.renews,
            }
        )

    @property
    def lyrics(self) -> str | None:
        """What is sung, normalised; None if nothing is."""
        return joined(self.kept) or None

    @property
    def waiting(self) -> str:
        """What waits, normalised."""
        return joined(self.new)

    def sung_from(self) -> list[int]:
        """The messages that what is sung came in, the latest of them if they are many."""
        return sorted(number for number in ids(self.kept) if number > 0)[-_MOST_PIECES:]

    def knows(self, message_id: int) -> bool:
        """Whether a message has been taken in before."""
        return message_id in self.heard or message_id in ids((*self.kept, *self.new))

    def hearing(self, *message_ids: int) -> Self:
        """These, and messages that have had their answer."""
        return replace(self, heard=(*self.heard, *message_ids)[-_REMEMBERED:])

    def with_tail(self, piece: Piece) -> Self:
        """These, and the rest of a paste."""
        tail = replace(piece, tail=True)
        if self.new:
            return replace(self, new=(*self.new, tail)[-_MOST_PIECES:])
        return replace(self, kept=(*self.kept, tail))

    def taking(self, piece: Piece, room: Room, *, sure: bool) -> Self:
        """These, and a new message.

        The same words once more are the same words. What did not fit is replaced by what comes
        after it; what waits to be added or to replace is added to.

        Args:
            piece: The message.
            room: What fits.
            sure: Whether they are lyrics beyond doubt.
        """
        if self.kept and piece.text == self.lyrics:
            new: tuple[Piece, ...] = ()
            return self._dropping((*self.kept, *self.new), kept=(piece,), new=new)
        if self.kept and self.new and not room.problem(self.waiting):
            same = piece.text == self.waiting
            new = (piece,) if same else (*self.new, piece)[-_MOST_PIECES:]
        else:
            new = (piece,)
        dropped = tuple(each for each in self.new if each not in new)
        return self._dropping(dropped, kept=self.kept, new=new).settled(room, sure=sure)

    def edited(self, message_id: int, text: str) -> Self:
        """These after an edit of one of the messages."""

        def follow(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
            return tuple(
                replace(Piece.of(message_id, text, each.sent_at), tail=each.tail)
                if each.message_id == message_id
                else each
                for each in pieces
            )

        return replace(self, kept=follow(self.kept), new=follow(self.new))

    def settled(self, room: Room, *, sure: bool) -> Self:
        """These with everything where it belongs: only what fits is sung, only doubts wait."""
        if self.kept and room.problem(joined(self.kept)):
            return replace(self, kept=(), new=(*self.kept, *self.new))
        if self.new and not self.kept and sure and not room.problem(self.waiting):
            return replace(self, kept=self.new, new=())
        return self

    def adding(self) -> Self:
        """What waits goes behind what is sung."""
        return replace(self, kept=(*self.kept, *self.new), new=())

    def replacing(self) -> Self:
        """What waits is what is sung."""
        return self._dropping(self.kept, kept=self.new, new=())

    def leaving_out(self) -> Self:
        """What waits is not for the song."""
        return self._dropping(self.new, kept=self.kept, new=())

    def _dropping(
        self, dropped: Iterable[Piece], *, kept: tuple[Piece, ...], new: tuple[Piece, ...]
    ) -> Self:
        gone = ids(dropped) - ids((*kept, *new))
        return replace(self.hearing(*sorted(gone)), kept=kept, new=new)


def ids(pieces: Iterable[Piece]) -> set[int]:
    """The numbers of messages."""
    return {piece.message_id for piece in pieces}


def joined(pieces: Iterable[Piece]) -> str:
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


def _packed(piece: Piece) -> list[object]:
    return [piece.message_id, piece.text, piece.sent_at, piece.units, piece.tail]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
