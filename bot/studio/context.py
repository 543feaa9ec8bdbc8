"""What every use case needs, given once by the composition root."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bot.audio import AudioProcessor, Limits
from bot.jobs import Jobs
from bot.music import Failover
from bot.store import Store
from bot.studio.backend_choice import BackendChoice
from bot.studio.claim_renewal import ClaimRenewal
from bot.studio.owner_notices import OwnerNotices
from bot.studio.ports import Messenger


@dataclass(frozen=True, slots=True)
class Rules:
    """How the studio works; times in seconds.

    Attributes:
        upload_timeout: For one recording to go up.
        generate_timeout: For one track to come back, and for refusals to be retried.
        attempts: Counted calls a track may have.
        tracks_per_user: Unfinished tracks a person may have.
        tracks_per_day: Tracks a person may begin in 24 hours; None if there is no such limit.
        recordings_per_day: Recordings a person may send in 24 hours; likewise.
        owner_id: Who has neither limit, or None.
        lyrics_max: Longest final string in characters.
        lyrics_advice: Above this, advise shorter lyrics.
        keep_recordings: How long prepared recordings stay on disk.
        keep_tracks: How long tracks that nobody fetched are kept.
        limits: What recordings are accepted.
        pause: The first pause after a refusal; it doubles, with jitter.
    """

    upload_timeout: float = 120
    generate_timeout: float = 300
    attempts: int = 2
    tracks_per_user: int = 2
    tracks_per_day: int | None = None
    recordings_per_day: int | None = None
    owner_id: int | None = None
    lyrics_max: int = 600
    lyrics_advice: int = 400
    keep_recordings: float = 86_400
    keep_tracks: float = 30 * 86_400
    limits: Limits = field(default_factory=Limits)
    pause: float = 1.0

    def tracks_a_day(self, user_id: int) -> int | None:
        """How many tracks a person may begin in 24 hours; None if there is no limit to them."""
        return None if user_id == self.owner_id else self.tracks_per_day

    def recordings_a_day(self, user_id: int) -> int | None:
        """How many recordings a person may send in 24 hours; None if there is no limit."""
        return None if user_id == self.owner_id else self.recordings_per_day


@dataclass(frozen=True, slots=True)
class Context:
    """The studio's tools; each is used by its own name.

    Attributes:
        claim_renewal: Of the claims of this process.
        files: A directory of this process's machine; `recordings` and `made` in it.
        stopping: Set when no new work may begin.
    """

    store: Store
    jobs: Jobs
    music: Failover
    backends: BackendChoice
    owner_notices: OwnerNotices
    audio_processor: AudioProcessor
    messenger: Messenger
    rules: Rules
    claim_renewal: ClaimRenewal
    files: Path
    stopping: asyncio.Event
