"""Recordings: fetched, prepared, and uploaded while the lyrics are still being typed."""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakValueDictionary

from bot.audio import Prepared, Unusable
from bot.jobs import Kind
from bot.model import Failure, Flaw, Purpose, RecordingStatus, recipe
from bot.music import (
    BadAnswer,
    MusicBackend,
    MusicError,
    OperatorFault,
    UnknownFault,
    Uploaded,
    UserFault,
)
from bot.store import Recording, Upload
from bot.studio.context import Context
from bot.studio.draft_view import judged
from bot.studio.fair_queue import Turns
from bot.studio.ports import (
    FileGone,
    Flooded,
    Later,
    Missing,
    OutOfReach,
    TooBig,
    Unreachable,
)
from bot.studio.recording_cache import Shelf

log = logging.getLogger(__name__)

_LARGEST = 20 * 1024 * 1024  # what Telegram hands out
_LONGEST_PAUSE = 30.0
_EARLY_TRIES = 6
_ODD_TRIES = 3  # uploads in a row that were taken and brought nothing
_MISSING_TRIES = 3  # after the first
_SAY_SO = 50.0
_WRITTEN = 3600.0  # what is half written after so long was left by a killed process
_HALF = {".part", ".raw"}
_LASTING = {Flaw.EMPTY, Flaw.SILENT, Flaw.UNREADABLE, Flaw.NOT_AUDIO, Flaw.TOO_BIG}


