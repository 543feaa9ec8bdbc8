"""The tree as a whole: no circle of imports, no module that is too long to be read at once."""

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "benchmarks")
LONGEST = 500


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Hold back finalizers: one that prints a traceback, and so parses, breaks `ast.parse` (3.11).

    Python says "AST constructor recursion depth mismatch" then; what an earlier test left behind
    is enough.
    """
    gc.disable()
    yield
    gc.enable()


def test_no_imports_run_in_a_circle() -> None:
    circles = [" -> ".join([*circle, circle[0]]) for circle in _circles(_imports(ROOT, ROOMS))]
    assert not circles, f"Modules import one another in a circle: {'; '.join(circles)}"


def test_no_module_is_longer_than_five_hundred_lines() -> None:
    lengths = {path: len(_text(path).splitlines()) for path in _modules(ROOT, ROOMS).values()}
    long = [f"{path.relative_to(ROOT)} ({n})" for path, n in lengths.items() if n > LONGEST]
    assert not long, f"Modules of more than {LONGEST} lines do more than one thing: {long}"


def test_circles_are_found_where_they_hide(tmp_path: Path) -> None:
    for name, text in {
        "room/__init__.py": "",
        "room/one.py": "from room import two",
        "room/two.py": "def later():\n    import room.inner.three",
        "room/inner/__init__.py": "from . import three",
        "room/inner/three.py": "from ..one import NAME",
        "room/apart.py": (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room import beside"
        ),
        "room/beside.py": "from room import apart",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(_circles(_imports(tmp_path, ("room",)))) == [
        ["room.apart", "room.beside"],
        ["room.inner.three", "room.one", "room.two"],
    ]


def _imports(root: Path, rooms: tuple[str, ...]) -> dict[str, set[str]]:
    """Which of our modules each of them imports, be it for its annotations alone."""
    modules = _modules(root, rooms)
    return {
        name: {
            target
            for imported in _imported(ast.parse(_text(path)), _package(name, path))
            if (target := _module(imported, modules)) not in {None, name}
        }
        for name, path in modules.items()
    }


def _modules(root: Path, rooms: tuple[str, ...]) -> dict[str, Path]:
    """Every module by its dotted name; a package is its `__init__`."""
    paths = (path for room in rooms for path in sorted((root / room).rglob("*.py")))
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _package(name: str, path: Path) -> str:
    return name if path.stem == "__init__" else name.rpartition(".")[0]


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """What a node imports; `from a import b` may mean the module `a.b` or a name in `a`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - max(node.level - 1, 0)]
            base = ".".join([*(parts if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        else:
            yield from _imported(node, package)


def _module(imported: str, modules: dict[str, Path]) -> str | None:
    """The module of ours that an import needs, if any."""
    return next((n for n in (imported, imported.rpartition(".")[0]) if n in modules), None)


def _circles(imports: dict[str, set[str]]) -> Iterator[list[str]]:
    """A shortest way back to itself for each module that has one, every circle once."""
    seen: set[frozenset[str]] = set()
    for start in sorted(imports):
        ways, reached = [[start]], {start}
        for way in ways:  # grows while it is walked: breadth first
            if start in imports[way[-1]]:
                if frozenset(way) not in seen:
                    seen.add(frozenset(way))
                    yield way
                break
            fresh = sorted(imports[way[-1]] - reached)
            reached.update(fresh)
            ways.extend([*way, name] for name in fresh)
