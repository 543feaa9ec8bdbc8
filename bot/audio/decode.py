"""Reading sound of any origin with FFmpeg's libraries; trusts neither header nor file name."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from bot.audio.announced_length import promised
from bot.audio.downmix import Floats, Mixer, Piece, samples_of
from bot.audio.models import Unusable
from bot.model import Flaw
from bot.untrusted import printable

RATE = 44_100
BLOCK = RATE // 10

# No playlist is among the formats, and no protocol is open: FFmpeg reads the bytes it is handed
# and nothing else. Without this an "mp3" that is an ffconcat or m3u8 text makes it read other
# local files (docs/facts/audio.md, rule 2).
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,"
    "w64,wav,wv"
)
# Only sound is ever decoded: to learn the size of its pictures FFmpeg would decode those of a
# file's covers and films when it opens it, each as large as a stranger likes.
_CODECS = ",".join(
    name
    for name in sorted(av.codec.codecs_available)
    if name.startswith(("pcm_", "adpcm_", "wma", "amr", "dsd_"))
    or name
    in {
        "aac", "aac_fixed", "aac_latm", "ac3", "ac3_fixed", "alac", "ape", "dca", "eac3", "flac",
        "g722", "g723_1", "g726", "g726le", "g729", "gsm", "gsm_ms", "ilbc", "libgsm",
        "libopencore_amrnb", "libopencore_amrwb", "libopus", "libspeex", "libvorbis", "mace3",
        "mace6", "mlp", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "nellymoser",
        "opus", "qcelp", "qdm2", "speex", "truehd", "tta", "vorbis", "wavpack",
    }
)  # fmt: skip
_OPTIONS = {
    "format_whitelist": _FORMATS,
    "protocol_whitelist": "none",
    "codec_whitelist": _CODECS,
}
_UNSOUND = (  # what begins like this holds no sound, whatever FFmpeg makes of it
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"%PDF",
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"\x7fELF",
    b"MZ",
    b"<?xml",
    b"<!DOCTYPE",
)
_DAMAGED_SHARE = 0.2
_RATES = range(3_000, 800_000)
_BATCH = 16_384  # samples that are mixed at once

# No honest recording needs more work than ten minutes of two channels at 192 kHz, or as many
# packets as ten minutes of Opus at 4 ms; and nobody's is worth more than a few seconds.
_MOST_VALUES = 600 * 192_000 * 2
_MOST_PACKETS = 160_000
_HOPELESS = 2_000  # packets in a row that hold no sound
_PROCESSOR_SECONDS = 12.0


class OpenRecording:
    """One track of an open recording; `seconds`, `packets` and `damaged` grow while it is read.

    Attributes:
        promised: The seconds that its header promises, where it does.
        tracks: How many tracks of sound there are.
        format: FFmpeg's name of the container, such as "ogg" or "mp3".
        codec: FFmpeg's name of the codec, without the variant of its decoder; "" if it has none.
        rate: Samples a second in the recording itself.
        channels: How many it has itself.
        comment: What its maker wrote into its tags, on one line; or "".
    """

    def __init__(
        self, container: InputContainer, stream: AudioStream, promise: float | None
    ) -> None:
        self._container = container
        self._stream = stream
        self.promised = promise
        self.tracks = len(container.streams.audio)
        context: Any = stream.codec_context
        self.format = container.format.name
        self.codec = context.codec.canonical_name if context is not None else ""
        self.rate = stream.rate or 0
        self.channels = stream.channels
        self.comment = printable(container.metadata.get("comment"), 200)
        self.seconds = 0.0
        self.packets = 0
        self.damaged = 0
        self._steady = True

    @property
    def intact(self) -> bool:
        """Whether all of it could be decoded, at one rate and in one layout."""
        return self._steady and not self.damaged

    @property
    def spoiled(self) -> bool:
        """Whether so little of it could be decoded that it is noise or another kind of file."""
        return not self.seconds or self.damaged > _DAMAGED_SHARE * self.packets

    def blocks(self, longest: float, mixer: Mixer | None = None) -> Iterator[Floats]:
        """Decode into blocks of 100 ms at 44.1 kHz, shape (1 or 2, samples); the last is shorter.

        Damaged packets are skipped and counted. Stops once more than `longest` seconds have
        come out, whatever the header says.

        Raises:
            Unusable: it asks for more work than any honest recording does.
        """
        resampler: AudioResampler | None = None
        mixer = mixer or Mixer()
        before = (0, 0)
        for piece in self._pieces(longest):
            samples = mixer.mixed(piece)
            if resampler is None or (piece.rate, len(samples)) != before:
                if resampler is not None:  # a chained stream goes on otherwise
                    self._steady = False
                    yield from _out(resampler, None)
                before = (piece.rate, len(samples))
                resampler = AudioResampler("fltp", layout_of(samples), RATE, BLOCK)
            yield from _out(resampler, as_frame(samples, piece.rate))
        if resampler is not None:
            yield from _out(resampler, None)

    def _pieces(self, longest: float) -> Iterator[Piece]:
        """What is decoded, in stretches that are worth being mixed."""
        waiting: list[Floats] = []
        kind: tuple[int, tuple[str, ...]] = (0, ())
        known: dict[str, tuple[str, ...]] = {}
        for frame in self._frames():
            rate, layout = frame.sample_rate, frame.layout.name
            if layout not in known:
                known[layout] = tuple(channel.name for channel in frame.layout.channels)
            names = known[layout]
            if rate not in _RATES:
                raise Unusable(Flaw.UNREADABLE, f"{rate} samples a second")
            full = sum(part.shape[1] for part in waiting) >= _BATCH
            if waiting and (full or (rate, names) != kind):
                yield _piece(waiting, *kind)
                waiting = []
            kind = (rate, names)
            waiting.append(samples_of(frame))
            self.seconds += frame.samples / rate
            if self.seconds > longest:
                break
        if waiting:
            yield _piece(waiting, *kind)

    def _frames(self) -> Iterator[AudioFrame]:
        """What is decoded, within the bounds of work."""
        spent, values, hopeless = 0.0, 0, 0
        begun = time.process_time()
        for packet in self._packets():
            frames: list[Any] = []
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, ValueError):
                self.damaged += 1
            spent += time.process_time() - begun  # what is done with the frames is not counted
            sounding = [f for f in frames if isinstance(f, AudioFrame) and f.samples]
            values += sum(frame.samples * frame.layout.nb_channels for frame in sounding)
            hopeless = 0 if sounding else hopeless + 1
            if values > _MOST_VALUES or spent > _PROCESSOR_SECONDS:
                raise Unusable(Flaw.UNREADABLE, f"{values} samples in {spent:.1f} s")
            if hopeless > _HOPELESS or self.packets > _MOST_PACKETS:
                detail = f"{self.packets} packets for {self.seconds:.0f} s"
                raise Unusable(Flaw.UNREADABLE, detail)
            yield from sounding
            begun = time.process_time()

    def _packets(self) -> Iterator[Any]:
        """The track's packets; what is spoiled between them is skipped and counted."""
        failed = 0
        while failed < _HOPELESS // 10:
            try:
                for packet in self._container.demux(self._stream):
                    self.packets += bool(packet.size)
                    failed = 0
                    yield packet
            except av.error.FFmpegError:
                failed += 1
                self.damaged += 1
            else:
                return


