"""Recordings as devices, apps and broken files have them: what is heard, and how long it is."""

import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.audio import Limits, Prepared
from bot.audio.prepare import prepare
from bot.model import Hint
from tests.support.audio_material import (
    RATE,
    ambisonic,
    encoded,
    headless,
    id3,
    later_ogg,
    live_m4a,
    mux,
    silence,
    tone,
    wav,
)

LIMITS = Limits()
TEN_HOURS = 36_000


def prepared(folder: Path, recording: bytes) -> tuple[Prepared, NDArray[np.float32]]:
    """What is found, and what the music service will hear."""
    source, into = folder / "recording", folder / "prepared"
    source.write_bytes(recording)
    into.touch()
    found = prepare(source, into, LIMITS)
    with av.open(into) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return found, np.concatenate(parts, axis=1).mean(axis=0)


@cache
def material(kind: str) -> bytes:
    return HEARD[kind]() if kind in HEARD else PROMISES[kind][0]()


def quad(samples: NDArray[np.float32]) -> Any:
    return "libopus", "quad", 48_000, np.stack([samples] * 4), 96_000


def opus(seconds: float = 20) -> bytes:
    return encoded(tone(seconds), "ogg", "libopus", rate=48_000)


def aac(samples: NDArray[np.float32]) -> Any:
    return "aac", "mono", RATE, samples[None], 64_000


def picture(size: int) -> tuple[bytes, bytes]:
    return b"APIC", b"\0image/jpeg\0\x03\0\xff\xd8\xff\xe0" + bytes(size)


TUNE, NOTHING = tone(20), silence(20)
HEARD: dict[str, Callable[[], bytes]] = {
    "the second track sounds, mkv": lambda: mux("matroska", aac(NOTHING), aac(TUNE)),
    "the second track sounds, mp4": lambda: mux("mp4", aac(NOTHING), aac(TUNE)),
    "the fifth track sounds": lambda: mux("matroska", *[aac(NOTHING)] * 4, aac(TUNE)),
    "the first of two tracks sounds": lambda: mux("mp4", aac(TUNE), aac(NOTHING)),
    "right is left upside down, wav": lambda: wav(TUNE, -TUNE),
    "right is left upside down, a little weaker": lambda: wav(TUNE, -0.8 * TUNE),
    "right is left upside down, mp3": lambda: mux(
        "mp3", ("mp3", "stereo", RATE, np.stack([TUNE, -TUNE]), 128_000)
    ),
    "right is left upside down, m4a": lambda: mux(
        "ipod", ("aac", "stereo", RATE, np.stack([TUNE, -TUNE]), 128_000)
    ),
    "two of four are upside down": lambda: wav(TUNE, -TUNE, TUNE, -TUNE),
    "left alone sounds": lambda: wav(TUNE, NOTHING),
    "the ninth of eleven sounds": lambda: wav(*[NOTHING] * 8, TUNE, NOTHING, NOTHING),
    "the centre of 5.1 sounds": lambda: wav(
        NOTHING, NOTHING, TUNE, NOTHING, NOTHING, NOTHING, mask=0x3F
    ),
    "ambisonics": lambda: ambisonic(mux("ogg", quad(tone(20, rate=48_000)))),
    "quadrophony": lambda: mux("ogg", quad(tone(20, rate=48_000))),
    "5.1 in an m4a": lambda: mux(
        "ipod", ("aac", "5.1", 48_000, np.stack([tone(20, rate=48_000)] * 6), 192_000)
    ),
    "a live stream joined after ten hours, m4a": lambda: live_m4a(TUNE, TEN_HOURS),
    "a live stream joined after ten hours, ogg": lambda: later_ogg(opus(), TEN_HOURS * 48_000),
    "a stream whose clock begins below zero": lambda: later_ogg(opus(22), -3 * 48_000),
    "a cover of 12 MB": lambda: id3(picture(12_000_000)) + encoded(TUNE),
    "zeros before the frames": lambda: bytes(200_000) + encoded(TUNE),
    "MP3 in a WAV": lambda: mux("wav", ("mp3", "mono", RATE, TUNE[None], 64_000)),
    "a WAV whose header was never finished": lambda: unfinished(wav(TUNE), 0),
    "a WAV of endless length": lambda: unfinished(wav(TUNE), 0xFFFFFFFF),
    "a WAV of almost endless length": lambda: unfinished(wav(TUNE), 0x7FFFF000),
    "AU": lambda: encoded(TUNE, "au", "pcm_s16be"),
    "WavPack": lambda: encoded(TUNE, "wv", "wavpack"),
    "AC-3": lambda: encoded(TUNE, "ac3", "ac3", rate=48_000, bit_rate=96_000),
    "floating point with holes in it": lambda: floats(TUNE),
}  # fmt: skip
LAYOUTS = {f"{n} channels without names": n for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 24)}


def unfinished(file: bytes, size: int) -> bytes:
    at = file.index(b"data") + 4
    return file[:at] + size.to_bytes(4, "little") + file[at + 4 :]


def floats(samples: NDArray[np.float32]) -> bytes:
    holed = samples.copy()
    holed[1000:1010], holed[2000] = np.nan, np.inf
    head = wav(samples[:1])
    fmt = head.index(b"fmt ") + 8
    wide = b"\x03\0" + head[fmt + 2 : fmt + 8] + (RATE * 4).to_bytes(4, "little") + b"\x04\0\x20\0"
    data = holed.astype("<f4").tobytes()
    size = len(data).to_bytes(4, "little")
    return head[:fmt] + wide + b"data" + size + data


