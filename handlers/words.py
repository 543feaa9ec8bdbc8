"""Lyrics on their way into the draft."""

from telegram import Message, Update
from telegram.ext import ContextTypes

from bot.model import Step
from bot.store import Draft
from handlers import lyrics
from handlers.desk import Desk, reply
from handlers.panels import Panels
from handlers.steps import State, state_of, step_after


class Words:
    """Keeps lyrics, typed or edited, and goes on to whatever is missing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._panels = Panels(desk)

    async def words(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Keep the lyrics, and go on to whatever is missing."""
        message = update.message
        if message is None:
            return None
        draft = await self._desk.draft(update)
        open_draft = draft if draft and draft.step is not Step.CLOSED else None
        if open_draft is None:
            open_draft = await self._desk.studio.reopened(draft)
        text = await self._read(update, message, open_draft)
        if text is None and not message.text:
            return None
        changed = await self._keep_words(update, open_draft, message.message_id, text)
        if changed and text is not None:
            await self._panels.ask(update, changed)
        return state_of(changed) if changed else None

    async def edited(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Follow an edit of the message that holds the lyrics."""
        message, draft = update.edited_message, await self._desk.draft(update)
        if message is None or draft is None or draft.step is Step.CLOSED:
            return None
        if draft.lyrics_message_id != message.message_id:
            return None
        text = await self._read(update, message, draft)
        changed = await self._keep_words(update, draft, message.message_id, text)
        if changed is None or text is None:
            return state_of(changed) if changed else None
        if draft.step is Step.PREVIEW and draft.panel_id:
            await self._panels.refresh(update, changed)
        elif draft.lyrics is None:
            await self._panels.ask(update, changed)
        return state_of(changed)

    async def _read(self, update: Update, message: Message, draft: Draft | None) -> str | None:
        """The lyrics in a message; None after saying what is wrong with them."""
        say, studio = await self._desk.texts(update), self._desk.studio
        try:
            text = await lyrics.read(message, self._desk)
        except lyrics.Unread as unread:
            await reply(update, say(unread.key))
            return None
        count = studio.counted(text, draft)
        if not any(c.isalnum() for c in text):
            await reply(update, say("lyrics-empty"))
            return None
        if count < (least := studio.lyrics_min):
            await reply(update, say("lyrics-short", count=count, min=least))
            return None
        if count > (most := studio.lyrics_max):
            over = count - most
            await reply(update, say("lyrics-long", count=count, max=most, over=over))
            return None
        return text

    async def _keep_words(
        self, update: Update, draft: Draft | None, message_id: int, text: str | None
    ) -> Draft | None:
        """Commit lyrics, or that the last words were none, with the message they came in."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return None
        drafts = self._desk.store.drafts
        if draft is None:
            return await drafts.open(
                chat.id, user.id, step=Step.RECORDING, lyrics=text, lyrics_message_id=message_id
            )
        kept = text if text is not None or draft.lyrics_message_id == message_id else draft.lyrics
        step = step_after(draft, kept)
        return await drafts.change(draft, lyrics=kept, lyrics_message_id=message_id, step=step)
