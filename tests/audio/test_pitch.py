"""Following a pitch, and telling singing from talking."""

import numpy as np
import pytest

from bot.audio import pitch
from tests.support.audio_material import RATE, silence, speech, tone


@pytest.mark.parametrize("hertz", [70, 110, 220.5, 440, 880])
def test_follows_a_tone_to_a_few_cents(hertz: float) -> None:
    time = np.arange(RATE) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 6))
    found = pitch.track(np.asarray(0.2 * wave, np.float32), RATE)
    assert len(found.hz) == pytest.approx(1 / found.seconds, abs=5)
    cents = 1200 * np.log2(np.median(found.hz) / hertz)
    assert abs(cents) < 10


def test_silence_and_noise_have_no_pitch() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    assert not pitch.track(silence(1), RATE).hz.any()
    assert np.count_nonzero(pitch.track(noise, RATE).hz) < 3
    assert np.isnan(pitch.track(silence(1), RATE).cents).all()


def test_too_little_to_judge_is_never_talking() -> None:
    assert len(pitch.track(np.zeros(10, np.float32), RATE).hz) == 0
    for seconds in (0, 0.1, 2):
        assert not pitch.talking(speech(seconds), RATE)
        assert not pitch.talking(silence(seconds), RATE)


def test_talking_and_singing() -> None:
    assert pitch.talking(speech(12), RATE)
    assert not pitch.talking(tone(12), RATE)


@pytest.mark.parametrize("cents", [30, 60, 100])
def test_vibrato_is_singing(cents: int) -> None:
    time = np.arange(12 * RATE) / RATE
    notes = 12 * np.array((0, 2, 4, 5, 7, 5, 4, 2))[(time / 0.6).astype(int) % 8] / 12
    sway = cents / 100 * np.sin(2 * np.pi * 5.5 * time)
    phase = 2 * np.pi * np.cumsum(220 * 2 ** ((notes + sway) / 12)) / RATE
    wave = sum(np.sin(n * phase) / n for n in range(1, 6))
    assert not pitch.talking(np.asarray(0.2 * wave, np.float32), RATE)
