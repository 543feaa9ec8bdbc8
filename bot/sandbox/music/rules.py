"""What music-01 accepts (docs/facts/music-01.md, §1-§2), and how it refuses the rest."""

import io
import unicodedata
from dataclasses import dataclass
from typing import Any

import av

PURPOSES = ("song", "voice", "instrumental")
MODEL = "music-01"

_LYRICS_MAX = 600
_SHORTEST, _LONGEST = 10.0, 600.0
_TYPES = frozenset({"audio/mpeg", "audio/mp3", "audio/wav", "audio/x-wav", "audio/wave"})
_RATES = (16_000, 24_000, 32_000, 44_100)
_BITRATES = (32_000, 64_000, 128_000, 256_000)
_JOINERS = "\u200c\u200d"  # Persian and emoji are spelled with them


class RefusedError(Exception):
    """A call that breaks a rule.

    Args:
        message: In the service's words.
        code: Of `base_resp`, or None for a 400 of the gateway.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Order:
    """A valid call for a track; references are ids."""

    lyrics: str
    voice: str | None
    beat: str | None
    sample_rate: int
    bitrate: int


def read_order(body: Any) -> Order:
    """Check the body of a paid call.

    Raises:
        RefusedError: It breaks a rule.
    """
    if not isinstance(body, dict):
        raise RefusedError("Body validation error")
    if body.get("model") != MODEL:
        raise RefusedError("Body validation error: model: Invalid literal value")
    lyrics = body.get("lyrics")
    if not isinstance(lyrics, str) or not lyrics.strip():
        raise RefusedError("invalid params, lyrics is required", 2013)
    if len(lyrics) > _LYRICS_MAX:
        raise RefusedError(f"lyrics: String must contain at most {_LYRICS_MAX} character(s)")
    if any(_invisible(character) for character in lyrics):
        raise RefusedError("invisible character ratio limit", 1042)
    voice, beat = _reference(body, "refer_voice"), _reference(body, "refer_instrumental")
    if voice is None and beat is None:
        raise RefusedError("invalid params, refer_voice or refer_instrumental is required", 2013)
    setting = body.get("audio_setting", {})
    if not isinstance(setting, dict):
        raise RefusedError("Body validation error: audio_setting: Expected object")
    rate, bitrate = setting.get("sample_rate", 44_100), setting.get("bitrate", 256_000)
    if rate not in _RATES or bitrate not in _BITRATES:
        raise RefusedError("invalid params, audio_setting", 2013)
    if setting.get("format", "mp3") != "mp3":
        raise RefusedError("invalid params, the sandbox makes mp3 only", 2013)
    return Order(lyrics, voice, beat, rate, bitrate)


def check_recording(data: bytes, filename: str, content_type: str) -> float:
    """Check a recording and return its length in seconds, counted from decoded samples.

    Raises:
        RefusedError: It breaks a rule.
    """
    if not filename or content_type not in _TYPES:
        raise RefusedError("file: a WAV or MP3 with a name and its type is expected")
    if not _is_audio(data):
        raise RefusedError("invalid params, file is neither WAV nor MP3", 2013)
    seconds = _seconds(data)
    if seconds is None:
        raise RefusedError("invalid params, file cannot be decoded", 2013)
    if not _SHORTEST < seconds <= _LONGEST:
        raise RefusedError("voice duration too short or too long", 2037)
    return seconds


def _reference(body: dict[str, Any], name: str) -> str | None:
    """Read an id; null stands for a missing one, as the vendor's own example sends it."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise RefusedError(f"Body validation error: {name}: Expected string")
    return value


def _invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return (category == "Cc" and character != "\n") or (
        category == "Cf" and character not in _JOINERS
    )


def _is_audio(data: bytes) -> bool:
    mp3 = data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0")
    return mp3 or (data[:4] == b"RIFF" and data[8:12] == b"WAVE")


def _seconds(data: bytes) -> float | None:
    """Count what decodes; None where nothing does. Stops soon after the longest allowed."""
    samples, rate = 0, 1
    try:
        with av.open(io.BytesIO(data), "r") as container:
            for frame in container.decode(audio=0):
                samples, rate = samples + frame.samples, frame.sample_rate
                if samples > (_LONGEST + 1) * rate:
                    break
    except (av.FFmpegError, IndexError, ValueError):
        pass  # what decoded before the break counts
    return samples / rate or None
