"""What came of a paid call to music-01: the track itself, or an address and what it cost."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bot.music._mp3_files import write_hex
from bot.music.errors import BadAnswer, MusicError, Unanswered, UnknownFault
from bot.music.ports import Ticket, TrackFile

_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class PaidAddress:
    """An address that was paid for, as a ticket keeps it through a restart.

    Attributes:
        address: Where the track is; may be signed, and so a secret.
        request_id: The provider's name for the call.
        cost_usd: What it cost, where the provider said so.
    """

    address: str = field(repr=False)
    request_id: str | None
    cost_usd: float | None

    @classmethod
    def read(cls, ticket: str) -> Self:
        """Read a ticket.

        Raises:
            UnknownFault: It is none of ours.
        """
        try:
            address, request_id, cost_usd = json.loads(ticket)
        except (ValueError, TypeError) as error:
            raise UnknownFault("not a ticket of this service") from error
        return cls(address, request_id, cost_usd)

    def ticket(self) -> Ticket:
        """Write it as a ticket: ASCII, so that any store takes it.

        Raises:
            BadAnswer: No address looks like this one.
        """
        if len(self.address) > _LONGEST or not self.address.isprintable() or " " in self.address:
            raise BadAnswer("the track's address is not one")
        return Ticket(json.dumps([self.address, self.request_id, self.cost_usd]), self.cost_usd)


@dataclass(frozen=True, slots=True)
class GenerateResult:
    """A success.

    Attributes:
        answer: The track, or the ticket for its address.
        text: The track as hexadecimal text; empty where it is at an address.
    """

    answer: TrackFile | Ticket
    text: str | memoryview = field(default="", repr=False)

    def write(self, into: Path) -> None:
        """Write the track, if it came along.

        Raises:
            BadAnswer: What came is none.
            OSError: `into` cannot be written.
        """
        if isinstance(self.answer, Ticket):
            return
        try:
            write_hex(self.text, into)
        except MusicError as error:
            self.book(error)
            raise

    def lost(self) -> MusicError:
        """What to raise when there was no place for it."""
        error = Unanswered("the track came and could not be written")
        self.book(error)
        return error

    def book(self, error: MusicError) -> None:
        """Put what the call cost on what went wrong with it."""
        error.cost_usd = self.answer.cost_usd
        if isinstance(self.answer, TrackFile):
            error.request_id = self.answer.request_id
