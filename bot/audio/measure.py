"""Level, peak, activity and clipping, block by block while a recording is decoded."""

import numpy as np
from numpy.typing import NDArray

from bot.audio.decode import BLOCK, RATE
from bot.audio.downmix import Floats

_FLOOR = 1e-6  # -120 dBFS; keeps the logarithm finite
_FULL_SCALE = 0.99  # a lossy codec moves clipped samples a little
_BELOW_LEVEL = 30.0  # dB under its louder passages a block counts as a pause
_THIRD = 3
LISTENING_RATE = RATE // _THIRD


class Meter:
    """Collects blocks of 100 ms; of the sound itself it keeps `listen` seconds, thinned out."""

    def __init__(self, listen: float = 0.0) -> None:
        self._levels: list[float] = []
        self._heard: list[Floats] = []
        self._listen = int(listen * RATE / BLOCK)
        self._samples = 0
        self._clipped = 0
        self._peak = 0.0

    def add(self, block: Floats) -> None:
        """Take in one block, shape (1 or 2, samples), full scale ±1."""
        loud = np.abs(block).max(axis=0)
        peak = float(loud.max())
        self._peak = max(self._peak, peak)
        self._samples += len(loud)
        if peak >= _FULL_SCALE:
            self._clipped += int(np.count_nonzero(loud >= _FULL_SCALE))
        swings = block - block.mean(axis=1, keepdims=True)  # a constant is no sound
        self._levels.append(float(np.sqrt(np.square(swings).mean())))
        if len(self._heard) < self._listen and len(loud) == BLOCK:
            self._heard.append(block.mean(axis=0).reshape(-1, _THIRD).mean(axis=1))

    @property
    def peak_dbfs(self) -> float:
        """The loudest sample, in dBFS."""
        return dbfs(self._peak)

    @property
    def level_dbfs(self) -> float:
        """The 95th percentile of the blocks' levels, in dBFS."""
        return dbfs(float(np.percentile(self._levels, 95))) if self._levels else dbfs(0.0)

    @property
    def clipped_share(self) -> float:
        """The share of samples at full scale, 0 to 1."""
        return self._clipped / max(self._samples, 1)

    @property
    def envelope(self) -> NDArray[np.float64]:
        """The level of each block, linear, shape (blocks,)."""
        return np.array(self._levels)

    @property
    def heard(self) -> Floats:
        """The sound kept for listening to its pitch, mono at `LISTENING_RATE`."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)

    def active_seconds(self, silence_dbfs: float) -> float:
        """The seconds louder than silence and no more than 30 dB below the louder passages."""
        threshold = max(silence_dbfs, self.level_dbfs - _BELOW_LEVEL)
        return float(np.count_nonzero(self.envelope > 10 ** (threshold / 20))) * BLOCK / RATE


def dbfs(amplitude: float) -> float:
    """Return an amplitude of 0 to 1 in dBFS, to a tenth, -120 at the lowest."""
    return round(20 * float(np.log10(max(amplitude, _FLOOR))), 1)
