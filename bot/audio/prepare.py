"""Making of a recording what the music API takes: an MP3, and the findings about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from bot.audio import pitch
from bot.audio.decode import RATE, Recording, as_frame, opened
from bot.audio.downmix import Mixer
from bot.audio.loudness import Loudness
from bot.audio.measure import LISTENING_RATE, Meter
from bot.audio.models import Limits, Prepared, Unusable
from bot.model import Flaw, Hint

_BIT_RATE = 192_000
_LOUDNESS = -16.0  # LUFS
_NEAR = 3.0  # LU from it at which an MP3 may stay as it is
_PEAK = -2.0  # dBTP before encoding, which adds up to a decibel
_BOTH = 3.01  # LU that the same sound in two channels is louder than in one
_BEYOND = 0.5  # seconds decoded past the longest, to know that it is longer
_LISTEN = 60.0  # seconds that are listened to for talking
_ACCEPTED_RATES = {16_000, 22_050, 24_000, 32_000, 44_100, 48_000}
_MOST_TRACKS = 32
_ANY_LENGTH = 3600.0  # seconds; what was prepared has been judged
_UNHARMED = 0.5  # dBFS


@dataclass(frozen=True, slots=True)
class _Heard:
    """A track of a recording that was listened to from end to end."""

    track: int
    recording: Recording
    mixer: Mixer
    meter: Meter
    loudness: Loudness
    active: float

    @property
    def lufs(self) -> float | None:
        """Its loudness as it will be sent: two channels with the same sound become one."""
        lufs = self.loudness.lufs
        folded = self.loudness.channels > 1 and not self.mixer.wide
        return lufs - _BOTH if lufs is not None and folded else lufs


def prepare(
    source: Path, into: Path, limits: Limits, worth: Callable[[], None] = lambda: None
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
        worth: Called once it is known to be usable.

    Raises:
        Unusable: with the flaw that makes it so.
        OSError: a file could not be read or written.
    """
    with source.open("rb") as file:
        heard = _sounding(file, limits)
        hints = _judged(heard, limits)
        worth()
        passed_through = _fits(file, source.stat().st_size, heard, limits)
        if passed_through:
            into.write_bytes(source.read_bytes())
        else:
            _encode(file, into, heard, limits.longest + _BEYOND, wide=heard.mixer.wide)
    size = into.stat().st_size
    if size > limits.largest:
        raise Unusable(Flaw.TOO_BIG, f"{size} bytes")
    return Prepared(
        seconds=round(heard.recording.seconds, 3),
        level_dbfs=heard.meter.level_dbfs,
        peak_dbfs=heard.meter.peak_dbfs,
        active_seconds=round(heard.active, 1),
        clipped_share=round(heard.meter.clipped_share, 4),
        hints=hints,
        size=size,
        passed_through=passed_through,
    )


def single(source: Path, into: Path) -> None:
    """Write a prepared recording over the existing file `into`, as a voice is sent: mono.

    Raises:
        Unusable: it does not decode.
        OSError: a file could not be read or written.
    """
    limits = Limits(detect_talking=False)
    with source.open("rb") as file:
        heard = _read(file, 0, Mixer(wide=False), replace(limits, longest=_ANY_LENGTH))
        if heard.recording.channels == 1:
            into.write_bytes(source.read_bytes())
        else:
            _encode(file, into, heard, _ANY_LENGTH, wide=False)


def _sounding(file: BinaryIO, limits: Limits) -> _Heard:
    """The first track that sounds, else the one in which there is most to hear.

    A screen recording has the desktop's silence first and the singer second.

    Raises:
        Unusable: none can be read.
    """
    best: _Heard | None = None
    trouble: Unusable | None = None
    number, count = 0, 1
    while number < min(count, _MOST_TRACKS):
        try:
            heard = _listened(file, number, limits)
        except Unusable as flaw:
            if number == 0 and flaw.flaw in {Flaw.EMPTY, Flaw.NOT_AUDIO}:
                raise
            trouble = trouble or flaw
            if number == 0:
                count = _tracks(file)
        else:
            count = heard.recording.tracks
            if best is None or _worth(heard) > _worth(best):
                best = heard
            if not heard.recording.spoiled and heard.active >= limits.active_seconds:
                break
        number += 1
    if best is None:
        raise trouble or Unusable(Flaw.UNREADABLE)
    return best


