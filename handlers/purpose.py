"""The question what a recording holds."""

from telegram import Update
from telegram.ext import ContextTypes

from handlers.deps import Deps, data_of
from handlers.draft_buttons import DraftButtons
from handlers.states import State


class PurposeQuestion:
    """Takes its answer."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._buttons = DraftButtons(deps)

    async def choose(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Note what is in the recording, and ask for the lyrics."""
        draft = await self._buttons.pressed_usable(update)
        if draft is None:
            return None
        named = data_of(update).rpartition(":")[2]
        purpose = next((p for p in self._deps.studio.abilities.purposes if p == named), None)
        if purpose is None:
            return await self._buttons.stale(update)
        changed = await self._deps.studio.choose(draft, purpose, by=update.update_id)
        return await self._buttons.go_on(update, changed, answered=True)
