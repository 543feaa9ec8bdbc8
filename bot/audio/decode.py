"""Reading sound of any origin with FFmpeg's libraries; trusts neither header nor file name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from bot.audio.findings import Unusable
from bot.model import Flaw

RATE = 44_100
BLOCK = RATE // 10

# No playlist is among the formats, and no protocol is open: FFmpeg reads the bytes it is handed
# and nothing else. Without this an "mp3" that is an ffconcat or m3u8 text makes it read other
# local files (facts: audio, rule 2).
_FORMATS = "aac,aiff,amr,asf,avi,caf,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,w64,wav"
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
_UNSOUND = (  # what begins like this holds no sound, whatever FFmpeg makes of it
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"<?xml",
    b"<!DOCTYPE",
)
_DAMAGED_SHARE = 0.2
_UNIT = np.float32(1 / 32_768)


class Recording:
    """An open recording; `seconds`, `packets` and `damaged` grow while it is read."""

    def __init__(self, container: InputContainer, stream: AudioStream, head: bytes) -> None:
        self._container = container
        self._stream = stream
        self._head = head
        self.seconds = 0.0
        self.packets = 0
        self.damaged = 0
        self._steady = True

    @property
    def format(self) -> str:
        """FFmpeg's name of the container, such as "ogg" or "mp3"."""
        return self._container.format.name

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec, without the variant of its decoder."""
        return self._stream.codec_context.codec.canonical_name

    @property
    def rate(self) -> int:
        """Samples a second in the recording itself."""
        return self._stream.rate or 0

    @property
    def claimed(self) -> float | None:
        """The seconds its header claims; None where that would be a guess of FFmpeg's.

        An MP3 without a Xing, Info or VBRI header says nothing: FFmpeg divides its size by its
        first bit rate, and is wrong by half for a variable one (facts: audio, rule 3).
        """
        if self.format in {"mp3", "aac", "amr"} and not any(
            mark in self._head for mark in (b"Xing", b"Info", b"VBRI")
        ):
            return None
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        duration = self._container.duration
        return None if duration is None else duration / av.time_base

    @property
    def comment(self) -> str:
        """What its maker wrote into its tags, at most 200 characters on one line; or ""."""
        return " ".join(self._container.metadata.get("comment", "").split())[:200]

    @property
    def sound(self) -> bool:
        """Whether all of it could be decoded, at one rate and in one layout."""
        return self._steady and not self.damaged

    @property
    def spoiled(self) -> bool:
        """Whether so little of it could be decoded that it is noise or another kind of file."""
        return not self.seconds or self.damaged > _DAMAGED_SHARE * self.packets

    def blocks(self, longest: float) -> Iterator[AudioFrame]:
        """Decode into mono 16-bit frames of 100 ms at 44.1 kHz; the last may be shorter.

        Damaged packets are skipped and counted. Stops once more than `longest` seconds have
        come out, whatever the header says.
        """
        resampler = _resampler()
        at = 0
        for frame in self._frames():
            self.seconds += frame.samples / frame.sample_rate
            frame.pts = None
            try:
                blocks = resampler.resample(frame)
            except ValueError:  # a chained stream goes on in another rate or layout
                self._steady = False
                blocks, resampler = resampler.resample(None), _resampler()
                blocks += resampler.resample(frame)
            for block in blocks:
                block.pts, at = at, at + block.samples
                yield block
            if self.seconds > longest:
                return
        for block in resampler.resample(None) if self.seconds else []:
            block.pts, at = at, at + block.samples
            yield block

    def _frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            self.packets += bool(packet.size)
            try:
                yield from packet.decode()
            except (av.error.FFmpegError, ValueError):
                self.damaged += 1


@contextmanager
def opened(file: BinaryIO) -> Iterator[Recording]:
    """Open a recording from its bytes; no path ever reaches FFmpeg.

    Raises:
        Unusable: `EMPTY` for no bytes, `NOT_AUDIO` for what holds no sound, `UNREADABLE`.
    """
    head = file.read(65_536)
    file.seek(0)
    if not head:
        raise Unusable(Flaw.EMPTY)
    if head.startswith(_UNSOUND) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        raise Unusable(Flaw.NOT_AUDIO, f"begins with {head[:8]!r}")
    try:
        container = av.open(file, "r", container_options=_OPTIONS)
    except (av.error.FFmpegError, ValueError) as error:
        raise Unusable(Flaw.UNREADABLE, repr(error)) from error
    with container:
        if not container.streams.audio:
            raise Unusable(Flaw.NOT_AUDIO, f"{container.format.name} without sound")
        yield Recording(container, container.streams.audio[0], head)


def mono(block: AudioFrame) -> NDArray[np.float32]:
    """Return the samples of a block, shape (samples,), full scale ±1."""
    return cast("NDArray[np.float32]", block.to_ndarray()[0] * _UNIT)


def _resampler() -> AudioResampler:
    # Whole numbers on purpose: into floats FFmpeg adds up two channels without halving them.
    return AudioResampler("s16p", "mono", RATE, BLOCK)
