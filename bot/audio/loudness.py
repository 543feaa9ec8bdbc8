"""How loud a recording is to an ear: integrated loudness and true peak (ITU-R BS.1770-4)."""

from functools import cache

import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from bot.audio.decode import BLOCK, RATE, as_frame, layout_of
from bot.audio.downmix import Floats

_STEPS = 10  # blocks of 100 ms that are weighted at once
_BEFORE = 8_192  # samples before them that the filter still remembers
_SIZE = 1 << 16  # of the transform: what is remembered, and a second
_OVERSAMPLED = 4 * RATE
_WINDOW = 4  # blocks of 100 ms in a gating block, a step of one between them
_ABSOLUTE, _RELATIVE = -70.0, -10.0  # gates, in LUFS and LU
_OFFSET = -0.691


class Loudness:
    """Takes in blocks of 100 ms at 44.1 kHz, shape (1 or 2, samples), the last shorter.

    Attributes:
        channels: How many there were at most.
    """

    def __init__(self) -> None:
        self._powers: list[NDArray[np.float64]] = []
        self._waiting: list[Floats] = []
        self._past: Floats = np.zeros((0, _BEFORE), np.float32)
        self._finer: AudioResampler | None = None
        self._peak = 0.0
        self.channels = 0

    def add(self, block: Floats) -> None:
        """Take in one block."""
        if len(block) != len(self._past):  # the first, or a stream that goes on otherwise
            self._weigh()
            self._past = np.zeros((len(block), _BEFORE), np.float32)
            self.channels = max(self.channels, len(block))
            self._listen(None)
            self._finer = AudioResampler("fltp", layout_of(block), _OVERSAMPLED)
        self._peak = max(self._peak, float(np.abs(block).max()))
        self._listen(block)
        self._waiting.append(block)
        if len(self._waiting) == _STEPS:
            self._weigh()

    def end(self) -> None:
        """Take in what was kept back; nothing may come after."""
        self._weigh()
        self._listen(None)

    @property
    def lufs(self) -> float | None:
        """The integrated loudness; None where there is nothing but silence."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if len(powers) < _WINDOW:
            return None
        gating = np.convolve(powers, np.ones(_WINDOW) / _WINDOW, "valid")
        gating = gating[gating > _power(_ABSOLUTE)]
        if not len(gating):
            return None
        loud = gating[gating > gating.mean() * 10 ** (_RELATIVE / 10)]
        return float(_OFFSET + 10 * np.log10(loud.mean()))

    @property
    def true_peak(self) -> float:
        """The highest point of the wave between its samples, in dBTP."""
        return float(20 * np.log10(max(self._peak, 1e-6)))

    def _listen(self, block: Floats | None) -> None:
        if self._finer is None:
            return
        for finer in self._finer.resample(None if block is None else as_frame(block)):
            self._peak = max(self._peak, float(np.abs(finer.to_ndarray()).max()))
        if block is None:
            self._finer = None

    def _weigh(self) -> None:
        """Filter what waits, and note the power of each of its blocks, channels added up."""
        if not self._waiting:
            return
        new = np.concatenate(self._waiting, axis=1)
        sound = np.concatenate([self._past, new], axis=1)
        spectrum = np.fft.rfft(sound, _SIZE) * _weights()
        heard = np.fft.irfft(spectrum, _SIZE)[:, _BEFORE : _BEFORE + new.shape[1]]
        whole = heard[:, : new.shape[1] // BLOCK * BLOCK]
        blocks = whole.reshape(len(whole), -1, BLOCK)
        self._powers.append(np.square(blocks, dtype=np.float64).mean(axis=2).sum(axis=0))
        self._past = sound[:, -_BEFORE:]
        self._waiting = []


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


@cache
def _weights() -> NDArray[np.complex64]:
    """The K-weighting of BS.1770 at 44.1 kHz: a head's shelf and a high pass, by frequency."""
    step = np.exp(-1j * np.pi * np.linspace(0, 1, _SIZE // 2 + 1))
    tilt, gain, quality = np.tan(np.pi * 1681.974450955533 / RATE), 3.999843853973347, 0.7071752369
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    shelf = (
        high + band * tilt / quality + tilt**2,
        2 * (tilt**2 - high),
        high - band * tilt / quality + tilt**2,
    )
    below = (1 + tilt / quality + tilt**2, 2 * (tilt**2 - 1), 1 - tilt / quality + tilt**2)
    low, sharp = np.tan(np.pi * 38.13547087602444 / RATE), 0.5003270373238773
    passed = (1 + low / sharp + low**2, 2 * (low**2 - 1), 1 - low / sharp + low**2)
    unit = passed[0]  # the standard's numerator is 1, -2, 1 over a denominator that begins with 1

    def along(factors: tuple[float, ...]) -> NDArray[np.complex128]:
        return np.asarray(sum(factor * step**n for n, factor in enumerate(factors)))

    shaped = along(shelf) / along(below) * along((1, -2, 1)) / (along(passed) / unit)
    weights: NDArray[np.complex64] = shaped.astype(np.complex64)
    return weights
