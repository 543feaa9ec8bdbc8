"""Three recordings to try things out with, synthesised here and so free of any rights."""

from functools import cache

from bot.sandbox.synthesis import instruments
from bot.sandbox.synthesis.analysis import Key
from bot.sandbox.synthesis.instruments import Mix, Note
from bot.sandbox.synthesis.sketch import accompany

_SECONDS = 16.0
_BAR = 2.4  # seconds; 100 beats a minute
_BARS = 6
_KEY = Key(9, minor=True)
_TUNE = (  # (eighths, MIDI)
    *((2, 57), (2, 60), (2, 64), (2, 62)),
    *((3, 60), (1, 59), (4, 57)),
    *((2, 60), (2, 64), (2, 67), (2, 65)),
    *((3, 64), (1, 62), (4, 59)),
    *((2, 57), (2, 60), (2, 64), (2, 62)),
    *((3, 60), (1, 59), (4, 57)),
)


@cache
def hum() -> bytes:
    """Return 16 s of a hummed tune as a voice note: OGG/Opus, mono."""
    mix = Mix(_SECONDS)
    mix.add(_voice("u"), 0, 0.5)
    return instruments.encoded(mix.mastered(), "libopus", rate=48_000, bitrate=32_000)


@cache
def beat() -> bytes:
    """Return 16 s of chords, bass and drums, as MP3."""
    mix = Mix(_SECONDS)
    accompany(mix, _KEY, _BAR, _BARS)
    return instruments.encoded(mix.mastered(), "mp3", rate=instruments.RATE, bitrate=128_000)


@cache
def song() -> bytes:
    """Return 16 s of the tune sung over the beat, as MP3."""
    mix = Mix(_SECONDS)
    accompany(mix, _KEY, _BAR, _BARS)
    mix.add(_voice("a"), 0, 1.6)
    return instruments.encoded(mix.mastered(), "mp3", rate=instruments.RATE, bitrate=128_000)


def _voice(vowel: str) -> instruments.Floats:
    eighth = _BAR / 8
    notes, at = [], 0.0
    for length, midi in _TUNE:
        notes.append(Note(at, length * eighth * 0.95, midi, vowel))
        at += length * eighth
    return instruments.sing(notes, _SECONDS)
