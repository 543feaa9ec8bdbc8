"""Buttons and messages that have no place where the conversation is."""

from telegram import Update
from telegram.ext import ContextTypes

from bot.model import Step
from handlers.deps import Deps, reply, topic_of
from handlers.draft_buttons import DraftButtons
from handlers.prompts import Prompts
from handlers.states import State

_WANTED_INSTEAD = {
    Step.PURPOSE: "purpose-first",
    Step.LYRICS: "lyrics-wrong-kind",
    Step.PARTNER: "partner-wrong-kind",
}


class Unexpected:
    """Says what is wanted instead."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)
        self._buttons = DraftButtons(deps)

    async def button(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer a button that has no place in the conversation as it is now."""
        return await self._buttons.outdated(update, await self._deps.draft(update))

    async def message(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Answer what is neither a recording nor words."""
        say, draft = await self._deps.texts(update), await self._deps.draft(update)
        step = draft.step if draft else Step.CLOSED
        if draft and step is not Step.CLOSED:
            refused = await self._deps.studio.recording_of(draft)
            if refused or step is Step.PREVIEW:
                await self._prompts.ask(update, draft)
                return None
        answer = say(_WANTED_INSTEAD.get(step, "send-recording-first"))
        await reply(update, answer, topic=topic_of(update, draft))
        return None
