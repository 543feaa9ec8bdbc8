"""Where the outside comes in: limits hold before anything is built."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.untrusted import Untrustworthy, clamped, printable, read_json, without_links


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("plain", "plain"),
        ("two\nlines\x00and\u202eturned", "two lines and turned"),
        ("x" * 200, "x" * 127 + "…"),
        (" " * 10_000_000 + "x", ""),
        (None, ""),
        (3, ""),
    ],
)
def test_foreign_text_is_one_short_printable_line(value: object, kept: str) -> None:
    assert printable(value) == kept


@given(st.text(max_size=1000))
def test_any_text_comes_out_printable_and_short(text: str) -> None:
    kept = printable(text, 40)
    assert len(kept) <= 40
    assert kept.isprintable()


def test_text_leads_nowhere() -> None:
    assert without_links("hear https://a.example/x at www.b.example t.me/c now") == "hear at now"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[" * 100_000,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"[" + b"1," * 100_000 + b"1]",
        b" " * (1 << 20) + b"1",
        b"\xff\xfe",
        b"nothing",
    ],
)
def test_json_that_nobody_honest_sends_is_not_read(raw: bytes) -> None:
    with pytest.raises(Untrustworthy):
        read_json(raw)


def test_brackets_inside_of_text_do_not_count() -> None:
    text = "[" * 1000 + '\\"' + "{" * 1000
    assert read_json(b'{"a": "' + text.encode() + b'", "b": [1, 2]}') == {
        "a": text.replace('\\"', '"'),
        "b": [1, 2],
    }


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (5, 5),
        (-5, 1),
        (10**400, 300),
        (-(10**400), 1),
        (math.inf, 300),
        (math.nan, 7),
        ("30", 30),
        ("soon", 7),
        ("9" * 500, 7),
        (None, 7),
        (True, 7),
        (timedelta(seconds=9), 9),
    ],
)
def test_foreign_numbers_stay_within_bounds(value: object, kept: float) -> None:
    assert clamped(value, 1, 300, otherwise=7) == kept
