"""Cancel: the button under the preview, and /cancel."""

from telegram import Update
from telegram.ext import ContextTypes, ConversationHandler

from bot.draft_steps import DraftEvent
from bot.model import Step
from bot.store import Draft
from handlers.deps import Deps, press_of, reply, toast, topic_of
from handlers.draft_buttons import DraftButtons
from handlers.lyrics import only_message_ids
from handlers.prompts import Prompts
from handlers.states import State, state_of


class Cancel:
    """Drops the draft; /cancel without an open one stops the newest track."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)
        self._buttons = DraftButtons(deps)

    async def button(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Cancel under the preview."""
        draft = await self._buttons.pressed(update)
        if draft is None:
            return None
        closed = await self._drop(update, draft)
        if closed is None:
            return await self._buttons.stale(update)
        await toast(update)
        await self._prompts.say_dropped(update, closed)
        return ConversationHandler.END

    async def command(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """/cancel: drop the draft; with none open, stop the newest track."""
        draft = await self._deps.draft(update)
        if draft and await self._prompts.complete_if_handled(update, draft):
            return state_of(draft)
        if draft and draft.step is not Step.CLOSED:
            closed = await self._drop(update, draft)
            await self._prompts.say_dropped(update, closed or draft)
            return ConversationHandler.END
        say = await self._deps.texts(update)
        stopped = await self._stop_newest_track(update)
        keys = {None: "cancel-nothing", True: "cancel-track", False: "toast-too-late"}
        await reply(update, say(keys[stopped]), topic=topic_of(update, draft))
        return ConversationHandler.END

    async def _drop(self, update: Update, draft: Draft) -> Draft | None:
        dropped, words = DraftEvent.DROPPED, only_message_ids(draft)
        return await self._deps.store.drafts.change(
            draft, dropped, by=update.update_id, panel_id=None, words=words
        )

    async def _stop_newest_track(self, update: Update) -> bool | None:
        """Whether it was stopped, or had been by this very update; None without a track."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return None
        press, tracks = press_of(update), self._deps.store.tracks
        if await tracks.asked_for(user.id, press):
            return True
        latest = await tracks.latest(chat.id, user.id)
        return await self._deps.studio.cancel(latest[0], press) if latest else None
