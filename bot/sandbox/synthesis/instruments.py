"""A few instruments and a wordless voice, in numpy, and an encoder for what they play."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATE = 44_100

_OVERTONES = 24
_CEILING = 0.84  # -1.5 dBFS
_ATTACK, _RELEASE = 0.03, 0.07  # seconds of a sung note
_VIBRATO, _VIBRATO_DEPTH = 5.3, 0.006

# The first three formants in Hz of a man's vowels: Peterson and Barney (1952), rounded.
_FORMANTS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (300, 2200, 3000),
    "o": (570, 840, 2410),
    "u": (320, 870, 2240),
}
_RESONANCES = ((1.0, 110.0), (0.5, 140.0), (0.25, 220.0))  # gain, and width in Hz, of each


@dataclass(frozen=True, slots=True)
class Note:
    """A sung note: when it begins and how long it lasts, in seconds, its pitch and its vowel."""

    start: float
    seconds: float
    midi: int
    vowel: str = "a"


class Mix:
    """A stereo track of `seconds` into which sounds are put, shape (2, samples)."""

    def __init__(self, seconds: float) -> None:
        self.samples: Floats = np.zeros((2, int(seconds * RATE)))

    def add(self, sound: Floats, at: float, gain: float, pan: float = 0.0) -> None:
        """Put a mono sound at `at` seconds; `pan` goes from -1, left, to 1, right."""
        start = int(at * RATE)
        room = self.samples.shape[1] - start
        if room <= 0:
            return
        for channel, side in enumerate((1 - pan, 1 + pan)):
            part = sound[:room]
            self.samples[channel, start : start + len(part)] += gain * side * part

    def mastered(self) -> Floats:
        """Return the track at its final level, softly limited, with a fade at either end."""
        loud = self.samples / max(float(np.percentile(np.abs(self.samples), 99.9)), 1e-9)
        limited = np.tanh(1.1 * loud)
        fade = min(RATE // 5, limited.shape[1] // 4)
        limited[:, :fade] *= np.linspace(0, 1, fade)
        limited[:, -fade:] *= np.linspace(1, 0, fade)
        scaled: Floats = limited * (_CEILING / max(float(np.abs(limited).max()), 1e-9))
        return scaled


def hertz(midi: float) -> float:
    """Return the frequency of a MIDI note."""
    return float(440 * 2 ** ((midi - 69) / 12))


def sing(notes: Iterable[Note], seconds: float) -> Floats:
    """Sing notes, each on its vowel, sliding into it and with some vibrato."""
    voice = np.zeros(int(seconds * RATE))
    before: int | None = None
    for note in notes:
        start = int(note.start * RATE)
        sung = _sung(note, note.midi if before is None else before)[: len(voice) - start]
        voice[start : start + len(sung)] += sung
        before = note.midi
    return voice


def _sung(note: Note, before: int) -> Floats:
    time = np.arange(int(note.seconds * RATE)) / RATE
    slide = (before - note.midi) * np.exp(-time / 0.025)
    settled = np.clip((time - 0.2) / 0.3, 0, 1)
    vibrato = _VIBRATO_DEPTH * settled * np.sin(2 * np.pi * _VIBRATO * time)
    base = hertz(note.midi)
    phase = 2 * np.pi * np.cumsum(base * 2 ** (slide / 12) * (1 + vibrato)) / RATE
    ends = np.clip(time / _ATTACK, 0, 1) * np.clip((note.seconds - time) / _RELEASE, 0, 1)
    return _harmonics(phase, _vowel(note.vowel, base)) * ends


def _vowel(vowel: str, base: float) -> list[float]:
    """Return how strong each overtone of `base` Hz is in a vowel."""
    overtones = base * np.arange(1, _OVERTONES + 1)
    strength = np.zeros(_OVERTONES)
    for formant, (gain, width) in zip(_FORMANTS[vowel], _RESONANCES, strict=True):
        strength += gain / (1 + np.square((overtones - formant) / width))
    strength[0] = max(strength[0], 0.25)
    tilted = np.where(overtones < RATE / 4, strength / np.sqrt(np.arange(1, _OVERTONES + 1)), 0)
    return [float(value) for value in tilted / tilted.sum()]


def _harmonics(phase: Floats, strengths: list[float]) -> Floats:
    """Add up overtones by the recurrence sin nx = 2 cos x sin (n-1)x - sin (n-2)x."""
    twice = 2 * np.cos(phase)
    last, now = np.zeros_like(phase), np.sin(phase)
    total: Floats = strengths[0] * now
    for strength in strengths[1:]:
        last, now = now, twice * now - last
        total += strength * now
    return total


@cache
def pluck(midi: int, seconds: float = 1.2) -> Floats:
    """Pluck a string."""
    time = np.arange(int(seconds * RATE)) / RATE
    base = hertz(midi)
    tones = (
        np.sin(2 * np.pi * base * n * time) * np.exp(-(1.6 + 1.3 * n) * time) / n
        for n in range(1, 7)
    )
    return np.asarray(sum(tones)) * np.clip(time / 0.004, 0, 1)


@cache
def bass(midi: int, seconds: float) -> Floats:
    """Play a bass note."""
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * hertz(midi) * time
    tone = np.sin(phase) + 0.35 * np.sin(2 * phase) + 0.12 * np.sin(3 * phase)
    ends = np.clip(time / 0.008, 0, 1) * np.clip((seconds - time) / 0.05, 0, 1)
    return np.asarray(tone * np.exp(-1.5 * time) * ends)


@cache
def kick() -> Floats:
    """Hit the bass drum."""
    time = np.arange(int(0.28 * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(48 + 110 * np.exp(-time / 0.03)) / RATE
    return np.asarray(np.sin(phase) * np.exp(-time / 0.09))


@cache
def snare() -> Floats:
    """Hit the snare drum."""
    time = np.arange(int(0.2 * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(len(time)) * np.exp(-time / 0.05)
    return np.asarray(0.4 * noise + 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.04))


@cache
def hat() -> Floats:
    """Hit the closed hi-hat."""
    time = np.arange(int(0.05 * RATE)) / RATE
    noise = np.diff(np.random.default_rng(2).standard_normal(len(time) + 1))
    return np.asarray(0.5 * noise * np.exp(-time / 0.012))


def encoded(samples: Floats, codec: str, *, rate: int, bitrate: int) -> bytes:
    """Encode a track, shape (2, samples) at `RATE`, as "mp3", or as "libopus" in mono OGG."""
    made = BytesIO()
    layout = "stereo" if codec == "mp3" else "mono"
    channels = samples if codec == "mp3" else samples.mean(axis=0, keepdims=True)
    with av.open(made, "w", format="mp3" if codec == "mp3" else "ogg") as container:
        stream = cast("AudioStream", container.add_stream(codec, rate=rate, layout=layout))
        stream.bit_rate = bitrate
        if codec == "mp3":
            stream.options = {"compression_level": "9"}
        sound = av.AudioFrame.from_ndarray(channels.astype(np.float32), "fltp", layout)
        sound.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, layout, rate)
        for frame in (*resampler.resample(sound), *resampler.resample(None)):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return made.getvalue()
