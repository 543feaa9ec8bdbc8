"""Listening to a finished track: its length, its waveform and the picture drawn from it."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.audio import artwork
from bot.audio.decode import opened
from bot.audio.measure import Meter
from bot.audio.models import Inspected, Unusable
from bot.model import Flaw

_BARS = 100
_LONGEST = 3600.0  # seconds; far more than any track


def inspect(track: Path) -> Inspected:
    """Decode a track from its first to its last sample.

    Raises:
        Unusable: `UNREADABLE`, whatever is the matter with it.
        OSError: the file could not be read.
    """
    meter = Meter()
    try:
        with opened(BytesIO(track.read_bytes())) as recording:
            for block in recording.blocks(_LONGEST):
                meter.add(block)
    except Unusable as flaw:
        raise Unusable(Flaw.UNREADABLE, str(flaw)) from flaw
    if recording.spoiled:
        raise Unusable(Flaw.UNREADABLE, f"{recording.damaged} of {recording.packets} packets")
    bars = waveform(meter.envelope)
    seconds = round(recording.seconds, 3)
    return Inspected(seconds, artwork.draw(bars), bars, recording.comment)


def waveform(envelope: NDArray[np.float64]) -> tuple[int, ...]:
    """Bring an envelope, shape (blocks,), to a hundred levels from 0 to 100, the loudest 100."""
    edges = np.linspace(0, len(envelope), _BARS, endpoint=False).astype(int)
    loudest = np.maximum.reduceat(envelope, edges)
    return tuple(int(level) for level in np.round(100 * loudest / max(loudest.max(), 1e-9)))
