"""What Refrain asks of a music service; every backend stands behind this."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.model import Purpose, Recipe
from bot.music.errors import OperatorReason


class Likeness(StrEnum):
    """What a song takes over from the song it is made from."""

    VOICE = "voice"
    MELODY = "melody"
    STYLE = "style"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend can do, as data: the conversation offers nothing else.

    Attributes:
        model: Name of the model at the provider.
        purposes: Which recordings it accepts.
        pairs: Whether the voice of one recording can go with the beat of another.
        lyrics_max: Longest lyrics in characters, of the final string.
        recording_seconds: Shortest and longest recording by the service's own words; the studio
            keeps a little inside both, for they leave open whether the ends count.
        recording_bytes: Largest recording in bytes.
        track_seconds: Longest track that comes back.
        price_usd: About what a track costs; None where it runs on one's own machine.
        likeness: What a song has of the song it is made from.
        lyrics_min: Shortest lyrics in characters, of the final string.
        marks: Whether `##` at both ends of the lyrics asks for accompaniment.
        style: What the model is told about the style beside the recording, if it is told.
        inline: Whether a recording travels with each order instead of being uploaded once.
        lists: Whether an order whose answer was lost can be looked up (see `find`).
    """

    model: str
    purposes: tuple[Purpose, ...]
    pairs: bool
    lyrics_max: int
    recording_seconds: tuple[float, float]
    recording_bytes: int
    track_seconds: int
    price_usd: float | None
    likeness: Likeness = Likeness.VOICE
    lyrics_min: int = 1
    marks: bool = True
    style: str | None = None
    inline: bool = False
    lists: bool = False

    def make(self, recipe: Recipe) -> bool:
        """Whether a track can be made from these recordings; the lyrics are not looked at."""
        parts = recipe.uploads()
        return set(parts.values()) <= set(self.purposes) and (len(parts) == 1 or self.pairs)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A recording as the backend knows it: lasting ids, an address that expires, or a file.

    Attributes:
        voice_id: Names the voice, where the backend deals in ids.
        beat_id: Names the accompaniment, where the backend deals in ids.
        url: Where the backend can read the recording, where it deals in files. A secret.
        expires_at: When ids or address stop working (aware); None if never.
        path: The prepared file on this machine, where it travels with the order.
    """

    voice_id: str | None = None
    beat_id: str | None = None
    url: str | None = None
    expires_at: datetime | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One track to be made.

    Attributes:
        request_id: Ours, unique for the attempt; 1 to 128 of `A-Za-z0-9._:-`.
        lyrics: The final string, as counted (see `bot.studio.lyrics`).
        voice: The recording that lends its voice, or None.
        beat: The recording that lends its accompaniment, or None. The same object as
            `voice` where one song lends both.
    """

    request_id: str
    lyrics: str
    voice: Uploaded | None
    beat: Uploaded | None


@dataclass(frozen=True, slots=True)
class TrackFile:
    """A track that has come back; its bytes are in the file the caller named.

    Attributes:
        size: Bytes written.
        request_id: The provider's, for its support.
        cost_usd: What it cost, where the provider says so.
    """

    size: int
    request_id: str | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a service gives out for a track in the making; stored before it is waited for.

    Attributes:
        id: The backend's; means nothing to any other. It may be as good as the track itself,
            so it is not to be logged.
        cost_usd: What the track costs, where the provider says so at once.
    """

    id: str = field(repr=False)
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of a check: what was looked at, whether it is good, and what to do if not.

    Attributes:
        reason: What the owner must mend, where that is certain; a service that could not be
            asked has none.
    """

    subject: str
    good: bool
    detail: str
    reason: OperatorReason | None = None


class MusicBackend(Protocol):
    """A music service.

    Every method raises the tree of `bot.music.errors` for whatever the service or the way to it
    does wrong. `OSError` passes through only for our own disk: a recording that cannot be read,
    a file that cannot be written.
    """

    @property
    def name(self) -> str:
        """The name in `MUSIC_BACKEND`, stored beside every id it gives out."""
        ...

    @property
    def title(self) -> str:
        """The name by which people know the service."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        ...

    async def upload(self, recording: Path, purpose: Purpose) -> Uploaded:
        """Give it a recording (MP3 or WAV, told by the file's suffix)."""
        ...

    async def submit(self, order: Order, into: Path) -> TrackFile | Ticket:
        """Ask for a track: the paid call, sent once and never repeated in here.

        Where the service answers with the track, it is written to `into`; where it answers
        with a ticket, that must be stored and collected.
        """
        ...

    async def collect(self, ticket: Ticket, into: Path) -> TrackFile:
        """Wait for the track behind a ticket and write it to `into`; harmless to repeat.

        Raises:
            Unready: It is not there in time; the ticket stays good.
            OSError: There is no place for it; the ticket stays good.
            OperatorFault: We may not ask; the ticket stays good.
            MusicError: Anything else says that this ticket brings no track, and what it cost
                and is called where the ticket tells.
        """
        ...

    async def find(self, order: Order, since: datetime) -> list[Ticket]:
        """Look up which tickets an order may have got whose answer never came, newest first.

        Empty where there is none, and where the service keeps no list to look at.

        Args:
            order: As it was submitted.
            since: When it was submitted (aware).
        """
        ...

    async def cancel(self, ticket: Ticket) -> None:
        """Say that nobody waits for the ticket any more, where the service can be told."""
        ...

    async def check(self) -> list[CheckResult]:
        """Look at the model, the key and the balance; costs nothing, never raises."""
        ...

    async def aclose(self) -> None:
        """Close what was opened."""
        ...
