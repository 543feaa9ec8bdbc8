"""The published Bot API reference, as a judge of what goes over the wire.

The machine-readable copy lies beside the repository, where it exists; nothing of it is kept here.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[2] / "shared" / "telegram-bot-api-10.1.json"

DOWNLOAD = "file"
"""What `TelegramApi.calls` says of the download of a file, which is no method."""

_ARRAY = "Array of "


@cache
def reference() -> dict[str, Any]:
    """Load the reference, or skip the test that asks for it."""
    if not REFERENCE.exists():
        pytest.skip("the Bot API reference does not lie beside the repository")
    loaded: dict[str, Any] = json.loads(REFERENCE.read_text())
    return loaded


def check_update(update: Any) -> list[str]:
    """Say what is wrong with an `Update`; nothing, if it is as published."""
    return _check(update, ["Update"], "update", lenient=False)


def check_result(method: str, result: Any) -> list[str]:
    """Say what is wrong with the `result` of a method's answer."""
    return _check(result, reference()["methods"][method]["returns"], method, lenient=False)


def check_request(method: str, params: dict[str, Any]) -> list[str]:
    """Say what is wrong with a call, given its parameters as in `TelegramApi.calls`.

    Values may be JSON already or still text, as in forms; files are `{"file_name", …, "size"}`.
    """
    if method == DOWNLOAD:
        return []
    known = reference()["methods"].get(method)
    if known is None:
        return [f"{method}: no such method"]
    fields = {each["name"]: each for each in known.get("fields", ())}
    attached = {name for name in params if f"attach://{name}" in json.dumps(params)}
    wrong = [f"{method}: no parameter {name!r}" for name in params.keys() - fields - attached]
    wrong += [
        f"{method}: {name!r} is missing"
        for name, each in fields.items()
        if each["required"] and params.get(name) in (None, "")
    ]
    for name in params.keys() & fields:
        wrong += _check(params[name], fields[name]["types"], f"{method}.{name}", lenient=True)
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
    return _check_object(value, reference()["types"][kind], where)


def _check_object(value: Any, described: dict[str, Any], where: str) -> list[str]:
    if "subtypes" in described:
        return _check(value, described["subtypes"], where, lenient=False)
    if not isinstance(value, dict):
        return [f"{where}: not {described['name']} but {value!r}"]
    fields = {each["name"]: each for each in described.get("fields", ())}
    wrong = [f"{where}: no field {name!r}" for name in value.keys() - fields]
    for name, each in fields.items():
        if name in value:
            wrong += _check(value[name], each["types"], f"{where}.{name}", lenient=False)
            wrong += _check_constant(value[name], each["description"], f"{where}.{name}")
        elif each["required"]:
            wrong.append(f"{where}: {name!r} is missing")
    return wrong


def _check_constant(value: Any, description: str, where: str) -> list[str]:
    """Tell subtypes apart by the constant their description names (`always “member”`)."""
    _, always, constant = description.partition("always ")
    expected = constant.strip('."“” ')
    if not always or not isinstance(value, str) or " " in expected or value == expected:
        return []
    return [f"{where}: always {expected!r}, not {value!r}"]


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and "size" in value


_SIMPLE = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "InputFile": _is_file,
}
