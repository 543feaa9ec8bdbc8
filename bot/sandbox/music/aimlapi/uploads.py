"""The recordings a stand-in was given, under the ids it gave for them."""

import hashlib
import secrets
import string
from datetime import UTC, datetime

from bot.sandbox.music.aimlapi.faults import CODES
from bot.sandbox.music.rules import RefusedError

_KINDS = {
    "song": ("vocal", "instrumental"),
    "voice": ("vocal",),
    "instrumental": ("instrumental",),
}
_FIELDS = {"vocal": "voice_id", "instrumental": "instrumental_id"}
_INVALID, _STALE = 2013, 2042


class Uploads:
    """Keeps every recording once, however often it is uploaded."""

    def __init__(self) -> None:
        self._recordings: dict[bytes, bytes] = {}
        self._ids: dict[str, bytes] = {}

    def keep(self, data: bytes, purpose: str) -> dict[str, str]:
        """Keep a recording, and return `voice_id` and `instrumental_id` as its purpose asks."""
        digest = hashlib.sha256(data).digest()
        self._recordings[digest] = data
        ids = {_FIELDS[kind]: _new_id(kind) for kind in _KINDS[purpose]}
        self._ids.update(dict.fromkeys(ids.values(), digest))
        return ids

    def find(self, name: str | None, kind: str) -> bytes | None:
        """Return the recording behind an id; None for None.

        Args:
            name: The id.
            kind: What it must stand for: `vocal` or `instrumental`.

        Raises:
            RefusedError: Nobody was given that id, or it stands for the other kind.
        """
        if name is None:
            return None
        if name not in self._ids:
            raise RefusedError(CODES[_STALE], _STALE)
        if not name.startswith(f"{kind}-"):
            raise RefusedError(f"invalid params, {name} is no {kind} id", _INVALID)
        return self._recordings[self._ids[name]]


def _new_id(kind: str) -> str:
    """Name a reference as the provider does: kind, the time in 16 digits, 8 characters."""
    moment = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:16]
    letters = string.ascii_letters + string.digits
    return f"{kind}-{moment}-{''.join(secrets.choice(letters) for _ in range(8))}"
