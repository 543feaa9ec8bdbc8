"""Speaks to people for the studio: status messages, recordings in, tracks out."""

import logging
from collections.abc import Mapping
from html import escape
from pathlib import Path

from telegram import Bot, InlineKeyboardMarkup
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.i18n import Texts, texts
from bot.model import Failure, TrackStatus
from bot.store import Recording, Track
from bot.studio import AnswerLost, DraftView, Later, Progress, Unfit, Unreachable
from bot.studio.lyrics import file_name, title
from bot.telegram import request
from bot.telegram.outbound import keyboards, panels
from bot.telegram.outbound.chat_pacing import ChatPacing, Chats
from bot.telegram.outbound.files import Files
from bot.telegram.outbound.languages import Languages
from bot.telegram.outbound.lyrics_panels import Panel
from bot.telegram.outbound.messages import send_in_topic, show_panel
from bot.telegram.retry import GATEWAYS, refused, seconds

log = logging.getLogger(__name__)

_EDIT_EVERY = 3.0
_PAUSE = 5.0
_REMEMBERED = 10_000
_UNDER_WAY = {TrackStatus.QUEUED, TrackStatus.GENERATING}
_WORTH_A_MESSAGE = {
    TrackStatus.FAILED,
    TrackStatus.UNSURE,
    TrackStatus.UNDELIVERABLE,
    TrackStatus.CANCELLED,
}


