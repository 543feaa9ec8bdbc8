"""The stand-in for the music model, and the recordings to try it with."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bot.audio import Limits, Unusable, pitch
from bot.audio.prepare import prepare
from bot.sandbox.synthesis import analysis, samples, sketch
from bot.sandbox.synthesis.analysis import Key

LYRICS = "[Verse]\nHello world, the morning light\n##\nSing with me tonight\n"


def decoded(sound: bytes) -> tuple[NDArray[np.float32], dict[str, str]]:
    """Both channels, shape (2, samples), and the tags."""
    with av.open(io.BytesIO(sound), "r") as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        return np.concatenate(frames, axis=1), container.metadata


@pytest.mark.parametrize(
    ("voice", "beat"),
    [
        (samples.hum, None),
        (None, samples.beat),
        (samples.hum, samples.beat),
        (samples.song, samples.song),
    ],
)
def test_makes_a_tagged_track_that_does_not_clip(
    voice: Callable[[], bytes] | None, beat: Callable[[], bytes] | None
) -> None:
    mp3 = sketch.make(voice=voice and voice(), beat=beat and beat(), lyrics=LYRICS)
    sound, tags = decoded(mp3)
    assert mp3.startswith(b"ID3")
    assert 20 <= sound.shape[1] / 44_100 <= 30
    assert 0.5 < np.abs(sound).max() < 1
    assert tags["title"] == tags["comment"] == sketch.NOTICE
    assert sketch.NOTICE == "A sketch made on this machine, not the music model"


def test_a_voice_alone_sings_its_own_notes_alone() -> None:
    sound, _ = decoded(sketch.make(voice=samples.hum(), beat=None, lyrics=LYRICS))
    sung = analysis.melody(sound.mean(axis=0)[::3].astype(np.float64))
    heard = analysis.melody(analysis.heard(samples.hum()))
    assert len(sung) > 10
    a_minor = {9, 11, 0, 2, 4, 5, 7}
    assert {note % 12 for note in heard} <= a_minor
    assert {note % 12 for note in sung} <= a_minor
    assert len(set(sung)) > 3


def test_different_recordings_make_different_tracks_and_the_same_the_same() -> None:
    tracks = [
        sketch.make(voice=samples.hum(), beat=None, lyrics=lyrics)
        for lyrics in (LYRICS, LYRICS, "One")
    ]
    assert tracks[0] == tracks[1] != tracks[2]
    assert sketch.make(voice=samples.song(), beat=None, lyrics=LYRICS) != tracks[0]


@pytest.mark.parametrize("rate", [16_000, 24_000, 32_000])
def test_rate_and_bitrate(rate: int) -> None:
    mp3 = sketch.make(voice=None, beat=samples.beat(), lyrics="", sample_rate=rate, bitrate=32_000)
    with av.open(io.BytesIO(mp3)) as container:
        assert container.streams.audio[0].rate == rate
    assert len(mp3) < 130_000


def test_a_voice_without_a_note_still_sings() -> None:
    noise = io.BytesIO()
    with av.open(noise, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=44_100, layout="mono")
        hiss = np.random.default_rng(1).integers(-3000, 3000, (1, 44_100 * 11), np.int16)
        frame = av.AudioFrame.from_ndarray(hiss, "s16", "mono")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
    sound, _ = decoded(sketch.make(voice=noise.getvalue(), beat=None, lyrics=LYRICS))
    assert len(analysis.melody(sound.mean(axis=0)[::3].astype(np.float64))) > 10


def test_nothing_to_make_it_from() -> None:
    with pytest.raises(ValueError, match="neither"):
        sketch.make(voice=None, beat=None, lyrics=LYRICS)
    with pytest.raises(Unusable):
        sketch.make(voice=b"no sound", beat=None, lyrics=LYRICS)


@pytest.mark.parametrize(
    ("lyrics", "counts"),
    [
        ("Hello there", [4]),
        ("[Chorus]\nsun\n\nand moon\n##", [1, 2]),
        ("Über Äpfel", [4]),
        ("молоко", [3]),
        ("歌を歌う", [4]),
        ("\N{HANGUL SYLLABLE NO}\N{HANGUL SYLLABLE RAE}", [2]),
        ("", [6]),
        ("12 ...", [6]),
    ],
)
def test_syllables(lyrics: str, counts: list[int]) -> None:
    assert [len(line) for line in sketch.syllables(lyrics)] == counts


def test_long_and_very_long_lyrics_end_with_the_track() -> None:
    for lyrics in ("la " * 300, "la la la la\n" * 100):
        sound, _ = decoded(sketch.make(voice=samples.hum(), beat=None, lyrics=lyrics))
        assert 20 <= sound.shape[1] / 44_100 <= 30


@pytest.mark.parametrize("sample", [samples.hum, samples.beat, samples.song])
def test_samples_are_usable_without_a_doubt(sample: Callable[[], bytes], tmp_path: Path) -> None:
    source, into = tmp_path / "sample", tmp_path / "into"
    source.write_bytes(sample())
    into.touch()
    found = prepare(source, into, Limits())
    assert found.hints == ()
    assert found.seconds == pytest.approx(16, abs=0.1)
    assert sample() is sample()
    assert not found.passed_through  # brought to the loudness that everything is sent with


def test_the_hum_is_a_voice_note_and_sung() -> None:
    assert samples.hum().startswith(b"OggS")
    assert b"OpusHead" in samples.hum()[:100]
    heard = analysis.heard(samples.hum())
    assert not pitch.talking(heard.astype(np.float32), analysis.RATE)


def test_hears_key_and_tempo() -> None:
    beat = analysis.heard(samples.beat())
    assert analysis.key_of(analysis.chroma(beat)) == Key(9, minor=True)
    assert analysis.tempo(beat) == pytest.approx(100, abs=1)
    assert analysis.tempo(np.zeros(10)) == 96
    assert analysis.key_of(np.zeros(12)) == Key(0, minor=False)
