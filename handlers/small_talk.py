"""Answers to what people say besides lyrics."""

from telegram import Update

from bot.model import Step, TrackStatus
from bot.store import UNFINISHED, Draft
from bot.studio.small_talk import Talk
from bot.telegram.outbound import keyboards
from handlers.deps import Deps, reply


class SmallTalk:
    """Says something kind, and what to do next."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def answer(self, update: Update, draft: Draft | None, talk: Talk) -> bool:
        """Answer small talk.

        Returns:
            False if asking again what the draft lacks is the better answer.
        """
        say = await self._deps.texts(update)
        if talk is Talk.DATA or talk is Talk.HELP:
            await reply(update, say("talk-data" if talk is Talk.DATA else "help"))
            return True
        if draft and draft.step is not Step.CLOSED:
            return False
        if talk is Talk.HELLO:
            await reply(update, say("start"))
            return True
        chat, user = update.effective_chat, update.effective_user
        track = await self._deps.store.tracks.last_of(chat.id, user.id) if chat and user else None
        if track and track.status in UNFINISHED:
            await reply(update, say("status-stopping" if track.stop_wanted else "talk-waiting"))
        elif track and track.status is TrackStatus.DELIVERED:
            key = "talk-thanks" if talk is Talk.THANKS else "talk-next"
            await reply(update, say(key), keyboards.finished(track, say))
        else:
            await reply(update, say("send-recording-first"))
        return True
