"""Audio for the page: voice notes out of what a browser records, lengths, and waveforms."""

import asyncio
import hashlib
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path

import av

from bot.audio import AudioProcessor, Inspected, Unusable
from bot.audio.decode import as_frame, mono, opened

_RATE = 48_000
_BITRATE = 32_000
_LONGEST = 1200.0  # seconds
_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice note: OGG/Opus, mono, as Telegram's apps make them, and its length."""

    content: bytes
    seconds: float


class PageAudio:
    """Converts and measures; what is measured is remembered. `aclose` ends the processes."""

    def __init__(self) -> None:
        self._audio_processor = AudioProcessor(at_once=2)
        self._numbers = count()
        self._folder = tempfile.TemporaryDirectory(prefix="refrain-page-")
        self._measured: OrderedDict[bytes, Inspected | None] = OrderedDict()

    async def voice(self, recorded: bytes) -> Voice:
        """Turn what MediaRecorder gives (WebM, OGG or MP4) into a voice note.

        Raises:
            Unusable: There is no sound in it.
        """
        return await asyncio.to_thread(_voice, recorded)

    async def measure(self, content: bytes) -> Inspected | None:
        """Give length and waveform of a file; None for what holds no sound."""
        digest = (await asyncio.to_thread(hashlib.sha256, content)).digest()
        if digest not in self._measured:
            self._measured[digest] = await self._inspect(content)
            while len(self._measured) > _REMEMBERED:
                self._measured.popitem(last=False)
        return self._measured[digest]

    async def _inspect(self, content: bytes) -> Inspected | None:
        source = Path(self._folder.name) / str(next(self._numbers))
        await asyncio.to_thread(source.write_bytes, content)
        try:
            return await self._audio_processor.inspect(source)
        except Unusable:
            return None
        finally:
            source.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """End what is at work."""
        await self._audio_processor.aclose()
        self._folder.cleanup()


def _voice(recorded: bytes) -> Voice:
    made = BytesIO()
    with (
        opened(BytesIO(recorded)) as recording,
        av.open(made, "w", format="ogg") as container,
    ):
        stream = container.add_stream("libopus", rate=_RATE, layout="mono")
        stream.bit_rate = _BITRATE
        resampler = av.AudioResampler(stream.format, "mono", _RATE)
        for block in recording.blocks(_LONGEST):
            for frame in resampler.resample(as_frame(mono(block)[None])):
                container.mux(stream.encode(frame))
        for frame in resampler.resample(None) if recording.seconds else []:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Voice(made.getvalue(), recording.seconds)
