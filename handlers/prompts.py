"""Showing a draft: its panel asked for in a new message, or shown in the one that stands."""

import asyncio
from contextlib import suppress

from telegram import MaybeInaccessibleMessage, Update
from telegram.error import TelegramError

from bot.model import Step
from bot.store import Draft
from bot.studio import DraftLyrics, Form, unsent
from bot.telegram.outbound import keyboards, panels
from bot.telegram.outbound.lyrics_panels import Panel
from bot.telegram.outbound.messages import show_panel
from bot.telegram.retry import repeated
from handlers.deps import Desk, data_of, reply, topic_of


class Panels:
    """Asks for what a draft lacks, in one message with the draft's buttons."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, update: Update, draft: Draft, *, answered: bool = False) -> None:
        """Ask for what the draft lacks, in a new message; the panel before it loses its buttons.

        An open draft without a panel is one that has not been asked: the process died first.

        Args:
            update: What led here.
            draft: As it is now.
            answered: Whether the panel before was a question that has just been answered.
        """
        form = await self._desk.studio.form(unsent(draft))
        old = self._retire(update, draft, form if answered else None)
        await asyncio.gather(self._ask(update, draft, form), old)

    async def _ask(self, update: Update, draft: Draft, form: Form) -> None:
        panel = panels.panel(form, await self._desk.texts(update))
        topic = topic_of(update, draft)
        message = await reply(update, panel.text, panel.buttons, topic=topic)
        if message is None:
            return
        await self._desk.store.drafts.note_panel(draft, message.message_id, topic)
        await self._noted(form, message.message_id)
        if form.unheard:
            await self._look_again(update, panel)

    async def complete(self, update: Update, draft: Draft) -> None:
        """Do what a process that died has left: ask, and take the buttons off the panel before."""
        if draft.panel_id is not None:
            if draft.old_panel_id != draft.panel_id:
                await panels.retire(self._desk.bot, draft.chat_id, [draft.old_panel_id])
            return
        if draft.step is not Step.CLOSED or DraftLyrics.of(draft).pending:
            await self.ask(update, draft)
        elif update.update_id in draft.handled:
            await self.dropped(update, draft)

    async def refresh(self, update: Update, draft: Draft) -> None:
        """Show the draft in the message that showed it before; in a new one if that is gone.

        A flooded edit is waited for, and never answered with a new message.
        """
        say = await self._desk.texts(update)
        form = await self._desk.studio.form(draft)
        if not await self._edit(draft, panels.panel(form, say)):
            await self.ask(update, draft)
        elif draft.panel_id:
            await self._noted(form, draft.panel_id)

    async def dropped(self, update: Update, draft: Draft) -> None:
        """Say that the draft is dropped: in the pressed message, else in a new one."""
        await asyncio.gather(self._dropped(update, draft), self._retire(update, draft))

    async def _dropped(self, update: Update, draft: Draft) -> None:
        text = (await self._desk.texts(update))("cancel-draft")
        pressed, topic = _pressed(update), topic_of(update, draft)
        panel_id = pressed.message_id if pressed else None
        if panel_id is None or not await self._replaced(draft.chat_id, panel_id, text):
            message = await reply(update, text, topic=topic)
            panel_id = message.message_id if message else None
        await self._desk.store.drafts.note_panel(draft, panel_id, topic)

    async def disarm(self, update: Update, draft: Draft | None) -> None:
        """Take the buttons off a pressed message whose buttons do nothing any more."""
        pressed, user = _pressed(update), update.effective_user
        if pressed is None or user is None or not keyboards.of_draft(data_of(update)):
            return
        chat_id, message_id = pressed.chat.id, pressed.message_id
        if draft and draft.panel_id == message_id:
            return
        if await self._desk.store.tracks.shown_in(chat_id, user.id, message_id) is None:
            await panels.retire(self._desk.bot, chat_id, [message_id])

    async def _look_again(self, update: Update, sent: Panel) -> None:
        """Catch up with a recording that was heard while the question about it was sent."""
        draft = await self._desk.draft(update)
        if draft is None:
            return
        form = await self._desk.studio.form(draft)
        panel = panels.panel(form, await self._desk.texts(update))
        if panel == sent or draft.panel_id is None:
            return
        if await self._edit(draft, panel):  # else the person has deleted it
            await self._noted(form, draft.panel_id)

    async def _noted(self, form: Form, message_id: int) -> None:
        """Remember where a warning stands, so that it comes once."""
        if form.hint and form.hint[0].hint_message_id is None:
            await self._desk.store.references.hinted(form.hint[0].id, message_id)

    async def _edit(self, draft: Draft, panel: Panel) -> bool:
        """Show a panel in the message that showed the draft before; False if that is gone."""
        return await repeated(
            lambda: show_panel(self._desk.bot, draft.chat_id, draft.panel_id, panel),
            patient=True,
        )

    async def _replaced(self, chat_id: int, message_id: int, text: str) -> bool:
        """Let a message say something else, without buttons; False if it is gone."""
        try:
            return await show_panel(self._desk.bot, chat_id, message_id, Panel(text, None))
        except TelegramError:  # it may have come through; buttons that stay are answered
            return False

    async def _retire(self, update: Update, draft: Draft, answered: Form | None = None) -> None:
        """Take the buttons off every earlier panel, at no price for the answer beside it.

        Args:
            update: What led here.
            draft: As it is now.
            answered: Of a question that has just been answered, and now says how.
        """
        old = {draft.panel_id, draft.old_panel_id} - {None}
        pressed = _pressed(update)
        if pressed and answered:
            old.discard(pressed.message_id)
            say = await self._desk.texts(update)
            text = panels.chosen(answered, pressed.message_id, say)
            with suppress(TimeoutError):
                async with asyncio.timeout(panels.PATIENCE):
                    if not await self._replaced(draft.chat_id, pressed.message_id, text):
                        old.add(pressed.message_id)
        elif pressed and draft.step is Step.CLOSED:
            old.discard(pressed.message_id)  # it says that the draft is dropped
        elif pressed and keyboards.of_draft(data_of(update)):
            old.add(pressed.message_id)
        await panels.retire(self._desk.bot, draft.chat_id, old)


def _pressed(update: Update) -> MaybeInaccessibleMessage | None:
    """The message whose button was pressed, also where Telegram only names it."""
    return update.callback_query.message if update.callback_query else None
