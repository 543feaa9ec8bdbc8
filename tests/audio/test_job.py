"""A child's bounds, and its answers, asked for without a process between."""

import errno
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.audio import Limits, Unusable
from bot.audio.inspection import inspect
from bot.audio.isolation.job import answer
from bot.model import Flaw
from tests.support.audio_material import encoded, tone


def asked(**job: object) -> dict[str, Any]:
    line, _, _ = answer(json.dumps(job | {"limits": asdict(Limits())}).encode()).partition(b"\n")
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no full disk")  # noqa: PTH110
@pytest.mark.parametrize("container", ["mp3", "wav"])
def test_a_full_disk_is_no_flaw_of_the_recording(tmp_path: Path, container: str) -> None:
    recording = tmp_path / "recording"
    codec = {"mp3": "mp3", "wav": "pcm_s16le"}[container]
    recording.write_bytes(encoded(tone(12), container, codec))
    found = asked(do="prepare", source=str(recording), into="/dev/full")
    assert found["errno"] == errno.ENOSPC


def test_what_nobody_thought_of_is_unreadable(tmp_path: Path) -> None:
    assert asked(do="inspect")["flaw"] == Flaw.UNREADABLE
    assert "KeyError" in asked(do="inspect")["detail"]
    assert asked(do="inspect", source=str(tmp_path))["errno"] == errno.EISDIR


def test_an_answer_carries_the_cover_behind_its_first_line(tmp_path: Path) -> None:
    track = tmp_path / "track.mp3"
    track.write_bytes(encoded(tone(11)))
    line, _, cover = answer(
        json.dumps({"do": "inspect", "source": str(track)}).encode()
    ).partition(b"\n")
    assert len(json.loads(line)["waveform"]) == 100
    assert cover == inspect(track).cover
    assert cover.startswith(b"\xff\xd8")


def test_a_track_damaged_all_over_is_unreadable(tmp_path: Path) -> None:
    track = tmp_path / "track.mp3"
    damaged = bytearray(encoded(tone(11)))
    for at in range(3000, len(damaged), 300):
        damaged[at : at + 150] = os.urandom(150)
    track.write_bytes(damaged)
    with pytest.raises(Unusable) as refusal:
        inspect(track)
    assert refusal.value.flaw is Flaw.UNREADABLE
