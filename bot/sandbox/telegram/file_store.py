"""Files of the simulated Telegram: what was sent, by id and by path."""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.faults import UNAVAILABLE

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Bytes `getFile` gives out on the cloud Bot API (docs/facts/telegram.md, Limits)."""

_FOLDERS = {
    "voice": ("AwAC", "voice", "oga"),
    "audio": ("CQAC", "music", "mp3"),
    "document": ("BQAC", "documents", "bin"),
    "photo": ("AgAC", "photos", "jpg"),
    "video": ("BAAC", "videos", "mp4"),
    "video_note": ("DQAC", "video_notes", "mp4"),
    "sticker": ("CAAC", "stickers", "webp"),
    "thumbnail": ("AAMC", "thumbnails", "jpg"),
}


@dataclass(slots=True)
class StoredFile:
    """One file.

    Args:
        kind: What it was sent as: `voice`, `audio`, `document` …
        content: None once forgotten, or if it never had bytes.
        size: Bytes as Telegram states them; may be a claim.
        details: The object a message carries for it (`Voice`, `Audio` …).
    """

    file_id: str
    unique_id: str
    path: str
    kind: str
    content: bytes | None
    size: int
    details: dict[str, object]


class FileStore:
    """Keeps files; the oldest bytes go first when there is a bound.

    Args:
        keep_bytes: How much content to hold; None holds everything.

    Attributes:
        folder: Where files are on disk, as with an own Bot API server in local mode.
        shared: Whether what is in `folder` is really there, or only said to be.
        lead: The path that `getFile` gives for every file, whatever was asked for.
    """

    def __init__(self, keep_bytes: int | None) -> None:
        self.folder: Path | None = None
        self.shared = True
        self.lead: str | None = None
        self._keep = keep_bytes
        self._held = 0
        self._numbers = count(1)
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._with_content: OrderedDict[str, StoredFile] = OrderedDict()

    def add(
        self, kind: str, content: bytes | None, *, size: int | None = None, name: str = ""
    ) -> StoredFile:
        """Keep a file; `size` is what Telegram will claim, the true one unless said."""
        number = next(self._numbers)
        prefix, folder, suffix = _FOLDERS[kind]
        if "." in name:
            suffix = "".join(filter(str.isalnum, name.rpartition(".")[2])) or suffix
        length = len(content) if content is not None else 0
        stored = StoredFile(
            file_id=f"{prefix}AgADGQEAA{number:010x}Refrain",
            unique_id=f"AgAD{number:08x}",
            path=f"{folder}/file_{number}.{suffix}",
            kind=kind,
            content=content,
            size=length if size is None else size,
            details={},
        )
        stored.details = {"file_id": stored.file_id, "file_unique_id": stored.unique_id}
        self._by_id[stored.file_id] = self._by_path[stored.path] = stored
        if content is not None:
            self._with_content[stored.file_id] = stored
            self._held += length
            self._forget()
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        """Look up by id."""
        return self._by_id.get(file_id)

    def content_of(self, file_id: str | None) -> bytes | None:
        """Give the bytes of a file, if they are there."""
        stored = self._by_id.get(file_id or "")
        return stored.content if stored else None

    def at(self, path: str) -> StoredFile | None:
        """Look up by the path `getFile` named; in local mode nothing is given out over HTTP."""
        return None if self.folder else self._by_path.get(path)

    def describe(self, file_id: str) -> dict[str, object]:
        """Make the answer of `getFile`.

        Raises:
            ApiError: Unknown, or larger than the cloud Bot API gives out.
        """
        stored = self._by_id.get(file_id)
        if stored is None:
            raise bad_request(UNAVAILABLE)
        if stored.size > DOWNLOAD_LIMIT and self.folder is None:
            raise bad_request("file is too big")
        return {
            "file_id": stored.file_id,
            "file_unique_id": stored.unique_id,
            "file_size": stored.size,
            "file_path": self.lead or self._path(stored),
        }

    def _path(self, stored: StoredFile) -> str:
        """Say where a file is; in local mode it is put there."""
        if self.folder is None:
            return stored.path
        path = self.folder / stored.path
        if self.shared and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stored.content or b"")
        return str(path)

    def _forget(self) -> None:
        while self._keep is not None and self._held > self._keep and len(self._with_content) > 1:
            _, oldest = self._with_content.popitem(last=False)
            self._held -= len(oldest.content or b"")
            oldest.content = None
