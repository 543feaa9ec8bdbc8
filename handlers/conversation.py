"""The conversation: a recording, what is in it, the lyrics, a look, and the track."""

import asyncio
import warnings
from functools import partial

from telegram import Update
from telegram.ext import (
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
)
from telegram.warnings import PTBUserWarning

from bot.model import Flaw, Step
from bot.store import DailyLimitReached, Draft, NewRecording, NotNow, Track
from bot.telegram.outbound import keyboards, panels
from bot.telegram.outbound.keyboards import pattern
from handlers import lyrics_input
from handlers.deps import (
    ALONE,
    App,
    Desk,
    data_of,
    editable,
    numbers,
    press_of,
    receipt,
    reply,
    toast,
    topic_of,
)
from handlers.limits import day_is_over, too_many_unfinished
from handlers.lyrics import LyricsInput, only_message_ids
from handlers.prompts import Panels
from handlers.recording_input import (
    RECORDING,
    REPLACED_RECORDING,
    as_new,
    flaw_of,
    sound_of,
)
from handlers.state_sync import settled
from handlers.states import State, state_of
from handlers.tracks import open_status, pressed_track

_RECEIPT = "👌"


def build(desk: Desk) -> ConversationHandler[ContextTypes.DEFAULT_TYPE]:
    """The table of the conversation; where each one stands is read from the drafts."""
    create, lyrics = Create(desk), LyricsInput(desk)
    safe = partial(settled, desk)
    recording = MessageHandler(RECORDING, safe(create.recording))
    words = MessageHandler(lyrics_input.WORDS, safe(lyrics.receive))
    about_words = pattern(
        keyboards.ADD_LYRICS, keyboards.REPLACE_LYRICS, keyboards.LEAVE_OUT_LYRICS
    )
    replaced = MessageHandler(REPLACED_RECORDING, safe(create.replaced))
    with warnings.catch_warnings():
        # Buttons and messages belong to one conversation: per_message must stay off.
        warnings.filterwarnings("ignore", r"If 'per_message=False'", PTBUserWarning)
        return ConversationHandler(
            name="create",
            persistent=True,
            allow_reentry=True,
            entry_points=[
                words,
                recording,
                replaced,
                MessageHandler(lyrics_input.EDITED_WORDS, safe(lyrics.edited)),
                CallbackQueryHandler(safe(lyrics.decide), about_words),
                CallbackQueryHandler(
                    safe(lyrics.use_edited), pattern(keyboards.USE_EDITED_LYRICS)
                ),
                CallbackQueryHandler(
                    safe(create.start_from_track),
                    pattern(keyboards.NEW_LYRICS, keyboards.NEW_RECORDING),
                ),
            ],
            states={
                Step.RECORDING: [],
                Step.PURPOSE: [
                    CallbackQueryHandler(safe(create.choose), pattern(keyboards.PURPOSE)),
                ],
                Step.LYRICS: [],
                Step.PREVIEW: [
                    CallbackQueryHandler(safe(create.make), pattern(keyboards.CREATE)),
                    CallbackQueryHandler(safe(create.add_partner), pattern(keyboards.PARTNER)),
                ],
                Step.PARTNER: [],
            },
            fallbacks=[
                CallbackQueryHandler(safe(create.go_back), pattern(keyboards.BACK)),
                CallbackQueryHandler(safe(create.drop), pattern(keyboards.DROP)),
                CommandHandler("cancel", safe(create.cancel), filters=ALONE),
                MessageHandler(lyrics_input.SLASHED, safe(lyrics.receive_slashed)),
            ],
        )


