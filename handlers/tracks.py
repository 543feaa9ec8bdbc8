"""Buttons under tracks and status messages: another take, cancel, send again."""

from telegram import Message, Update
from telegram.ext import CallbackQueryHandler, ContextTypes

from bot.store import DayFull, NotNow, Track
from bot.telegram import keyboards
from handlers.desk import App, Desk, numbers, reply, toast, too_many


class Tracks:
    """Acts on the track that a button names, for the person it was made for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def take(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Make another track from the same recipe; once for each press."""
        track = await pressed_track(update, self._desk)
        query = update.callback_query
        if track is None or query is None:
            return
        say = await self._desk.texts(update)
        message = query.message if isinstance(query.message, Message) else None
        panel_id = message.message_id if message and message.text else None
        made = await self._desk.studio.another(track, f"press:{query.id}", panel_id)
        if made is NotNow.TOO_MANY or isinstance(made, DayFull):
            await toast(update, too_many(say, made, self._desk.studio), alert=True)
        elif isinstance(made, Track):
            await toast(update)
            await self._open_panel(update, made)
        else:
            await toast(update, say.plain("toast-running"))

    async def cancel(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop the track; what was paid for is kept for a day."""
        track = await pressed_track(update, self._desk)
        if track is None:
            return
        say = await self._desk.texts(update)
        stopped = await self._desk.studio.cancel(track)
        await toast(update, None if stopped else say.plain("toast-too-late"))
        if stopped:
            await self._desk.courier.show(await self._desk.store.tracks.get(track.id))

    async def send_again(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Deliver a track that may not have arrived, or was cancelled and came back."""
        track = await pressed_track(update, self._desk)
        if track is None:
            return
        say = await self._desk.texts(update)
        sent = await self._desk.studio.send_again(track)
        await toast(update, None if sent else say.plain("toast-gone"))

    async def _open_panel(self, update: Update, track: Track) -> None:
        """Show the status of a new track, in the pressed message or in one of its own."""
        if track.panel_id is not None:
            await self._desk.courier.show(track)
            return
        say = await self._desk.texts(update)
        panel = await reply(update, say("status-queued"), keyboards.working(track, say))
        if panel:
            await self._desk.store.tracks.note_panel(track.id, panel.message_id)


async def pressed_track(update: Update, desk: Desk) -> Track | None:
    """The track a button names; a forged or foreign button is answered and gives None."""
    chat, user = update.effective_chat, update.effective_user
    try:
        track = await desk.store.tracks.get(numbers(update)[0])
    except LookupError:
        track = None
    if track and chat and user and (track.chat_id, track.user_id) == (chat.id, user.id):
        return track
    say = await desk.texts(update)
    await toast(update, say.plain("toast-not-yours" if track else "toast-stale"))
    return None


def add(app: App, desk: Desk) -> None:
    """Answer the buttons under tracks and status messages."""
    tracks = Tracks(desk)
    for action, callback in (
        (keyboards.TAKE, tracks.take),
        (keyboards.CANCEL, tracks.cancel),
        (keyboards.SEND_AGAIN, tracks.send_again),
    ):
        app.add_handler(CallbackQueryHandler(callback, pattern=keyboards.pattern(action)))
