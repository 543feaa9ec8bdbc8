"""Pitch over time, in numpy alone, and what it says: sung or spoken."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOWEST, _HIGHEST = 65.0, 1000.0  # Hz: from a bass to a soprano
_WINDOW, _HOP = 0.064, 0.016  # seconds
_CLEAR = 0.8  # normalised autocorrelation from which a frame counts as pitched
_FIRST_PEAK = 0.9  # the first peak of this share of the best one is the period, not a multiple
_QUIET = 0.03  # frames below this share of the loudest are pauses
_BATCH = 512  # frames worked on at once: bounds memory to about 10 MB

_NOTE_SECONDS = 0.25
_NOTE_CENTS = 45.0
_ENOUGH_SECONDS = 3.0
_TALKING_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Pitch:
    """The pitch of a sound: `hz` is 0 where there is none, `seconds` the step of the frames."""

    hz: Floats
    seconds: float

    @property
    def cents(self) -> Floats:
        """Hundredths of a semitone above 1 Hz; NaN where there is no pitch."""
        with np.errstate(divide="ignore"):
            return np.where(self.hz > 0, 1200 * np.log2(self.hz), np.nan)


def track(samples: NDArray[np.float32], rate: int) -> Pitch:
    """Follow the pitch of one voice through a mono sound, shape (samples,).

    McLeod's normalised autocorrelation, the first high peak of it, refined by a parabola.
    """
    window, hop = int(_WINDOW * rate), int(_HOP * rate)
    if len(samples) < window:
        return Pitch(np.zeros(0), hop / rate)
    windows = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    levels = np.sqrt(np.mean(np.square(windows, dtype=np.float32), axis=1))
    parts = [_periods(windows[i : i + _BATCH], rate) for i in range(0, len(windows), _BATCH)]
    hz = np.concatenate(parts)
    hz[levels <= _QUIET * levels.max()] = 0.0
    return Pitch(hz, hop / rate)


def talking(samples: NDArray[np.float32], rate: int) -> bool:
    """Whether a voice sounds spoken rather than sung: hardly any of its pitch rests on a note.

    A pitch rests where a quarter of a second of it moves less than half a semitone, vibrato
    averaged out. What has too little pitch to judge is never called talking. It tells speech
    from song well enough to warn and not well enough to refuse (docs/facts/audio.md, rule 7).
    """
    pitch = track(samples, rate)
    voiced = pitch.hz > 0
    if np.count_nonzero(voiced) * pitch.seconds < _ENOUGH_SECONDS:
        return False
    return held_share(pitch) < _TALKING_SHARE


def held_share(pitch: Pitch) -> float:
    """Return the share of the pitched frames that rest on a note, 0 to 1."""
    cents = pitch.cents
    half = max(int(_NOTE_SECONDS / pitch.seconds) // 2, 2)
    if len(cents) < 2 * half:
        return 0.0
    spans = np.lib.stride_tricks.sliding_window_view(cents, 2 * half)
    drift = np.abs(spans[:, :half].mean(axis=1) - spans[:, half:].mean(axis=1))
    jumps = np.abs(np.diff(spans, axis=1)).max(axis=1)
    resting = (drift < _NOTE_CENTS) & (jumps < 2 * _NOTE_CENTS)  # NaN compares as False
    held = np.zeros(len(cents), dtype=bool)
    for offset in range(2 * half):
        held[offset : offset + len(resting)] |= resting
    return float(np.count_nonzero(held) / max(int(np.count_nonzero(pitch.hz > 0)), 1))


def _periods(windows: NDArray[np.float32], rate: int) -> Floats:
    """Return the pitch in Hz of each window, shape (windows, samples); 0 where it has none."""
    count, length = windows.shape
    centred = windows - windows.mean(axis=1, keepdims=True)
    size = 1 << (2 * length - 1).bit_length()
    shortest, longest = int(rate / _HIGHEST), int(rate / _LOWEST) + 2
    spectrum = np.fft.rfft(centred, size)
    similar = np.fft.irfft(np.square(np.abs(spectrum)), size)[:, : longest + 1]
    power = np.cumsum(np.square(centred, dtype=np.float64), axis=1)
    lags = np.arange(longest + 1)
    tail = power[:, length - 1 - lags]
    head = power[:, -1:] - np.where(lags > 0, power[:, np.maximum(lags - 1, 0)], 0.0)
    alike = 2 * similar / np.maximum(tail + head, 1e-9)

    middle = alike[:, shortest:-1]
    peaks = (middle > alike[:, shortest - 1 : -2]) & (middle >= alike[:, shortest + 1 :])
    heights = np.where(peaks, middle, 0.0)
    best = heights.max(axis=1)
    first = np.argmax(heights >= _FIRST_PEAK * best[:, None], axis=1)
    rows, lag = np.arange(count), first + shortest
    before, at, after = (alike[rows, lag + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    shift: Floats = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    period = lag + np.clip(shift, -1.0, 1.0)
    return cast("Floats", np.where(best > _CLEAR, rate / period, 0.0))
