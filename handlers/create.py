"""Create: a finished draft becomes a track."""

import asyncio

from telegram import Update
from telegram.ext import ContextTypes, ConversationHandler

from bot.store import NotNow, Track
from bot.telegram.outbound import panels
from handlers.deps import Deps, editable_id, press_of, toast, too_many
from handlers.draft_buttons import DraftButtons
from handlers.states import State, state_of
from handlers.tracks import open_status


class Create:
    """Closes the draft and begins its track."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._buttons = DraftButtons(deps)

    async def create(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Begin the track in the preview's message, or say why not now."""
        draft = await self._buttons.pressed_usable(update)
        if draft is None:
            return None
        panel_id = editable_id(update)
        created = await self._deps.studio.create(draft, panel_id, press_of(update))
        if isinstance(created, Track):
            await asyncio.gather(toast(update), open_status(update, self._deps, created))
            old = {draft.panel_id, draft.old_panel_id} - {panel_id}
            await panels.retire(self._deps.bot, draft.chat_id, old)
            return ConversationHandler.END
        if created is NotNow.STALE:
            return await self._buttons.stale(update)
        say = await self._deps.texts(update)
        await toast(update, too_many(say, created, self._deps.studio), alert=True)
        return state_of(draft)