def _worth(heard: _Heard) -> tuple[bool, float, float]:
    return not heard.recording.spoiled, heard.active, heard.recording.seconds


def _tracks(file: BinaryIO) -> int:
    with opened(file) as recording:
        return recording.tracks


def _listened(file: BinaryIO, track: int, limits: Limits) -> _Heard:
    """Decode a track and measure it; a second time, if mixing it down took sound away."""
    heard = _read(file, track, Mixer(), limits)
    better = heard.mixer.better()
    return heard if better is None else _read(file, track, better, limits)


def _read(file: BinaryIO, track: int, mixer: Mixer, limits: Limits) -> _Heard:
    meter, loudness = Meter(_LISTEN if limits.detect_talking else 0.0), Loudness()
    with opened(file, track) as recording:
        for block in recording.blocks(limits.longest + _BEYOND, mixer):
            meter.add(block)
            loudness.add(block)
    loudness.end()
    active = meter.active_seconds(limits.silence_dbfs)
    return _Heard(track, recording, mixer, meter, loudness, active)


def _judged(heard: _Heard, limits: Limits) -> tuple[Hint, ...]:
    """What is doubtful about a recording.

    Raises:
        Unusable: it is worse than that.
    """
    recording, meter, seconds = heard.recording, heard.meter, heard.recording.seconds
    if not recording.packets:
        raise Unusable(Flaw.EMPTY, f"{recording.format} with nothing in it")
    if recording.spoiled:
        raise Unusable(Flaw.UNREADABLE, f"{recording.damaged} of {recording.packets} packets")
    if seconds < limits.shortest:
        raise Unusable(Flaw.TOO_SHORT, f"{seconds:.2f} s")
    if seconds > limits.longest:
        raise Unusable(Flaw.TOO_LONG, f"more than {seconds:.0f} s")
    if meter.level_dbfs < limits.silence_dbfs and heard.active < limits.active_seconds:
        raise Unusable(Flaw.SILENT, f"{meter.level_dbfs} dBFS")
    doubts = {
        Hint.QUIET: limits.silence_dbfs <= meter.level_dbfs < limits.quiet_dbfs,
        Hint.CLIPPED: meter.clipped_share > limits.clipped_share and not _above(recording, meter),
        Hint.CUT_OFF: _cut_off(recording, limits),
        Hint.MOSTLY_SILENT: heard.active < limits.active_seconds,
        Hint.TALKING: limits.detect_talking and pitch.talking(meter.heard, LISTENING_RATE),
    }
    return tuple(hint for hint, holds in doubts.items() if holds)


def _cut_off(recording: Recording, limits: Limits) -> bool:
    promised = recording.promised
    return promised is not None and recording.seconds < limits.decoded_share * promised


def _above(recording: Recording, meter: Meter) -> bool:
    """Whether it goes above full scale unharmed, as floating-point numbers can."""
    return recording.codec.startswith("pcm_f") and meter.peak_dbfs > _UNHARMED


def _fits(file: BinaryIO, size: int, heard: _Heard, limits: Limits) -> bool:
    """Whether it may go as it is: a whole MP3 that begins like one."""
    file.seek(0)
    head = file.read(3)
    recording = heard.recording
    return (
        size <= limits.largest
        and (head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"))
        and (recording.format, recording.codec) == ("mp3", "mp3")
        and recording.rate in _ACCEPTED_RATES
        and recording.sound
        and heard.mixer.untouched
        and not _cut_off(recording, limits)
        and heard.loudness.lufs is not None
        and abs(heard.loudness.lufs - _LOUDNESS) <= _NEAR
    )


def _encode(file: BinaryIO, into: Path, heard: _Heard, longest: float, *, wide: bool) -> None:
    mixer, gain = heard.mixer.final(wide=wide), _gain(heard)
    with (
        opened(file, heard.track) as recording,
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


def _gain(heard: _Heard) -> np.float32:
    """The one factor that brings a recording to its loudness; its peaks have the last word."""
    lufs = heard.lufs
    wanted = 0.0 if lufs is None else _LOUDNESS - lufs
    return np.float32(10 ** (min(wanted, _PEAK - heard.loudness.true_peak) / 20))
