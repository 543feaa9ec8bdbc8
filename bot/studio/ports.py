"""What the studio asks of the messenger; `bot.telegram.outbound.messenger` answers."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.audio import Limits
from bot.model import Flaw
from bot.store import Recording, Track
from bot.studio.draft_view import DraftView


class Later(Exception):
    """The messenger cannot do it now, and has certainly not done it.

    Args:
        seconds: When to ask again.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:.0f} s")
        self.seconds = seconds
        self.at = time.time() + seconds


class Flooded(Later):
    """The messenger asks for a pause, which holds for whoever would ask next."""


class Missing(Later):
    """The messenger does not find the recording: for now or for good, which it does not say."""


class AnswerLost(Exception):
    """It was asked and no answer came: it may have been done."""


class Unreachable(Exception):
    """The person cannot be reached: they blocked the bot, or the chat is gone."""


class TooBig(Exception):
    """The recording is larger than the messenger hands out."""


class FileGone(Exception):
    """The messenger no longer has the recording."""


class OutOfReach(FileGone):
    """The messenger has the recording, but it cannot be read here before the owner helps.

    Args:
        matter: What the owner has to be told (see `Messenger.tell_owner`).
        why: The same for the log.
    """

    def __init__(self, matter: str, why: str) -> None:
        super().__init__(f"{matter}: {why}")
        self.matter = matter
        self.why = why


@dataclass(frozen=True, slots=True)
class Progress:
    """How long a track has been in the making, and how long that usually takes (seconds)."""

    elapsed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a track's recording cannot be used, and what recordings are accepted."""

    flaw: Flaw
    limits: Limits


class Messenger(Protocol):
    """Carries recordings in and tracks out.

    Attributes:
        owner_told: Whether the last that the owner had to be told has reached them; until
            something had to be, it has not. People read that their trouble is known.
    """

    owner_told: bool

    async def fetch(self, file_id: str, into: Path, at_most: int) -> None:
        """Write a recording to a file.

        Raises:
            TooBig: it has more than `at_most` bytes, or more than the messenger hands out.
            OutOfReach: only the owner can bring it here.
            Missing: it is not found, at least not now.
            Flooded, Later: not now.
        """
        ...

    async def show(
        self,
        track: Track,
        progress: Progress | None = None,
        *,
        kept: bool = False,
        unfit: Unfit | None = None,
    ) -> bool:
        """Let the track's status message say where it stands; never raises.

        Args:
            track: As it is now.
            progress: While it is being made.
            kept: Whether a paid result waits behind a button.
            unfit: What is wrong with its recording, where it failed by that.

        Returns:
            False if it could not be said now.
        """
        ...

    async def ring(self, track: Track) -> bool:
        """Let a short new message say that a track has ended badly; never raises.

        Returns:
            False if it has certainly not been sent, and could be later.
        """
        ...

    async def redraw(self, view: DraftView) -> bool:
        """Let a draft's panel show the draft as it is now.

        Returns:
            False if that message is gone.

        Raises:
            Later, Unreachable: as they say.
        """
        ...

    async def unfetched(
        self, recording: Recording, topic: int | None, *, owner_knows: bool
    ) -> None:
        """Say that a recording cannot be fetched, and that it is not the person's fault.

        Args:
            recording: As it is now.
            topic: Of the private chat, where it has topics.
            owner_knows: Whether the owner has to help; else it is tried on.

        Raises:
            Later, Unreachable: as they say.
        """
        ...

    async def refuse(self, recording: Recording, view: DraftView) -> None:
        """Say in a new message that a recording cannot be used.

        Raises:
            Later, Unreachable: as they say.
        """
        ...

    async def retire(self, chat_id: int, message_id: int) -> None:
        """Take the buttons off a message, as far as that goes; never raises."""
        ...

    async def name_of(self, track: Track) -> str:
        """A track's name as its person reads it: title, and number from the second take on."""
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
            matter: An `OperatorReason`, "over", "disk", "trouble", or what an `OutOfReach` names.
            backend: Name of the service it is about, if any.
            instead: Name of the one that is used until that is done, if there is one.

        Returns:
            False if there is no owner, or they may not have heard it.
        """
        ...
