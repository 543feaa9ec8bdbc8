"""Music services behind one protocol."""

import aiohttp
from pydantic import SecretStr

from bot.music.aimlapi import AimlApi
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.protocol import Abilities, Finding, MusicBackend, Order, Sound, Ticket, Uploaded

__all__ = [
    "BACKENDS",
    "Abilities",
    "AimlApi",
    "BadAnswer",
    "Finding",
    "MusicBackend",
    "MusicError",
    "OperatorFault",
    "OperatorReason",
    "Order",
    "PassingFault",
    "Sound",
    "StaleUpload",
    "Ticket",
    "Unanswered",
    "UnknownBackendError",
    "UnknownFault",
    "Uploaded",
    "UserFault",
    "UserReason",
    "backend",
]

BACKENDS = ("aimlapi",)
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
    lyrics_max: int = 600,
) -> MusicBackend:
    """Make the backend that `MUSIC_BACKEND` names.

    Args:
        name: One of `BACKENDS`.
        session: Used and never closed.
        key: Of the account there.
        url: Of the service.
        upload_timeout: Seconds.
        generate_timeout: Seconds.
        lyrics_max: Longest lyrics in characters.

    Raises:
        UnknownBackendError: No backend has that name.
        ValueError: The address is unusable.
    """
    if name not in BACKENDS:
        raise UnknownBackendError(f"MUSIC_BACKEND is one of {', '.join(BACKENDS)}")
    return AimlApi(
        session,
        key=key,
        url=url,
        upload_timeout=upload_timeout,
        generate_timeout=generate_timeout,
        lyrics_max=lyrics_max,
    )
