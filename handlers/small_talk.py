"""Answers to what people say besides lyrics."""

from telegram import Update

from bot.model import Step, TrackStatus
from bot.store import UNFINISHED, Draft
from bot.studio import DraftLyrics
from bot.studio.small_talk import Talk
from bot.telegram.outbound import keyboards
from handlers.deps import Deps, reply

_ANSWERS = {
    Talk.DATA: "talk-data",
    Talk.HELP: "help",
    Talk.COST: "talk-cost",
    Talk.WHO: "talk-who",
}


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
        if talk in _ANSWERS:
            await reply(update, say(_ANSWERS[talk]))
            return True
        if draft and draft.step is not Step.CLOSED and talk is not Talk.WHEN:
            previewed = talk is Talk.NOD and await self._shows_create(draft)
            if previewed:
                await reply(update, say("talk-preview"))
            return previewed
        if talk is Talk.HELLO:
            await reply(update, say("start"))
            return True
        chat, user = update.effective_chat, update.effective_user
        track = await self._deps.store.tracks.last_of(chat.id, user.id) if chat and user else None
        if track and track.status in UNFINISHED:
            await reply(update, say("status-stopping" if track.stop_wanted else "talk-waiting"))
        elif talk is Talk.WHEN:
            await reply(update, say("talk-when"))
        elif track and track.status is TrackStatus.DELIVERED:
            key = "talk-thanks" if talk is Talk.THANKS else "talk-next"
            await reply(update, say(key), keyboards.finished(track, say))
        else:
            await reply(update, say("send-recording-first"))
        return True

    async def _shows_create(self, draft: Draft) -> bool:
        """Whether the button that makes the track is there to be pressed."""
        if draft.step is not Step.PREVIEW or draft.panel_id is None:
            return False
        if DraftLyrics.of(draft).pending or await self._deps.studio.recording_of(draft):
            return False
        return self._deps.studio.lyrics_limits(draft).problem(draft.lyrics or "") is None
