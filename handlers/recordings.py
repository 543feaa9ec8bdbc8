"""Recordings as Telegram announces them: what can be judged at once, and what to keep."""

from pathlib import PurePath

from telegram import Audio, Document, Message, Video, VideoNote, Voice
from telegram.ext import filters

from bot.audio import Limits
from bot.model import Flaw
from bot.store import NewRecording

_BYTES = 20 * 1024 * 1024  # getFile hands out no more (Bot API)
_SOUND = {
    ".aac", ".aif", ".aiff", ".alac", ".amr", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov",
    ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".wave", ".weba", ".webm", ".wma",
}  # fmt: skip

Sound = Voice | Audio | Document | VideoNote | Video

TEXT_FILE = filters.Document.TEXT | filters.Document.FileExtension("txt")
RECORDING = filters.UpdateType.MESSAGE & (
    filters.VOICE
    | filters.AUDIO
    | filters.VIDEO_NOTE
    | filters.VIDEO
    | (filters.Document.ALL & ~TEXT_FILE & ~filters.ANIMATION)
)


def sound_of(message: Message) -> Sound | None:
    """The part of a message that may hold sound."""
    return (
        message.voice or message.audio or message.video_note or message.video or message.document
    )


def flaw_of(sound: Sound, limits: Limits) -> Flaw | None:
    """What is wrong with a recording by what Telegram says of it; None if it must be heard."""
    if isinstance(sound, Document) and not _may_sound(sound):
        return Flaw.NOT_AUDIO
    if sound.file_size == 0:
        return Flaw.EMPTY
    if (sound.file_size or 0) > _BYTES:
        return Flaw.TOO_BIG
    seconds = seconds_of(sound)
    if seconds is None or seconds == 0:  # clients send 0 where they do not know
        return None
    if seconds < int(limits.shortest):  # clients round down
        return Flaw.TOO_SHORT
    return Flaw.TOO_LONG if seconds > limits.longest + 1 else None


def seconds_of(sound: Sound) -> float | None:
    """Its length as the sender's app has it; documents have none."""
    if isinstance(sound, Document):
        return None
    length = sound.duration
    return length if isinstance(length, int) else length.total_seconds()


def as_new(message: Message, sound: Sound, user_id: int) -> NewRecording:
    """The recording, as the store takes it in."""
    return NewRecording(
        chat_id=message.chat_id,
        user_id=user_id,
        message_id=message.message_id,
        file_id=sound.file_id,
        title=(getattr(sound, "title", None) or getattr(sound, "file_name", None) or "")[:200],
        seconds=seconds_of(sound),
        album=message.media_group_id,
    )


def _may_sound(document: Document) -> bool:
    kind = (document.mime_type or "").partition("/")[0]
    suffix = PurePath(document.file_name or "").suffix.lower()
    known = document.mime_type not in {None, "application/octet-stream"}
    return kind in {"audio", "video"} or suffix in _SOUND or (not known and not suffix)
