"""What the documents say is what the program does."""

import re
from pathlib import Path

from bot import settings

ROOT = Path(__file__).parent.parent


def test_readme_has_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert settings.table() in readme


def test_containers_get_longer_to_stop_than_paid_calls() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    grace = re.search(r"stop_grace_period: (\d+)m", compose)
    assert grace is not None
    default = settings.Settings.model_fields["stop_grace"].get_default()
    assert int(grace[1]) * 60 > default


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = {path.stem for path in (ROOT / "bot" / "commands").glob("*.py")}
    for command in commands - {"__init__", "serving"}:
        assert f"refrain {command}" in readme


def test_repository_speaks_of_refrain_alone() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        pinned = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in pinned
        assert "index-url" not in pinned
