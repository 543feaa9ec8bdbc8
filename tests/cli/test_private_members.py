"""What other libraries keep to themselves and Refrain uses all the same: few, known, and there."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import Row

ROOT = Path(__file__).parents[2]
OURS = ("bot", "handlers")
PUBLIC = {"_mapping", "_replace", "_exit"}
"""Public in spite of their names: SQLAlchemy's rows, named tuples, `os`."""

USED = {
    "bot/store/db/sqlite_driver.py": {"_conn", "_execute", "_thread"},
    "bot/telegram/inbound/poller.py": {"telegram.request._requestparameter"},
    "bot/telegram/outbound/files.py": {"telegram.request._requestparameter"},
    "bot/telegram/request.py": {"telegram._utils.defaultvalue", "telegram._utils.types"},
}
"""By file; whoever adds one bounds its library below the next minor version in pyproject.toml."""


def private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


@cache
def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def defined_in(path: Path) -> frozenset[str]:
    """What a module gives a name to."""
    names = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return frozenset(names)


def known_in(path: Path) -> set[str]:
    """What it gives a name to, and so do the modules of ours that it imports from."""
    imports = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.ImportFrom))
    modules = [ROOT / f"{(node.module or '').replace('.', '/')}.py" for node in imports]
    return set().union(*(defined_in(each) for each in [path, *modules] if each.exists()))


def foreign_in(path: Path) -> Iterator[str]:
    """Private members that a module uses and does not know; private modules it imports."""
    known = known_in(path) | PUBLIC
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and private(node.attr) and node.attr not in known:
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(OURS):
            names = [alias.name for alias in node.names]
            if any(map(private, [*(node.module or "").split("."), *names])):
                yield node.module or ""


def test_nothing_private_is_used_anywhere_else() -> None:
    used = {}
    for path in (path for room in OURS for path in (ROOT / room).rglob("*.py")):
        if found := set(foreign_in(path)):
            used[str(path.relative_to(ROOT))] = found
    assert used == USED


@pytest.mark.parametrize("member", sorted(USED["bot/store/db/sqlite_driver.py"]))
def test_aiosqlite_still_has(member: str) -> None:
    connection = aiosqlite.Connection(lambda: None, iter_chunk_size=64)  # type: ignore[arg-type,return-value]
    there = member in dir(connection)
    assert there, f"aiosqlite has no Connection.{member}: bot/store/db/sqlite_driver.py needs it"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("telegram.request._requestparameter", "RequestParameter"),
        ("telegram._utils.defaultvalue", "DefaultValue"),
        ("telegram._utils.types", "ODVInput"),
    ],
)
def test_python_telegram_bot_still_has(module: str, name: str) -> None:
    there = hasattr(import_module(module), name)
    assert there, f"python-telegram-bot has no {module}.{name}: bot/telegram needs it"


def test_rows_still_have_their_mapping() -> None:
    assert hasattr(Row, "_mapping"), "SQLAlchemy has no Row._mapping: bot/store/rows.py needs it"
