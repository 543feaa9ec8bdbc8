"""What was asked of the stand-in, for whoever looks at it afterwards."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class UploadCall:
    """A call for an upload: what was sent, and what became of it.

    `at` is in seconds of the epoch; `fault` is what was done to it on purpose.
    """

    at: float = field(default_factory=time.time)
    purpose: str = ""
    filename: str = ""
    content_type: str = ""
    size: int = 0
    seconds: float = 0.0
    ids: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    ok: bool = False


@dataclass(slots=True)
class GenerateCall:
    """A call for a track: what was sent, what became of it, whether it was charged."""

    at: float = field(default_factory=time.time)
    lyrics: str = ""
    voice: str | None = None
    beat: str | None = None
    request_id: str | None = None
    fault: str | None = None
    billed: bool = False
    ok: bool = False
