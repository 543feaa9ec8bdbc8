"""What a sketch takes over from the recordings it is made from: notes, key and tempo."""

from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.audio import pitch
from bot.audio.decode import mono, opened

Floats = NDArray[np.float64]
RATE = 14_700  # a third of 44.1 kHz: enough for notes and onsets

_LISTEN = 30.0  # seconds
_NOTE_SECONDS = 0.11  # what is shorter is a slide, not a note
_TEMPI = (72.0, 144.0)
_USUAL_TEMPO = 96.0

# How well the twelve notes fit a major and a minor key: the probe-tone ratings of
# C. Krumhansl and E. Kessler (1982).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
_MINOR_STEPS = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its tonic as a pitch class (0 is C), and its mode."""

    tonic: int
    minor: bool

    @property
    def steps(self) -> tuple[int, ...]:
        """The semitones of its scale above the tonic."""
        return _MINOR_STEPS if self.minor else _MAJOR_STEPS

    def nearest(self, midi: float) -> int:
        """Return the note of the scale nearest to a note."""
        scale = {(self.tonic + step) % 12 for step in self.steps}
        around = range(round(midi) - 2, round(midi) + 3)
        return min((note for note in around if note % 12 in scale), key=lambda n: abs(n - midi))


def heard(sound: bytes) -> Floats:
    """Decode up to 30 s of a recording, mono at `RATE`, shape (samples,).

    Raises:
        bot.audio.Unusable: it does not decode.
    """
    with opened(BytesIO(sound)) as recording:
        blocks = [mono(block) for block in recording.blocks(_LISTEN)]
    whole = np.concatenate([*blocks, np.zeros(3, np.float32)])
    thinned: Floats = whole[: len(whole) // 3 * 3].reshape(-1, 3).mean(axis=1).astype(np.float64)
    return thinned


def melody(samples: Floats) -> list[int]:
    """Return the MIDI notes a voice sings, in order; may be none."""
    followed = pitch.track(samples.astype(np.float32), RATE)
    with np.errstate(invalid="ignore"):
        midi = np.nan_to_num(np.round(followed.cents / 100 - 36.376_3), nan=-1).astype(int)
    edges = [0, *(np.flatnonzero(np.diff(midi)) + 1), len(midi)]
    least = _NOTE_SECONDS / followed.seconds
    return [
        int(midi[start])
        for start, end in pairwise(edges)
        if end - start >= least and midi[start] > 0
    ]


def key_of(strengths: Floats) -> Key:
    """Return the key that fits the strengths of the twelve pitch classes best, shape (12,)."""
    if strengths.std() == 0:
        return Key(0, minor=False)
    fits = {
        Key(tonic, minor=minor): np.corrcoef(np.roll(ratings, tonic), strengths)[0, 1]
        for minor, ratings in ((False, _MAJOR), (True, _MINOR))
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def weights(notes: list[int]) -> Floats:
    """Return how often each pitch class is among MIDI notes, shape (12,)."""
    return np.bincount(np.array(notes, int) % 12, minlength=12).astype(np.float64)


def chroma(samples: Floats) -> Floats:
    """Return how strong each pitch class is in a sound of any kind, shape (12,)."""
    size = 4096
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    used = (hertz > 100) & (hertz < 1500)  # noqa: PLR2004 - where chords lie, in Hz
    classes = np.round(12 * np.log2(hertz[used] / 440) + 69).astype(int) % 12
    total = np.zeros(12)
    for start in range(0, len(samples) - size, size // 2):
        spectrum = np.abs(np.fft.rfft(samples[start : start + size] * np.hanning(size)))[used]
        total += np.bincount(classes, spectrum, 12)
    return total


def tempo(samples: Floats) -> float:
    """Return the beats a minute, 72 to 144, of the onsets in a sound; 96 where it has none."""
    hop = RATE // 100
    blocks = samples[: len(samples) // hop * hop].reshape(-1, hop)
    rises = np.maximum(np.diff(np.log1p(100 * np.sqrt(np.square(blocks).mean(axis=1)))), 0)
    if len(rises) < 400 or rises.std() < 1e-3:  # noqa: PLR2004 - 4 s, and next to no onset
        return _USUAL_TEMPO
    rises -= rises.mean()
    spectrum = np.fft.rfft(rises, 2 * len(rises))
    alike = np.fft.irfft(np.square(np.abs(spectrum)))
    fastest, slowest = (round(6000 / bpm) for bpm in (_TEMPI[1], _TEMPI[0]))
    lags = np.arange(fastest, slowest + 1)
    return 6000 / float(lags[np.argmax(alike[lags] + 0.5 * alike[2 * lags])])
