"""Uploads: recordings as music services know them, each brought there once."""

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from bot.audio import Unusable
from bot.model import Failure, Purpose, RecordingStatus
from bot.music import BadAnswer, MusicBackend, UnknownFault, Uploaded, UserFault
from bot.store import Recording, Upload
from bot.studio.context import Context
from bot.studio.ports import Later, OutOfReach
from bot.studio.prepared_files import PreparedFiles
from bot.studio.track_failure import Refused

log = logging.getLogger(__name__)

_ODD_TRIES = 3  # uploads in a row that were taken and brought nothing


class Uploads:
    """Brings recordings to where a backend can read them."""

    def __init__(self, context: Context, prepared_files: PreparedFiles) -> None:
        self._context = context
        self._store = context.store.recordings
        self._prepared_files = prepared_files
        self._odd: Counter[int] = Counter()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def uploaded(
        self, recording_id: int, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded:
        """How a backend knows a recording, uploading it if it does not (any more).

        A recording's own work and its track's may ask at once: one uploads, the other waits.

        Raises:
            MusicError: the backend did not take it.
            Refused: the recording cannot be used.
            Later: the messenger does not hand it out now.
        """
        async with self._locks.setdefault(recording_id, asyncio.Lock()):
            upload = await self._store.upload(recording_id, purpose, backend.name)
            if upload is None:
                if not await self._store.may_upload(recording_id, purpose, backend.name):
                    log.error("a recording goes up to %s again and again", backend.name)
                    raise Refused(Failure.RECORDING_REFUSED)
                return await self._upload(await self._store.get(recording_id), purpose, backend)
        if upload.refusal:
            raise Refused(Failure(upload.refusal))
        return _as_uploaded(upload)

    async def remembered(
        self, recording_id: int, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded | None:
        """How a backend knows a recording, if it does; nothing is uploaded."""
        upload = await self._store.upload(recording_id, purpose, backend.name)
        return _as_uploaded(upload) if upload and not upload.refusal else None

    async def known(self, recording_id: int, purpose: Purpose, backend: MusicBackend) -> bool:
        """Whether a recording waits for nothing but the order (or was refused for good)."""
        if backend.abilities.inline:
            recording = await self._store.get(recording_id)
            return recording.status is RecordingStatus.PREPARED
        return await self._store.upload(recording_id, purpose, backend.name) is not None

    async def _upload(
        self, recording: Recording, purpose: Purpose, backend: MusicBackend
    ) -> Uploaded:
        try:
            path = await self._prepared_files.path(recording, purpose)
            async with asyncio.timeout(self._context.rules.upload_timeout):
                uploaded = await backend.upload(path, purpose)
        except Unusable as error:
            raise Refused(Failure.RECORDING) from error
        except OutOfReach as error:
            await self._context.owner_notices.out_of_reach(error)
            raise Refused(Failure.OPERATOR) from error
        except TimeoutError as error:
            raise Later(self._context.rules.pause) from error
        except UserFault as fault:
            refusal = Failure(fault.reason)
            await self._store.keep_upload(recording.id, purpose, backend.name, refusal=refusal)
            raise Refused(refusal) from fault
        except (BadAnswer, UnknownFault) as odd:
            await self._store.count_upload(recording.id, purpose, backend.name)
            self._odd[recording.id] += 1
            if self._odd[recording.id] < _ODD_TRIES:
                raise
            del self._odd[recording.id]
            raise Refused(Failure.UPSTREAM) from odd
        self._odd.pop(recording.id, None)
        if not backend.abilities.inline:
            await self._store.keep_upload(
                recording.id,
                purpose,
                backend.name,
                voice_id=uploaded.voice_id,
                beat_id=uploaded.beat_id,
                url=uploaded.url,
                expires_at=uploaded.expires_at.timestamp() if uploaded.expires_at else None,
            )
        return uploaded


def _as_uploaded(upload: Upload) -> Uploaded:
    expires = datetime.fromtimestamp(upload.expires_at, UTC) if upload.expires_at else None
    return Uploaded(upload.voice_id, upload.beat_id, upload.url, expires)
