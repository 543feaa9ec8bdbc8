"""A partner for the recording: music for a voice, or a voice for music."""

from telegram import Update
from telegram.ext import ContextTypes

from bot.draft_steps import DraftEvent
from handlers.deps import Deps
from handlers.draft_buttons import DraftButtons
from handlers.states import State


class Partner:
    """Asks for a partner, or goes on without one; a partner that is sent is a recording."""

    def __init__(self, deps: Deps) -> None:
        self._drafts = deps.store.drafts
        self._buttons = DraftButtons(deps)

    async def ask(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Add music, or Add a voice."""
        draft = await self._buttons.pressed_usable(update)
        if draft is None:
            return None
        wanted, number = DraftEvent.PARTNER_WANTED, update.update_id
        changed = await self._drafts.change(draft, wanted, by=number, panel_id=None)
        return await self._buttons.go_on(update, changed)

    async def decline(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Go on without a partner."""
        draft = await self._buttons.pressed(update)
        if draft is None:
            return None
        changed = await self._drafts.change(
            draft,
            DraftEvent.PARTNER_DECLINED,
            by=update.update_id,
            partner_id=None,
            panel_id=None,
        )
        return await self._buttons.go_on(update, changed)
