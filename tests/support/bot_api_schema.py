"""The published Bot API, as a judge of what goes over the wire.

`bot_api.txt` beside this holds it in a reduced form: names, types, what is required, constants and
limits of length. `bot_api_reduce.py` writes it.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

REDUCED = Path(__file__).with_name("bot_api.txt")

DOWNLOAD = "file"
"""What `TelegramApi.calls` says of the download of a file, which is no method."""

_ARRAY = "Array of "
_FIELD = re.compile(
    r"  (?P<name>\w+)(?P<required>!?) (?P<types>[^=\[]+?)(?: = (?P<constant>\S+))?"
    r"(?: \[(?P<least>\d+)-(?P<most>\d+) (?P<unit>\w+)\])?"
)


class Field(NamedTuple):
    """A parameter of a method, or a field of a type."""

    required: bool
    types: list[str]
    constant: str | None
    most: int | None
    unit: str | None


class Described(NamedTuple):
    """A method with what it answers, or a type with its subtypes."""

    fields: dict[str, Field]
    others: list[str]


@cache
def reference() -> dict[str, Described]:
    """The reduced reference, by `method NAME` and `type NAME`."""
    described: dict[str, Described] = {}
    current = Described({}, [])
    for line in REDUCED.read_text(encoding="utf-8").splitlines()[1:]:
        if field := _FIELD.fullmatch(line):
            current.fields[field["name"]] = Field(
                bool(field["required"]),
                field["types"].split("|"),
                field["constant"],
                int(field["most"]) if field["most"] else None,
                field["unit"],
            )
        else:
            head, _, others = line.replace(" -> ", " = ").partition(" = ")
            current = described[head] = Described({}, others.split("|") if others else [])
    return described


def check_update(update: Any) -> list[str]:
    """Say what is wrong with an `Update`; nothing, if it is as published."""
    return _check(update, ["Update"], "update", lenient=False)


def check_result(method: str, result: Any) -> list[str]:
    """Say what is wrong with the `result` of a method's answer."""
    return _check(result, reference()[f"method {method}"].others, method, lenient=False)


def check_request(method: str, params: dict[str, Any]) -> list[str]:
    """Say what is wrong with a call, given its parameters as in `TelegramApi.calls`.

    Values may be JSON already or still text, as in forms; files are `{"file_name", …, "size"}`.
    """
    if method == DOWNLOAD:
        return []
    known = reference().get(f"method {method}")
    if known is None:
        return [f"{method}: no such method"]
    fields = known.fields
    attached = {name for name in params if f"attach://{name}" in json.dumps(params)}
    wrong = [f"{method}: no parameter {name!r}" for name in params.keys() - fields - attached]
    wrong += [
        f"{method}: {name!r} is missing"
        for name, each in fields.items()
        if each.required and params.get(name) in (None, "")
    ]
    for name in params.keys() & fields:
        wrong += _check_field(params[name], fields[name], f"{method}.{name}", lenient=True)
    return wrong


def _check(value: Any, types: list[str], where: str, *, lenient: bool) -> list[str]:
    """Hold a value against several types; the complaints of the closest are given."""
    attempts = [_check_one(value, each, where, lenient=lenient) for each in types]
    return min(attempts, key=len)


def _check_one(value: Any, kind: str, where: str, *, lenient: bool) -> list[str]:
    if lenient and isinstance(value, str) and kind != "String":
        value = _decoded(value)
    if kind.startswith(_ARRAY):
        if not isinstance(value, list):
            return [f"{where}: not an array but {value!r}"]
        inner = [kind.removeprefix(_ARRAY)]
        checked = (
            _check(each, inner, f"{where}[{at}]", lenient=False) for at, each in enumerate(value)
        )
        return [wrong for each in checked for wrong in each]
    if kind in _SIMPLE:
        return [] if _SIMPLE[kind](value) else [f"{where}: not {kind} but {value!r}"]
    return _check_object(value, kind, where)


def _check_object(value: Any, kind: str, where: str) -> list[str]:
    described = reference()[f"type {kind}"]
    if described.others:
        return _check(value, described.others, where, lenient=False)
    if not isinstance(value, dict):
        return [f"{where}: not {kind} but {value!r}"]
    wrong = [f"{where}: no field {name!r}" for name in value.keys() - described.fields]
    for name, field in described.fields.items():
        if name in value:
            wrong += _check_field(value[name], field, f"{where}.{name}", lenient=False)
        elif field.required:
            wrong.append(f"{where}: {name!r} is missing")
    return wrong


def _check_field(value: Any, field: Field, where: str, *, lenient: bool) -> list[str]:
    """Hold a value against types, constant (they tell subtypes apart) and length."""
    wrong = _check(value, field.types, where, lenient=lenient)
    if not isinstance(value, str):
        return wrong
    if field.constant and value != field.constant:
        wrong.append(f"{where}: always {field.constant!r}, not {value!r}")
    length = len(value.encode()) if field.unit == "bytes" else len(value)
    if field.most is not None and length > field.most:
        wrong.append(f"{where}: {length} {field.unit}, at most {field.most}")
    return wrong


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and "size" in value


_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "InputFile": _is_file,
}
