"""Recordings as Telegram announces them: what can be judged at once, and what to keep."""

from telegram import Audio, Document, Message, Video, VideoNote, Voice
from telegram.ext import filters

from bot.model import Flaw
from bot.store import NewRecording
from bot.untrusted import clamped, printable
from handlers.document_kinds import WORDS_FILE, Holds, holds, is_surely_sound

_MAX_BYTES = 20 * 1024 * 1024  # getFile hands out no more (Bot API)
_MAX_TITLE = 200
_MAX_UNIQUE_ID = 64
_MAX_ALBUM_ID = 64
_MAX_SECONDS = 1e6  # more is no length

Attachment = Voice | Audio | Document | VideoNote | Video

_ATTACHMENT = (
    filters.VOICE
    | filters.AUDIO
    | filters.VIDEO_NOTE
    | filters.VIDEO
    | (filters.Document.ALL & ~WORDS_FILE & ~filters.ANIMATION)
)
RECORDING = filters.UpdateType.MESSAGE & _ATTACHMENT
REPLACED_RECORDING = filters.UpdateType.EDITED_MESSAGE & _ATTACHMENT
REPLACED_BY_OTHER = filters.UpdateType.EDITED_MESSAGE & ~_ATTACHMENT & ~filters.TEXT & ~WORDS_FILE
"""Edits into what holds neither sound nor words: a picture, a place that moves."""


def attachment_of(message: Message) -> Attachment | None:
    """The part of a message that may hold sound."""
    return (
        message.voice or message.audio or message.video_note or message.video or message.document
    )


def flaw_of(attachment: Attachment) -> Flaw | None:
    """What is wrong with a recording by what Telegram says of it; None if it must be heard.

    Only its size counts, and a document that is plainly something else: the announced length is
    a guess of the sender's app, and often wrong.
    """
    if isinstance(attachment, Document) and holds(attachment) is not Holds.SOUND:
        return Flaw.NOT_AUDIO
    if attachment.file_size == 0:
        return Flaw.EMPTY
    return Flaw.TOO_BIG if (attachment.file_size or 0) > _MAX_BYTES else None


def is_unclear(attachment: Attachment) -> bool:
    """Whether only the decoder can tell if a file holds sound at all."""
    return isinstance(attachment, Document) and not is_surely_sound(attachment)


def seconds_of(attachment: Attachment) -> float | None:
    """Its length as the sender's app has it; documents have none."""
    if isinstance(attachment, Document):
        return None
    return clamped(attachment.duration, 0.0, _MAX_SECONDS)


def new_recording(message: Message, attachment: Attachment, user_id: int) -> NewRecording:
    """The recording as the store takes it in; foreign text is bounded and printable."""
    return NewRecording(
        chat_id=message.chat_id,
        user_id=user_id,
        message_id=message.message_id,
        file_id=attachment.file_id,
        unique_id=printable(attachment.file_unique_id, _MAX_UNIQUE_ID),
        title=printable(
            getattr(attachment, "title", None) or getattr(attachment, "file_name", None),
            _MAX_TITLE,
        ),
        seconds=seconds_of(attachment),
        album=printable(message.media_group_id, _MAX_ALBUM_ID) or None,
    )
