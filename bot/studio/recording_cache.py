"""Prepared recordings on this machine's disk: a bounded cache, made anew when missing."""

import logging
import os
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_ALL = 2_000_000_000  # bytes; about 2,000 recordings of a minute
_ONE_PERSON = 100_000_000
_LEFT_FREE = 160_000_000  # bytes; what tracks need comes before recordings
_PREPARED = ".mp3"


class RecordingCache:
    """Keeps prepared recordings by their ids, and drops the oldest.

    Args:
        folder: Exists once the studio has started.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, recording_id: int) -> Path:
        """Where a prepared recording is, if it is there."""
        return self._folder / f"{recording_id}{_PREPARED}"

    def voice(self, recording_id: int) -> Path:
        """Where it is as a voice is sent, if it is there."""
        return self._folder / f"{recording_id}.voice{_PREPARED}"

    def has_room(self) -> bool:
        """Whether another recording may be fetched; the oldest ones make room for it.

        On a full disk everybody's tracks would fail.
        """
        kept = self._by_age()
        while kept and (sum(size for _, size in kept) > _ALL or not self._is_free()):
            kept.pop(0)[0].unlink(missing_ok=True)
        return self._is_free()

    def bound(self, theirs: Iterable[int]) -> None:
        """Keep no more of a person's recordings than a person may have.

        Args:
            theirs: Ids of their recordings, the newest first.
        """
        left = _ONE_PERSON
        for recording_id in theirs:
            for path in (self.path(recording_id), self.voice(recording_id)):
                with suppress(FileNotFoundError):
                    left -= path.stat().st_size
                    if left < 0:
                        path.unlink()

    def share(self, have: int, want: int) -> None:
        """Give one recording the prepared file of another: they are the same file."""
        with suppress(FileNotFoundError, FileExistsError):
            try:
                os.link(self.path(have), self.path(want))
            except PermissionError:  # a file system without links
                shutil.copyfile(self.path(have), self.path(want))

    def drop(self, recording_id: int, heirs: Collection[int] = ()) -> None:
        """Clear a recording away; those who have the same one keep it."""
        for heir in heirs:
            self.share(recording_id, heir)
        for path in (self.path(recording_id), self.voice(recording_id)):
            path.unlink(missing_ok=True)

    def _is_free(self) -> bool:
        try:
            return shutil.disk_usage(self._folder).free >= _LEFT_FREE
        except OSError:
            return False

    def _by_age(self) -> list[tuple[Path, int]]:
        """Every prepared recording with its size, the oldest first."""
        files = []
        for path in self._folder.glob(f"*{_PREPARED}"):
            with suppress(FileNotFoundError):
                state = path.stat()
                files.append((state.st_mtime, path, state.st_size))
        return [(path, size) for _, path, size in sorted(files)]
