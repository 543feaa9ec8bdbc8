"""Making of a recording what the music API takes: an MP3, and the findings about it."""

from collections.abc import Callable
from pathlib import Path

import av
from av.audio.frame import AudioFrame

from bot.audio import pitch
from bot.audio.decode import RATE, Recording, mono, opened
from bot.audio.findings import Limits, Prepared, Unusable
from bot.audio.measure import LISTENING_RATE, Meter
from bot.model import Flaw, Hint

_BIT_RATE = 128_000
_BEYOND = 0.5  # seconds decoded past the longest, to know that it is longer
_FAR_BEYOND = 2.0  # a claim of more than this many times the longest is believed at once
_TRUSTED = {"ogg", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}  # their claim is their last time
_LISTEN = 60.0  # seconds that are listened to for talking
_ACCEPTED_RATES = {16_000, 22_050, 24_000, 32_000, 44_100, 48_000}


def prepare(source: Path, into: Path, limits: Limits) -> Prepared:
    """Decode, measure and judge `source`; write the MP3 for it over the existing file `into`.

    An MP3 that already fits is copied byte for byte; any other sound becomes one of 44.1 kHz,
    mono, 128 kbit/s.

    Raises:
        Unusable: with the flaw that makes it so.
        OSError: a file could not be read or written.
    """
    passed_through = _fits(source, limits)
    if passed_through:
        with source.open("rb") as file, opened(file) as recording:
            meter = _read(recording, None, limits)
            passed_through = recording.sound and not _cut_off(recording, limits)
            findings = _judged(recording, meter, limits)
    if passed_through:
        into.write_bytes(source.read_bytes())
    else:
        findings = _encoded(source, into, limits)
    size = into.stat().st_size
    if size > limits.largest:
        raise Unusable(Flaw.TOO_BIG, f"{size} bytes")
    seconds, hints, meter = findings
    return Prepared(
        seconds=round(seconds, 3),
        level_dbfs=meter.level_dbfs,
        peak_dbfs=meter.peak_dbfs,
        active_seconds=round(meter.active_seconds(limits.silence_dbfs), 1),
        clipped_share=round(meter.clipped_share, 4),
        hints=hints,
        size=size,
        passed_through=passed_through,
    )


_Findings = tuple[float, tuple[Hint, ...], Meter]


def _fits(source: Path, limits: Limits) -> bool:
    """Whether it is worth decoding as it is: an MP3 by its first bytes, size and rate."""
    if not 0 < source.stat().st_size <= limits.largest:
        return False
    with source.open("rb") as file:
        head = file.read(3)
        if head != b"ID3" and not (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
            return False
        file.seek(0)
        with opened(file) as recording:
            mp3 = recording.format == "mp3" and recording.codec == "mp3"
            return mp3 and recording.rate in _ACCEPTED_RATES


def _encoded(source: Path, into: Path, limits: Limits) -> _Findings:
    with (
        source.open("rb") as file,
        opened(file) as recording,
        into.open("r+b") as made,
        av.open(made, "w", format="mp3") as container,
    ):
        stream = container.add_stream("mp3", rate=RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        stream.options = {"compression_level": "7"}
        meter = _read(recording, lambda block: container.mux(stream.encode(block)), limits)
        findings = _judged(recording, meter, limits)
        container.mux(stream.encode(None))
    return findings


def _read(
    recording: Recording, take: Callable[[AudioFrame], None] | None, limits: Limits
) -> Meter:
    claimed = recording.claimed or 0.0
    if claimed > _FAR_BEYOND * limits.longest and recording.format in _TRUSTED:
        raise Unusable(Flaw.TOO_LONG, f"claims {claimed:.0f} s")
    meter = Meter(_LISTEN if limits.detect_talking else 0.0)
    for block in recording.blocks(limits.longest + _BEYOND):
        meter.add(mono(block))
        if take is not None:
            take(block)
    return meter


def _judged(recording: Recording, meter: Meter, limits: Limits) -> _Findings:
    seconds = recording.seconds
    if not recording.packets:
        raise Unusable(Flaw.EMPTY, f"{recording.format} with nothing in it")
    if recording.spoiled:
        raise Unusable(Flaw.UNREADABLE, f"{recording.damaged} of {recording.packets} packets")
    if seconds < limits.shortest:
        raise Unusable(Flaw.TOO_SHORT, f"{seconds:.2f} s")
    if seconds > limits.longest:
        raise Unusable(Flaw.TOO_LONG, f"more than {seconds:.0f} s")
    active = meter.active_seconds(limits.silence_dbfs)
    if meter.level_dbfs < limits.silence_dbfs and active < limits.active_seconds:
        raise Unusable(Flaw.SILENT, f"{meter.level_dbfs} dBFS")
    doubts = {
        Hint.QUIET: limits.silence_dbfs <= meter.level_dbfs < limits.quiet_dbfs,
        Hint.CLIPPED: meter.clipped_share > limits.clipped_share,
        Hint.CUT_OFF: _cut_off(recording, limits),
        Hint.MOSTLY_SILENT: active < limits.active_seconds,
        Hint.TALKING: limits.detect_talking and pitch.talking(meter.heard, LISTENING_RATE),
    }
    return seconds, tuple(hint for hint, holds in doubts.items() if holds), meter


def _cut_off(recording: Recording, limits: Limits) -> bool:
    claimed = recording.claimed
    return claimed is not None and recording.seconds < limits.decoded_share * claimed
