"""Recordings: prepared, judged, and uploaded while the lyrics are still being typed."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.backoff import Backoff
from bot.jobs import Kind
from bot.model import Failure, Purpose, RecordingStatus, recipe
from bot.music import MusicBackend, MusicError, OperatorFault
from bot.store import Recording
from bot.studio.backend_choice import failure_of
from bot.studio.context import Context
from bot.studio.draft_panel import judged
from bot.studio.fair_queue import FairQueue
from bot.studio.ports import Later, OutOfReach, Unreachable
from bot.studio.prepared_files import PreparedFiles
from bot.studio.track_failure import Refused, fail_track, fail_waiting
from bot.studio.uploads import Uploads

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_EARLY_TRIES = 6
_SAY_SO = 50.0


class Recordings:
    """Takes recordings from received to where a backend can read them."""

    def __init__(self, context: Context, prepared_files: PreparedFiles, uploads: Uploads) -> None:
        self._context = context
        self._store = context.store.recordings
        self._prepared_files = prepared_files
        self._uploads = uploads
        self._fair_queue = FairQueue()
        self._preparing: dict[int, asyncio.Task[float | None]] = {}
        self._failures: Counter[int] = Counter()
        self._put_off_since: dict[int, float] = {}

    async def work(self, recording_id: int) -> float | None:
        """Do what a recording needs: prepare it, say what was found, upload it.

        A person's recordings are prepared one after another; one that nobody needs any more is
        cleared away.
        """
        recording = await self._store.get(recording_id)
        if await self._cleared(recording):
            await self._next_turn(recording)
            return None
        if recording.status is not RecordingStatus.RECEIVED:
            return await self._under_claim(recording_id)
        person = recording.user_id
        served = self._fair_queue.begin(person, recording_id)
        if served is not None:  # its end wakes this one
            await self._cleared(await self._store.get(served))
            return None
        try:
            return await self._under_claim(recording_id)
        finally:
            await self._next_turn(recording)

    async def _next_turn(self, recording: Recording) -> None:
        """End the turn of a recording, if it has one or could have it; the next one is woken."""
        self._fair_queue.begin(recording.user_id, recording.id)
        following = self._fair_queue.end(recording.user_id, recording.id)
        if following is not None:
            await self._context.jobs.wake(Kind.RECORDING, following)

    async def _under_claim(self, recording_id: int) -> float | None:
        """Work on a recording under a claim, unless it is superseded meanwhile."""
        async with self._context.claim_renewal.holding(self._store.claims, recording_id) as before:
            if before is None:
                await self._store.get(recording_id)  # LookupError where the row is gone
                return 1.0
            task = asyncio.ensure_future(self._advance(before))
            self._preparing[recording_id] = task
            try:
                again = await task
            except asyncio.CancelledError:
                if self._preparing.get(recording_id) is task:
                    raise
                return None  # it was superseded
            finally:
                self._preparing.pop(recording_id, None)
        after = await self._store.get(recording_id)
        chosen = after.purpose is not before.purpose
        if again is None and chosen and await self._lacks_upload(after):
            return 0.1  # its purpose was chosen a moment ago
        return again

    async def _cleared(self, recording: Recording) -> bool:
        """Clear a recording away if nobody needs it: its file, and the work on it."""
        if not await self._store.superseded(recording.id):
            return False
        task = self._preparing.pop(recording.id, None)
        if task is not None:
            task.cancel()
        await self._prepared_files.drop(recording)
        return True

    async def _advance(self, recording: Recording) -> float | None:
        recording_id = recording.id
        try:
            if recording.status is RecordingStatus.RECEIVED:
                await self._prepared_files.prepare(recording)
                recording = await self._store.get(recording_id)
            await self._tell(recording)
            if recording.status is RecordingStatus.REJECTED:
                await fail_waiting(self._context, recording_id, Failure.RECORDING)
            else:
                await self._bring(recording)
        except Refused as refused:
            await fail_waiting(self._context, recording_id, refused.failure)
        except MusicError as error:
            log.warning("no upload: %s", type(error).__name__, extra={"detail": str(error)})
            return await self._again(recording_id, self._context.rules.pause)
        except OutOfReach as error:
            return await self._leave(recording, error)
        except Later as later:
            return await self._put_off(recording, later.seconds)
        self._failures.pop(recording_id, None)
        self._put_off_since.pop(recording_id, None)
        for track_id in await self._context.store.tracks.waiting_for(recording_id):
            await self._context.jobs.wake(Kind.TRACK, track_id)
        return None

    async def _bring(self, recording: Recording) -> None:
        """Upload a recording to where it is needed, moving on where only an owner can help.

        Raises:
            Refused, MusicError, Later: as `Uploads.uploaded`.
        """
        down: dict[str, OperatorFault] = {}
        while True:
            places = await self._places(recording, down)
            if not places and down:
                raise Refused(failure_of(list(down.values())[-1]))
            for purpose, backend in places:
                try:
                    await self._uploads.uploaded(recording.id, purpose, backend)
                except OperatorFault as fault:
                    down[backend.name] = fault
                    await self._context.backends.pass_over(backend, fault)
                    break
            else:
                return

    async def _places(
        self, recording: Recording, down: Mapping[str, OperatorFault]
    ) -> list[tuple[Purpose, MusicBackend]]:
        """As what and where a recording is needed: by the tracks that wait, else by its draft."""
        places = {}
        for track_id in await self._context.store.tracks.waiting_for(recording.id):
            made_from = (await self._context.store.tracks.get(track_id)).recipe
            if backend := self._context.backends.choose(made_from, down):
                purpose = made_from.uploads()[recording.id]
                places[purpose, backend.name] = (purpose, backend)
        if not places and recording.purpose:
            alone = recipe(recording.id, recording.purpose, None, "")
            if backend := self._context.music.choose(lambda can: can.make(alone), down):
                return [(recording.purpose, backend)]
        return list(places.values())

    async def _tell(self, recording: Recording) -> None:
        if recording.told or recording.status is RecordingStatus.RECEIVED:
            return
        try:
            await judged(self._context, recording)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        await self._store.told(recording.id)

    async def _lacks_upload(self, recording: Recording) -> bool:
        if recording.status is not RecordingStatus.PREPARED or recording.purpose is None:
            return False
        places = await self._places(recording, {})
        return not all([await self._uploads.known(recording.id, *place) for place in places])

    async def _leave(self, recording: Recording, error: OutOfReach) -> float | None:
        """Say that only the owner can help; the next Create or Try again tries once more."""
        await self._context.owner_notices.out_of_reach(error)
        waiting = await self._context.store.tracks.waiting_for(recording.id)
        try:
            if not waiting and not recording.told:
                await self._say_unfetched(recording, owner_knows=True)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        except Later as later:
            return later.seconds
        await self._store.told(recording.id)
        await fail_waiting(self._context, recording.id, Failure.OPERATOR)
        return None

    async def _put_off(self, recording: Recording, pause: float) -> float | None:
        """Try again after a pause; whoever has heard nothing for too long is told so."""
        again = await self._again(recording.id, pause)
        now = time.monotonic()
        silent = now + (again or 0) - self._put_off_since.setdefault(recording.id, now)
        unheard = recording.status is RecordingStatus.RECEIVED and not recording.told
        tracks = self._context.store.tracks  # whose status says already that it takes its time
        if unheard and silent > _SAY_SO and not await tracks.waiting_for(recording.id):
            with suppress(Later, Unreachable):
                await self._say_unfetched(recording, owner_knows=False)
                await self._store.told(recording.id)
        return again

    async def _say_unfetched(self, recording: Recording, *, owner_knows: bool) -> None:
        """Say that a recording cannot be fetched, in the topic that its draft belongs to."""
        draft = await self._context.store.drafts.get(recording.chat_id, recording.user_id)
        topic = draft.topic_id if draft else None
        await self._context.messenger.unfetched(recording, topic, owner_knows=owner_knows)

    async def _again(self, recording_id: int, asked: float) -> float | None:
        """When to try again; None where no track waits and it was tried often enough.

        Args:
            recording_id: What failed.
            asked: Seconds that the other side asked to wait, or our own first pause.
        """
        failures = self._failures[recording_id] = self._failures[recording_id] + 1
        waiting = await self._context.store.tracks.waiting_for(recording_id)
        await self._fail_impatient(waiting)
        if not waiting and failures > _EARLY_TRIES:
            self._failures.pop(recording_id, None)
            return None
        backoff = Backoff(first=2 * asked, longest=max(_LONGEST_PAUSE, asked))
        return max(asked, backoff.pause(failures))

    async def _fail_impatient(self, track_ids: Iterable[int]) -> None:
        """End the tracks that have waited for their recording for long enough."""
        longest_ago = time.time() - self._context.rules.generate_timeout
        for track_id in track_ids:
            track = await self._context.store.tracks.get(track_id)
            if track.created_at < longest_ago:
                await fail_track(self._context, track_id, Failure.UPSTREAM)