class Refused(Exception):
    """A recording cannot be used for a track.

    Args:
        failure: What the person is told.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Recordings:
    """Brings references to where a backend can read them."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._store = context.store.recordings
        self._tries: Counter[int] = Counter()
        self._odd: Counter[int] = Counter()
        self._missing: Counter[int] = Counter()
        self._since: dict[int, float] = {}
        self._uploading: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._shelf = Shelf(context.files / "recordings")
        self._turns = Turns()
        self._preparing: dict[int, asyncio.Task[float | None]] = {}

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
            return await self._held(reference_id)
        person = reference.user_id
        served = self._turns.begin(person, reference_id)
        if served is not None:  # its end wakes this one
            await self._cleared(await self._store.get(served))
            return None
        try:
            return await self._held(reference_id)
        finally:
            await self._next_turn(reference)

    async def _next_turn(self, reference: Recording) -> None:
        """End the turn of a recording, if it has one or could have it; the next one is woken."""
        self._turns.begin(reference.user_id, reference.id)
        following = self._turns.end(reference.user_id, reference.id)
        if following is not None:
            await self._c.jobs.wake(Kind.REFERENCE, following)

    async def _held(self, reference_id: int) -> float | None:
        """Work on a reference under a claim, unless it is superseded meanwhile."""
        async with self._c.holding(self._store.claims, reference_id) as before:
            if before is None:
                await self._store.get(reference_id)  # one that is gone is nobody's
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
        """Clear a recording away if nobody needs it: its file, and the work on it.

        References to the same file keep what was prepared.
        """
        if not await self._store.superseded(reference.id):
            return False
        task = self._preparing.pop(reference.id, None)
        if task is not None:
            task.cancel()
        heirs = [
            twin.id
            for twin in await self._store.twins(reference)
            if twin.status in {RecordingStatus.RECEIVED, RecordingStatus.PREPARED}
        ]
        await asyncio.to_thread(self._shelf.drop, reference.id, heirs)
        return True

    async def _known_verdict(self, reference: Recording) -> bool:
        """Judge a recording as the same file was judged before, without hearing it again."""
        limits = self._c.limits
        twins = await self._store.twins(reference)
        for twin in twins:
            if twin.status is RecordingStatus.REJECTED and twin.reason in _LASTING:
                await self._store.rejected(reference.id, twin.reason)
                return True
            if twin.status is RecordingStatus.PREPARED and twin.level is not None:
                seconds = twin.seconds or 0.0
                if limits.shortest <= seconds <= limits.longest:
                    for each in twins:  # whichever has the file by now
                        await asyncio.to_thread(self._shelf.share, each.id, reference.id)
                    await self._store.prepared(
                        reference.id, seconds=seconds, level=twin.level, hints=twin.findings
                    )
                    return True
        return False

    async def _make_room(self, reference: Recording) -> None:
        """See to it that there is room for another recording of a person.

        Raises:
            Later: there is none on the whole disk; the owner knows.
        """
        theirs = await self._store.of_person(reference.user_id)
        await asyncio.to_thread(self._shelf.bound, theirs)
        if not await asyncio.to_thread(self._shelf.has_room):
            await self._c.disk_full()
            raise Later(self._c.rules.pause)

    async def uploaded(
        self, reference_id: int, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded:
        """How a backend knows a recording, uploading it if it does not (any more).

        A recording's own work and its track's may ask at once: one uploads, the other waits.

        Raises:
            MusicError: the backend did not take it.
            Refused: the recording cannot be used.
            Later: the messenger does not hand it out now.
        """
        async with self._uploading.setdefault(reference_id, asyncio.Lock()):
            found = await self._store.upload(reference_id, purpose, backend.name)
            if found is None:
                if not await self._store.may_upload(reference_id, purpose, backend.name):
                    log.error("a recording goes up to %s again and again", backend.name)
                    raise Refused(Failure.RECORDING_REFUSED)
                return await self._upload(await self._store.get(reference_id), purpose, backend)
        if found.refusal:
            raise Refused(Failure(found.refusal))
        return _as_uploaded(found)

    async def remembered(
        self, reference_id: int, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded | None:
        """How a backend knows a recording, if it does; nothing is uploaded."""
        found = await self._store.upload(reference_id, purpose, backend.name)
        return _as_uploaded(found) if found and not found.refusal else None

    async def known(self, reference_id: int, purpose: Purpose, backend: MusicBackend) -> bool:
        """Whether a recording waits for nothing but the order (or was refused for good)."""
        if backend.abilities.inline:
            reference = await self._store.get(reference_id)
            return reference.status is RecordingStatus.PREPARED
        return await self._store.upload(reference_id, purpose, backend.name) is not None

    async def tidy(self) -> None:
        """Drop prepared recordings that have had their time; they can be rebuilt."""
        now = time.time()
        before = now - self._c.rules.keep_recordings
        for folder, kept in (("recordings", before), ("made", 0.0)):
            await asyncio.to_thread(_drop_older, self._c.files / folder, kept, now - _WRITTEN)

    async def _advance(self, reference: Recording) -> float | None:
        reference_id = reference.id
        try:
            if reference.status is RecordingStatus.RECEIVED:
                await self._prepare(reference)
                reference = await self._store.get(reference_id)
            await self._tell(reference)
            if reference.status is RecordingStatus.REJECTED:
                await self._end_waiting(reference_id, Failure.RECORDING)
            else:
                await self._bring(reference)
        except Refused as refused:
            await self._end_waiting(reference_id, refused.failure)
        except MusicError as error:
            log.warning("no upload: %s", type(error).__name__, extra={"detail": str(error)})
            return await self._again(reference_id, self._c.rules.pause)
        except OutOfReach as error:
            return await self._leave(reference, error)
        except Later as later:
            return await self._put_off(reference, later.seconds)
        self._tries.pop(reference_id, None)
        self._since.pop(reference_id, None)
        for track_id in await self._c.store.tracks.waiting_for(reference_id):
            await self._c.jobs.wake(Kind.TRACK, track_id)
        return None

    async def _bring(self, reference: Recording) -> None:
        """Upload a recording to where it is needed, moving on where only an owner can help.

        Raises:
            Refused, MusicError, Later: as `uploaded`.
        """
        refused: dict[str, OperatorFault] = {}
        while True:
            places = await self._places(reference, refused)
            if not places and refused:
                raise Refused(self._c.failure_of(list(refused.values())[-1]))
            for purpose, backend in places:
                try:
                    await self.uploaded(reference.id, purpose, backend)
                except OperatorFault as fault:
                    refused[backend.name] = fault
                    await self._c.pass_over(backend, fault)
                    break
            else:
                return

    async def _places(
        self, reference: Recording, refused: Mapping[str, OperatorFault]
    ) -> list[tuple[Purpose, MusicBackend]]:
        """As what and where a recording is needed: by the tracks that wait, else by its draft."""
        places = {}
        for track_id in await self._c.store.tracks.waiting_for(reference.id):
            made_from = (await self._c.store.tracks.get(track_id)).recipe
            if backend := self._c.backend_for(made_from, refused):
                purpose = made_from.uploads()[reference.id]
                places[purpose, backend.name] = (purpose, backend)
        if not places and reference.purpose:
            alone = recipe(reference.id, reference.purpose, None, "")
            if backend := self._c.music.choose(lambda can: can.make(alone), refused):
                return [(reference.purpose, backend)]
        return list(places.values())

    async def _prepare(self, reference: Recording) -> None:
        """Received → prepared or rejected."""
        if await self._known_verdict(reference):
            return
        try:
            found = await self._rebuild(reference)
        except Unusable as unusable:
            await self._store.rejected(reference.id, unusable.flaw)
            return
        await self._store.prepared(
            reference.id, seconds=found.seconds, level=found.level_dbfs, hints=found.hints
        )

    async def _rebuild(self, reference: Recording) -> Prepared:
        """Fetch the recording and write its prepared file.

        Raises:
            Unusable: it cannot be used, or is gone.
            OutOfReach: only the owner can bring it here.
            Later: the messenger does not hand it out now.
        """
        if (pause := reference.wake_at - time.time()) > 0:
            raise Later(pause)  # the messenger has asked for it, whoever is looking now
        await self._make_room(reference)
        raw = self._c.files / "recordings" / f"{reference.id}-{uuid.uuid4().hex[:8]}.raw"
        try:
            await self._c.courier.fetch(reference.file_id, raw, _LARGEST)
            return await self._c.workshop.prepare(raw, self._path(reference.id), self._c.limits)
        except TooBig as error:
            raise Unusable(Flaw.TOO_BIG) from error
        except OutOfReach:
            raise
        except FileGone as error:
            raise Unusable(Flaw.GONE) from error
        except Flooded as flooded:
            await self._store.not_before(reference.id, flooded.at)
            raise
        except Missing as missing:
            self._missing[reference.id] += 1
            if self._missing[reference.id] <= _MISSING_TRIES:
                raise
            del self._missing[reference.id]
            raise Unusable(Flaw.GONE) from missing
        except OSError as error:
            if error.errno is None:  # no word of the disk's: a timeout, a child that is gone
                raise
            raise OutOfReach("disk", f"no room or right to write: {error.strerror}") from error
        finally:
            raw.unlink(missing_ok=True)

    async def _upload(
        self, reference: Recording, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded:
        try:
            path = await self._file(reference, purpose)
            async with asyncio.timeout(self._c.rules.upload_timeout):
                uploaded = await backend.upload(path, purpose)
        except Unusable as error:
            raise Refused(Failure.RECORDING) from error
        except OutOfReach as error:
            await self._c.files_away(error)
            raise Refused(Failure.OPERATOR) from error
        except TimeoutError as error:
            raise Later(self._c.rules.pause) from error
        except UserFault as fault:
            refusal = Failure(fault.reason)
            await self._store.keep_upload(reference.id, purpose, backend.name, refusal=refusal)
            raise Refused(refusal) from fault
        except (BadAnswer, UnknownFault) as odd:
            await self._store.count_upload(reference.id, purpose, backend.name)
            self._odd[reference.id] += 1
            if self._odd[reference.id] < _ODD_TRIES:
                raise
            del self._odd[reference.id]
            raise Refused(Failure.UPSTREAM) from odd
        self._odd.pop(reference.id, None)
        if not backend.abilities.inline:
            await self._store.keep_upload(
                reference.id,
                purpose,
                backend.name,
                voice_id=uploaded.voice_id,
                beat_id=uploaded.beat_id,
                url=uploaded.url,
                expires_at=uploaded.expires_at.timestamp() if uploaded.expires_at else None,
            )
        return uploaded

    async def _file(self, reference: Recording, purpose: Purpose) -> Path:
        """The prepared file that is sent for a purpose, made anew where it is missing.

        Raises:
            Unusable, Later: as `_rebuild`.
        """
        path = self._path(reference.id)
        if not path.exists():
            await self._rebuild(reference)
        if purpose is not Purpose.VOICE:
            return path
        voice = self._shelf.voice(reference.id)
        if not voice.exists():
            await self._c.workshop.single(path, voice)
        return voice

    async def _tell(self, reference: Recording) -> None:
        if reference.told or reference.status is RecordingStatus.RECEIVED:
            return
        try:
            await judged(self._c, reference)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        await self._store.told(reference.id)

    async def _lacks_upload(self, reference: Recording) -> bool:
        if reference.status is not RecordingStatus.PREPARED or reference.purpose is None:
            return False
        places = await self._places(reference, {})
        return not all([await self.known(reference.id, *place) for place in places])

    async def _leave(self, reference: Recording, error: OutOfReach) -> float | None:
        """Say that only the owner can help; the next Create or Try again looks once more."""
        await self._c.files_away(error)
        waiting = await self._c.store.tracks.waiting_for(reference.id)
        try:
            if not waiting and not reference.told:
                topic = await self._topic(reference)
                await self._c.courier.unfetched(reference, topic, owner_knows=True)
        except Unreachable:
            log.info("the person cannot be told about the recording")
        except Later as later:
            return later.seconds
        await self._store.told(reference.id)
        await self._end_waiting(reference.id, Failure.OPERATOR)
        return None

    async def _put_off(self, reference: Recording, pause: float) -> float | None:
        """Try on after a pause; who hears nothing for too long is told that it is tried."""
        again = await self._again(reference.id, pause)
        now = time.monotonic()
        silent = now + (again or 0) - self._since.setdefault(reference.id, now)
        unheard = reference.status is RecordingStatus.RECEIVED and not reference.told
        if unheard and silent > _SAY_SO and not await self._is_awaited(reference):
            with suppress(Later, Unreachable):
                topic = await self._topic(reference)
                await self._c.courier.unfetched(reference, topic, owner_knows=False)
                await self._store.told(reference.id)
        return again

    async def _topic(self, reference: Recording) -> int | None:
        """The topic of a private chat that the recording's draft belongs to."""
        draft = await self._c.store.drafts.get(reference.chat_id, reference.user_id)
        return draft.topic_id if draft else None

    async def _is_awaited(self, reference: Recording) -> bool:
        """Whether the status of a track says already that something takes its time."""
        return bool(await self._c.store.tracks.waiting_for(reference.id))

    async def _again(self, reference_id: int, pause: float) -> float | None:
        """When to try again: not for ever while nobody waits, nor for who has waited enough."""
        self._tries[reference_id] += 1
        patience = time.time() - self._c.rules.generate_timeout
        waiting = await self._c.store.tracks.waiting_for(reference_id)
        for track_id in waiting:
            track = await self._c.store.tracks.get(track_id)
            if track.created_at < patience:
                await self._c.fail(track_id, Failure.UPSTREAM)
        if not waiting and self._tries[reference_id] > _EARLY_TRIES:
            del self._tries[reference_id]
            return None
        longest = max(_LONGEST_PAUSE, pause)
        return min(longest, pause * 2.0 ** min(self._tries[reference_id], 10))

    async def _end_waiting(self, reference_id: int, failure: Failure) -> None:
        for track_id in await self._c.store.tracks.waiting_for(reference_id):
            await self._c.fail(track_id, failure)

    def _path(self, reference_id: int) -> Path:
        return self._shelf.path(reference_id)


def _as_uploaded(row: Upload) -> Uploaded:
    expires = datetime.fromtimestamp(row.expires_at, UTC) if row.expires_at else None
    return Uploaded(row.voice_id, row.beat_id, row.url, expires)


def _drop_older(folder: Path, before: float, half_before: float) -> None:
    """Drop what was written before a moment; what may still be in the writing has its own."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (half_before if path.suffix in _HALF else before):
                path.unlink()