class Messenger:
    """What the studio knows as its messenger, on Telegram.

    Args:
        bot: Initialised, on a `bot.telegram.request.AiohttpRequest`.
        languages: Which language each person reads.
        owner_id: Whom to tell of what only the owner can fix, or None.
        performer: Who tracks are by.
        files: What people sent.
        services: By the name of each music service, its title and the setting with its key.
        time_scale: A factor on its pauses; tests hurry.

    Attributes:
        owner_told: What people read of that (see `bot.studio.ports.Messenger`).
    """

    def __init__(
        self,
        bot: Bot,
        languages: Languages,
        owner_id: int | None,
        performer: str,
        services: Mapping[str, tuple[str, str]],
        *,
        files: Files,
        time_scale: float = 1.0,
    ) -> None:
        self._bot = bot
        self._languages = languages
        self._owner_id = owner_id
        self._performer = performer
        self._files = files
        self._services = services
        self._pause = _PAUSE * time_scale
        self._chats = Chats(_EDIT_EVERY * time_scale)
        self._said_anew: set[int] = set()
        self.owner_told = False

    async def fetch(self, file_id: str, into: Path, at_most: int) -> None:
        """Write a recording to a file (see `bot.studio.ports.Messenger`)."""
        await self._files.fetch(file_id, into, at_most)

    async def show(
        self,
        track: Track,
        progress: Progress | None = None,
        *,
        kept: bool = False,
        unfit: Unfit | None = None,
    ) -> bool:
        """Edit the track's status message (see `bot.studio.ports.Messenger`)."""
        chat = self._chats.of(track.chat_id)
        if progress and not chat.takes_progress:
            return False
        async with chat.in_order():
            return await self._show(chat, track, progress, kept=kept, unfit=unfit)

    async def _show(
        self,
        chat: ChatPacing,
        track: Track,
        progress: Progress | None,
        *,
        kept: bool,
        unfit: Unfit | None,
    ) -> bool:
        if chat.is_flooded:
            return False
        if track.status in _UNDER_WAY and chat.has_ended(track.id):
            return True
        chat.edits()
        say = texts(await self._languages.of(track.user_id))
        text, buttons = _status(track, progress, say, kept=kept, owner_told=self.owner_told)
        if unfit:
            text = panels.refusal(
                unfit.flaw, unfit.limits, say, kept=True, owner_told=self.owner_told
            )
        try:
            await self._say(track, text, buttons, new=progress is None)
            if progress and not track.stop_wanted:
                await self._bot.send_chat_action(
                    track.chat_id, ChatAction.RECORD_VOICE, message_thread_id=track.topic_id
                )
        except RetryAfter as error:
            chat.flooded(seconds(error))
            return False
        except (BadRequest, Forbidden) as error:
            log.info("nobody is told where a track stands: %s", error.message)
        except TelegramError as error:
            log.info("the status message was not edited: %s", type(error).__name__)
            return False
        if track.status not in _UNDER_WAY:
            chat.ended(track.id)
        return True

    async def _say(
        self, track: Track, text: str, buttons: InlineKeyboardMarkup | None, *, new: bool
    ) -> None:
        """Edit the status message; where there is none, only how a track ended is worth one."""
        if track.panel_id is None:
            if new and track.status is not TrackStatus.SENDING:  # the track itself is on its way
                await self._say_anew(track, text, buttons)
            return
        panel = Panel(text, buttons)
        if await show_panel(self._bot, track.chat_id, track.panel_id, panel):
            return
        log.info("the status message cannot be edited: the person may have deleted it")
        if track.status in _WORTH_A_MESSAGE:
            await self._say_anew(track, text, buttons)

    async def _say_anew(
        self, track: Track, text: str, buttons: InlineKeyboardMarkup | None
    ) -> None:
        await send_in_topic(
            self._bot.send_message,
            track.chat_id,
            track.topic_id,
            text=text,
            parse_mode=ParseMode.HTML,
            reply_markup=buttons,
        )
        if len(self._said_anew) >= _REMEMBERED:
            self._said_anew.clear()
        self._said_anew.add(track.id)

    async def unfetched(
        self, recording: Recording, topic: int | None, *, owner_knows: bool
    ) -> None:
        """Say that a recording cannot be fetched (see `bot.studio.ports.Messenger`)."""
        say = texts(await self._languages.of(recording.user_id))
        key = "recording-out-of-reach" if owner_knows else "recording-late"
        text = say(key, owner=self.owner_told)
        await self._about(recording, topic, text, None)

    async def ring(self, track: Track) -> bool:
        """Let a short new message say that a track has ended badly."""
        if track.id in self._said_anew:  # the phone has rung for that
            self._said_anew.discard(track.id)
            return True
        say = texts(await self._languages.of(track.user_id))
        # One "Send it again" is enough: a second would stay behind when the first is pressed.
        failed = track.status is TrackStatus.FAILED
        try:
            await send_in_topic(
                self._bot.send_message,
                track.chat_id,
                track.topic_id,
                text=say(f"notice-{track.status}", title=_name(track, say)),
                parse_mode=ParseMode.HTML,
                reply_markup=keyboards.failed(track, say) if failed else None,
                reply_to_message_id=track.panel_id,
                allow_sending_without_reply=True,
            )
        except RetryAfter:
            return False
        except (BadRequest, Forbidden) as error:
            log.info("nobody is told how a track ended: %s", error.message)
        except NetworkError as error:
            log.info("how a track ended may not have been told: %s", type(error).__name__)
            return not refused(error)
        return True

    async def redraw(self, view: DraftView) -> bool:
        """Let a draft's panel show the draft as it is now."""
        draft = view.draft
        panel = panels.panel(view, texts(await self._languages.of(draft.user_id)))
        try:
            return await show_panel(self._bot, draft.chat_id, draft.panel_id, panel)
        except RetryAfter as error:
            raise Later(seconds(error)) from error
        except Forbidden as error:
            raise Unreachable from error
        except NetworkError as error:
            raise Later(self._pause) from error

    async def refuse(self, recording: Recording, view: DraftView) -> None:
        """Say in a new message that a recording cannot be used."""
        draft = view.draft
        panel = panels.panel(view, texts(await self._languages.of(draft.user_id)))
        await self._about(recording, draft.topic_id, panel.text, panel.buttons)

    async def _about(
        self,
        recording: Recording,
        topic: int | None,
        text: str,
        buttons: InlineKeyboardMarkup | None,
    ) -> None:
        """Say something about a recording, in answer to its message."""
        try:
            await send_in_topic(
                self._bot.send_message,
                recording.chat_id,
                topic,
                text=text,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons,
                reply_to_message_id=recording.message_id,
                allow_sending_without_reply=True,
            )
        except RetryAfter as error:
            raise Later(seconds(error)) from error
        except (BadRequest, Forbidden) as error:
            raise Unreachable from error
        except (request.Broken, TimedOut):
            log.info("the answer to a message was lost")
        except NetworkError as error:
            raise Later(self._pause) from error

    async def retire(self, chat_id: int, message_id: int) -> None:
        """Take the buttons off a message."""
        await panels.retire(self._bot, chat_id, [message_id])

    async def name_of(self, track: Track) -> str:
        """A track's name as its person reads it."""
        return _name(track, texts(await self._languages.of(track.user_id)))

    async def deliver(self, track: Track, audio: bytes, cover: bytes, note: str) -> str:
        """Send the track with its cover and what to do next."""
        say = texts(await self._languages.of(track.user_id))
        name = _name(track, say)
        caption = say("caption", take=track.take)
        try:
            message = await send_in_topic(
                self._bot.send_audio,
                track.chat_id,
                track.topic_id,
                audio=audio,
                filename=f"{file_name(name)}.mp3",
                title=name,
                performer=self._performer,
                duration=round(track.seconds or 0),
                thumbnail=cover,
                caption=f"{caption}\n{escape(note)}" if note else caption,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboards.finished(track, say),
            )
        except RetryAfter as error:
            raise Later(seconds(error)) from error
        except (BadRequest, Forbidden) as error:
            log.warning("a track cannot be delivered: %s", error.message)
            raise Unreachable from error
        except request.Unsent as error:
            raise Later(self._pause) from error
        except (request.Broken, TimedOut) as error:
            raise AnswerLost from error
        except TelegramError as error:
            if any(gateway in error.message for gateway in GATEWAYS):
                raise AnswerLost from error  # said by what stands before Telegram, not by it
            raise Later(self._pause) from error
        return message.audio.file_id if message.audio else ""

    async def tell_owner(self, matter: str, backend: str, instead: str | None = None) -> bool:
        """Tell the owner what only they can mend (see `bot.studio.ports.Messenger`)."""
        if self._owner_id is None:
            return False
        say = texts(await self._languages.of(self._owner_id))
        titles = {name: service[0] for name, service in self._services.items()}
        named = {
            "service": titles.get(backend, backend),
            "setting": self._services[backend][1] if backend in self._services else "no",
            "instead": titles.get(instead or "", instead or "no"),
        }
        try:
            await self._bot.send_message(
                self._owner_id,
                say(f"owner-{matter}", **named),
                parse_mode=ParseMode.HTML,
            )
        except TelegramError as error:
            log.warning("the owner could not be told: %s", type(error).__name__)
            return False
        return True


