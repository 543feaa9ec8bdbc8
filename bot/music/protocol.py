"""What Refrain asks of a music service; every backend stands behind this."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.model import Purpose


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend can do, as data: the conversation offers nothing else.

    Attributes:
        model: Name of the model at the provider.
        purposes: Which recordings it accepts.
        pairs: Whether the voice of one recording can go with the beat of another.
        pairs_from_song: Whether voice or beat may be taken out of a whole song.
        lyrics_max: Longest lyrics in characters, of the final string.
        reference_seconds: Shortest and longest recording, both exclusive and inclusive.
        reference_bytes: Largest recording in bytes.
        track_seconds: Longest track that comes back.
        price_usd: About what a track costs; None where it runs on one's own machine.
    """

    model: str
    purposes: tuple[Purpose, ...]
    pairs: bool
    pairs_from_song: bool
    lyrics_max: int
    reference_seconds: tuple[float, float]
    reference_bytes: int
    track_seconds: int
    price_usd: float | None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A recording as the backend knows it: lasting ids, or an address that expires.

    Attributes:
        voice_id: Names the voice, where the backend deals in ids.
        beat_id: Names the accompaniment, where the backend deals in ids.
        url: Where the backend can read the recording, where it deals in files. A secret.
        expires_at: When ids or address stop working (aware); None if never.
    """

    voice_id: str | None = None
    beat_id: str | None = None
    url: str | None = None
    expires_at: datetime | None = None


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
class Sound:
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
    """A promise of a track, to be stored before it is waited for."""

    id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: what was looked at, whether it is good, and what to do if not."""

    subject: str
    good: bool
    detail: str


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

    async def submit(self, order: Order, into: Path) -> Sound | Ticket:
        """Ask for a track: the paid call, sent once and never repeated in here.

        Where the service answers with the track, it is written to `into`; where it answers
        with a ticket, that must be stored and collected.
        """
        ...

    async def collect(self, ticket: Ticket, into: Path) -> Sound:
        """Wait for the track behind a ticket and write it to `into`; harmless to repeat."""
        ...

    async def cancel(self, ticket: Ticket) -> None:
        """Say that nobody waits for the ticket any more, where the service can be told."""
        ...

    async def check(self) -> list[Finding]:
        """Look at the model, the key and the balance; costs nothing, never raises."""
        ...

    async def aclose(self) -> None:
        """Close what was opened."""
        ...