@contextmanager
def opened(file: BinaryIO, track: int = 0) -> Iterator[OpenRecording]:
    """Open a track of a recording from its bytes; no path ever reaches FFmpeg.

    Raises:
        Unusable: `EMPTY` for no bytes, `NOT_AUDIO` for what holds no sound, `UNREADABLE`.
    """
    file.seek(0)
    head = file.read(64)
    file.seek(0)
    if not head:
        raise Unusable(Flaw.EMPTY)
    if head.startswith(_UNSOUND) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        raise Unusable(Flaw.NOT_AUDIO, f"begins with {head[:8]!r}")
    try:
        container = av.open(file, "r", container_options=_OPTIONS)
    except (av.error.FFmpegError, ValueError) as error:
        raise Unusable(Flaw.UNREADABLE, type(error).__name__) from error
    with container:
        if not container.streams.audio:
            raise Unusable(Flaw.NOT_AUDIO, f"{container.format.name} without sound")
        stream = container.streams.audio[track]
        yield OpenRecording(container, stream, promised(container, stream, file))


def as_frame(samples: Floats, rate: int = RATE) -> AudioFrame:
    """Samples, shape (1 or 2, samples), as FFmpeg takes them."""
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout_of(samples))
    frame.sample_rate = rate
    return frame


def mono(block: Floats) -> Floats:
    """A block, shape (1 or 2, samples), as one channel, shape (samples,)."""
    return cast("Floats", block.mean(axis=0))


def layout_of(samples: Floats) -> str:
    """FFmpeg's name for one or two channels, shape (1 or 2, samples)."""
    return "mono" if len(samples) == 1 else "stereo"


def _piece(parts: list[Floats], rate: int, names: tuple[str, ...]) -> Piece:
    samples = np.concatenate(parts, axis=1)
    if not np.isfinite(samples).all():  # files of floating-point numbers may hold anything
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return Piece(samples.clip(-8, 8), rate, names)


def _out(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Floats]:
    for block in resampler.resample(frame):
        yield cast("Floats", block.to_ndarray())
