"""Making of a recording what the music API takes: an MP3, and the findings about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from bot.audio import pitch
from bot.audio.decode import RATE, OpenRecording, as_frame, opened
from bot.audio.downmix import Mixer
from bot.audio.limits import Limits
from bot.audio.loudness import Loudness
from bot.audio.measure import LISTENING_RATE, Meter
from bot.audio.models import Prepared, Unusable
from bot.model import Flaw, Hint

_BIT_RATE = 192_000
_LOUDNESS = -16.0  # LUFS
_NEAR_ENOUGH = 3.0  # LU from it at which an MP3 may stay as it is
_PEAK = -2.0  # dBTP before encoding, which adds up to a decibel
_TWO_CHANNELS = 3.01  # LU that the same sound in two channels is louder than in one
_BEYOND = 0.5  # seconds decoded past the longest, to know that it is longer
_LISTEN = 60.0  # seconds that are listened to for talking
_ACCEPTED_RATES = {16_000, 22_050, 24_000, 32_000, 44_100, 48_000}
_MOST_TRACKS = 32
_ANY_LENGTH = 3600.0  # seconds; what was prepared has been judged
_UNHARMED_PEAK = 0.5  # dBFS


@dataclass(frozen=True, slots=True)
class _Measured:
    """A track of a recording that was listened to from end to end."""

    track: int
    recording: OpenRecording
    mixer: Mixer
    meter: Meter
    loudness: Loudness
    active: float

    @property
    def lufs(self) -> float | None:
        """Its loudness as it will be sent: two channels with the same sound become one."""
        lufs = self.loudness.lufs
        folded = self.loudness.channels > 1 and not self.mixer.wide
        return lufs - _TWO_CHANNELS if lufs is not None and folded else lufs


def prepare(
    source: Path, into: Path, limits: Limits, on_usable: Callable[[], None] = lambda: None
) -> Prepared:
    """Decode, measure and judge `source`; write the MP3 for it over the existing file `into`.

    An MP3 that is near enough is copied byte for byte; any other sound becomes one of 44.1 kHz
    and 192 kbit/s, stereo if the recording is, of -16 LUFS by one gain for all of it, or of less
    where its peaks forbid that. The recording is read twice: what is refused is not encoded, and
    how it is mixed and how loud it is are known before.

    Args:
        source: The recording.
        into: Where its MP3 goes.
        limits: What is accepted.
        on_usable: Called once it is known to be usable.

    Raises:
        Unusable: with the flaw that makes it so.
        OSError: a file could not be read or written.
    """
    with source.open("rb") as file:
        measured = _best_track(file, limits)
        hints = _judge(measured, limits)
        on_usable()
        passed_through = _fits(file, source.stat().st_size, measured, limits)
        if passed_through:
            into.write_bytes(source.read_bytes())
        else:
            _encode(file, into, measured, limits.longest + _BEYOND, wide=measured.mixer.wide)
    size = into.stat().st_size
    if size > limits.largest:
        raise Unusable(Flaw.TOO_BIG, f"{size} bytes")
    return Prepared(
        seconds=round(measured.recording.seconds, 3),
        level_dbfs=measured.meter.level_dbfs,
        peak_dbfs=measured.meter.peak_dbfs,
        active_seconds=round(measured.active, 1),
        clipped_share=round(measured.meter.clipped_share, 4),
        hints=hints,
        size=size,
        passed_through=passed_through,
    )


def to_mono(source: Path, into: Path) -> None:
    """Write a prepared recording over the existing file `into`, as a voice is sent: mono.

    Raises:
        Unusable: it does not decode.
        OSError: a file could not be read or written.
    """
    limits = Limits(detect_talking=False)
    with source.open("rb") as file:
        measured = _measure(file, 0, Mixer(wide=False), replace(limits, longest=_ANY_LENGTH))
        if measured.recording.channels == 1:
            into.write_bytes(source.read_bytes())
        else:
            _encode(file, into, measured, _ANY_LENGTH, wide=False)


def _best_track(file: BinaryIO, limits: Limits) -> _Measured:
    """The first track that sounds, else the one in which there is most to hear.

    A screen recording has the desktop's silence first and the singer second.

    Raises:
        Unusable: none can be read.
    """
    best: _Measured | None = None
    trouble: Unusable | None = None
    number, count = 0, 1
    while number < min(count, _MOST_TRACKS):
        try:
            measured = _measure_track(file, number, limits)
        except Unusable as flaw:
            if number == 0 and flaw.flaw in {Flaw.EMPTY, Flaw.NOT_AUDIO}:
                raise
            trouble = trouble or flaw
            if number == 0:
                count = _count_tracks(file)
        else:
            count = measured.recording.tracks
            if best is None or _rank(measured) > _rank(best):
                best = measured
            if not measured.recording.spoiled and measured.active >= limits.active_seconds:
                break
        number += 1
    if best is None:
        raise trouble or Unusable(Flaw.UNREADABLE)
    return best


def _rank(measured: _Measured) -> tuple[bool, float, float]:
    return not measured.recording.spoiled, measured.active, measured.recording.seconds


def _count_tracks(file: BinaryIO) -> int:
    with opened(file) as recording:
        return recording.tracks


def _measure_track(file: BinaryIO, track: int, limits: Limits) -> _Measured:
    """Decode a track and measure it; a second time, if mixing it down took sound away."""
    measured = _measure(file, track, Mixer(), limits)
    better = measured.mixer.better()
    return measured if better is None else _measure(file, track, better, limits)


def _measure(file: BinaryIO, track: int, mixer: Mixer, limits: Limits) -> _Measured:
    meter, loudness = Meter(_LISTEN if limits.detect_talking else 0.0), Loudness()
    with opened(file, track) as recording:
        for block in recording.blocks(limits.longest + _BEYOND, mixer):
            meter.add(block)
            loudness.add(block)
    loudness.end()
    active = meter.active_seconds(limits.silence_dbfs)
    return _Measured(track, recording, mixer, meter, loudness, active)


def _judge(measured: _Measured, limits: Limits) -> tuple[Hint, ...]:
    """What is doubtful about a recording.

    Raises:
        Unusable: it is worse than that.
    """
    recording, meter, seconds = measured.recording, measured.meter, measured.recording.seconds
    if not recording.packets:
        raise Unusable(Flaw.EMPTY, f"{recording.format} with nothing in it")
    if recording.spoiled:
        raise Unusable(Flaw.UNREADABLE, f"{recording.damaged} of {recording.packets} packets")
    if seconds < limits.shortest:
        raise Unusable(Flaw.TOO_SHORT, f"{seconds:.2f} s")
    if seconds > limits.longest:
        raise Unusable(Flaw.TOO_LONG, f"more than {seconds:.0f} s")
    if meter.level_dbfs < limits.silence_dbfs and measured.active < limits.active_seconds:
        raise Unusable(Flaw.SILENT, f"{meter.level_dbfs} dBFS")
    doubts = {
        Hint.QUIET: limits.silence_dbfs <= meter.level_dbfs < limits.quiet_dbfs,
        Hint.CLIPPED: _clipped(recording, meter, limits),
        Hint.CUT_OFF: _cut_off(recording, limits),
        Hint.MOSTLY_SILENT: measured.active < limits.active_seconds,
        Hint.TALKING: limits.detect_talking and pitch.talking(meter.heard, LISTENING_RATE),
    }
    return tuple(hint for hint, holds in doubts.items() if holds)


def _cut_off(recording: OpenRecording, limits: Limits) -> bool:
    promised = recording.promised
    return promised is not None and recording.seconds < limits.decoded_share * promised


def _clipped(recording: OpenRecording, meter: Meter, limits: Limits) -> bool:
    """Whether too much is clipped; floating-point numbers may pass full scale unharmed."""
    unharmed = recording.codec.startswith("pcm_f") and meter.peak_dbfs > _UNHARMED_PEAK
    return meter.clipped_share > limits.clipped_share and not unharmed


def _fits(file: BinaryIO, size: int, measured: _Measured, limits: Limits) -> bool:
    """Whether it may go as it is: a whole MP3 that begins like one."""
    file.seek(0)
    head = file.read(3)
    recording = measured.recording
    return (
        size <= limits.largest
        and (head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"))
        and (recording.format, recording.codec) == ("mp3", "mp3")
        and recording.rate in _ACCEPTED_RATES
        and recording.intact
        and measured.mixer.untouched
        and not _cut_off(recording, limits)
        and measured.loudness.lufs is not None
        and abs(measured.loudness.lufs - _LOUDNESS) <= _NEAR_ENOUGH
    )


def _encode(
    file: BinaryIO, into: Path, measured: _Measured, longest: float, *, wide: bool
) -> None:
    mixer, gain = measured.mixer.final(wide=wide), _gain(measured)
    with (
        opened(file, measured.track) as recording,
        into.open("r+b") as made,
        av.open(made, "w", format="mp3") as container,
    ):
        stream = container.add_stream("mp3", rate=RATE, layout="stereo" if wide else "mono")
        stream.bit_rate = _BIT_RATE
        stream.options = {"compression_level": "7"}
        at = 0
        for block in recording.blocks(longest, mixer):
            frame = as_frame(np.clip(block * gain, -1, 1))
            frame.pts, at = at, at + frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _gain(measured: _Measured) -> np.float32:
    """The one factor that brings a recording to its loudness; its peaks have the last word."""
    lufs = measured.lufs
    wanted = 0.0 if lufs is None else _LOUDNESS - lufs
    return np.float32(10 ** (min(wanted, _PEAK - measured.loudness.true_peak) / 20))