def _name(track: Track, say: Texts) -> str:
    """Title, and number from the second take on."""
    name = title(track.lyrics)
    return name if track.take == 1 else say.plain("track-take", title=name, take=track.take)


def _status(  # noqa: PLR0911 - one line a status reads best
    track: Track, progress: Progress | None, say: Texts, *, kept: bool, owner_told: bool
) -> tuple[str, InlineKeyboardMarkup | None]:
    """What a status message says, and its buttons."""
    match track.status:
        case TrackStatus.QUEUED:
            return say("status-queued"), keyboards.working(track, say)
        case TrackStatus.GENERATING if track.stop_wanted:
            return say("status-stopping"), None
        case TrackStatus.GENERATING:
            return _generating(progress, say), keyboards.working(track, say)
        case TrackStatus.MADE | TrackStatus.SENDING:
            return say("status-sending"), None
        case TrackStatus.CANCELLED if kept:
            return say("status-cancelled-kept"), keyboards.kept(track, say, "button-send-anyway")
        case TrackStatus.UNSURE | TrackStatus.UNDELIVERABLE:
            return say(f"status-{track.status}"), keyboards.kept(track, say, "button-send-again")
        case TrackStatus.FAILED:
            reason = track.reason or Failure.UPSTREAM
            return say(f"failed-{reason}", owner=owner_told), keyboards.failed(track, say)
        case TrackStatus.DELIVERED | TrackStatus.CANCELLED:
            return say(f"status-{track.status}"), None


def _generating(progress: Progress | None, say: Texts) -> str:
    elapsed, expected = (progress.elapsed, progress.expected) if progress else (0.0, 60.0)
    if elapsed > expected:
        return say("status-generating-long", elapsed=_clock(elapsed))
    return say("status-generating", elapsed=_clock(elapsed), expected=_clock(expected))


def _clock(elapsed: float) -> str:
    return f"{int(elapsed) // 60}:{int(elapsed) % 60:02}"
