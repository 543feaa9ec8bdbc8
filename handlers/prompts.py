"""Shows a draft: asks for what it lacks in a new message, or edits the one that shows it."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from telegram import MaybeInaccessibleMessage, Update
from telegram.error import TelegramError

from bot.model import Step
from bot.store import Draft
from bot.studio import DraftLyrics, DraftView, unsent
from bot.telegram.outbound import keyboards, panels
from bot.telegram.outbound.lyrics_panels import Panel
from bot.telegram.outbound.messages import show_panel
from bot.telegram.retry import repeated
from handlers.deps import Deps, data_of, reply, toast, topic_of


class Prompts:
    """Asks for what a draft lacks, in one message with the draft's buttons."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def ask(
        self,
        update: Update,
        draft: Draft,
        *,
        answered: bool = False,
        refusal_known: bool = False,
    ) -> None:
        """Ask for what the draft lacks, in a new message; the previous panel loses its buttons.

        The draft has no panel until the message is sent: if the process dies before, `complete`
        asks.

        Args:
            update: What led here.
            draft: As it is now.
            answered: Whether the pressed panel was a question that is answered by the press.
            refusal_known: As in `DraftView`.
        """
        view = await self._view(unsent(draft), refusal_known=refusal_known)
        old = self._retire(update, draft, view if answered else None)
        await asyncio.gather(self._ask(update, draft, view), old)

    async def _ask(self, update: Update, draft: Draft, view: DraftView) -> None:
        panel = panels.panel(view, await self._deps.texts(update))
        topic = topic_of(update, draft)
        message = await reply(update, panel.text, panel.buttons, topic=topic)
        if message is None:
            return
        await self._deps.store.drafts.note_panel(draft, message.message_id, topic)
        await self._note_warning(view, message.message_id)
        if view.unheard:
            await self._catch_up(update, panel, refusal_known=view.refusal_known)

    async def complete(self, update: Update, draft: Draft) -> None:
        """Do what a killed process left undone: ask, and remove the previous panel's buttons."""
        if draft.panel_id is not None:
            if draft.old_panel_id != draft.panel_id:
                await panels.retire(self._deps.bot, draft.chat_id, [draft.old_panel_id])
            return
        if draft.step is not Step.CLOSED or DraftLyrics.of(draft).pending:
            await self.ask(update, draft)
        elif update.update_id in draft.handled and not await self._became_a_track(draft):
            await self.say_dropped(update, draft)

    async def _became_a_track(self, draft: Draft) -> bool:
        """Whether Create has closed a draft, and not Cancel."""
        tracks = self._deps.store.tracks
        return await tracks.made_from(draft.id, draft.revision - 1) is not None

    async def complete_if_handled(self, update: Update, draft: Draft) -> bool:
        """Complete a draft that this very update has changed before; whether it has."""
        if update.update_id not in draft.handled:
            return False
        await toast(update)
        await self.complete(update, draft)
        return True

    async def refresh(self, update: Update, draft: Draft, *, refusal_known: bool = False) -> None:
        """Show the draft in the message that shows it; in a new one if that is gone.

        If Telegram limits edits, the edit waits; a new message would add to the flood.
        """
        say = await self._deps.texts(update)
        view = await self._view(draft, refusal_known=refusal_known)
        if not await self._edit(draft, panels.panel(view, say)):
            await self.ask(update, draft, refusal_known=refusal_known)
        elif draft.panel_id:
            await self._note_warning(view, draft.panel_id)

    async def say_dropped(self, update: Update, draft: Draft) -> None:
        """Say that the draft is dropped: in the pressed message, else in a new one."""
        await asyncio.gather(self._say_dropped(update, draft), self._retire(update, draft))

    async def _say_dropped(self, update: Update, draft: Draft) -> None:
        text = (await self._deps.texts(update))("cancel-draft")
        pressed, topic = _pressed(update), topic_of(update, draft)
        panel_id = pressed.message_id if pressed else None
        if panel_id is None or not await self._replaced(draft.chat_id, panel_id, text):
            message = await reply(update, text, topic=topic)
            panel_id = message.message_id if message else None
        await self._deps.store.drafts.note_panel(draft, panel_id, topic)

    async def remove_stale_buttons(self, update: Update, draft: Draft | None) -> None:
        """Take the buttons off a pressed message whose buttons do nothing any more."""
        pressed, user = _pressed(update), update.effective_user
        if pressed is None or user is None or not keyboards.of_draft(data_of(update)):
            return
        chat_id, message_id = pressed.chat.id, pressed.message_id
        if draft and draft.panel_id == message_id:
            return
        if await self._deps.store.tracks.shown_in(chat_id, user.id, message_id) is None:
            await panels.retire(self._deps.bot, chat_id, [message_id])

    async def _view(self, draft: Draft, *, refusal_known: bool) -> DraftView:
        view = await self._deps.studio.draft_view(draft)
        return replace(view, refusal_known=refusal_known)

    async def _catch_up(self, update: Update, sent: Panel, *, refusal_known: bool) -> None:
        """Show what was found out about a recording while its question was being sent."""
        draft = await self._deps.draft(update)
        if draft is None:
            return
        view = await self._view(draft, refusal_known=refusal_known)
        panel = panels.panel(view, await self._deps.texts(update))
        if panel == sent or draft.panel_id is None:
            return
        if await self._edit(draft, panel):  # else the person has deleted it
            await self._note_warning(view, draft.panel_id)

    async def _note_warning(self, view: DraftView, message_id: int) -> None:
        """Remember which message holds a warning, so that it comes once."""
        if view.hint and view.hint[0].hint_message_id is None:
            await self._deps.store.recordings.hinted(view.hint[0].id, message_id)

    async def _edit(self, draft: Draft, panel: Panel) -> bool:
        """Show a panel in the message that showed the draft before; False if that is gone."""
        return await repeated(
            lambda: show_panel(self._deps.bot, draft.chat_id, draft.panel_id, panel),
            patient=True,
        )

    async def _replaced(self, chat_id: int, message_id: int, text: str) -> bool:
        """Replace a message's text and remove its buttons; False if it is gone."""
        try:
            return await show_panel(self._deps.bot, chat_id, message_id, Panel(text, None))
        except TelegramError:  # buttons that stay are answered as stale
            return False

    async def _retire(
        self, update: Update, draft: Draft, answered: DraftView | None = None
    ) -> None:
        """Take the buttons off every earlier panel; a failure does no harm to the answer.

        Args:
            update: What led here.
            draft: As it is now.
            answered: The view, if the pressed panel is to show how it was answered.
        """
        old = {draft.panel_id, draft.old_panel_id} - {None}
        pressed = _pressed(update)
        if pressed and answered:
            old.discard(pressed.message_id)
            say = await self._deps.texts(update)
            text = panels.chosen(answered, pressed.message_id, say)
            with suppress(TimeoutError):
                async with asyncio.timeout(panels.PATIENCE):
                    if not await self._replaced(draft.chat_id, pressed.message_id, text):
                        old.add(pressed.message_id)
        elif pressed and draft.step is Step.CLOSED:
            old.discard(pressed.message_id)  # it says that the draft is dropped
        elif pressed and keyboards.of_draft(data_of(update)):
            old.add(pressed.message_id)
        await panels.retire(self._deps.bot, draft.chat_id, old)


def _pressed(update: Update) -> MaybeInaccessibleMessage | None:
    """The message whose button was pressed, also where Telegram only names it."""
    return update.callback_query.message if update.callback_query else None
