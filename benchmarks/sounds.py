"""What people send and what comes back, synthesised here."""

import wave
from io import BytesIO

import numpy as np

from bot.sandbox.synthesis import instruments
from bot.sandbox.synthesis.analysis import Key
from bot.sandbox.synthesis.instruments import Mix
from bot.sandbox.synthesis.sketch import accompany

_BAR = 2.4
_KEY = Key(9, minor=True)


def track(seconds: float = 60.0) -> bytes:
    """A track as music-01 makes them at most: a minute of stereo MP3 at 256 kbit/s, 1.9 MB."""
    return _mp3(seconds, 256_000)


def recording() -> bytes:
    """A short recording that is passed through: 12 s of MP3."""
    return _mp3(12.0, 128_000)


def long_recording(seconds: int = 595) -> bytes:
    """Ten minutes of WAV, 19 MB: as much as Telegram hands out, and all to be converted."""
    rate = 16_000
    time = np.arange(rate * 5) / rate
    tune = sum(np.sin(2 * np.pi * hertz * time) / n for n, hertz in enumerate((220, 440, 661), 1))
    beat = np.clip(1.2 - (time % 0.6) * 2, 0.1, 1)
    samples = (9000 * tune * beat).astype("<i2")
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.tile(samples, seconds // 5).tobytes())
    return made.getvalue()


def _mp3(seconds: float, bitrate: int) -> bytes:
    mix = Mix(seconds)
    accompany(mix, _KEY, _BAR, int(seconds / _BAR))
    return instruments.encoded(mix.mastered(), "mp3", rate=instruments.RATE, bitrate=bitrate)
