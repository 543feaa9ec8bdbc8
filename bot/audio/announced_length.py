"""How long a recording says it is, where that is a promise and no guess of FFmpeg's.

A false "cut off" annoys more than a missing one: whatever is not sure says nothing. Streams
that were recorded live (Ogg, AAC, AMR, MPEG-TS) promise nothing; their length is known at their
end.
"""

import re
import struct
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

_LOOK = 65_536  # bytes behind the tags in which the first frame of an MP3 is looked for
_STREAMED = 0x7F00_0000  # a WAV that was written to a pipe claims about 2 or 4 GB
_SILENT = {"ogg", "aac", "amr", "mpeg", "mpegts", "ac3", "eac3", "avi", "asf"}

# MPEG audio, layer III: version bits → kbit/s by index, samples a second by index, samples.
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG1, _LAYER3, _MONO = 3, 1, 3
_HAS_FRAMES = 1


def promised(container: InputContainer, stream: AudioStream, file: BinaryIO) -> float | None:
    """The seconds of sound that a recording's header promises, or None.

    Args:
        container: Just opened.
        stream: The track in question.
        file: Its bytes; where they stand is restored.
    """
    kind = container.format.name
    at = file.tell()
    try:
        if kind == "mp3":
            return _by_mp3(file)
        if kind == "wav":
            return _by_wav(file)
    finally:
        file.seek(at)
    if kind in _SILENT:
        return None
    return _by_stream(container, stream)


def _by_stream(container: InputContainer, stream: AudioStream) -> float | None:
    """By the track's own length, else by the file's if it has no other track."""
    if stream.duration is not None and stream.time_base is not None:
        # A piece of a live stream counts its time from the beginning of that stream.
        begun = max(stream.start_time or 0, 0)
        return float(max(stream.duration - begun, 0) * stream.time_base)
    written = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if written:
        hours, minutes, seconds = written.groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    if len(container.streams) > 1 or container.duration is None:
        return None
    return max(container.duration - max(container.start_time or 0, 0), 0) / av.time_base


def _by_mp3(file: BinaryIO) -> float | None:
    """By a Xing, Info or VBRI header, in the one place where it may stand."""
    file.seek(_behind_tags(file))
    head = file.read(_LOOK)
    frame = _first_frame(head)
    if frame is None:
        return None
    start, samples, rate, side = frame
    for at in (start + 4 + side, start + 4 + side + 2):  # two bytes more with a checksum
        if head[at : at + 4] in {b"Xing", b"Info"} and len(head) >= at + 12:
            flags, count = struct.unpack_from(">II", head, at + 4)
            return count * samples / rate if flags & _HAS_FRAMES else None
    at = start + 4 + 32
    if head[at : at + 4] == b"VBRI" and len(head) >= at + 18:
        (count,) = struct.unpack_from(">I", head, at + 14)
        return float(count * samples / rate)
    return None


def _behind_tags(file: BinaryIO) -> int:
    """Where what follows the ID3v2 tags begins, however large their pictures are."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3":  # noqa: PLR2004 - the header of a tag
            return at
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at += 10 + size + (10 if head[5] & 0x10 else 0)


def _first_frame(data: bytes) -> tuple[int, int, int, int] | None:
    """Start, samples, rate and side information's size of the first frame with a successor."""
    at = data.find(b"\xff")
    while at >= 0:
        this = _header(data, at)
        if this and (following := _header(data, at + this[0])) and following[2] == this[2]:
            return at, *this[1:]
        at = data.find(b"\xff", at + 1)
    return None


def _header(data: bytes, at: int) -> tuple[int, int, int, int] | None:
    """Length, samples, rate and side information's size of a frame of layer III."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] < 0xE0:  # noqa: PLR2004 - sync
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    bits, rate = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version not in _RATES or layer != _LAYER3 or bits in {0, 15} or rate == 3:  # noqa: PLR2004
        return None
    first = version == _MPEG1
    samples, hertz = 1152 if first else 576, _RATES[version][rate]
    size = samples // 8 * 1000 * _KBITS[first][bits] // hertz + (data[at + 2] >> 1 & 1)
    mono = data[at + 3] >> 6 == _MONO
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return size, samples, hertz, side


def _by_wav(file: BinaryIO) -> float | None:
    """By the size of its data chunk: FFmpeg believes the size of the file instead."""
    file.seek(0)
    head = file.read(_LOOK)
    rate, at = 0, 12
    while at + 8 <= len(head):
        (size,) = struct.unpack_from("<I", head, at + 4)
        if head[at : at + 4] == b"fmt " and len(head) >= at + 20:
            (rate,) = struct.unpack_from("<I", head, at + 16)
        if head[at : at + 4] == b"data":
            return size / rate if rate and 0 < size < _STREAMED else None
        at += 8 + size + size % 2
    return None
