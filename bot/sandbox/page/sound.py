"""Sound for the page: voice notes out of what a browser records, lengths, and waveforms."""

import asyncio
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import av

from bot.audio import Inspected, Unusable, Workshop
from bot.audio.decode import opened

_RATE = 48_000
_BITRATE = 32_000
_LONGEST = 1200.0  # seconds


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice note: OGG/Opus, mono, as Telegram's apps make them, and its length."""

    content: bytes
    seconds: float


class Sound:
    """Converts and measures; what is measured is remembered. `aclose` ends the processes."""

    def __init__(self) -> None:
        self._workshop = Workshop(at_once=2)
        self._folder = tempfile.TemporaryDirectory(prefix="refrain-page-")
        self._measured: dict[str, Inspected | None] = {}

    async def voice(self, recorded: bytes) -> Voice:
        """Turn what MediaRecorder gives (WebM, OGG or MP4) into a voice note.

        Raises:
            Unusable: There is no sound in it.
        """
        return await asyncio.to_thread(_voice, recorded)

    async def measure(self, name: str, content: bytes) -> Inspected | None:
        """Give length and waveform of a file; None for what holds no sound.

        Args:
            name: By which it is remembered.
            content: Its bytes.
        """
        if name not in self._measured:
            source = Path(self._folder.name) / f"{len(self._measured)}-{id(content)}"
            await asyncio.to_thread(source.write_bytes, content)
            try:
                self._measured[name] = await self._workshop.inspect(source)
            except Unusable:
                self._measured[name] = None
            finally:
                source.unlink(missing_ok=True)
        return self._measured[name]

    async def aclose(self) -> None:
        """End what is at work."""
        await self._workshop.aclose()
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
            for frame in resampler.resample(block):
                container.mux(stream.encode(frame))
        for frame in resampler.resample(None) if recording.seconds else []:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Voice(made.getvalue(), recording.seconds)
