"""The conversation: a recording, what is in it, the lyrics, a look, and the track."""

import asyncio
import warnings
from contextlib import suppress
from functools import partial

from telegram import Message, Update
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import (
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
)
from telegram.warnings import PTBUserWarning

from bot.model import Flaw, Step
from bot.store import Draft, EnoughError, NotNow, Track
from bot.telegram import keyboards
from bot.telegram.keyboards import pattern
from handlers import lyrics
from handlers.desk import App, Desk, numbers, receipt, reply, toast, too_many
from handlers.panels import Panels
from handlers.recordings import (
    RECORDING,
    REPLACED_RECORDING,
    as_new,
    flaw_of,
    recordings_enough,
    sound_of,
)
from handlers.settled import settled
from handlers.steps import State, state_of
from handlers.tracks import pressed_track
from handlers.words import TakeWords, emptied

_RECEIPT = "👌"


def build(desk: Desk) -> ConversationHandler[ContextTypes.DEFAULT_TYPE]:
    """The table of the conversation; where each one stands is read from the drafts."""
    create, told = Create(desk), TakeWords(desk)
    safe = partial(settled, desk)
    recording = MessageHandler(RECORDING, safe(create.recording))
    words = MessageHandler(lyrics.WORDS, safe(told.words))
    about_words = pattern(keyboards.ADD_WORDS, keyboards.REPLACE_WORDS, keyboards.LEAVE_WORDS)
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
                MessageHandler(lyrics.EDITED_WORDS, safe(told.edited)),
                CallbackQueryHandler(safe(told.answer), about_words),
                CallbackQueryHandler(safe(told.renew), pattern(keyboards.RENEW)),
                CallbackQueryHandler(safe(create.rewrite), pattern(keyboards.REWRITE)),
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
                Step.PARTNER: [
                    CallbackQueryHandler(safe(create.go_back), pattern(keyboards.BACK)),
                ],
            },
            fallbacks=[
                CallbackQueryHandler(safe(create.drop), pattern(keyboards.DROP)),
                CommandHandler("cancel", safe(create.cancel)),
                MessageHandler(lyrics.SLASHED, safe(told.slashed)),
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
        try:
            draft, changed = await self._desk.studio.record(as_new(message, sound, user.id))
        except EnoughError as enough:
            await reply(update, recordings_enough(await self._desk.texts(update), enough))
            return None
        if changed:
            await asyncio.gather(receipt(message, _RECEIPT), self._panels.ask(update, draft))
        else:
            await self._ask_at_last(update, draft)
        return state_of(draft)

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
            draft = await self._desk.studio.replace(new)
        except EnoughError as enough:
            await reply(update, recordings_enough(say, enough))
            return None
        if draft is not None:
            await reply(update, say("recording-replaced"))
            return state_of(draft)
        if await self._desk.store.references.lent(new):
            await reply(update, say("recording-replaced-late"))
        return None

    async def choose(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Note what is in the recording, and ask for the lyrics."""
        draft = await self._pressed(update)
        query = update.callback_query
        if draft is None or query is None:
            return None
        said = (query.data or "").rpartition(":")[2]
        purpose = next((p for p in self._desk.studio.abilities.purposes if p == said), None)
        changed = await self._desk.studio.choose(draft, purpose) if purpose else None
        if changed is None:
            return await self._stale(update)
        await toast(update)
        say = await self._desk.texts(update)
        with suppress(TelegramError):
            await query.edit_message_text(
                self._panels.chosen(changed, say), parse_mode=ParseMode.HTML
            )
        await self._panels.ask(update, changed)
        return state_of(changed)

    async def make(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Create: close the draft and begin its track."""
        draft = await self._pressed(update)
        query = update.callback_query
        if draft is None or query is None or not isinstance(query.message, Message):
            return None
        if bad := await self._desk.studio.recording_of(draft):
            await toast(update)
            await self._refuse(update, bad.reason or Flaw.UNREADABLE)
            return await self._without(draft, bad.id)
        made = await self._desk.studio.create(draft, query.message.message_id)
        if isinstance(made, Track):
            await asyncio.gather(toast(update), self._desk.courier.show(made))
            return ConversationHandler.END
        if made is NotNow.STALE:
            return await self._stale(update)
        say = await self._desk.texts(update)
        await toast(update, too_many(say, made, self._desk.studio), alert=True)
        return state_of(draft)

    async def _without(self, draft: Draft, reference_id: int) -> State:
        """Let the next recording take the place of one that cannot be used."""
        if reference_id != draft.partner_id:
            return state_of(draft)
        values = {"step": Step.PARTNER, "partner_id": None}
        changed = await self._desk.store.drafts.change(draft, **values)
        return state_of(changed or draft)

    async def add_partner(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Ask for the other half: music for a voice, or a voice for music."""
        draft = await self._pressed(update)
        if draft is None:
            return None
        changed = await self._desk.store.drafts.change(draft, step=Step.PARTNER, panel_id=None)
        if changed is None:
            return await self._stale(update)
        await toast(update)
        await self._panels.ask(update, changed)
        return state_of(changed)

    async def go_back(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Go on without the other half."""
        draft = await self._pressed(update)
        if draft is None:
            return None
        step = Step.PREVIEW if draft.lyrics else Step.LYRICS
        changed = await self._desk.store.drafts.change(draft, step=step, panel_id=None)
        if changed is None:
            return await self._stale(update)
        await toast(update)
        await self._panels.ask(update, changed)
        return state_of(changed)

    async def rewrite(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """New lyrics for a track's recordings."""
        track = await pressed_track(update, self._desk)
        if track is None:
            return None
        draft = await self._desk.studio.rewrite(track)
        await toast(update)
        await self._panels.ask(update, draft)
        return state_of(draft)

    async def drop(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Cancel under the preview."""
        draft = await self._pressed(update)
        if draft is None:
            return None
        dropped = {"step": Step.CLOSED, "words": emptied(draft)}
        if await self._desk.store.drafts.change(draft, **dropped) is None:
            return await self._stale(update)
        await toast(update)
        say = await self._desk.texts(update)
        if update.callback_query:
            with suppress(TelegramError):
                await update.callback_query.edit_message_text(say("cancel-draft"))
        return ConversationHandler.END

    async def cancel(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """/cancel: drop the draft; with none open, stop the newest track."""
        say = await self._desk.texts(update)
        draft = await self._desk.draft(update)
        if draft and draft.step is not Step.CLOSED:
            dropped = {"step": Step.CLOSED, "words": emptied(draft)}
            await self._desk.store.drafts.change(draft, **dropped)
            await reply(update, say("cancel-draft"))
            return ConversationHandler.END
        chat, user = update.effective_chat, update.effective_user
        tracks = await self._desk.store.tracks.latest(chat.id, user.id) if chat and user else []
        if not tracks:
            await reply(update, say("cancel-nothing"))
        elif await self._desk.studio.cancel(tracks[0]):
            await reply(update, say("cancel-track"))
        else:
            await reply(update, say("toast-too-late"))
        return ConversationHandler.END

    async def stale(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer a button that no longer does anything."""
        return await self._stale(update)

    async def other(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer what is neither a recording nor words with what is wanted instead."""
        say = await self._desk.texts(update)
        draft = await self._desk.draft(update)
        step = draft.step if draft else Step.CLOSED
        wanted = {
            Step.PURPOSE: "purpose-first",
            Step.LYRICS: "lyrics-wrong-kind",
            Step.PREVIEW: "lyrics-wrong-kind",
            Step.PARTNER: "partner-wrong-kind",
        }
        await reply(update, say(wanted.get(step, "send-recording-first")))
        return None

    async def _pressed(self, update: Update) -> Draft | None:
        """The draft a button names, if the button is the newest and the presser's own."""
        draft = await self._desk.draft(update)
        if draft and numbers(update) == [draft.id, draft.revision]:
            return draft
        await self._stale(update)
        return None

    async def _stale(self, update: Update) -> State:
        say = await self._desk.texts(update)
        await toast(update, say.plain("toast-stale"))
        draft = await self._desk.draft(update)
        if draft:
            await self._ask_at_last(update, draft)
        return None

    async def _ask_at_last(self, update: Update, draft: Draft) -> None:
        """Ask what a process that died committed to ask and did not."""
        if draft.step is not Step.CLOSED and draft.panel_id is None:
            await self._panels.ask(update, draft)

    async def _refuse(self, update: Update, flaw: Flaw) -> None:
        say = await self._desk.texts(update)
        draft = await self._desk.draft(update)
        limits = self._desk.studio.limits
        least, most = int(limits.shortest), round(limits.longest / 60)
        problem = say(f"recording-{flaw}", least=least, most=most)
        kept = draft is not None and draft.lyrics and draft.step is not Step.CLOSED
        await reply(update, f"{problem}\n{say('lyrics-kept')}" if kept else problem)


def add(app: App, desk: Desk) -> None:
    """Add the conversation, and what answers outside it."""
    create = Create(desk)
    app.add_handler(build(desk))
    app.add_handler(CommandHandler("cancel", create.cancel))
    app.add_handler(MessageHandler(lyrics.SLASHED, TakeWords(desk).slashed))
    app.add_handler(CallbackQueryHandler(create.stale))
    app.add_handler(MessageHandler(lyrics.OTHER, create.other))
