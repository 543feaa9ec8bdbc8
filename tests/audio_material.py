"""Recordings for the audio tests, made on the spot."""

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
