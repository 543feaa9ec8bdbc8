"""What the documents say is what the program does, and every way they point leads somewhere."""

import re
from functools import cache
from pathlib import Path

import pytest

from bot import cli, settings

ROOT = Path(__file__).parents[2]
DOCS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
RECORDS = sorted(path.name for path in ROOT.glob("docs/decisions/0*.md"))
FACT_PAGES = sorted(path.name for path in ROOT.glob("docs/facts/[a-z]*.md"))
SOURCES = ("bot", "handlers", "tests", "benchmarks")
BELOW = ("", "bot/", "docs/")
"""Where a path in the documents may begin."""


def test_settings_page_has_every_setting() -> None:
    assert _text("docs/settings.md").endswith("\n" + settings.table() + "\n")


def test_containers_get_longer_to_stop_than_paid_calls() -> None:
    grace = re.search(r"stop_grace_period: (\d+)m", _text("compose.yaml"))
    assert grace is not None
    default = settings.Settings.model_fields["stop_grace"].get_default()
    assert int(grace[1]) * 60 > default


def test_containers_are_not_started_again_and_again_with_unusable_settings() -> None:
    compose = _text("compose.yaml")
    assert "restart: unless-stopped" in compose
    for command in ("run", "worker"):
        assert f"command: [{command}, --hold]" in compose
        assert cli._parser().parse_args([command, "--hold"]).hold


def test_readme_names_every_command() -> None:
    modules = (ROOT / "bot" / "commands").glob("[a-z]*.py")
    for command in sorted(path.stem for path in modules):
        assert f"`refrain {command}`" in _text("README.md")


def test_readme_stays_two_screens() -> None:
    assert len(_text("README.md").splitlines()) <= 120


def test_readme_names_how_the_tests_are_run() -> None:
    assert {"test", "lint", "demo"} <= _targets_named(_text("README.md"))
    recipes = _recipes()
    assert "pytest" in recipes["test"]
    assert "ruff" in recipes["lint"]


@pytest.mark.parametrize("document", DOCS)
def test_every_command_line_in_the_documents_is_understood(document: str) -> None:
    known = {
        action.dest: action.choices
        for action in cli._parser()._actions
        if isinstance(action.choices, dict)
    }["name"]
    code = "\n".join(_code(_text(document)))
    for word, options in re.findall(r"(?<![\w.])refrain ([a-z]+)\b(.*)", code):
        flags = {flag for action in known[word]._actions for flag in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", options.partition("#")[0])) <= flags, (word, options)
    assert _targets_named(_text(document)) <= set(_recipes())


@pytest.mark.parametrize("document", DOCS)
def test_every_link_leads_to_a_file_and_a_heading(document: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(_text(document))):
        if re.match(r"https://", target):
            continue
        name, _, anchor = target.partition("#")
        place = (ROOT / document).parent / name if name else ROOT / document
        assert place.exists(), f"{document}: {target}"
        if anchor:
            assert anchor in _anchors(place.read_text(encoding="utf-8")), f"{document}: {target}"


@pytest.mark.parametrize("document", [name for name in DOCS if name != "CHANGELOG.md"])
def test_every_path_in_the_documents_exists(document: str) -> None:
    named = re.findall(r"`([\w.*/-]+/[\w.*-]*)`", _text(document))
    for path in (p for p in named if re.search(r"(/|\.(py|md|ftl|txt|yaml))$", p)):
        assert any(any(ROOT.glob(below + path.rstrip("/"))) for below in BELOW), path


def test_architecture_says_of_each_folder_what_lives_there() -> None:
    folders = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for source in SOURCES
        for path in (ROOT / source).rglob("*")
        if path.suffix in {".py", ".ftl", ".js"}
    }
    said = re.findall(r"^\| `([\w/]+/)` \| .+ \|$", _text("docs/architecture.md"), re.MULTILINE)
    assert sorted(said) == sorted(folders)


