"""What becomes of a recording: every flaw, every hint, every container."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.audio import Limits, Prepared, Unusable, frames
from bot.audio.prepare import prepare
from bot.model import Flaw, Hint
from tests.support.audio_material import encoded, silence, silent_film, speech, tone

LIMITS = Limits(longest=30.0)


def prepared(folder: Path, recording: bytes, limits: Limits = LIMITS) -> tuple[Prepared, bytes]:
    source, into = folder / "recording", folder / "prepared"
    source.write_bytes(recording)
    into.touch()
    return prepare(source, into, limits), into.read_bytes()


def flaw(folder: Path, recording: bytes, limits: Limits = LIMITS) -> Flaw:
    with pytest.raises(Unusable) as refusal:
        prepared(folder, recording, limits)
    return refusal.value.flaw


def decoded(mp3: bytes) -> tuple[str, int, int, float]:
    with av.open(io.BytesIO(mp3), "r") as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return container.format.name, stream.rate, stream.channels, samples / stream.rate


@pytest.mark.parametrize(
    ("container", "codec", "rate", "picture"),
    [
        ("ogg", "libopus", 48_000, False),
        ("ipod", "aac", 44_100, False),
        ("flac", "flac", 44_100, False),
        ("wav", "pcm_s16le", 22_050, False),
        ("aiff", "pcm_s16be", 44_100, False),
        ("webm", "libopus", 48_000, False),
        ("mp4", "aac", 48_000, True),
        ("mp3", "mp3", 12_000, False),
    ],
)
def test_any_container_becomes_an_mp3(
    tmp_path: Path, container: str, codec: str, rate: int, picture: bool
) -> None:
    recording = encoded(tone(12), container, codec, rate=rate, picture=picture, bit_rate=32_000)
    found, mp3 = prepared(tmp_path, recording)
    *kind, seconds = decoded(mp3)
    assert kind == ["mp3", 44_100, 1]
    assert seconds == pytest.approx(12, abs=0.1)
    assert found.seconds == pytest.approx(12, abs=0.1)
    assert found.size == len(mp3)
    assert not found.passed_through
    assert found.hints == ()


def test_measures_level_and_peak(tmp_path: Path) -> None:
    square = np.where(np.arange(44_100 * 12) // 50 % 2, 0.1, -0.1).astype(np.float32)
    found, _ = prepared(tmp_path, encoded(square, "wav", "pcm_s16le"))
    assert found.level_dbfs == pytest.approx(-20, abs=0.1)
    assert found.peak_dbfs == pytest.approx(-20, abs=0.1)
    assert found.active_seconds == 12
    assert found.clipped_share == 0


def test_two_channels_are_no_louder_than_one(tmp_path: Path) -> None:
    made = io.BytesIO()
    with av.open(made, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        both = (np.stack([tone(12), tone(12)]) * 32_767 / 0.3 * 0.9).clip(-32_000, 32_000)
        interleaved = both.T.reshape(1, -1).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(interleaved, "s16", "stereo")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
    found, _ = prepared(tmp_path, made.getvalue())
    assert found.clipped_share < 0.005
    assert found.peak_dbfs < 0


def test_an_mp3_that_fits_is_passed_through(tmp_path: Path) -> None:
    recording = encoded(tone(12), rate=32_000)
    found, mp3 = prepared(tmp_path, recording)
    assert mp3 == recording
    assert found.passed_through
    assert found.size == len(recording)


def test_a_damaged_mp3_is_made_anew(tmp_path: Path) -> None:
    recording = bytearray(encoded(tone(14)))
    middle = len(recording) // 2
    recording[middle : middle + 6000] = bytes(6000)
    found, mp3 = prepared(tmp_path, bytes(recording))
    assert not found.passed_through
    assert decoded(mp3)[3] > 12


def test_a_truncated_mp3_is_measured_by_its_samples(tmp_path: Path) -> None:
    recording = encoded(tone(28))
    found, _ = prepared(tmp_path, recording[: len(recording) // 2])
    assert found.seconds == pytest.approx(14, abs=0.3)
    assert found.hints == (Hint.CUT_OFF,)
    assert not found.passed_through


def test_a_header_that_guesses_is_no_reason_to_warn(tmp_path: Path) -> None:
    low, high = (encoded(tone(11), bit_rate=rate) for rate in (32_000, 128_000))
    headless = b"".join(
        part.replace(b"Info", b"\0" * 4).replace(b"Xing", b"\0" * 4) for part in (low, high)
    )
    found, _ = prepared(tmp_path, headless)
    assert found.seconds == pytest.approx(22, abs=0.3)
    assert found.hints == ()


def test_a_stream_that_goes_on_at_another_rate_is_read_to_its_end(tmp_path: Path) -> None:
    chained = encoded(tone(6)) + frames(encoded(tone(6), rate=22_050))
    found, mp3 = prepared(tmp_path, chained)
    assert found.seconds == pytest.approx(12, abs=0.2)
    assert decoded(mp3)[3] == pytest.approx(12, abs=0.2)
    assert not found.passed_through


@pytest.mark.parametrize(
    ("samples", "hint"),
    [
        (lambda: tone(12, gain=0.008), Hint.QUIET),
        (lambda: np.clip(tone(12, gain=4.0), -1, 1), Hint.CLIPPED),
        (lambda: np.concatenate([tone(3), silence(10)]), Hint.MOSTLY_SILENT),
        (lambda: speech(15), Hint.TALKING),
    ],
)
def test_hints(tmp_path: Path, samples: Callable[[], NDArray[np.float32]], hint: Hint) -> None:
    found, _ = prepared(tmp_path, encoded(samples(), "wav", "pcm_s16le"))
    assert found.hints == (hint,)


def test_talking_need_not_be_listened_for(tmp_path: Path) -> None:
    limits = Limits(longest=30, detect_talking=False)
    found, _ = prepared(tmp_path, encoded(speech(15), "wav", "pcm_s16le"), limits)
    assert found.hints == ()


def test_a_few_sung_seconds_in_a_long_pause_are_not_silence(tmp_path: Path) -> None:
    limits = Limits(active_seconds=0.5)
    samples = np.concatenate([tone(1), silence(29)])
    found, _ = prepared(tmp_path, encoded(samples, "wav", "pcm_s16le"), limits)
    assert found.active_seconds == pytest.approx(1, abs=0.15)
    assert found.hints == ()


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        out.writestr("song.mp3", encoded(tone(12)))
    return made.getvalue()


def header(wav: bytes) -> bytes:
    return wav[: wav.index(b"data") + 8]


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        (lambda: b"", Flaw.EMPTY),
        (lambda: header(encoded(tone(12), "wav", "pcm_s16le")), Flaw.EMPTY),
        (lambda: encoded(tone(9.9), "wav", "pcm_s16le"), Flaw.TOO_SHORT),
        (lambda: encoded(tone(9.9)), Flaw.TOO_SHORT),
        (lambda: encoded(tone(31), "ogg", "libopus", rate=48_000), Flaw.TOO_LONG),
        (lambda: encoded(tone(31), "wav", "pcm_s16le"), Flaw.TOO_LONG),
        (lambda: encoded(tone(65), "ogg", "libopus", rate=48_000), Flaw.TOO_LONG),
        (lambda: encoded(silence(12)), Flaw.SILENT),
        (lambda: encoded(tone(12, gain=0.001), "wav", "pcm_s16le"), Flaw.SILENT),
        (lambda: np.random.default_rng(5).bytes(200_000), Flaw.UNREADABLE),
        (lambda: b"some text\n" * 500, Flaw.UNREADABLE),
        (archive, Flaw.NOT_AUDIO),
        (lambda: picture("PNG"), Flaw.NOT_AUDIO),
        (lambda: picture("JPEG"), Flaw.NOT_AUDIO),
        (lambda: picture("WEBP"), Flaw.NOT_AUDIO),
        (silent_film, Flaw.NOT_AUDIO),
        (lambda: encoded(tone(12), "ipod", "aac")[:3000], Flaw.UNREADABLE),
    ],
)
def test_flaws(tmp_path: Path, recording: Callable[[], bytes], expected: Flaw) -> None:
    assert flaw(tmp_path, recording()) is expected


def test_noise_behind_the_first_bytes_of_an_mp3_is_unreadable(tmp_path: Path) -> None:
    noise = np.random.default_rng(6).bytes(300_000)
    assert flaw(tmp_path, encoded(tone(1))[:400] + noise) in {Flaw.UNREADABLE, Flaw.TOO_SHORT}


def test_too_big_when_made(tmp_path: Path) -> None:
    recording = encoded(tone(12), "wav", "pcm_s16le")
    assert flaw(tmp_path, recording, Limits(largest=100_000)) is Flaw.TOO_BIG


def test_stops_soon_after_the_longest_whatever_the_header_says(tmp_path: Path) -> None:
    claims = bytearray(encoded(tone(40), "wav", "pcm_s16le"))
    at = claims.index(b"data") + 4
    claims[at : at + 4] = (4_000_000_000).to_bytes(4, "little")
    with pytest.raises(Unusable) as refusal:
        prepared(tmp_path, bytes(claims))
    assert refusal.value.flaw is Flaw.TOO_LONG
    assert refusal.value.detail == "more than 31 s"


@pytest.mark.parametrize(
    "playlist", ["ffconcat version 1.0\nfile 'other.mp3'\n", "concat:other.mp3"]
)
def test_a_playlist_in_disguise_reads_no_other_file(tmp_path: Path, playlist: str) -> None:
    (tmp_path / "other.mp3").write_bytes(encoded(tone(12)))
    assert flaw(tmp_path, playlist.encode()) is Flaw.UNREADABLE


def test_an_m3u8_in_disguise_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "other.mp3").write_bytes(encoded(tone(12)))
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\nother.mp3\n#EXT-X-ENDLIST\n"
    assert flaw(tmp_path, playlist.encode()) is Flaw.UNREADABLE


def test_the_disguise_would_work_without_the_whitelist(tmp_path: Path) -> None:
    (tmp_path / "other.mp3").write_bytes(encoded(tone(12)))
    disguised = tmp_path / "fake.mp3"
    disguised.write_text("ffconcat version 1.0\nfile 'other.mp3'\n")
    with av.open(str(disguised)) as container:
        assert next(container.decode(audio=0)).samples > 0


def test_a_missing_recording_is_no_flaw(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        prepare(tmp_path / "nothing", tmp_path / "into", LIMITS)