def alike(heard: NDArray[np.float32], samples: NDArray[np.float32]) -> float:
    """How much of what is heard is the tune: 1 for all of it, whichever way up."""
    one, other = (
        np.abs(np.fft.rfft(part[5 * RATE : 15 * RATE] * np.hanning(10 * RATE)))
        for part in (heard, samples)
    )
    return float(np.dot(one, other) / np.sqrt(np.dot(one, one) * np.dot(other, other)))


@pytest.mark.parametrize("kind", HEARD)
def test_what_sounds_is_heard_at_its_real_length(tmp_path: Path, kind: str) -> None:
    found, heard = prepared(tmp_path, material(kind))
    assert found.seconds == pytest.approx(20, abs=0.15)
    assert len(heard) / RATE == pytest.approx(20, abs=0.15)
    assert found.hints == ()
    assert -19 < found.level_dbfs < -13
    assert alike(heard, TUNE) > 0.95


@pytest.mark.parametrize("kind", LAYOUTS)
def test_any_number_of_channels_is_mixed_down(tmp_path: Path, kind: str) -> None:
    tune = tone(20, rate=16_000)
    channels = [tune] + [0.5 * tune] * (LAYOUTS[kind] - 1)
    found, heard = prepared(tmp_path, wav(*channels, rate=16_000))
    assert found.seconds == pytest.approx(20, abs=0.05)
    assert found.hints == ()
    assert found.level_dbfs > -22
    assert alike(heard, TUNE) > 0.95


def test_left_and_right_both_stay_in_one_channel(tmp_path: Path) -> None:
    high = tone(20, gain=0.3)[::2].repeat(1)
    other = np.concatenate([high, high])
    _, heard = prepared(tmp_path, wav(TUNE, other))
    assert 0.3 < alike(heard, TUNE) < 0.95
    assert 0.3 < alike(heard, other) < 0.95


def half(recording: bytes) -> bytes:
    return recording[: len(recording) // 2]


def film() -> bytes:
    """Twelve seconds of sound and a minute of pictures."""
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as out:
        video: Any = out.add_stream("mpeg4", rate=1)
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        audio: Any = out.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(12)[None], "fltp", "mono")
        frame.sample_rate = RATE
        out.mux([*audio.encode(frame), *audio.encode(None)])
        for _ in range(60):
            out.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
        out.mux(video.encode(None))
    return made.getvalue()


COMMENT = (b"COMM", b"\0eng\0More Info in the description")
PROMISES: dict[str, tuple[Callable[[], bytes], bool]] = {
    "variable bit rate that says nothing": (
        lambda: headless(encoded(tone(11), bit_rate=32_000) + encoded(TUNE, bit_rate=192_000)),
        False,
    ),
    "the word Info in a tag": (
        lambda: id3(COMMENT)
        + headless(encoded(tone(11), bit_rate=32_000) + encoded(TUNE, bit_rate=192_000)),
        False,
    ),
    "whole, behind a cover": (lambda: id3(picture(90_000)) + encoded(TUNE), False),
    "cut, behind a cover": (lambda: id3(picture(90_000)) + half(encoded(tone(40))), True),
    "cut, behind two tags": (
        lambda: id3(picture(70_000)) + id3(COMMENT) + half(encoded(tone(40))),
        True,
    ),
    "cut": (lambda: half(encoded(tone(40))), True),
    "cut at a low rate": (lambda: half(encoded(tone(40), rate=22_050)), True),
    "cut WAV": (lambda: half(wav(tone(40))), True),
    "cut FLAC": (lambda: half(encoded(tone(40), "flac", "flac")), True),
    "cut AIFF": (lambda: half(encoded(tone(40), "aiff", "pcm_s16be")), True),
    "cut webm": (lambda: half(encoded(tone(40), "webm", "libopus", rate=48_000)), True),
    "recorded by a browser": (
        lambda: mux("webm", ("libopus", "mono", 48_000, tone(20, rate=48_000)[None], 0), live="1"),
        False,
    ),
    "Ogg cut while it was sent": (lambda: half(opus(40)), False),
    "a film longer than its sound": (film, False),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROMISES)
def test_cut_off_is_said_of_what_is_cut_off(tmp_path: Path, kind: str) -> None:
    _, cut = PROMISES[kind]
    found, _ = prepared(tmp_path, material(kind))
    assert found.hints == ((Hint.CUT_OFF,) if cut else ())
    if cut:
        assert found.seconds == pytest.approx(20, abs=0.6)
        assert not found.passed_through


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="compares with the ffmpeg program")
@pytest.mark.parametrize("kind", [*HEARD, *PROMISES])
def test_lengths_are_those_of_ffmpeg(tmp_path: Path, kind: str) -> None:
    found, _ = prepared(tmp_path, material(kind))
    theirs = longest_by_ffmpeg(tmp_path / "recording")
    below_zero = "below zero" in kind  # at which that program gives up
    assert found.seconds == pytest.approx(theirs, abs=0.15) or below_zero


def longest_by_ffmpeg(path: Path) -> float:
    """The longest track, decoded by the ffmpeg program."""
    asked = subprocess.run(
        [
            shutil.which("ffprobe") or "",
            "-v",
            "quiet",
            "-of",
            "json",
            "-show_streams",
            "-select_streams",
            "a",
            path,
        ],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    lengths = [0.0]
    for number, stream in enumerate(json.loads(asked.stdout)["streams"]):
        decoded = subprocess.run(
            [
                shutil.which("ffmpeg") or "",
                "-v",
                "quiet",
                "-i",
                path,
                "-map",
                f"0:a:{number}",
                "-f",
                "s16le",
                "-",
            ],
            capture_output=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
        )
        rate = int(stream["sample_rate"]) * int(stream["channels"])
        lengths.append(len(decoded.stdout) / 2 / rate)
    return max(lengths)
