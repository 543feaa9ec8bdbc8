"""Recordings that people send, or put in the place of one they had sent."""

import asyncio

from telegram import Message, Update
from telegram.ext import ContextTypes

from bot.model import Flaw, RecordingStatus, Step
from bot.store import DailyLimitReached, NewRecording, Recording
from bot.telegram.outbound import panels
from handlers.deps import Deps, receipt, reply, topic_of
from handlers.limits import day_is_over
from handlers.prompts import Prompts
from handlers.recording_input import attachment_of, flaw_of, is_unclear, new_recording
from handlers.states import State, state_of

_RECEIPT = "👌"


class Recordings:
    """Takes recordings into the draft, or says at once what is wrong with them."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)

    async def sent(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Take in a recording."""
        new = await self._usable(update, update.message)
        return await self._take_in(update, new) if new else None

    async def replaced(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Follow a recording that was replaced by another in its message."""
        new = await self._usable(update, update.edited_message)
        if new is None:
            return None
        try:
            draft = await self._deps.studio.replace_recording(new)
        except DailyLimitReached as reached:
            return await self._limit_reached(update, reached)
        say = await self._deps.texts(update)
        if draft is not None:
            await reply(update, say("recording-replaced"))
            await self._prompts.ask(update, draft)
            return state_of(draft)
        if await self._deps.store.recordings.track_uses_replaced(new):
            await reply(update, say("recording-replaced-late"))
            return None
        return await self._take_in(update, new)

    async def replaced_by_other(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Say what becomes of a recording whose message holds something else by now."""
        message = update.edited_message
        if message and await self._held(message):
            await self._refuse(update, Flaw.NOT_AUDIO)
        return None

    async def _held(self, message: Message) -> Recording | None:
        """The recording that a message held before it was edited, if it held one."""
        return await self._deps.store.recordings.in_message(message.chat_id, message.message_id)

    async def _usable(self, update: Update, message: Message | None) -> NewRecording | None:
        """The recording in a message; one that cannot be used by its size or type is refused."""
        user = update.effective_user
        attachment = attachment_of(message) if message else None
        if message is None or user is None or attachment is None:
            return None
        if flaw := flaw_of(attachment):
            await self._refuse(update, flaw)
            return None
        if update.message and is_unclear(attachment) and await self._waits_for_words(update):
            say = await self._deps.texts(update)
            await reply(update, say("file-unclear"))
            return None
        return new_recording(message, attachment, user.id)

    async def _waits_for_words(self, update: Update) -> bool:
        """Whether the draft has all the recordings it needs, as far as that is known."""
        draft = await self._deps.draft(update)
        if draft is None or draft.step not in {Step.LYRICS, Step.PREVIEW}:
            return False
        return await self._deps.studio.recording_of(draft) is None

    async def _take_in(self, update: Update, new: NewRecording) -> State:
        """Take in a recording, and ask what it is; the same one again changes nothing."""
        message = update.effective_message
        try:
            draft, changed = await self._deps.studio.record(new)
        except DailyLimitReached as reached:
            return await self._limit_reached(update, reached)
        if changed and message:
            await asyncio.gather(receipt(message, _RECEIPT), self._prompts.ask(update, draft))
        else:
            await self._prompts.complete(update, draft)
        return state_of(draft)

    async def _limit_reached(self, update: Update, reached: DailyLimitReached) -> State:
        await reply(update, day_is_over(await self._deps.texts(update), reached))
        return None

    async def _refuse(self, update: Update, flaw: Flaw) -> None:
        """Say what is wrong with a file, or that words are wanted; the draft stays as it was."""
        say = await self._deps.texts(update)
        draft = await self._deps.draft(update)
        studio = self._deps.studio
        kept = draft is not None and bool(draft.lyrics) and draft.step is not Step.CLOSED
        told = studio.owner_told
        problem = panels.refusal(flaw, studio.limits, say, kept=kept, owner_told=told)
        edited = update.edited_message
        held = await self._held(edited) if edited else None
        if held and held.status is not RecordingStatus.REJECTED:
            known = flaw is Flaw.NOT_AUDIO  # they see that it is no recording
            problem = say("recording-kept") if known else f"{problem}\n{say('recording-kept')}"
        elif flaw is Flaw.NOT_AUDIO and draft and draft.step is Step.LYRICS:
            problem = say("lyrics-wrong-kind")
        await reply(update, problem, topic=topic_of(update, draft))
