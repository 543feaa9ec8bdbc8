"""Recordings as Telegram announces them: what can be judged at once, and what to keep."""

from telegram import Audio, Document, Message, Video, VideoNote, Voice
from telegram.ext import filters

from bot.model import Flaw
from bot.store import NewRecording
from bot.untrusted import clamped, printable
from handlers.documents import WORDS_FILE, Holds, holds

_BYTES = 20 * 1024 * 1024  # getFile hands out no more (Bot API)
_TITLE = 200
_UNIQUE = 64
_ALBUM = 64
_LONGEST = 1e6  # seconds; more is no length

Sound = Voice | Audio | Document | VideoNote | Video

_SOUND = (
    filters.VOICE
    | filters.AUDIO
    | filters.VIDEO_NOTE
    | filters.VIDEO
    | (filters.Document.ALL & ~WORDS_FILE & ~filters.ANIMATION)
)
RECORDING = filters.UpdateType.MESSAGE & _SOUND
REPLACED_RECORDING = filters.UpdateType.EDITED_MESSAGE & _SOUND


def sound_of(message: Message) -> Sound | None:
    """The part of a message that may hold sound."""
    return (
        message.voice or message.audio or message.video_note or message.video or message.document
    )


def flaw_of(sound: Sound) -> Flaw | None:
    """What is wrong with a recording by what Telegram says of it; None if it must be heard.

    Only its size counts, and a document that is plainly something else: lengths are what some
    app believed, and often wrong.
    """
    if isinstance(sound, Document) and holds(sound) is not Holds.SOUND:
        return Flaw.NOT_AUDIO
    if sound.file_size == 0:
        return Flaw.EMPTY
    return Flaw.TOO_BIG if (sound.file_size or 0) > _BYTES else None


def seconds_of(sound: Sound) -> float | None:
    """Its length as the sender's app has it; documents have none."""
    if isinstance(sound, Document):
        return None
    return clamped(sound.duration, 0.0, _LONGEST)


def as_new(message: Message, sound: Sound, user_id: int) -> NewRecording:
    """The recording, as the store takes it in."""
    return NewRecording(
        chat_id=message.chat_id,
        user_id=user_id,
        message_id=message.message_id,
        file_id=sound.file_id,
        unique_id=printable(sound.file_unique_id, _UNIQUE),
        title=printable(
            getattr(sound, "title", None) or getattr(sound, "file_name", None), _TITLE
        ),
        seconds=seconds_of(sound),
        album=printable(message.media_group_id, _ALBUM) or None,
    )
