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
from bot.studio.draft_view import judged
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

    async def work(self, reference_id: int) -> float | None:
        """Do what a reference needs: prepare it, say what was found, upload it.

        A person's recordings are prepared one after another; one that nobody needs any more is
        cleared away.
        """
        reference = await self._store.get(reference_id)
        if await self._cleared(reference):
            await self._next_turn(reference)
            return None
        if reference.status is not RecordingStatus.RECEIVED:
            return await self._under_claim(reference_id)
        person = reference.user_id
        served = self._fair_queue.begin(person, reference_id)
        if served is not None:  # its end wakes this one
            await self._cleared(await self._store.get(served))
            return None
        try:
            return await self._under_claim(reference_id)
        finally:
            await self._next_turn(reference)

    async def _next_turn(self, reference: Recording) -> None:
        """End the turn of a recording, if it has one or could have it; the next one is woken."""
        self._fair_queue.begin(reference.user_id, reference.id)
        following = self._fair_queue.end(reference.user_id, reference.id)
        if following is not None:
            await self._context.jobs.wake(Kind.REFERENCE, following)

    async def _under_claim(self, reference_id: int) -> float | None:
        """Work on a reference under a claim, unless it is superseded meanwhile."""
        async with self._context.claim_renewal.holding(self._store.claims, reference_id) as before:
            if before is None:
                await self._store.get(reference_id)  # LookupError where the row is gone
                return 1.0
            task = asyncio.ensure_future(self._advance(before))
            self._preparing[reference_id] = task
            try:
                again = await task
            except asyncio.CancelledError:
                if self._preparing.get(reference_id) is task:
                    raise
                return None  # it was superseded
            finally:
                self._preparing.pop(reference_id, None)
        after = await self._store.get(reference_id)
        chosen = after.purpose is not before.purpose
        if again is None and chosen and await self._lacks_upload(after):
            return 0.1  # its purpose was chosen a moment ago
        return again

    async def _cleared(self, reference: Recording) -> bool:
        """Clear a recording away if nobody needs it: its file, and the work on it."""
        if not await self._store.superseded(reference.id):
            return False
        task = self._preparing.pop(reference.id, None)
        if task is not None:
            task.cancel()
        await self._prepared_files.drop(reference)
        return True

    async def _advance(self, reference: Recording) -> float | None:
        reference_id = reference.id
        try:
            if reference.status is RecordingStatus.RECEIVED:
                await self._prepared_files.prepare(reference)
                reference = await self._store.get(reference_id)
            await self._tell(reference)
            if reference.status is RecordingStatus.REJECTED:
                await fail_waiting(self._context, reference_id, Failure.RECORDING)
            else:
                await self._bring(reference)
        except Refused as refused:
            await fail_waiting(self._context, reference_id, refused.failure)
        except MusicError as error:
            log.warning("no upload: %s", type(error).__name__, extra={"detail": str(error)})
            return await self._again(reference_id, self._context.rules.pause)
        except OutOfReach as error:
            return await self._leave(reference, error)
        except Later as later:
            return await self._put_off(reference, later.seconds)
        self._failures.pop(reference_id, None)
        self._put_off_since.pop(reference_id, None)
        for track_id in await self._context.store.tracks.waiting_for(reference_id):
            await self._context.jobs.wake(Kind.TRACK, track_id)
        return None

    async def _bring(self, reference: Recording) -> None:
        """Upload a recording to where it is needed, moving on where only an owner can help.

        Raises:
            Refused, MusicError, Later: as `Uploads.uploaded`.
        """
        down: dict[str, OperatorFault] = {}
        while True:
            places = await self._places(reference, down)
            if not places and down:
                raise Refused(failure_of(list(down.values())[-1]))
            for purpose, backend in places:
                try:
                    await self._uploads.uploaded(reference.id, purpose, backend)
                except OperatorFault as fault:
                    down[backend.name] = fault
                    await self._context.backends.pass_over(backend, fault)
                    break
            else:
                return

    async def _places(
        self, reference: Recording, down: Mapping[str, OperatorFault]
    ) -> list[tuple[Purpose, MusicBackend]]:
        """As what and where a recording is needed: by the tracks that wait, else by its draft."""
        places = {}
        for track_id in await self._context.store.tracks.waiting_for(reference.id):
            made_from = (await self._context.store.tracks.get(track_id)).recipe
            if backend := self._context.backends.choose(made_from, down):
                purpose = made_from.uploads()[reference.id]
                places[purpose, backend.name] = (purpose, backend)
        if not places and reference.purpose:
            alone = recipe(reference.id, reference.purpose, None, "")
            if backend := self._context.music.choose(lambda can: can.make(alone), down):
                return [(reference.purpose, backend)]
        return list(places.values())

    async def _tell(self, reference: Recording) -> None:
        if reference.told or reference.status is RecordingStatus.RECEIVED:
            return
        try:
            await judged(self._context, reference)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        await self._store.told(reference.id)

    async def _lacks_upload(self, reference: Recording) -> bool:
        if reference.status is not RecordingStatus.PREPARED or reference.purpose is None:
            return False
        places = await self._places(reference, {})
        return not all([await self._uploads.known(reference.id, *place) for place in places])

    async def _leave(self, reference: Recording, error: OutOfReach) -> float | None:
        """Say that only the owner can help; the next Create or Try again tries once more."""
        await self._context.owner_notices.out_of_reach(error)
        waiting = await self._context.store.tracks.waiting_for(reference.id)
        try:
            if not waiting and not reference.told:
                await self._say_unfetched(reference, owner_knows=True)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        except Later as later:
            return later.seconds
        await self._store.told(reference.id)
        await fail_waiting(self._context, reference.id, Failure.OPERATOR)
        return None

    async def _put_off(self, reference: Recording, pause: float) -> float | None:
        """Try again after a pause; whoever has heard nothing for too long is told so."""
        again = await self._again(reference.id, pause)
        now = time.monotonic()
        silent = now + (again or 0) - self._put_off_since.setdefault(reference.id, now)
        unheard = reference.status is RecordingStatus.RECEIVED and not reference.told
        tracks = self._context.store.tracks  # whose status says already that it takes its time
        if unheard and silent > _SAY_SO and not await tracks.waiting_for(reference.id):
            with suppress(Later, Unreachable):
                await self._say_unfetched(reference, owner_knows=False)
                await self._store.told(reference.id)
        return again

    async def _say_unfetched(self, reference: Recording, *, owner_knows: bool) -> None:
        """Say that a recording cannot be fetched, in the topic that its draft belongs to."""
        draft = await self._context.store.drafts.get(reference.chat_id, reference.user_id)
        topic = draft.topic_id if draft else None
        await self._context.messenger.unfetched(reference, topic, owner_knows=owner_knows)

    async def _again(self, reference_id: int, asked: float) -> float | None:
        """When to try again; None where no track waits and it was tried often enough.

        Args:
            reference_id: What failed.
            asked: Seconds that the other side asked to wait, or our own first pause.
        """
        failures = self._failures[reference_id] = self._failures[reference_id] + 1
        waiting = await self._context.store.tracks.waiting_for(reference_id)
        await self._fail_impatient(waiting)
        if not waiting and failures > _EARLY_TRIES:
            self._failures.pop(reference_id, None)
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
