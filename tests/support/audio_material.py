"""Recordings for the audio tests, made on the spot."""

import struct
from functools import cache
from io import BytesIO
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 44_100


def tone(seconds: float, *, gain: float = 0.3, rate: int = RATE) -> NDArray[np.float32]:
    """A tune of held notes with overtones."""
    time = np.arange(int(seconds * rate)) / rate
    hertz = 220 * 2 ** (np.array((0, 4, 7, 12, 7, 4))[(time * 2).astype(int) % 6] / 12)
    phase = 2 * np.pi * np.cumsum(hertz) / rate
    wave = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)
    return (gain * wave / 1.5).astype(np.float32)


def speech(seconds: float) -> NDArray[np.float32]:
    """Syllables of 200 ms whose pitch never rests, with gaps as consonants make them."""
    time = np.arange(int(seconds * RATE)) / RATE
    chance = np.random.default_rng(3)
    count = int(seconds / 0.25) + 1
    place, number = time % 0.25, (time / 0.25).astype(int)
    start, slope = (
        chance.uniform(-4, 4, count)[number],
        chance.choice((-20.0, 20.0), count)[number],
    )
    phase = 2 * np.pi * np.cumsum(130 * 2 ** ((start + slope * place) / 12)) / RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, 9))
    envelope = np.clip(np.minimum(place / 0.02, (0.2 - place) / 0.02), 0, 1)
    return np.asarray(0.2 * wave * envelope, dtype=np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * RATE), np.float32)


def encoded(
    samples: NDArray[np.float32],
    container: str = "mp3",
    codec: str = "mp3",
    *,
    rate: int = RATE,
    bit_rate: int = 64_000,
    picture: bool = False,
) -> bytes:
    """Encode mono samples at 44.1 kHz; with a moving picture, when asked."""
    made = BytesIO()
    with av.open(made, "w", format=container) as out:
        video = _video(out) if picture else None
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        if video is not None:
            _film(out, video)
        frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, "mono", rate)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return made.getvalue()


Track = tuple[str, str, int, Any, int]
"""Codec, layout, rate, samples of shape (channels, samples) and bits a second."""


def mux(container: str, *tracks: Track, **options: str) -> bytes:
    """A file of one or more tracks."""
    made = BytesIO()
    with av.open(made, "w", format=container, options=options) as out:
        streams: list[Any] = []
        for codec, layout, rate, _, bit_rate in tracks:
            stream: Any = out.add_stream(codec, rate=rate, layout=layout)
            stream.bit_rate = bit_rate
            streams.append(stream)
        packets: list[Any] = []
        for stream, (_, layout, rate, samples, _) in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples, np.float32), "fltp", layout
            )
            frame.sample_rate = rate
            resampler = av.AudioResampler(stream.format, layout, rate)
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                packets += stream.encode(part)
            packets += stream.encode(None)
        for packet in sorted(packets, key=lambda one: float((one.dts or 0) * one.time_base)):
            out.mux(packet)
    return made.getvalue()


def wav(*channels: Any, rate: int = RATE, mask: int | None = None) -> bytes:
    """A WAV of 16 bits by hand; with a mask of its loudspeakers, if one is given."""
    count = len(channels)
    data = (np.stack(channels).T.clip(-1, 1) * 32_767).astype("<i2").tobytes()
    kind = 1 if mask is None else 0xFFFE
    head = struct.pack("<HHIIHH", kind, count, rate, rate * count * 2, count * 2, 16)
    if mask is not None:
        guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
        head += struct.pack("<HHI", 22, 16, mask) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def later_ogg(ogg: bytes, granules: int) -> bytes:
    """An Ogg stream whose clock is so many samples on, as of one that was joined late."""
    made, at = b"", 0
    while at < len(ogg):
        count = ogg[at + 26]
        size = 27 + count + sum(ogg[at + 27 : at + 27 + count])
        page = bytearray(ogg[at : at + size])
        (time,) = struct.unpack_from("<q", page, 6)
        if time > 0:
            struct.pack_into("<q", page, 6, time + granules)
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", _ogg_checksum(page))
        made, at = made + page, at + size
    return made


def ambisonic(ogg: bytes) -> bytes:
    """A four-channel Opus stream that says that its channels are ambisonics."""
    page = bytearray(ogg[: ogg.index(b"OggS", 4)])
    page[page.index(b"OpusHead") + 18] = 2
    page[22:26] = bytes(4)
    page[22:26] = struct.pack("<I", _ogg_checksum(page))
    return bytes(page) + ogg[len(page) :]


@cache
def _ogg_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 1 << 31 else 0)) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


def _ogg_checksum(page: bytes | bytearray) -> int:
    table, value = _ogg_table(), 0
    for byte in page:
        value = value << 8 & 0xFFFFFFFF ^ table[value >> 24 ^ byte]
    return value


def live_m4a(samples: NDArray[np.float32], begun: float) -> bytes:
    """A piece cut out of a live stream that began so many seconds before."""
    track = ("aac", "mono", RATE, samples[None], 64_000)
    flags = "frag_keyframe+empty_moov+default_base_moof"
    cut = mux("mp4", track, movflags=flags, frag_duration="2000000", use_editlist="0")
    made, at = bytearray(cut), 0
    while (at := cut.find(b"tfdt", at + 1)) > 0:
        size, kind = (8, ">Q") if cut[at + 4] else (4, ">I")
        (time,) = struct.unpack(kind, cut[at + 8 : at + 8 + size])
        made[at + 8 : at + 8 + size] = struct.pack(kind, time + int(begun * RATE))
    return bytes(made)


def id3(*frames: tuple[bytes, bytes]) -> bytes:
    """An ID3v2.3 tag."""
    body = b"".join(
        name + struct.pack(">I", len(content)) + bytes(2) + content for name, content in frames
    )
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + body


def headless(mp3: bytes) -> bytes:
    """An MP3 that does not say how long it is."""
    return mp3.replace(b"Info", bytes(4)).replace(b"Xing", bytes(4))


def silent_film() -> bytes:
    made = BytesIO()
    with av.open(made, "w", format="mp4") as out:
        _film(out, _video(out))
    return made.getvalue()


def _video(out: Any) -> Any:
    stream = out.add_stream("mpeg4", rate=5)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    return stream


def _film(out: Any, stream: Any) -> None:
    for _ in range(60):
        out.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
    out.mux(stream.encode(None))
