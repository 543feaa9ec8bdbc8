"""Lyrics: what is taken out of them, and how they are counted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Purpose
from bot.studio.lyrics import final, normalised, title

ODD = "\u200b\u200d\u2060\ufeff\u00ad\u2800\u3164\u202e\u2066\U000e0041\ue000\x00\x07\x85\u2028"
TYPED = st.text(
    st.one_of(st.characters(), st.sampled_from(f"{ODD}## \t\r\n\n…é\u0301")), max_size=80
)


@given(TYPED)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(TYPED)
def test_nothing_invisible_is_left(text: str) -> None:
    left = normalised(text)
    assert all(c == "\n" or unicodedata.category(c)[0] != "C" for c in left)
    assert not set(left) & set("\u2800\u3164\uffa0\u115f\u1160\r\t")
    assert left == left.strip()
    assert "\n\n\n" not in left
    assert "  " not in left
    assert all(line == line.strip() for line in left.split("\n"))


@given(TYPED)
def test_marks_are_only_where_final_puts_them(text: str) -> None:
    left = normalised(text)
    assert not left.startswith("##")
    assert not left.endswith("##")


@given(TYPED, st.sampled_from(Purpose))
def test_the_final_string_is_what_is_counted(text: str, purpose: Purpose) -> None:
    left = normalised(text)
    sent = final(left, purpose)
    assert sent == (f"##{left}##" if purpose.has_beat else left)
    assert len(sent) == len(left) + 4 * purpose.has_beat


@given(TYPED, st.integers(2, 64))
def test_a_title_is_one_short_line(text: str, longest: int) -> None:
    name = title(normalised(text), longest)
    assert "\n" not in name
    assert len(name) <= longest
    if any(c.isalnum() for c in normalised(text)) and not name.endswith("…"):
        assert any(c.isalnum() for c in name)


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1))
def test_letters_stay(text: str) -> None:
    kept = unicodedata.normalize("NFC", text)
    blank = set("\u3164\uffa0\u115f\u1160")
    assert normalised(text) == "".join(c for c in kept if c not in blank) or set(text) & blank


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\u2028two\x85three", "one\ntwo\nthree"),
        ("##la la##", "la la"),
        ("## la\n\n\n\nla ##", "la\n\nla"),
        ("a\tb   c", "a b c"),
        ("\u200bzero\u2060 width\ufeff", "zero width"),
        ("cafe\u0301", "café"),
        ("💃🏽 dance", "💃🏽 dance"),
        ("", ""),
        ("####", ""),
    ],
)
def test_examples(text: str, left: str) -> None:
    assert normalised(text) == left


@pytest.mark.parametrize(
    ("lyrics", "name"),
    [
        ("Morning light\nevery word", "Morning light"),
        ("…\n— Second line —", "Second line"),
        ("[Verse 1]\nHello", "[Verse 1]"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 63 + "…"),
        ("!!!", "!!!"),
    ],
)
def test_titles(lyrics: str, name: str) -> None:
    assert title(lyrics) == name