@pytest.mark.parametrize("record", RECORDS)
def test_decisions_say_why_what_and_at_what_cost(record: str) -> None:
    text = _text(f"docs/decisions/{record}")
    parts = ["Context", "Decision", "Cost", "What would change our mind"]
    assert re.findall(r"^\*\*([^*]+)\.\*\* ", text, re.MULTILINE) == parts
    number, title = record[:4], text.partition("\n")[0].removeprefix(f"# {record[:4]} ")
    assert f"| [{number}]({record}) | {title} |" in _text("docs/decisions/README.md")


def test_facts_page_lists_every_page() -> None:
    listed = re.findall(r"^\| \[([\w.-]+)\]", _text("docs/facts/README.md"), re.MULTILINE)
    assert sorted(listed) == FACT_PAGES


def test_every_cited_fact_can_be_read() -> None:
    cited = 0
    for path in (path for source in SOURCES for path in (ROOT / source).rglob("*.py")):
        text, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        assert not re.search(r"(?<!docs/)(\bfacts/|\(facts: )\w", text), (
            f"{where}: cites no whole path"
        )
        for name, place in re.findall(r"docs/(\w+/[\w.-]+\.md)(?:, ([^),.:\n]+))?", text):
            assert (ROOT / "docs" / name).is_file(), f"{where}: docs/{name}"
            for piece in re.split(r"-(?=§)| and ", place) if place else []:
                assert _is_in(piece, _text(f"docs/{name}")), f"{where}: docs/{name}, {piece}"
            cited += 1
    assert cited > 20


def test_changelog_has_a_dated_section_for_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', _text("pyproject.toml"), re.MULTILINE)
    assert version is not None
    dated = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", _text("CHANGELOG.md"), re.MULTILINE)
    assert dated[0] == version[1]


def test_the_forge_runs_what_a_change_must_pass() -> None:
    assert "run: bash .ci/run" in _text(".github/workflows/ci.yaml")
    assert {"lint", "test"} <= set(re.findall(r"^make (\w+)$", _text(".ci/run"), re.MULTILINE))
    assert "platforms: linux/amd64,linux/arm64" in _text(".github/workflows/image.yaml")
    assert "`refrain check`" in _text(".github/ISSUE_TEMPLATE/fault.yaml")
    for tool in re.findall(r"entry: \.venv/bin/(\w+)", _text(".pre-commit-config.yaml")):
        assert f"\n{tool}==" in _text("requirements-dev.txt")


def test_what_builds_is_pinned() -> None:
    build = _text("requirements-build.txt")
    assert re.search(r"^setuptools==[0-9.]+ \\\n    --hash=sha256:", build)
    for name in ("Makefile", "Dockerfile"):
        for line in re.findall(r"pip install\b.*", _text(name).replace("\\\n", " ")):
            assert "--require-hashes" in line or "--no-build-isolation" in line, line


def test_repository_speaks_of_refrain_alone() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-build.txt"):
        assert "://" not in _text(name)
        assert "index-url" not in _text(name)


@cache
def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _code(text: str) -> list[str]:
    """What is set as code: blocks and words."""
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)


def _prose(text: str) -> str:
    """A document without its code."""
    return re.sub(r"`[^`\n]+`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def _recipes() -> dict[str, str]:
    """What each target of the Makefile does."""
    return dict(re.findall(r"^([a-z]+):.*\n((?:\t.*\n)+)", _text("Makefile"), re.MULTILINE))


def _targets_named(text: str) -> set[str]:
    return set(re.findall(r"(?<!refrain )\bmake ([a-z]+)\b", "\n".join(_code(text))))


def _headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def _anchors(text: str) -> set[str]:
    """What a forge makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in _headings(text)}


def _is_in(place: str, page: str) -> bool:
    """Whether a page has a rule of this number, or a heading that begins so."""
    if number := re.fullmatch(r"(?:rules? )?(\d+)", place):
        return re.search(rf"^{number[1]}\. ", page, re.MULTILINE) is not None
    return any(heading.startswith(place) for heading in _headings(page))
