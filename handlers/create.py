"""Create: a finished draft becomes a track."""

import asyncio

from telegram import Update
from telegram.ext import ContextTypes, ConversationHandler

from bot.store import DailyLimitReached, Draft, NotNow, Track
from bot.telegram.outbound import panels
from handlers.deps import Deps, editable_id, press_of, toast
from handlers.draft_buttons import DraftButtons
from handlers.limits import day_is_over, too_many_unfinished
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
        panel_id, say = editable_id(update), await self._deps.texts(update)
        try:
            created = await self._deps.studio.create(draft, panel_id, press_of(update))
        except DailyLimitReached as reached:
            await toast(update, day_is_over(say, reached), alert=True)
            return state_of(draft)
        if isinstance(created, Track):
            return await self._show_begun(update, draft, created)
        if created is NotNow.STALE:
            return await self._buttons.stale(update)
        limit = self._deps.studio.tracks_per_user
        await toast(update, too_many_unfinished(say, limit), alert=True)
        return state_of(draft)

    async def _show_begun(self, update: Update, draft: Draft, track: Track) -> State:
        """Show the track where it was asked for; earlier panels lose their buttons."""
        await asyncio.gather(toast(update), open_status(update, self._deps, track))
        old = {draft.panel_id, draft.old_panel_id} - {editable_id(update)}
        await panels.retire(self._deps.bot, draft.chat_id, old)
        return ConversationHandler.END
