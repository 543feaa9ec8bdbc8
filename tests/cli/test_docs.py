"""What the documents say is what the program does."""

import re
from pathlib import Path

from bot import cli, settings

ROOT = Path(__file__).parents[2]


def test_readme_has_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert settings.table() in readme


def test_containers_get_longer_to_stop_than_paid_calls() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    grace = re.search(r"stop_grace_period: (\d+)m", compose)
    assert grace is not None
    default = settings.Settings.model_fields["stop_grace"].get_default()
    assert int(grace[1]) * 60 > default


def test_containers_are_not_started_again_and_again_with_unusable_settings() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert "restart: unless-stopped" in compose
    for command in ("run", "worker"):
        assert f"command: [{command}, --hold]" in compose
        assert cli._parser().parse_args([command, "--hold"]).hold


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    modules = (ROOT / "bot" / "commands").glob("[a-z]*.py")
    for command in sorted(path.stem for path in modules):
        assert f"refrain {command}" in readme


def test_readme_names_how_the_tests_are_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = dict(re.findall(r"^([a-z]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE))
    named = set(re.findall(r"(?<!refrain )\bmake ([a-z]+)\b", "\n".join(_code(readme))))
    assert {"test", "lint", "demo"} <= named
    assert named <= set(targets)
    assert "pytest" in targets["test"]
    assert "ruff" in targets["lint"]


def test_every_command_line_in_the_readme_is_understood() -> None:
    known = {
        action.dest: action.choices
        for action in cli._parser()._actions
        if isinstance(action.choices, dict)
    }["name"]
    readme = "\n".join(_code((ROOT / "README.md").read_text(encoding="utf-8")))
    said = {(word, options) for word, options in re.findall(r"refrain ([a-z]+)\b(.*)", readme)}
    assert {word for word, _ in said} >= {"run", "worker", "demo", "make", "check", "backup"}
    for word, options in said:
        command = known[word]
        flags = {flag for action in command._actions for flag in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", options.partition("#")[0])) <= flags


def _code(readme: str) -> list[str]:
    """What is set as code: blocks and words."""
    return re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) + re.findall(r"`([^`\n]+)`", readme)


def test_what_builds_is_pinned() -> None:
    build = (ROOT / "requirements-build.txt").read_text(encoding="utf-8")
    assert re.search(r"^setuptools==[0-9.]+ \\\n    --hash=sha256:", build)
    for name in ("Makefile", "Dockerfile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for line in re.findall(r"pip install\b.*", text.replace("\\\n", " ")):
            assert "--require-hashes" in line or "--no-build-isolation" in line, line


def test_repository_speaks_of_refrain_alone() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-build.txt"):
        pinned = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in pinned
        assert "index-url" not in pinned
