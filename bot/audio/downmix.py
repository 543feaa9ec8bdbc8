"""From however many channels a recording has to the one or two that hold its sound."""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

_HEARD = 1e-4  # a channel 40 dB below the loudest adds nothing
_CANCELLED = 0.25  # mixing leaves less than this share of the power: channels are turned over
_ALIKE = 0.5  # correlation from which a channel counts as the same sound, or its opposite
_WIDE = 1e-5  # share of the difference between left and right from which there are two


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound as it was decoded: `samples` has the shape (channels, samples)."""

    samples: Floats
    rate: int
    names: tuple[str, ...]


def samples_of(frame: AudioFrame) -> Floats:
    """The samples of a frame of any format, shape (channels, samples), full scale ±1."""
    raw: NDArray[Any] = frame.to_ndarray()
    channels = raw if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels).T
    samples = channels.astype(np.float32)
    if raw.dtype.kind == "f":
        return samples
    if raw.dtype == np.uint8:
        return (samples - np.float32(128)) / np.float32(128)
    return samples / np.float32(1 << 8 * raw.itemsize - 1)


class Mixer:
    """Mixes pieces down to one or two channels, and watches what that does to the sound.

    Left and right go where their names say; channels without names take turns, of ambisonics a
    pair of opposite cardioids is taken, low-frequency effects are left out. A right channel that
    is the left one turned over (a balanced cable in a stereo jack) is turned back.

    Args:
        weights: For channels by their names: 1, -1 to turn it over, 0 to leave it out.
        wide: Whether two channels come out; what went in decides, if None.
    """

    def __init__(
        self, weights: dict[tuple[str, ...], Floats] | None = None, *, wide: bool | None = None
    ) -> None:
        self._weights = weights or {}
        self._wide = wide
        self._matrices: dict[tuple[str, ...], Floats] = {}
        self._powers: dict[tuple[str, ...], NDArray[np.float64]] = {}
        self._sum = self._difference = 0.0

    @property
    def wide(self) -> bool:
        """Whether left and right differed in what was mixed."""
        return self._difference > _WIDE * self._sum

    @property
    def untouched(self) -> bool:
        """Whether every channel counts as it is."""
        return not self._weights

    def mixed(self, piece: Piece) -> Floats:
        """Mix a piece; shape (1 or 2, samples)."""
        names, samples = piece.names, piece.samples
        if len(names) > 1:
            power = self._powers.setdefault(names, np.zeros((len(names), len(names))))
            power += samples @ samples.T
        if names not in self._matrices:
            self._matrices[names] = _matrix(names, self._weights.get(names))
        both = self._matrices[names] @ samples
        if len(both) > 1:
            left, right = both
            self._sum += float(np.dot(left, left) + np.dot(right, right))
            self._difference += float(np.square(left - right).sum())
        if self._wide is None or self._wide == (len(both) > 1):
            return both
        return np.repeat(both, 2, axis=0) if self._wide else both.mean(axis=0, keepdims=True)

    def better(self) -> "Mixer | None":
        """A mixer that loses nothing of what this one was given; None where this one lost none."""
        weights = {}
        for names, power in self._powers.items():
            wanted = _weights(power, _matrix(names, None))
            if not np.array_equal(wanted, self._weights.get(names, np.ones(len(names)))):
                weights[names] = wanted
        return Mixer(self._weights | weights) if weights else None

    def final(self, *, wide: bool) -> "Mixer":
        """The same, for the last time: with one channel or two, whatever comes."""
        return Mixer(self._weights, wide=wide)


def _weights(power: NDArray[np.float64], matrix: Floats) -> Floats:
    """Which channels hold sound, and which of them are upside down."""
    own = np.diag(power)
    loudest = int(np.argmax(own * (matrix.any(axis=0))))
    if own[loudest] <= 0:
        return np.ones(len(own), np.float32)
    weights = np.where(own > _HEARD * own[loudest], 1.0, 0.0)
    share = matrix.mean(axis=0) * weights
    left = share @ power @ share
    if left < _CANCELLED * float(np.square(share) @ own):
        alike = power[loudest] / np.sqrt(np.maximum(own * own[loudest], 1e-30))
        weights[alike < -_ALIKE] *= -1
    return weights.astype(np.float32)


def _matrix(names: tuple[str, ...], weights: Floats | None) -> Floats:
    """How channels become left and right, or one, each with its weight; shape (1 or 2, channels).

    Each output is the mean of what goes into it: no louder than what went in.
    """
    matrix = _sides(names)
    if weights is None:
        weights = np.ones(len(names), np.float32)
    matrix = matrix * weights
    gains = np.abs(matrix).sum(axis=1)
    if not gains.all():  # only one side holds sound
        matrix, gains = matrix[gains > 0], gains[gains > 0]
    if not len(matrix):
        return np.full((1, len(names)), 1 / len(names), np.float32)
    return np.asarray(matrix / gains[:, None], np.float32)


@cache
def _sides(names: tuple[str, ...]) -> Floats:
    """What of each channel belongs to the left and to the right, shape (1 or 2, channels)."""
    count = len(names)
    if count == 1:
        return np.ones((1, 1), np.float32)
    left, right = np.zeros(count), np.zeros(count)
    if names[0].startswith("AMBI"):  # ACN: W, then Y, which points to the left
        left[:2], right[:2] = (1, 1), (1, -1)
    else:
        for number, name in enumerate(names):
            nameless = not name or name in {"NONE", "UNSD", "UNK"}
            last = number == count - 1 and count % 2
            side = ("LR"[number % 2] if not last else "") if nameless else name[-1]
            left[number] = name != "LFE" and side != "R"
            right[number] = name != "LFE" and side != "L"
    return np.asarray([left, right], np.float32)
