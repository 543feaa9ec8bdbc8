"""How loud and how wide a recording is when it is sent, by the rules of ITU-R BS.1770."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.audio import Limits, Prepared
from bot.audio.decode import opened
from bot.audio.loudness import Loudness
from bot.audio.prepare import prepare, to_mono
from bot.model import Hint
from tests.support.audio_material import RATE, encoded, mux, silence, tone, wav

Samples = NDArray[np.float32]
LIMITS = Limits()


def measured(mp3: bytes) -> Loudness:
    loudness = Loudness()
    with opened(io.BytesIO(mp3)) as recording:
        for block in recording.blocks(600):
            loudness.add(block)
    loudness.end()
    return loudness


def prepared(folder: Path, recording: bytes) -> tuple[Prepared, bytes]:
    source, into = folder / "recording", folder / "prepared"
    source.write_bytes(recording)
    into.touch()
    return prepare(source, into, LIMITS), into.read_bytes()


def as_voice(folder: Path) -> bytes:
    into = folder / "voice"
    into.touch()
    to_mono(folder / "prepared", into)
    return into.read_bytes()


def channels(mp3: bytes) -> int:
    with av.open(io.BytesIO(mp3), "r") as container:
        return container.streams.audio[0].channels


def bit_rate(mp3: bytes) -> int:
    with av.open(io.BytesIO(mp3), "r") as container:
        return container.streams.audio[0].bit_rate or 0


def sine(hertz: float, dbfs: float, seconds: float = 20, turn: float = 0.0) -> Samples:
    time = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * (hertz * time + turn)
    return np.asarray(10 ** (dbfs / 20) * np.sin(phase), np.float32)


@pytest.mark.parametrize(
    ("left", "right", "lufs"),
    [
        (sine(997, -20), None, -23.0),  # a full-scale sine of 997 Hz in one channel: -3.01 LUFS
        (sine(997, -23), sine(997, -23), -23.0),
        (sine(997, -23), silence(20), -26.0),
        (np.concatenate([sine(997, -23), silence(40)]), None, -26.0),  # pauses do not count
    ],
)
def test_loudness_is_that_of_the_standard(
    left: Samples, right: Samples | None, lufs: float
) -> None:
    loudness = Loudness()
    both = np.stack([left] if right is None else [left, right])
    for start in range(0, both.shape[1], RATE // 10):
        loudness.add(both[:, start : start + RATE // 10])
    loudness.end()
    assert loudness.lufs == pytest.approx(lufs, abs=0.1)


def test_a_peak_between_the_samples_is_found() -> None:
    time = np.arange(4 * RATE) / RATE
    swell = 0.5 * np.sin(np.pi * time / 4)  # without an edge, which would ring
    wave = np.asarray(swell * np.sin(2 * np.pi * RATE / 4 * time + np.pi / 4), np.float32)
    loudness = Loudness()
    for start in range(0, len(wave), RATE // 10):
        loudness.add(wave[None, start : start + RATE // 10])
    loudness.end()
    assert np.abs(wave).max() < 0.36
    assert loudness.true_peak == pytest.approx(-6.0, abs=0.3)


def test_silence_has_no_loudness() -> None:
    loudness = Loudness()
    assert loudness.lufs is None
    loudness.add(silence(1)[None, : RATE // 10])
    loudness.end()
    assert loudness.lufs is None


def hits(seconds: float = 20) -> Samples:
    """Quiet notes and sharp hits: peaks far above the loudness."""
    made = tone(seconds, gain=0.02)
    made[:: RATE // 2] = 0.9
    return made


def noise(gain: float) -> Samples:
    return np.asarray(
        np.random.default_rng(4).standard_normal(20 * RATE).clip(-3, 3) * gain, np.float32
    )


LEVELS: dict[str, Callable[[], bytes]] = {
    "a voice note": lambda: encoded(tone(20), "ogg", "libopus", rate=48_000),
    "very quiet": lambda: encoded(tone(20, gain=0.01), "flac", "flac"),
    "very loud": lambda: wav(np.clip(tone(20, gain=3.0), -1, 1)),
    "loud noise": lambda: wav(np.clip(noise(0.5), -1, 1)),
    "a loud MP3": lambda: encoded(np.clip(tone(20, gain=3.0), -1, 1), bit_rate=128_000),
    "a quiet MP3": lambda: encoded(tone(20, gain=0.03), bit_rate=128_000),
    "left alone": lambda: wav(tone(20), silence(20)),
    "two of the same": lambda: wav(tone(20), tone(20)),
    "two different": lambda: wav(tone(20), sine(997, -20)),
    "upside down": lambda: wav(tone(20), -tone(20)),
    "six channels": lambda: wav(*[tone(20)] * 6, mask=0x3F),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEVELS)
def test_what_is_sent_has_one_loudness_and_no_sharp_peaks(tmp_path: Path, kind: str) -> None:
    found, song = prepared(tmp_path, LEVELS[kind]())
    for mp3 in (song, as_voice(tmp_path)):
        loudness = measured(mp3)
        assert loudness.lufs == pytest.approx(-16, abs=1)
        assert loudness.true_peak <= -1
        assert bit_rate(mp3) >= 192_000
    assert not found.passed_through


def test_where_both_cannot_be_met_the_peak_wins(tmp_path: Path) -> None:
    _, mp3 = prepared(tmp_path, wav(hits()))
    loudness = measured(mp3)
    assert -4 < loudness.true_peak <= -1
    assert loudness.lufs is not None
    assert loudness.lufs < -17


def test_one_gain_for_all_of_it(tmp_path: Path) -> None:
    quiet, loud = tone(10, gain=0.02), tone(10, gain=0.2)
    _, mp3 = prepared(tmp_path, wav(np.concatenate([quiet, loud])))
    with av.open(io.BytesIO(mp3), "r") as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    first, second = sound[2 * RATE : 8 * RATE], sound[12 * RATE : 18 * RATE]
    assert second.std() / first.std() == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "wide"),
    [
        ("a voice note", False),
        ("two of the same", False),
        ("upside down", False),
        ("left alone", False),
        ("two different", True),
    ],
)
def test_a_song_is_stereo_where_it_is_and_a_voice_never(
    tmp_path: Path, kind: str, wide: bool
) -> None:
    _, song = prepared(tmp_path, LEVELS[kind]())
    assert channels(song) == 1 + wide
    assert channels(as_voice(tmp_path)) == 1


def test_left_stays_left(tmp_path: Path) -> None:
    _, song = prepared(tmp_path, wav(sine(440, -20), sine(1200, -20)))
    with av.open(io.BytesIO(song), "r") as container:
        sound = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    peaks = [int(np.argmax(np.abs(np.fft.rfft(side[RATE : 11 * RATE])))) / 10 for side in sound]
    assert peaks == pytest.approx([440, 1200], abs=1)


@pytest.mark.parametrize("far", [-2.0, 2.5, -4.5, 4.5])
def test_an_mp3_that_is_near_passes_byte_for_byte(tmp_path: Path, far: float) -> None:
    both = np.stack([sine(997, -16 + far), sine(997, -16 + far, turn=0.25)])
    recording = mux("mp3", ("mp3", "stereo", RATE, both, 128_000))
    assert measured(recording).lufs == pytest.approx(-16 + far, abs=0.6)
    found, song = prepared(tmp_path, recording)
    assert found.passed_through == (abs(far) < 3)
    assert (song == recording) == (abs(far) < 3)
    assert channels(as_voice(tmp_path)) == 1


def test_a_near_mono_mp3_stays_itself_as_a_voice(tmp_path: Path) -> None:
    recording = encoded(sine(997, -13), bit_rate=64_000)
    _, song = prepared(tmp_path, recording)
    assert song == recording
    assert as_voice(tmp_path) == recording


def test_floating_point_above_full_scale_is_no_distortion(tmp_path: Path) -> None:
    high = encoded(tone(20, gain=1.6), "wav", "pcm_f32le")
    found, mp3 = prepared(tmp_path, high)
    assert Hint.CLIPPED not in found.hints
    assert found.peak_dbfs > 1
    assert measured(mp3).lufs == pytest.approx(-16, abs=1)
