"""Where the outside comes in: foreign text, JSON and numbers, bounded before anything uses them.

Whatever a person, Telegram's side, a music service or a page says passes here first: text is
made printable and short, JSON is read within limits of size, depth and count, numbers are
clamped. Imports nothing of ours.
"""

import json
import math
import re
from datetime import timedelta

TEXT = 128
"""Characters that foreign text keeps where nothing else is asked for."""

JSON_BYTES = 1 << 20
_JSON_DEPTH = 64  # objects and lists inside one another
JSON_VALUES = 100_000

_INSIDE_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_SEPARATORS = bytes(set(range(256)) - set(b"[]{},"))
_LINKS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.|t\.me/|tg:|mailto:)\S*"  # addresses
    r"|\S*[\w-]\.[^\W\d_]{2,}\S*"  # names of hosts and mailboxes
    r"|[@#$/\\]\w\S*"  # people, tags and commands
)
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Untrustworthy(ValueError):
    """What came from outside is larger or deeper than anything honest, or is no JSON."""


def printable(value: object, longest: int = TEXT) -> str:
    """Foreign text in one line: printable characters alone, white space folded, cut.

    Args:
        value: Text; anything else counts as none.
        longest: Characters that are kept; what is cut ends in "…".
    """
    if not isinstance(value, str):
        return ""
    # Four times as much may be white space and invisible; the rest is not looked at.
    head = value[: longest * 4]
    text = " ".join("".join(c if c.isprintable() else " " for c in head).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def name_of(value: object) -> str | None:
    """What somebody else calls a thing, where that looks like a name: no spaces, 128 at most."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def without_links(text: str) -> str:
    """Text that leads nowhere: what a messenger would turn into a link is left out."""
    return " ".join(_LINKS.sub("", text).split())


def read_json(
    raw: bytes | bytearray | str,
    *,
    most_bytes: int = JSON_BYTES,
    values: int = JSON_VALUES,
) -> object:
    """Read foreign JSON within limits that are checked before anything is built from it.

    Args:
        raw: UTF-8, or text.
        most_bytes: Its size.
        values: Commas and brackets outside of strings: about as many values are built.

    Raises:
        Untrustworthy: It is larger, deeper or fuller, or no JSON.
    """
    body = raw.encode(errors="replace") if isinstance(raw, str) else bytes(raw)
    if len(body) > most_bytes:
        raise Untrustworthy(f"{len(body)} bytes of JSON, at most {most_bytes} are read")
    marks = _INSIDE_STRINGS.sub(b"", body).translate(None, _NOT_SEPARATORS)
    if len(marks) > values:
        raise Untrustworthy(f"JSON of more than {values} values")
    if _deepest(marks) > _JSON_DEPTH:
        raise Untrustworthy(f"JSON more than {_JSON_DEPTH} deep")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Untrustworthy("no JSON") from error
    return value


def clamped(value: object, least: float, most: float, otherwise: float | None = None) -> float:
    """A foreign number within bounds.

    Args:
        value: A number, a `timedelta` (as seconds), or text that is a plain number; anything
            else, NaN included, counts as missing.
        least: What is smaller becomes this.
        most: What is larger becomes this, infinity included.
        otherwise: For what is missing; `least` if None.
    """
    number = _number(value)
    if number is None:
        return least if otherwise is None else otherwise
    return min(max(number, least), most)


def _number(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > TEXT:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    except OverflowError:  # an integer of hundreds of digits
        return math.inf if isinstance(value, int) and value > 0 else -math.inf
    return None if math.isnan(number) else number


def _deepest(marks: bytes) -> int:
    deepest = depth = 0
    for mark in marks:
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in b"]}":
            depth -= 1
    return deepest
