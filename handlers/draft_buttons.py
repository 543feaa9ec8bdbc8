"""What all buttons of a draft have in common: which presses count, and what follows one."""

from telegram import Update

from bot.store import Draft
from handlers.deps import Deps, numbers_of, press_of, toast
from handlers.prompts import Prompts
from handlers.states import State, state_of
from handlers.tracks import open_status


class DraftButtons:
    """Judges presses by the draft's revision, and answers those that do not count."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)

    async def pressed(self, update: Update) -> Draft | None:
        """The draft a button names, if the button is the newest and the presser's own."""
        draft = await self._deps.draft(update)
        if draft and numbers_of(update) == [draft.id, draft.revision]:
            return draft
        await self.outdated(update, draft)
        return None

    async def pressed_usable(self, update: Update) -> Draft | None:
        """As `pressed`, if its recordings are usable; its panel says so if they are not."""
        draft = await self.pressed(update)
        if draft is None or not await self._deps.studio.recording_of(draft):
            return draft
        await toast(update)
        await self._prompts.refresh(update, draft)
        return None

    async def go_on(
        self, update: Update, changed: Draft | None, *, answered: bool = False
    ) -> State:
        """Ask for what comes next, once a press has changed the draft.

        Args:
            update: The press.
            changed: The draft as it is now; None if the press came too late to change it.
            answered: As for `Prompts.ask`.
        """
        if changed is None:
            return await self.stale(update)
        await toast(update)
        await self._prompts.ask(update, changed, answered=answered)
        return state_of(changed)

    async def outdated(self, update: Update, draft: Draft | None) -> State:
        """Answer a press of an older revision; one that is handled again is completed."""
        user = update.effective_user
        if draft and await self._prompts.complete_if_handled(update, draft):
            return state_of(draft)
        begun = user and await self._deps.store.tracks.asked_for(user.id, press_of(update))
        if not begun:
            return await self.stale(update)
        await toast(update)
        await open_status(update, self._deps, begun)
        return None

    async def stale(self, update: Update) -> State:
        """Say that a button does nothing any more, and take it away."""
        say = await self._deps.texts(update)
        await toast(update, say.plain("toast-stale"))
        draft = await self._deps.draft(update)
        if draft:
            await self._prompts.complete(update, draft)
        await self._prompts.remove_stale_buttons(update, draft)
        return None
