"""Prepared files: a recording fetched from the messenger and made into what services take."""

import asyncio
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path

from bot.audio import Prepared, Unusable
from bot.model import Flaw, Purpose, RecordingStatus
from bot.store import Recording
from bot.studio.context import Context
from bot.studio.ports import FileGone, Flooded, Later, Missing, OutOfReach, TooBig
from bot.studio.recording_cache import RecordingCache

_LARGEST = 20 * 1024 * 1024  # what Telegram hands out
_MISSING_TRIES = 3  # after the first
_ABANDONED = 3600.0  # what is half written after so many seconds was left by a killed process
_HALF_WRITTEN = {".part", ".raw"}
_LASTING = {Flaw.EMPTY, Flaw.SILENT, Flaw.UNREADABLE, Flaw.NOT_AUDIO, Flaw.TOO_BIG}


class PreparedFiles:
    """Makes prepared files, finds them again, and clears them away."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store.recordings
        self._cache = RecordingCache(context.files / "recordings")
        self._missing: Counter[int] = Counter()

    async def prepare(self, recording: Recording) -> None:
        """Received → prepared or rejected.

        Raises:
            OutOfReach, Later: as `_make`.
        """
        if await self._known_verdict(recording):
            return
        try:
            prepared = await self._make(recording)
        except Unusable as unusable:
            await self._store.rejected(recording.id, unusable.flaw)
            return
        await self._store.prepared(
            recording.id, seconds=prepared.seconds, level=prepared.level_dbfs, hints=prepared.hints
        )

    async def path(self, recording: Recording, purpose: Purpose) -> Path:
        """The prepared file that is sent for a purpose, made anew where it is missing.

        Raises:
            Unusable, OutOfReach, Later: as `_make`.
        """
        path = self._cache.path(recording.id)
        if not path.exists():
            await self._make(recording)
        if purpose is not Purpose.VOICE:
            return path
        voice = self._cache.voice(recording.id)
        if not voice.exists():
            await self._context.audio_processor.to_mono(path, voice)
        return voice

    async def drop(self, recording: Recording) -> None:
        """Clear a recording away; others of the same file keep what was prepared."""
        heirs = [
            twin.id
            for twin in await self._store.twins(recording)
            if twin.status in {RecordingStatus.RECEIVED, RecordingStatus.PREPARED}
        ]
        await asyncio.to_thread(self._cache.drop, recording.id, heirs)

    async def tidy(self) -> None:
        """Drop prepared recordings that have had their time; they can be rebuilt."""
        now = time.time()
        before = now - self._context.rules.keep_recordings
        for name, kept_since in (("recordings", before), ("made", 0.0)):
            folder = self._context.files / name
            await asyncio.to_thread(_drop_older, folder, kept_since, now - _ABANDONED)

    async def _known_verdict(self, recording: Recording) -> bool:
        """Judge a recording as the same file was judged before, without decoding it again."""
        limits = self._context.backends.limits
        twins = await self._store.twins(recording)
        for twin in twins:
            if twin.status is RecordingStatus.REJECTED and twin.reason in _LASTING:
                await self._store.rejected(recording.id, twin.reason)
                return True
            if twin.status is not RecordingStatus.PREPARED or twin.level is None:
                continue
            seconds = twin.seconds or 0.0
            if limits.shortest <= seconds <= limits.longest:
                for owner in twins:  # whichever has the file by now
                    await asyncio.to_thread(self._cache.share, owner.id, recording.id)
                await self._store.prepared(
                    recording.id, seconds=seconds, level=twin.level, hints=twin.findings
                )
                return True
        return False

    async def _make(self, recording: Recording) -> Prepared:
        """Fetch the recording and write its prepared file.

        Raises:
            Unusable: it cannot be used, or is gone.
            OutOfReach: only the owner can bring it here.
            Later: the messenger does not hand it out now.
        """
        if (pause := recording.wake_at - time.time()) > 0:
            raise Later(pause)  # the messenger has asked for it, whoever is looking now
        await self._make_room(recording)
        raw = self._context.files / "recordings" / f"{recording.id}-{uuid.uuid4().hex[:8]}.raw"
        try:
            await self._context.messenger.fetch(recording.file_id, raw, _LARGEST)
            return await self._context.audio_processor.prepare(
                raw, self._cache.path(recording.id), self._context.backends.limits
            )
        except TooBig as error:
            raise Unusable(Flaw.TOO_BIG) from error
        except OutOfReach:
            raise
        except FileGone as error:
            raise Unusable(Flaw.GONE) from error
        except Flooded as flooded:
            await self._store.not_before(recording.id, flooded.at)
            raise
        except Missing as missing:
            self._missing[recording.id] += 1
            if self._missing[recording.id] <= _MISSING_TRIES:
                raise
            del self._missing[recording.id]
            raise Unusable(Flaw.GONE) from missing
        except OSError as error:
            if error.errno is None:  # not the disk: a timeout, or a child process that is gone
                raise
            raise OutOfReach("disk", f"no room or right to write: {error.strerror}") from error
        finally:
            raw.unlink(missing_ok=True)

    async def _make_room(self, recording: Recording) -> None:
        """See to it that there is room for another recording of a person.

        Raises:
            Later: there is none on the whole disk; the owner knows.
        """
        theirs = await self._store.of_person(recording.user_id)
        await asyncio.to_thread(self._cache.bound, theirs)
        if not await asyncio.to_thread(self._cache.has_room):
            await self._context.owner_notices.disk_full()
            raise Later(self._context.rules.pause)


def _drop_older(folder: Path, before: float, half_written_before: float) -> None:
    """Drop what was written before a moment; for what may be half written it is another one."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            half_written = path.suffix in _HALF_WRITTEN
            if path.stat().st_mtime < (half_written_before if half_written else before):
                path.unlink()
