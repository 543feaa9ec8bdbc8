"""What all buttons of a draft have in common: which presses count, and what follows one."""

from telegram import Update

from bot.model import Step
from bot.store import Draft
from bot.telegram.outbound import keyboards
from handlers.deps import Deps, data_of, numbers_of, press_of, toast
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
        """Answer a press of an older revision.

        Nothing is wrong where it has had its effect: it is handled again, or the same question
        stands in the chat twice, and both have been answered in the same way.
        """
        if draft and await self._prompts.complete_if_handled(update, draft):
            return state_of(draft)
        user, tracks = update.effective_user, self._deps.store.tracks
        begun = user and await tracks.asked_for(user.id, press_of(update))
        if begun:
            await toast(update)
            await open_status(update, self._deps, begun)
            return None
        draft_id, revision = (*numbers_of(update), 0, 0)[:2]
        if draft is None or draft_id != draft.id:
            return await self.stale(update)
        created = await tracks.made_from(draft_id, revision)
        if created and data_of(update).startswith(keyboards.CREATE):
            await self._already(update, draft)
            await open_status(update, self._deps, created)
            return None
        if created is None and _has_had_its_effect(update, draft):
            await self._already(update, draft)
            await self._prompts.complete(update, draft)
            return state_of(draft)
        return await self.stale(update)

    async def _already(self, update: Update, draft: Draft) -> None:
        """Say that a button need not be pressed again, and take it away."""
        say = await self._deps.texts(update)
        await toast(update, say.plain("toast-already"))
        await self._prompts.remove_stale_buttons(update, draft)

    async def stale(self, update: Update) -> State:
        """Say that a button does nothing any more, and take it away."""
        say = await self._deps.texts(update)
        await toast(update, say.plain("toast-stale"))
        draft = await self._deps.draft(update)
        if draft:
            await self._prompts.complete(update, draft)
        await self._prompts.remove_stale_buttons(update, draft)
        return None


def _has_had_its_effect(update: Update, draft: Draft) -> bool:
    """Whether a button of the revision before asks for what the draft is by now."""
    action, _, rest = data_of(update).partition(":")
    if numbers_of(update) != [draft.id, draft.revision - 1]:
        return False
    if action == keyboards.PURPOSE:
        return draft.purpose == rest.rpartition(":")[2]
    if action == keyboards.BACK:
        return draft.partner_id is None and draft.step in {Step.LYRICS, Step.PREVIEW}
    return (action, draft.step) in {
        (keyboards.PARTNER, Step.PARTNER),
        (keyboards.DROP, Step.CLOSED),
    }
