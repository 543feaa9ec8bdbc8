"""Orders: what is asked of a music service, lyrics and recordings as it knows them."""

import unicodedata
import uuid
from collections.abc import Mapping

from bot.jobs import Kind
from bot.model import TrackStatus
from bot.music import MusicBackend, Order, Uploaded
from bot.store import Attempt, Track
from bot.studio import lyrics
from bot.studio.context import Context
from bot.studio.uploads import Uploads


class OrderBuilder:
    """Builds the orders of tracks, and uploads the recordings that a service lacks."""

    def __init__(self, context: Context, uploads: Uploads) -> None:
        self._context = context
        self._uploads = uploads

    async def at_hand(self, track: Track) -> dict[str, Order] | None:
        """Whether a track can begin; what it lacks is woken, and its end wakes the track.

        Returns:
            What can be asked for as it is, by backend; None while a recording is on its way.
        """
        if track.status is not TrackStatus.QUEUED or await self.promises(track):
            return {}
        backend = self._context.backends.choose(track.recipe)
        if backend is None:
            return {}  # it fails with the reason that generation finds
        if order := await self.as_submitted(track, backend):
            return {backend.name: order}
        on_their_way = [
            recording_id
            for recording_id, purpose in track.recipe.uploads().items()
            if not await self._uploads.known(recording_id, purpose, backend)
        ]
        for recording_id in on_their_way:
            await self._context.jobs.wake(Kind.RECORDING, recording_id)
        return None if on_their_way else {}

    async def promises(self, track: Track) -> list[Attempt]:
        """The attempts that a dead worker or the track's predecessor left open."""
        if track.status is TrackStatus.QUEUED and track.predecessor_id is None:
            return []
        return [a for a in await self._context.store.ledger.of(track.id) if a.outcome is None]

    async def make(self, track: Track, backend: MusicBackend) -> Order:
        """What is asked for, with every recording brought to the backend.

        Raises:
            MusicError, Refused, Later: a recording cannot be brought there.
        """
        known = {
            recording_id: await self._uploads.uploaded(recording_id, purpose, backend)
            for recording_id, purpose in track.recipe.uploads().items()
        }
        return order_of(track, backend, known)

    async def as_submitted(self, track: Track, backend: MusicBackend) -> Order | None:
        """The order with recordings as the backend knows them; None where it lacks one."""
        wanted = track.recipe.uploads()
        known = {
            recording_id: upload
            for recording_id, purpose in wanted.items()
            if (upload := await self._uploads.remembered(recording_id, purpose, backend))
        }
        return order_of(track, backend, known) if len(known) == len(wanted) else None


def without_joiners(lyrics: str) -> str:
    """Lyrics without the characters that join or vary others and show nothing by themselves.

    Languages are misspelt and emoji torn without them, but a service may refuse them.
    """
    return "".join(c for c in lyrics if unicodedata.category(c) != "Cf" and not _varies(c))


def _varies(c: str) -> bool:
    return "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"


def order_of(track: Track, backend: MusicBackend, known: Mapping[int, Uploaded]) -> Order:
    """The order of a track under a name of its own, all of its recordings being known."""
    voice, beat = track.voice_ref, track.beat_ref
    return Order(
        request_id=f"refrain-{track.id}-{uuid.uuid4().hex[:12]}",
        lyrics=lyrics.final(track.lyrics, track.recipe.result, marks=backend.abilities.marks),
        voice=known[voice] if voice is not None else None,
        beat=known[beat] if beat is not None else None,
    )
