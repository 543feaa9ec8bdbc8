"""Lyrics on their way into the draft."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ContextTypes, ConversationHandler

from bot.draft_steps import DraftEvent
from bot.model import BY_WORDS, Step, TrackStatus
from bot.store import Draft, Track
from bot.studio import DraftLyrics, LyricsPiece
from bot.studio.lyrics_pieces import looks_like_lyrics, message_ids
from bot.studio.small_talk import QUESTIONS, Talk, small_talk
from bot.telegram.outbound import keyboards
from handlers import lyrics_input
from handlers.deps import Deps, numbers_of, reply, toast
from handlers.prompts import Prompts
from handlers.small_talk import SmallTalk
from handlers.states import State, state_of
from handlers.tracks import pressed_track

_ASKING_FOR_WORDS = {Step.LYRICS, Step.PREVIEW}
_SILENT_ABOUT_WORDS = {Step.PURPOSE, Step.PARTNER}
"""Steps whose question says nothing of the words: its buttons stay good when those change."""


class Lyrics:
    """Keeps what people write: lyrics, typed, sent as a file or edited.

    A message that has been taken in is known by its number: handled again, it changes nothing,
    and only a question that was never sent is asked.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._prompts = Prompts(deps)
        self._talk = SmallTalk(deps)

    async def receive(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Keep the lyrics, and go on to whatever is missing."""
        message, draft = update.message, await self._deps.draft(update)
        if message is None:
            return None
        if DraftLyrics.of(draft).has_seen(message.message_id):
            return await self._answer_again(update, draft)
        try:
            text = await lyrics_input.read(message, self._deps)
        except lyrics_input.Unread as unread:
            await self._say_unread(update, draft, unread.key)
            return await self._remember_answered(update, draft)
        typed = message.document is None
        piece = LyricsPiece.of(message.message_id, text, message.date.timestamp())
        if self._continues_paste(draft, piece):
            return await self._take(update, draft, piece, sure=True)
        talk = small_talk(text) if typed else None
        if talk and not _may_be_sung(talk, draft):
            if not await self._talk.answer(update, draft, talk) and draft:
                await self._prompts.ask(update, draft)
            return await self._remember_answered(update, draft)
        if draft is None or draft.step is Step.CLOSED:
            draft = await self._deps.studio.reopened(draft) or draft
        asked_for = draft is not None and draft.step is Step.LYRICS
        sure = talk is None and (not typed or asked_for or looks_like_lyrics(text))
        return await self._take(update, draft, piece, sure=sure)

    async def receive_slashed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> State:
        """Take a text that begins like a command for what it is: words, or an unknown command."""
        message, draft = update.message, await self._deps.draft(update)
        if message is None:
            return None
        several = len((message.text or "").split()) > 1
        if draft and draft.step in _ASKING_FOR_WORDS and several:
            return await self.receive(update, context)
        if DraftLyrics.of(draft).has_seen(message.message_id):
            return await self._answer_again(update, draft)
        say = await self._deps.texts(update)
        await reply(update, say("unknown-command"))
        return await self._remember_answered(update, draft)

    async def edited(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Follow an edit of a message that holds words; what cannot be followed is said."""
        message, draft = update.edited_message, await self._deps.draft(update)
        if message is None:
            return None
        before, number = DraftLyrics.of(draft), message.message_id
        if draft is None or number not in message_ids(before.pieces):
            return await self._edited_elsewhere(update, draft)
        text = await self._read_edit(update, draft)
        if text is None:
            return None
        after = before.edited(number, text)
        if draft.step is Step.CLOSED and number in message_ids(before.accepted):
            return await self._too_late(update, draft, after)
        sure = draft.step in _ASKING_FOR_WORDS or looks_like_lyrics(text)
        return await self._change(
            update, draft, _without_tracks_words(draft, after), draft.panel_id, sure=sure
        )

    async def _edited_elsewhere(self, update: Update, draft: Draft | None) -> State:
        """Answer an edit of a message that holds no words of the draft as it stands."""
        message, user = update.edited_message, update.effective_user
        if message is None or user is None:
            return None
        number, tracks = message.message_id, self._deps.store.tracks
        if track := await tracks.with_lyrics_from(message.chat_id, user.id, number):
            return await self._edited_long_after(update, draft, track)
        if message.text and small_talk(message.text):
            return None
        if draft and draft.step in _ASKING_FOR_WORDS and number in DraftLyrics.of(draft).answered:
            text = await self._read_edit(update, draft)
            if text is None:
                return None
            sent_at = (message.edit_date or message.date).timestamp()
            return await self._take(update, draft, LyricsPiece(number, text, sent_at), sure=True)
        say = await self._deps.texts(update)
        held = await self._deps.store.recordings.in_message(message.chat_id, number)
        await reply(update, say("recording-kept" if held else "edit-unknown"))
        return None

    async def _edited_long_after(self, update: Update, draft: Draft | None, track: Track) -> State:
        """Say that a track was begun before an edit, though its draft has forgotten the words.

        Where the draft is still that track's and the words came in one message, they are what
        the message says now.
        """
        message, text = update.edited_message, await self._read_edit(update, draft)
        if message is None or text is None:
            return None
        piece = LyricsPiece.of(message.message_id, text, message.date.timestamp())
        whole = track.lyrics_messages == (piece.message_id,)
        if whole and piece.text == track.lyrics:
            return None
        newest = await self._deps.store.tracks.last_of(track.chat_id, track.user_id)
        if draft and draft.step is Step.CLOSED and whole and newest and newest.id == track.id:
            return await self._too_late(
                update, draft, replace(DraftLyrics.of(draft), accepted=(piece,))
            )
        say, title = await self._deps.texts(update), await self._deps.messenger.name_of(track)
        said = say("lyrics-edited-long-after", title=title)
        await reply(update, said, keyboards.new_lyrics(track, say))
        return None

    async def _read_edit(self, update: Update, draft: Draft | None) -> str | None:
        """The words in an edited message; None for a file that gives none, which is said."""
        if update.edited_message is None:
            return None
        try:
            return await lyrics_input.read(update.edited_message, self._deps)
        except lyrics_input.Unread as unread:
            await self._say_unread(update, draft, unread.key)
            return None

    async def decide(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Do with words what a button says: add them, sing them instead, or leave them out."""
        draft, query = await self._deps.draft(update), update.callback_query
        draft_id, message_id = (*numbers_of(update), 0)[:2]
        before = DraftLyrics.of(draft)
        if draft is None or query is None or draft.id != draft_id:
            return await self._stale(update, draft)
        handled = update.update_id in draft.handled
        asked = bool(before.pending) and before.pending[-1].message_id == message_id
        if not handled and not asked:
            already = query.data == before.decision
            key = "toast-already" if already else "toast-stale"
            return await self._stale(update, draft, key)
        await toast(update)
        if handled:
            return await self._answer_again(update, draft)
        action = (query.data or "")[:1]
        before = replace(before, decision=query.data or "")
        words = _without_tracks_words(draft, before)
        if action == keyboards.LEAVE_OUT_LYRICS and draft.step is Step.CLOSED:
            return await self._left_alone(update, draft, before.without_pending())
        after = {
            keyboards.ADD_LYRICS: words.with_pending_added,
            keyboards.REPLACE_LYRICS: words.with_pending_instead,
            keyboards.LEAVE_OUT_LYRICS: words.without_pending,
        }[action]().with_held_next(self._deps.studio.lyrics_limits(draft))
        panel = query.message.message_id if query.message else None
        return await self._change(update, draft, after, panel, sure=True)

    async def use_edited(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> State:
        """Make a track anew with the words that were edited after Create."""
        track, draft = await pressed_track(update, self._deps), await self._deps.draft(update)
        if track is None:
            return None
        await toast(update)
        latest = await self._deps.store.tracks.last_of(track.chat_id, track.user_id)
        edited = DraftLyrics.of(draft)
        if draft and draft.step is not Step.CLOSED and edited.edited_from_track == track.id:
            return await self._answer_again(update, draft)  # pressed twice, or handled again
        closed = draft is not None and draft.step is Step.CLOSED and latest == track
        return await self._begin_with(update, track, edited if closed else DraftLyrics())

    async def _begin_with(self, update: Update, track: Track, edited: DraftLyrics) -> State:
        """Go on with a track's recordings, and these words."""
        fresh = DraftLyrics(pending=edited.accepted, edited_from_track=track.id)
        begun = await self._deps.studio.begin_new_lyrics(track, words=fresh)
        return await self._change(update, begun, fresh, None, sure=True)

    async def _take(
        self, update: Update, draft: Draft | None, piece: LyricsPiece, *, sure: bool
    ) -> State:
        """Take a message in: the rest of a paste, or words of their own."""
        limits = self._deps.studio.lyrics_limits(draft)
        before = _without_tracks_words(draft, DraftLyrics.of(draft)).rearranged(limits, sure=False)
        if draft and self._continues_paste(draft, piece):
            after = before.with_tail(piece)
            return await self._change(update, draft, after, draft.panel_id, sure=True)
        after = before.with_message(piece, limits, sure=sure)
        return await self._change(update, draft, after, None, sure=sure)

    @staticmethod
    def _continues_paste(draft: Draft | None, piece: LyricsPiece) -> bool:
        """Whether a message is the rest of a paste that an app has split."""
        before = _without_tracks_words(draft, DraftLyrics.of(draft))
        last = (before.held or before.pending or before.accepted)[-1:]
        return draft is not None and bool(last) and piece.is_tail_of(last[0], draft.panel_id)

    async def _change(
        self,
        update: Update,
        draft: Draft | None,
        words: DraftLyrics,
        panel_id: int | None,
        *,
        sure: bool,
    ) -> State:
        """Commit words, and show where that leads.

        Args:
            update: What is handled.
            draft: As it was.
            words: As they are to be.
            panel_id: The message that shows it; None for a new one.
            sure: Whether what waits is lyrics beyond doubt.
        """
        words = words.rearranged(self._deps.studio.lyrics_limits(draft), sure=sure)
        refused = await self._deps.studio.recording_of(draft) if draft else None
        changed = await self._commit(update, draft, words, panel_id)
        if changed is None:
            return None
        show = self._prompts.ask if changed.panel_id is None else self._prompts.refresh
        known = refused is not None and refused.told
        await show(update, changed, refusal_known=known)
        return state_of(changed)

    async def _commit(
        self, update: Update, draft: Draft | None, words: DraftLyrics, panel_id: int | None
    ) -> Draft | None:
        """Write words down; None if somebody was quicker, or nobody wrote them."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return None
        drafts, event = self._deps.store.drafts, DraftEvent.LYRICS_CHANGED
        newest = max(message_ids((*words.accepted, *words.pending)), default=None)
        values: dict[str, Any] = {"lyrics": words.lyrics, "lyrics_message_id": newest}
        if draft is None or draft.step is Step.CLOSED:
            if not words.accepted:
                event, values = DraftEvent.MESSAGE_NOTED, {}
            if draft is None or words.accepted:
                values |= {"words": words.packed(), "by": update.update_id}
                return await drafts.open(chat.id, user.id, event, **values)
            words = replace(DraftLyrics.of(draft), pending=words.pending, answered=words.answered)
        if words == DraftLyrics.of(draft):
            return draft
        values |= {"words": words.packed(), "panel_id": panel_id, "by": update.update_id}
        if _same_question(draft, DraftLyrics.of(draft), words):
            return await drafts.change_in_place(draft, **values)
        return await drafts.change(draft, event, **values)

    async def _too_late(self, update: Update, draft: Draft, words: DraftLyrics) -> State:
        """Say once that a track was begun before an edit; a button uses the edited words."""
        before = DraftLyrics.of(draft)
        track = await self._deps.store.tracks.last_of(draft.chat_id, draft.user_id)
        if track is None or words.lyrics == before.lyrics:
            return None
        if track.status is TrackStatus.FAILED and track.reason in BY_WORDS:
            return await self._begin_with(update, track, words)  # that is what it asked for
        if not before.late_edit_answered:
            say = await self._deps.texts(update)
            await reply(update, say("lyrics-edited-late"), keyboards.use_edited_lyrics(track, say))
        answered = replace(words, late_edit_answered=True).packed()
        # They are forgotten an hour after the latest edit, not after Create.
        now = time.time()
        await self._deps.store.drafts.change_in_place(draft, words=answered, changed_at=now)
        return None

    async def _left_alone(self, update: Update, draft: Draft, words: DraftLyrics) -> State:
        """Words that came by themselves were no lyrics: say how to begin instead."""
        drafts = self._deps.store.drafts
        await drafts.change_in_place(draft, by=update.update_id, words=words.packed())
        say = await self._deps.texts(update)
        if update.callback_query:
            with suppress(TelegramError):
                await update.callback_query.edit_message_text(say.plain("send-recording-first"))
        return ConversationHandler.END

    async def _answer_again(self, update: Update, draft: Draft | None) -> State:
        """What is handled again changes nothing; a question that was never sent is asked."""
        if draft is None:
            return None
        await self._prompts.complete(update, draft)
        return state_of(draft)

    async def _remember_answered(self, update: Update, draft: Draft | None) -> State:
        """Remember that a message has had its answer, and changed nothing else."""
        message, user = update.message, update.effective_user
        if message is None or user is None:
            return None
        drafts = self._deps.store.drafts
        words = DraftLyrics.of(draft).with_answered(message.message_id)
        if draft is not None:
            await drafts.change_in_place(draft, words=words.packed())
            return state_of(draft)
        event = DraftEvent.MESSAGE_NOTED
        await drafts.open(message.chat_id, user.id, event, words=words.packed())
        return None

    async def _say_unread(self, update: Update, draft: Draft | None, key: str) -> None:
        """Say what is wrong with a file; where a recording is wanted, that it holds no sound."""
        say = await self._deps.texts(update)
        if key != "lyrics-wrong-kind" or (draft and draft.step in _ASKING_FOR_WORDS):
            await reply(update, say(key))
            return
        problem = say("recording-not-audio")
        has_lyrics = draft is not None and draft.lyrics and draft.step is not Step.CLOSED
        await reply(update, f"{problem}\n{say('lyrics-kept')}" if has_lyrics else problem)

    async def _stale(self, update: Update, draft: Draft | None, key: str = "toast-stale") -> State:
        """Say that a button does nothing any more, or need not be pressed again; take it away."""
        say = await self._deps.texts(update)
        await toast(update, say.plain(key))
        await self._prompts.remove_stale_buttons(update, draft)
        return await self._answer_again(update, draft)


def only_message_ids(draft: Draft) -> str:
    """What is left of a draft's words when it is dropped: which messages have been handled."""
    words = DraftLyrics.of(draft)
    gone = sorted(message_ids(words.pieces))
    return DraftLyrics().with_answered(*words.answered, *gone).packed()


def _without_tracks_words(draft: Draft | None, words: DraftLyrics) -> DraftLyrics:
    """Words without those of the track that a closed draft has become."""
    return replace(words, accepted=()) if draft and draft.step is Step.CLOSED else words


def _same_question(draft: Draft, before: DraftLyrics, after: DraftLyrics) -> bool:
    """Whether what a draft asks stays as it is, so that buttons that are shown stay valid."""
    if draft.step in _SILENT_ABOUT_WORDS:
        return True
    same_lyrics = before.lyrics == after.lyrics and not before.pending and not after.pending
    return draft.step is not Step.CLOSED and same_lyrics


def _may_be_sung(talk: Talk, draft: Draft | None) -> bool:
    """Whether small talk may be lyrics all the same: it came when words were asked for."""
    asked_for = draft is not None and draft.step is Step.LYRICS
    return asked_for and talk not in QUESTIONS
