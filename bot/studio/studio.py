"""The use cases: what a handler may ask for, and what a job adapter runs."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.audio import Limits
from bot.draft_steps import DraftEvent
from bot.jobs import Kind
from bot.model import BY_WORDS, Purpose, RecordingStatus, Step, TrackStatus
from bot.music import Abilities
from bot.store import Draft, NewRecording, NotNow, Recording, Track
from bot.studio.backend_monitor import BackendMonitor
from bot.studio.context import Context
from bot.studio.delivery import Delivery
from bot.studio.draft_panel import draft_view_of, lyrics_limits_for
from bot.studio.draft_view import DraftView
from bot.studio.generation import Generation
from bot.studio.job_failures import JobFailures
from bot.studio.lyrics_pieces import DraftLyrics, LyricsLimits
from bot.studio.ports import Later, OutOfReach
from bot.studio.prepared_files import PreparedFiles
from bot.studio.recordings import Recordings
from bot.studio.track_failure import UNMADE
from bot.studio.uploads import Uploads

log = logging.getLogger(__name__)

_TIDY_EVERY = 3600.0
_WORDS_PAUSES = (1.0, 3.0)  # in first pauses
_WORDS_PATIENCE = 10.0


class Studio:
    """Fills in drafts, makes tracks, delivers them.

    Args:
        context: Its tools, all open; the composition root closes them.
        performer: Who tracks are by, in their tags.
    """

    def __init__(self, context: Context, performer: str) -> None:
        self._context = context
        store = context.store
        self._drafts, self._tracks = store.drafts, store.tracks
        self._prepared_files = PreparedFiles(context)
        uploads = Uploads(context, self._prepared_files)
        self._recordings = Recordings(context, self._prepared_files, uploads)
        self._delivery = Delivery(context, performer)
        self._generation = Generation(context, uploads, self._delivery)
        self._backend_monitor = BackendMonitor(context)
        self._job_failures = JobFailures(context)
        self._background: list[asyncio.Task[None]] = []

    @property
    def abilities(self) -> Abilities:
        """What the music service that is used now can do."""
        return self._context.music.current.abilities

    @property
    def limits(self) -> Limits:
        """What recordings the music service that is used now accepts."""
        return self._context.backends.limits

    @property
    def owner_told(self) -> bool:
        """Whether the owner has heard of trouble."""
        return self._context.messenger.owner_told

    @property
    def tracks_per_user(self) -> int:
        """How many unfinished tracks a person may have."""
        return self._context.rules.tracks_per_user

    async def start(self) -> None:
        """Pick up what an earlier process left, then begin to work."""
        for name in ("recordings", "made"):
            (self._context.files / name).mkdir(parents=True, exist_ok=True)
        await self._context.store.take_over()
        await self._generation.recover()
        await self._context.jobs.start(self)
        endless = (self._tidy(), self._backend_monitor.run())
        self._background = [asyncio.create_task(loop) for loop in endless]

    async def stop(self, grace: float) -> None:
        """Begin nothing new; paid calls may finish for `grace` seconds."""
        self._context.stopping.set()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._context.jobs.stop(grace)

    async def run(self, kind: Kind, row_id: int) -> float | None:
        """Look at a row and do what it needs (see `bot.jobs.Work`)."""
        work = {
            Kind.RECORDING: self._recordings.work,
            Kind.TRACK: self._generation.work,
            Kind.DELIVERY: self._delivery.work,
        }
        return await self._job_failures.run(kind, row_id, work[kind])

    async def due(self) -> list[tuple[Kind, int]]:
        """Every row with work left and nobody at it."""
        recording_ids = await self._context.store.recordings.due()
        tracks = await self._tracks.due()
        return [(Kind.RECORDING, recording_id) for recording_id in recording_ids] + [
            (Kind.TRACK if status in UNMADE else Kind.DELIVERY, track_id)
            for track_id, status in tracks
        ]

    async def record(self, new: NewRecording) -> tuple[Draft, bool]:
        """Take in a recording; it is prepared from now on.

        Returns:
            The draft, and whether this recording was new.

        Raises:
            DailyLimitReached: the person has sent as many as they may in a day.
        """
        before = await self._drafts.get(new.chat_id, new.user_id)
        draft, changed = await self._drafts.record(
            new, self._context.rules.recordings_a_day(new.user_id)
        )
        if changed:
            await self._look_at(before, draft)
        return draft, changed

    async def fetch_lyrics_file(self, file_id: str, into: Path, at_most: int) -> None:
        """Fetch a text file while its sender waits: once more where that may help.

        Raises:
            TooBig, FileGone, Later: as `bot.studio.ports.Messenger.fetch`.
        """
        for pause in _WORDS_PAUSES:
            try:
                return await self._context.messenger.fetch(file_id, into, at_most)
            except OutOfReach as error:
                await self._context.owner_notices.out_of_reach(error)
                raise
            except Later as later:
                if later.seconds > _WORDS_PATIENCE:
                    raise
            await asyncio.sleep(pause * self._context.rules.pause)
        return await self._context.messenger.fetch(file_id, into, at_most)

    async def replace_recording(self, new: NewRecording) -> Draft | None:
        """Take in a recording that has taken the place of another in its message.

        Returns:
            The draft as it is now; None if it has nothing to do with that.

        Raises:
            DailyLimitReached: as `record`.
        """
        before = await self._drafts.get(new.chat_id, new.user_id)
        draft = await self._drafts.replace(new, self._context.rules.recordings_a_day(new.user_id))
        if draft:
            await self._look_at(before, draft)
        return draft

    async def _look_at(self, before: Draft | None, after: Draft) -> None:
        """Have the recordings looked at that came into a draft, and those that left it."""
        drafts = [draft for draft in (after, before) if draft]
        there = [(draft.reference_id, draft.partner_id) for draft in drafts]
        for recording_id in {*there[0]} ^ {*(there[1] if before else ())}:
            if recording_id is not None:
                await self._context.jobs.wake(Kind.RECORDING, recording_id)

    async def draft_view(self, draft: Draft) -> DraftView:
        """A draft with all that its panel says about it (see `DraftView`)."""
        return await draft_view_of(self._context, draft)

    async def choose(
        self, draft: Draft, purpose: Purpose, *, by: int | None = None
    ) -> Draft | None:
        """Say what the recording holds; it is uploaded from now on."""
        changed = await self._drafts.choose(draft, purpose, by=by)
        if changed and changed.reference_id:
            await self._context.jobs.wake(Kind.RECORDING, changed.reference_id)
        return changed

    async def recording_of(self, draft: Draft) -> Recording | None:
        """The recording in a draft that cannot be used, if there is one."""
        for recording_id in (draft.reference_id, draft.partner_id):
            if recording_id is not None:
                recording = await self._context.store.recordings.get(recording_id)
                if recording.status is RecordingStatus.REJECTED:
                    return recording
        return None

    async def create(
        self, draft: Draft, panel_id: int | None, origin: str | None = None
    ) -> Track | NotNow:
        """Ask for the track of a finished draft; pressing twice makes one.

        Raises:
            DailyLimitReached: the person has begun as many as they may in a day.
        """
        rules = self._context.rules
        track = await self._tracks.create(
            draft,
            panel_id,
            rules.tracks_per_user,
            a_day=rules.tracks_a_day(draft.user_id),
            origin=origin,
            lyrics_messages=DraftLyrics.of(draft).accepted_messages,
        )
        return await self._woken(track)

    async def another(self, before: Track, origin: str, panel_id: int | None) -> Track | NotNow:
        """Ask for another track from the same recipe; nothing is uploaded again.

        Raises:
            DailyLimitReached: as `create`.
        """
        rules = self._context.rules
        limit, a_day = rules.tracks_per_user, rules.tracks_a_day(before.user_id)
        track = await self._tracks.another(before, origin, panel_id, limit, a_day=a_day)
        return await self._woken(track)

    async def begin_new_lyrics(
        self, track: Track, *, by: int | None = None, words: DraftLyrics | None = None
    ) -> Draft:
        """Begin a draft with a track's recordings that asks for new lyrics.

        Args:
            track: Whose; words of it that were refused are shown where others are asked for.
            by: The update that asks for it.
            words: Of the draft, where it has some already; those of the open one by default.
        """
        if words is None:
            words = await self._words_left(track)
        if track.reason in BY_WORDS:
            words = replace(words, refused=track.lyrics)
        made_from = track.recipe
        await self._tracks.forget_refusals(made_from)
        first = made_from.voice if made_from.voice is not None else made_from.beat
        pair = made_from.voice is not None and made_from.beat not in {None, made_from.voice}
        return await self._drafts.open(
            track.chat_id,
            track.user_id,
            DraftEvent.LYRICS_WANTED,
            by=by,
            topic_id=track.topic_id,
            reference_id=first,
            purpose=Purpose.VOICE if pair else made_from.result,
            partner_id=made_from.beat if pair else None,
            words=words.packed(),
        )

    async def begin_new_recording(self, track: Track, *, by: int | None = None) -> Draft:
        """Begin a draft with a track's lyrics that asks for another recording."""
        words = (await self._words_left(track)).packed()
        values: dict[str, Any] = {
            "lyrics": track.lyrics,
            "topic_id": track.topic_id,
            "words": words,
        }
        if len(track.lyrics_messages) == 1:  # an edit of it still changes them
            values["lyrics_message_id"] = track.lyrics_messages[0]
        event = DraftEvent.RECORDING_WANTED
        return await self._drafts.open(track.chat_id, track.user_id, event, by=by, **values)

    async def _words_left(self, track: Track) -> DraftLyrics:
        """The words of a draft that a new one replaces: they wait to be asked about."""
        draft = await self._drafts.get(track.chat_id, track.user_id)
        if draft is None or draft.step is Step.CLOSED:
            return DraftLyrics()
        words = DraftLyrics.of(draft)
        same = words.lyrics == track.lyrics
        return DraftLyrics(pending=(*words.pending, *words.held) if same else words.pieces)

    async def reopened(self, draft: Draft | None) -> Draft | None:
        """A new draft with the recordings of a track whose words were refused, if there is one.

        Args:
            draft: Closed, or None; its track is looked at.
        """
        track = await self._tracks.last_of(draft.chat_id, draft.user_id) if draft else None
        if track and track.status is TrackStatus.FAILED and track.reason in BY_WORDS:
            return await self.begin_new_lyrics(track)
        return None

    async def cancel(self, track: Track, press: str | None = None) -> bool:
        """Stop a track; a paid result is kept for a day.

        Args:
            track: Which one.
            press: What asks for it, so that it is known if it comes again.

        Returns:
            False if it was too late.
        """
        stopped = await self._tracks.want_stop(track.id, press)
        if stopped:
            await self._context.jobs.wake(Kind.DELIVERY, track.id)
        return stopped

    async def send_again(self, track: Track, press: str | None = None) -> bool:
        """Deliver a track whose delivery is unsure, or that was cancelled and came back.

        Args:
            track: As it is now.
            press: What asks for it; the same one again changes nothing.
        """
        before = (TrackStatus.UNSURE, TrackStatus.CANCELLED, TrackStatus.UNDELIVERABLE)
        if press and track.pressed == press:
            return True
        if not await self._tracks.has_sound(track.id):
            return False
        moved = await self._tracks.move(track.id, before, TrackStatus.MADE, pressed=press)
        if moved:
            await self._context.jobs.wake(Kind.DELIVERY, track.id)
        return moved is not None

    async def welcome_back(self, user_id: int) -> None:
        """Deliver what could not be delivered while the person had blocked the bot."""
        for track in await self._tracks.undelivered(user_id):
            await self.send_again(track)

    def lyrics_limits(self, draft: Draft | None) -> LyricsLimits:
        """How many characters may be typed for a draft (see `draft_panel`)."""
        return lyrics_limits_for(self._context, draft)

    async def _woken(self, track: Track | NotNow) -> Track | NotNow:
        if isinstance(track, Track):
            queued = track.status is TrackStatus.QUEUED
            await self._context.jobs.wake(Kind.TRACK if queued else Kind.DELIVERY, track.id)
        return track

    async def _tidy(self) -> None:
        while True:
            try:
                await self._context.store.tidy()
                await self._prepared_files.tidy()
            except Exception:
                log.exception("tidying failed")
            await asyncio.sleep(_TIDY_EVERY)
