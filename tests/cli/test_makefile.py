"""What a newcomer reads when a target of the Makefile ends badly."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose environment is ready, and that has no settings."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    refrain = programs / "refrain"
    refrain.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n', encoding="utf-8")
    refrain.chmod(0o755)
    needed = ("requirements.txt", "requirements-build.txt", "pyproject.toml", ".venv/bin/python")
    for name in (*needed, ".venv/ready"):  # oldest first
        (tmp_path / name).touch()
    return tmp_path


def test_check_fails_with_its_own_words_alone(folder: Path) -> None:
    made = _make(folder)
    assert made.returncode == -signal.SIGPIPE
    assert "TELEGRAM_TOKEN" in made.stdout
    assert made.stderr == ""


def test_check_fails_where_the_signal_is_ignored(folder: Path) -> None:
    made = _make(folder, ignoring="trap '' PIPE; ")
    assert made.returncode == 2
    assert "TELEGRAM_TOKEN" in made.stdout


def _make(folder: Path, *, ignoring: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f"{ignoring}exec make check"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
