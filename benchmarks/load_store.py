"""What the store costs a track: every call that its way makes, and nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import insert

from bot.draft_steps import DraftEvent
from bot.model import Purpose, TrackStatus
from bot.store import Draft, NewRecording, Store, Track
from bot.store.schema import attempts, tracks

_AUDIO, _COVER = bytes(1_920_000), bytes(12_000)
_BATCH = 10_000
_WORKER = "load"
_QUEUED = frozenset({TrackStatus.QUEUED})


@dataclass(frozen=True)
class Cost:
    """Milliseconds for a track: CPU of this process, and time on the clock; for `due`: each.

    What is erased when nobody waits any more is counted by itself.
    """

    cpu: float
    clock: float
    due: float
    erasing: float


async def fill(store: Store, there: int, wanted: int) -> None:
    """Add delivered tracks until there are as many as wanted; their ids are below zero."""
    for start in range(there, wanted, _BATCH):
        numbers = range(-min(start + _BATCH, wanted), -start)
        moment = time.time()
        async with store._database.write() as connection:  # noqa: SLF001 - no rule makes these
            rows = [_finished(number, moment) for number in numbers]
            await connection.execute(insert(tracks), rows)
            await connection.execute(insert(attempts), [_won(row["id"], moment) for row in rows])


async def measure(store: Store, in_flight: int, times: int) -> Cost:
    """Let tracks go their way.

    Args:
        store: Open.
        in_flight: How many go at once.
        times: How many go altogether.
    """
    first = int(time.time() * 1000) % 10**9
    previews = [await _preview(store, first + number) for number in range(times)]
    places = asyncio.Semaphore(in_flight)
    held = Held(store, in_flight)

    async def one(draft: Draft) -> None:
        async with places:
            await _way(store, draft, held)

    cpu, clock = time.process_time(), time.perf_counter()
    await asyncio.gather(*map(one, previews))
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    due = await _timed(store.tracks.due)
    erasing = time.process_time()
    await store.erasure.sounds(pause=0)
    erasing = time.process_time() - erasing
    return Cost(cpu / times * 1000, clock / times * 1000, due * 1000, erasing / times * 1000)


async def _preview(store: Store, number: int, **ids: str | None) -> Draft:
    """A draft of a person of its own, with a recording that the music service knows."""
    new = NewRecording(number, number, number, "file", "song", 12.0, None)
    draft, _ = await store.drafts.record(new)
    recording_id = draft.reference_id or 0
    await store.recordings.prepared(recording_id, seconds=12, level=-20, hints=())
    await store.recordings.keep_upload(recording_id, Purpose.SONG, "aimlapi", **ids)
    chosen = await store.drafts.choose(draft, Purpose.SONG)
    ready = chosen and await store.drafts.change(
        chosen, DraftEvent.LYRICS_CHANGED, lyrics="La " * 130
    )
    if ready is None:
        raise LookupError(number)
    return ready


class Held:
    """What is asked for all tracks in flight together, shared out among them.

    A track takes a minute. Its claim is renewed every 9 seconds (`bot.studio.claim_renewal`);
    every 3 seconds, or more rarely when many wait, the store is asked for up to 15 tracks whose
    status messages are to move (`bot.studio.progress`).
    """

    def __init__(self, store: Store, in_flight: int) -> None:
        self.ids: set[int] = set()
        self._store = store
        self._renewals = 60 / 9 / in_flight
        self._shows = 60 / max(3.0, in_flight / 15) / min(in_flight, 15)
        self._begun = 0
        self._asking = asyncio.Lock()

    async def ask(self) -> None:
        """Whatever share of it falls to one more track."""
        self._begun += 1
        async with self._asking:
            for _ in range(_due(self._renewals, self._begun)):
                await self._store.tracks.claims.renew_all(set(self.ids), _WORKER)
            for _ in range(_due(self._shows, self._begun)):
                await self._store.tracks.some(sorted(self.ids)[:15])


def _due(share: float, number: int) -> int:
    """How often something comes with the nth track that comes `share` times with each."""
    return int(share * number) - int(share * (number - 1))


async def _way(store: Store, draft: Draft, held: Held) -> None:
    """From Create to a delivered track, as `tests/store/test_load.py` holds it to the product."""
    await store.inbox.keep([(draft.user_id, "{}" * 300)], done=[draft.user_id - 1])
    await store.drafts.get(draft.chat_id, draft.user_id)
    await store.recordings.get(draft.reference_id or 0)
    track = await store.tracks.create(draft, 1, 1)
    if not isinstance(track, Track):
        raise TypeError(track)
    await store.tracks.get(track.id)
    await store.recordings.upload(draft.reference_id or 0, Purpose.SONG, "aimlapi")
    begun = {"status": TrackStatus.GENERATING}
    await store.tracks.claims.take(track.id, _WORKER, _QUEUED, **begun)
    held.ids.add(track.id)
    await held.ask()
    attempt = await store.ledger.open(track.id, _WORKER, "aimlapi", f"r-{track.id}", 2)
    if attempt is None:
        raise LookupError(track.id)
    await store.ledger.win(
        attempt,
        audio=_AUDIO,
        cover=_COVER,
        note="",
        seconds=60,
        kept_until=time.time() + 1000,
        cancelled_kept_until=time.time() + 1000,
        provider_request_id="p",
        cost_usd=0.03,
    )
    await store.tracks.sending(track.id, _WORKER)
    await store.tracks.delivered(track.id, "sent")
    await store.tracks.told(track.id, TrackStatus.DELIVERED)
    held.ids.discard(track.id)


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    """The middle one of nine askings, in seconds."""
    took = []
    for _ in range(9):
        begun = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - begun)
    return float(np.median(took))


def _finished(number: int, moment: float) -> dict[str, object]:
    return {
        "id": number,
        "chat_id": number % 5000,
        "user_id": number % 5000,
        "voice_ref": 1,
        "beat_ref": 1,
        "lyrics": "La " * 130,
        "status": TrackStatus.DELIVERED,
        "told": 1,
        "file_id": "sent",
        "seconds": 60.0,
        "created_at": moment,
        "finished_at": moment,
    }


def _won(number: object, moment: float) -> dict[str, object]:
    return {
        "track_id": number,
        "number": 1,
        "backend": "aimlapi",
        "request_id": f"r-{number}",
        "outcome": "won",
        "opened_at": moment,
        "closed_at": moment,
    }


async def seed(store: Store, number: int, ids: dict[str, str]) -> None:
    """A queued track of a person of its own."""
    known = {"voice_id": ids["voice_id"], "beat_id": ids["instrumental_id"]}
    draft = await _preview(store, number, **known)
    if not isinstance(await store.tracks.create(draft, 1, 1), Track):
        raise TypeError(number)
