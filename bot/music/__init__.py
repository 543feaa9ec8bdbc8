"""Music services behind one port."""

from dataclasses import replace
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.music._http import BODY, HOLD
from bot.music._polling import PAUSES
from bot.music.acestep.client import AceStep
from bot.music.aimlapi.client import AimlApi
from bot.music.aimlapi.cover import AimlApiCover
from bot.music.aimlapi.faults import INVISIBLE
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    Unready,
    UserFault,
    UserReason,
)
from bot.music.failover import Failover
from bot.music.ports import (
    Abilities,
    CheckResult,
    Likeness,
    MusicBackend,
    Order,
    Ticket,
    TrackFile,
    Uploaded,
)
from bot.music.replicate.client import Replicate

__all__ = [
    "BACKENDS",
    "BODY",
    "HOLD",
    "INVISIBLE",
    "Abilities",
    "AceStep",
    "AimlApi",
    "AimlApiCover",
    "BadAnswer",
    "CheckResult",
    "Failover",
    "Likeness",
    "MusicBackend",
    "MusicError",
    "OperatorFault",
    "OperatorReason",
    "Order",
    "PassingFault",
    "Replicate",
    "StaleUpload",
    "Ticket",
    "TrackFile",
    "Unanswered",
    "UnknownBackendError",
    "UnknownFault",
    "Unready",
    "Uploaded",
    "UserFault",
    "UserReason",
    "backend",
]

BACKENDS = ("aimlapi", "replicate", "aimlapi-cover", "acestep")
"""What `MUSIC_BACKEND` may say."""


class UnknownBackendError(ValueError):
    """A name that no backend answers to."""


def backend(
    name: str,
    session: aiohttp.ClientSession,
    *,
    key: SecretStr,
    url: str,
    upload_timeout: float,
    generate_timeout: float,
    style: str | None = None,
    data_uri: bool = True,
    time_scale: float = 1.0,
) -> MusicBackend:
    """Make the backend that `MUSIC_BACKEND` names.

    Args:
        name: One of `BACKENDS`.
        session: Used and never closed.
        key: Of the account there; may be empty for a server of one's own.
        url: Of the service.
        upload_timeout: Seconds.
        generate_timeout: Seconds.
        style: What a model that follows a style is told; its own default if None.
        data_uri: See `AimlApiCover`.
        time_scale: A factor on the pauses between two looks at a track; tests hurry.

    Raises:
        UnknownBackendError: No backend has that name.
        ValueError: The address is unusable.
    """
    common: dict[str, Any] = {
        "key": key,
        "url": url,
        "upload_timeout": upload_timeout,
        "generate_timeout": generate_timeout,
    }
    first, longest = PAUSES.first * time_scale, PAUSES.longest * time_scale
    ticketed = common | {"pauses": replace(PAUSES, first=first, longest=longest)}
    styled = ticketed | ({"style": style} if style else {})
    match name:
        case "aimlapi":
            return AimlApi(session, **common)
        case "replicate":
            return Replicate(session, **ticketed)
        case "aimlapi-cover":
            return AimlApiCover(session, data_uri=data_uri, **styled)
        case "acestep":
            return AceStep(session, **styled)
        case _:
            raise UnknownBackendError(f"MUSIC_BACKEND: one of {', '.join(BACKENDS)}")
