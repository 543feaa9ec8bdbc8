"""What the studio asks of the messenger; `bot.telegram.courier` answers."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.audio import Limits
from bot.store import Reference, Track


class Later(Exception):
    """The messenger cannot do it now, and has certainly not done it.

    Args:
        seconds: When to ask again.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:.0f} s")
        self.seconds = seconds
        self.at = time.time() + seconds


class AnswerLost(Exception):
    """It was asked and no answer came: it may have been done."""


class Unreachable(Exception):
    """The person cannot be reached: they blocked the bot, or the chat is gone."""


class TooBig(Exception):
    """The recording is larger than the messenger hands out."""


class FileGone(Exception):
    """The messenger no longer has the recording."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How long a track has been in the making, and how long that usually takes (seconds)."""

    elapsed: float
    expected: float


class Courier(Protocol):
    """Carries recordings in and tracks out."""

    async def fetch(self, file_id: str, into: Path, at_most: int) -> None:
        """Write a recording to a file.

        Raises:
            TooBig: it has more than `at_most` bytes, or more than the messenger hands out.
            FileGone: there is no such file any more.
            Later: not now.
        """
        ...

    async def show(
        self, track: Track, progress: Progress | None = None, *, kept: bool = False
    ) -> bool:
        """Let the track's status message say where it stands; never raises.

        Args:
            track: As it is now.
            progress: While it is being made.
            kept: Whether a paid result waits behind a button.

        Returns:
            False if it could not be said now.
        """
        ...

    async def judged(self, reference: Reference, limits: Limits) -> None:
        """Say that a recording cannot be used, or what is doubtful about it.

        Args:
            reference: As it is now.
            limits: What recordings are accepted.

        Raises:
            Later: not now.
        """
        ...

    async def deliver(self, track: Track, audio: bytes, cover: bytes, note: str) -> str:
        """Send the track.

        Args:
            track: As it is now.
            audio: A tagged MP3.
            cover: A JPEG of at most 320x320 pixels.
            note: What its maker says about it, for the caption; often "".

        Returns:
            The messenger's file_id.

        Raises:
            Later, AnswerLost, Unreachable: as they say.
        """
        ...

    async def tell_owner(self, matter: str, backend: str, instead: str | None = None) -> bool:
        """Tell the owner what only they can mend; best effort, never raises.

        Args:
            matter: An `OperatorReason`, "disk", or "trouble".
            backend: Which service it is about, if any.
            instead: Which service is used until that is done, if there is one.

        Returns:
            False if there is an owner who may not have heard it.
        """
        ...
