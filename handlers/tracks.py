"""Buttons under tracks and status messages: another take, cancel, send again, a new draft."""

from telegram import Update
from telegram.ext import CallbackQueryHandler, ContextTypes

from bot.model import TrackStatus
from bot.store import UNFINISHED, DailyLimitReached, NotNow, Track
from bot.telegram.outbound import keyboards, panels
from handlers.deps import (
    App,
    Deps,
    data_of,
    editable_id,
    numbers_of,
    press_of,
    reply,
    toast,
)
from handlers.limits import day_is_over, too_many_unfinished
from handlers.prompts import Prompts
from handlers.states import State, state_of

_ON_ITS_WAY = {*UNFINISHED, TrackStatus.DELIVERED}


class Tracks:
    """Acts on the track that a button names, for the person it was made for."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)

    async def take(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Make another track from the same recipe; once for each press."""
        track = await pressed_track(update, self._deps)
        if track is None:
            return
        press = press_of(update)
        begun = await self._deps.store.tracks.asked_for(track.user_id, press)
        try:
            made = begun or await self._deps.studio.another(track, press, editable_id(update))
        except DailyLimitReached as reached:
            say = await self._deps.texts(update)
            await toast(update, day_is_over(say, reached), alert=True)
            return
        if isinstance(made, Track):
            await toast(update)
            await open_status(update, self._deps, made)
        else:
            await self._say_not_now(update, made)

    async def _say_not_now(self, update: Update, reason: NotNow) -> None:
        say = await self._deps.texts(update)
        if reason is NotNow.TOO_MANY:
            limit = self._deps.studio.tracks_per_user
            await toast(update, too_many_unfinished(say, limit), alert=True)
        else:
            keys = {NotNow.STOPPING: "toast-stopping", NotNow.ALREADY: "toast-already"}
            await toast(update, say.plain(keys.get(reason, "toast-running")))

    async def cancel(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop the track; what was paid for is kept for a day."""
        track = await pressed_track(update, self._deps)
        if track is None:
            return
        stopped = await self._deps.studio.cancel(track, press_of(update))
        track = await self._deps.store.tracks.get(track.id)
        if stopped or track.status is TrackStatus.CANCELLED:
            await toast(update)
            await self._deps.messenger.show(track)
        else:
            say = await self._deps.texts(update)
            await toast(update, say.plain("toast-too-late"))

    async def send_again(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Deliver a track that may not have arrived, or was cancelled and came back."""
        track = await pressed_track(update, self._deps)
        if track is None:
            return
        if await self._deps.studio.send_again(track, press_of(update)):
            await toast(update)
            return
        say = await self._deps.texts(update)
        now = await self._deps.store.tracks.get(track.id)
        known = now.status in _ON_ITS_WAY
        await toast(update, say.plain("toast-already" if known else "toast-gone"))
        if update.callback_query and (pressed := update.callback_query.message):
            await panels.retire(self._deps.bot, pressed.chat.id, [pressed.message_id])

    async def new_draft(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """New lyrics for a track's recordings, or another recording for its lyrics."""
        track = await pressed_track(update, self._deps)
        if track is None:
            return None
        draft = await self._deps.draft(update)
        if draft and await self._prompts.complete_if_handled(update, draft):
            return state_of(draft)
        studio, action = self._deps.studio, data_of(update)[:1]
        begin = {
            keyboards.NEW_LYRICS: studio.begin_new_lyrics,
            keyboards.NEW_RECORDING: studio.begin_new_recording,
        }[action]
        draft = await begin(track, by=update.update_id)
        await toast(update)
        await self._prompts.ask(update, draft)
        return state_of(draft)


async def open_status(update: Update, deps: Deps, track: Track) -> None:
    """Show where a track stands: in the message that does so, or in a new one."""
    if track.panel_id is not None:
        await deps.messenger.show(track)
        return
    if track.status not in UNFINISHED:
        return
    say = await deps.texts(update)
    buttons = keyboards.working(track, say)
    panel = await reply(update, say("status-queued"), buttons, topic=track.topic_id)
    if panel:
        await deps.store.tracks.note_panel(track.id, panel.message_id)
        now = await deps.store.tracks.get(track.id)
        if now.status not in UNFINISHED:  # it ended while this message was being sent
            await deps.messenger.show(now)


async def pressed_track(update: Update, deps: Deps) -> Track | None:
    """The track a button names; a forged or foreign button is answered and gives None."""
    chat, user = update.effective_chat, update.effective_user
    try:
        track = await deps.store.tracks.get(numbers_of(update)[0])
    except LookupError:
        track = None
    if track and chat and user and (track.chat_id, track.user_id) == (chat.id, user.id):
        return track
    say = await deps.texts(update)
    await toast(update, say.plain("toast-not-yours" if track else "toast-stale"))
    return None


def add(app: App, deps: Deps) -> None:
    """Answer the buttons under tracks and status messages."""
    tracks = Tracks(deps)
    for action, callback in (
        (keyboards.TAKE, tracks.take),
        (keyboards.CANCEL, tracks.cancel),
        (keyboards.SEND_AGAIN, tracks.send_again),
    ):
        app.add_handler(CallbackQueryHandler(callback, pattern=keyboards.pattern(action)))