class Create:
    """Fills in the draft; every callback commits it before it answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._panels = Panels(desk)

    async def recording(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Take in a recording, or say at once what is wrong with it."""
        message, user = update.message, update.effective_user
        sound = sound_of(message) if message else None
        if message is None or user is None or sound is None:
            return None
        if flaw := flaw_of(sound):
            await self._refuse(update, flaw)
            return None
        return await self._taken_in(update, as_new(message, sound, user.id))

    async def replaced(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Follow a recording that was replaced by another in its message."""
        message, user = update.edited_message, update.effective_user
        sound = sound_of(message) if message else None
        if message is None or user is None or sound is None:
            return None
        if flaw := flaw_of(sound):
            await self._refuse(update, flaw)
            return None
        new, say = as_new(message, sound, user.id), await self._desk.texts(update)
        try:
            draft = await self._desk.studio.replace_recording(new)
        except DailyLimitReached as reached:
            await reply(update, day_is_over(say, reached))
            return None
        if draft is not None:
            await reply(update, say("recording-replaced"))
            await self._panels.ask(update, draft)
            return state_of(draft)
        if await self._desk.store.references.track_uses_replaced(new):
            await reply(update, say("recording-replaced-late"))
            return None
        return await self._taken_in(update, new)

    async def _taken_in(self, update: Update, new: NewRecording) -> State:
        """Take in a recording, and ask what it is; the same one again changes nothing."""
        message = update.effective_message
        try:
            draft, changed = await self._desk.studio.record(new)
        except DailyLimitReached as reached:
            await reply(update, day_is_over(await self._desk.texts(update), reached))
            return None
        if changed and message:
            await asyncio.gather(receipt(message, _RECEIPT), self._panels.ask(update, draft))
        else:
            await self._panels.complete(update, draft)
        return state_of(draft)

    async def choose(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Note what is in the recording, and ask for the lyrics."""
        draft = await self._pressed(update)
        if draft is None or await self._refused(update, draft):
            return None
        said = data_of(update).rpartition(":")[2]
        purpose = next((p for p in self._desk.studio.abilities.purposes if p == said), None)
        if purpose is None:
            return await self._stale(update)
        changed = await self._desk.studio.choose(draft, purpose, by=update.update_id)
        return await self._go_on(update, changed, answered=True)

    async def make(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Create: close the draft and begin its track."""
        draft = await self._pressed(update)
        if draft is None or await self._refused(update, draft):
            return None
        shown, say = editable(update), await self._desk.texts(update)
        try:
            made = await self._desk.studio.create(draft, shown, press_of(update))
        except DailyLimitReached as reached:
            await toast(update, day_is_over(say, reached), alert=True)
            return state_of(draft)
        if isinstance(made, Track):
            await asyncio.gather(toast(update), open_status(update, self._desk, made))
            old = {draft.panel_id, draft.old_panel_id} - {shown}
            await panels.retire(self._desk.bot, draft.chat_id, old)
            return ConversationHandler.END
        if made is NotNow.STALE:
            return await self._stale(update)
        limit = self._desk.studio.tracks_per_user
        await toast(update, too_many_unfinished(say, limit), alert=True)
        return state_of(draft)

    async def add_partner(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Ask for the other half: music for a voice, or a voice for music."""
        draft = await self._pressed(update)
        if draft is None or await self._refused(update, draft):
            return None
        return await self._go_on(
            update,
            await self._desk.store.drafts.change(
                draft, by=update.update_id, step=Step.PARTNER, panel_id=None
            ),
        )

    async def go_back(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Go on without the other half."""
        draft = await self._pressed(update)
        if draft is None:
            return None
        step = Step.PREVIEW if draft.lyrics else Step.LYRICS
        return await self._go_on(
            update,
            await self._desk.store.drafts.change(
                draft, by=update.update_id, step=step, partner_id=None, panel_id=None
            ),
        )

    async def start_from_track(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """New lyrics for a track's recordings, or another recording for its lyrics."""
        track = await pressed_track(update, self._desk)
        if track is None:
            return None
        draft = await self._desk.draft(update)
        if draft and update.update_id in draft.handled:
            await toast(update)
            await self._panels.complete(update, draft)
            return state_of(draft)
        studio, wanted = self._desk.studio, data_of(update)[:1]
        begin = {
            keyboards.NEW_LYRICS: studio.begin_new_lyrics,
            keyboards.NEW_RECORDING: studio.begin_new_recording,
        }[wanted]
        draft = await begin(track, by=update.update_id)
        await toast(update)
        await self._panels.ask(update, draft)
        return state_of(draft)

    async def drop(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Cancel under the preview."""
        draft = await self._pressed(update)
        if draft is None:
            return None
        closed = await self._close(update, draft)
        if closed is None:
            return await self._stale(update)
        await toast(update)
        await self._panels.dropped(update, closed)
        return ConversationHandler.END

    async def cancel(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """/cancel: drop the draft; with none open, stop the newest track."""
        draft = await self._desk.draft(update)
        if draft and update.update_id in draft.handled:
            await self._panels.complete(update, draft)
            return state_of(draft)
        if draft and draft.step is not Step.CLOSED:
            closed = await self._close(update, draft)
            await self._panels.dropped(update, closed or draft)
            return ConversationHandler.END
        say = await self._desk.texts(update)
        stopped = await self._stopped(update)
        keys = {None: "cancel-nothing", True: "cancel-track", False: "toast-too-late"}
        await reply(update, say(keys[stopped]), topic=topic_of(update, draft))
        return ConversationHandler.END

    async def _close(self, update: Update, draft: Draft) -> Draft | None:
        return await self._desk.store.drafts.change(
            draft,
            by=update.update_id,
            step=Step.CLOSED,
            panel_id=None,
            words=only_message_ids(draft),
        )

    async def _stopped(self, update: Update) -> bool | None:
        """Stop the newest track, the same one if the update comes again; None without one."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return None
        press, tracks = press_of(update), self._desk.store.tracks
        if await tracks.asked_for(user.id, press):
            return True
        latest = await tracks.latest(chat.id, user.id)
        return await self._desk.studio.cancel(latest[0], press) if latest else None

    async def stale(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer a button that has no place in the conversation as it stands now."""
        return await self._outdated(update, await self._desk.draft(update))

    async def other(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer what is neither a recording nor words with what is wanted instead."""
        say = await self._desk.texts(update)
        draft = await self._desk.draft(update)
        step = draft.step if draft else Step.CLOSED
        if draft and step is not Step.CLOSED and await self._desk.studio.recording_of(draft):
            await self._panels.ask(update, draft)
            return None
        wanted = {
            Step.PURPOSE: "purpose-first",
            Step.LYRICS: "lyrics-wrong-kind",
            Step.PARTNER: "partner-wrong-kind",
        }
        if draft and step is Step.PREVIEW:  # nothing is missing
            await self._panels.ask(update, draft)
            return None
        answer = say(wanted.get(step, "send-recording-first"))
        await reply(update, answer, topic=topic_of(update, draft))
        return None

    async def _go_on(
        self, update: Update, changed: Draft | None, *, answered: bool = False
    ) -> State:
        """Ask for what comes next, once a press has changed the draft."""
        if changed is None:
            return await self._stale(update)
        await toast(update)
        await self._panels.ask(update, changed, answered=answered)
        return state_of(changed)

    async def _pressed(self, update: Update) -> Draft | None:
        """The draft a button names, if the button is the newest and the presser's own."""
        draft = await self._desk.draft(update)
        if draft and numbers(update) == [draft.id, draft.revision]:
            return draft
        await self._outdated(update, draft)
        return None

    async def _outdated(self, update: Update, draft: Draft | None) -> State:
        """Answer a press that finds the draft changed; its own change is completed in silence."""
        user = update.effective_user
        if draft and update.update_id in draft.handled:
            await toast(update)
            await self._panels.complete(update, draft)
            return state_of(draft)
        begun = user and await self._desk.store.tracks.asked_for(user.id, press_of(update))
        if not begun:
            return await self._stale(update)
        await toast(update)
        await open_status(update, self._desk, begun)
        return None

    async def _refused(self, update: Update, draft: Draft) -> bool:
        """Whether a recording turned out to be of no use; then the panel says so by now."""
        if not await self._desk.studio.recording_of(draft):
            return False
        await toast(update)
        await self._panels.refresh(update, draft)
        return True

    async def _stale(self, update: Update) -> State:
        say = await self._desk.texts(update)
        await toast(update, say.plain("toast-stale"))
        draft = await self._desk.draft(update)
        if draft:
            await self._panels.complete(update, draft)
        await self._panels.disarm(update, draft)
        return None

    async def _refuse(self, update: Update, flaw: Flaw) -> None:
        """Refuse by what Telegram says of a recording; whatever stood before goes on standing."""
        say = await self._desk.texts(update)
        draft = await self._desk.draft(update)
        studio = self._desk.studio
        kept = draft is not None and bool(draft.lyrics) and draft.step is not Step.CLOSED
        problem = panels.refusal(flaw, studio.limits, say, kept=kept, has_owner=studio.has_owner)
        await reply(update, problem, topic=topic_of(update, draft))


def add(app: App, desk: Desk) -> None:
    """Add the conversation, and what answers outside it."""
    create = Create(desk)
    app.add_handler(build(desk))
    app.add_handler(CommandHandler("cancel", create.cancel, filters=ALONE))
    app.add_handler(MessageHandler(lyrics_input.SLASHED, LyricsInput(desk).receive_slashed))
    app.add_handler(CallbackQueryHandler(create.stale))
    app.add_handler(MessageHandler(lyrics_input.OTHER, create.other))
