"""Lyrics: what is taken out of them, how they are counted, and what a track is called."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Purpose
from bot.studio.lyrics import file_name, final, normalised, title

GONE = "\u200b\u2060\ufeff\u00ad\u2800\u3164\u202e\u2066\u200e\u061c\U000e0001\x00\x07\ud800\uffff"
"""What shows nothing, wherever it stands."""

JOINERS = "\u200c\u200d"
SHAPING = "\ufe0e\ufe0f\U000e0100\u180b\u034f"
TAGS = "\U000e0067\U000e007f"
TYPED = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            f"{GONE}{JOINERS}{SHAPING}{TAGS}## \t\r\n\x85\u2028…é\u0301अ\u094dس🏴👨🏽"
        ),
    ),
    max_size=80,
)


@given(TYPED)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(TYPED)
def test_nothing_that_shows_nothing_is_left(text: str) -> None:
    left = normalised(text)
    assert not set(left) & set(GONE)
    assert not set(left) & set("\u2800\u3164\uffa0\u115f\u1160\r\t")
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"} for c in left)
    assert left == left.strip()
    assert "\n\n\n" not in left
    assert "  " not in left
    assert all(line == line.strip() for line in left.split("\n"))


@given(TYPED)
def test_joiners_and_selectors_stand_only_where_they_shape_something(text: str) -> None:
    left = f"\n{normalised(text)}\n"
    for before, c, after in zip(left, left[1:], left[2:], strict=False):
        if c in JOINERS + SHAPING:
            assert not before.isspace()
            assert before not in JOINERS
        if c in JOINERS and after.isspace():  # a virama or an Arabic letter at a word's end
            assert unicodedata.combining(before) == 9 or "\u0620" <= before <= "\u08ff"


@given(st.text(st.characters(categories=["L", "M", "N", "S", "Cn", "Co"]), min_size=1))
def test_what_people_type_stays(text: str) -> None:
    typed = unicodedata.normalize("NFC", text)
    gone = {c for c in typed if normalised(f"a{c}b") == "ab"}
    assert gone <= {c for c in typed if _ignorable(c)}
    if not gone and not any(c in SHAPING or unicodedata.category(c) == "Mn" for c in typed):
        assert normalised(text) == typed


def _ignorable(c: str) -> bool:
    blank = "\u3164\uffa0\u115f\u1160\u2800\u2065"
    code = ord(c)
    unused = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xFFF0 <= code <= 0xFFF8
    return c in blank or unused or 0xE0000 <= code <= 0xE0FFF


AS_TYPED = [
    "می\u200cخواهم با تو بخوانم\nکتاب\u200cها",
    "۵\u200cتا",
    "क्\u200dष और क्\u200cष",
    "അവന്\u200d പാടി",
    "ක්\u200dෂ",
    "👨\u200d👩\u200d👧 family",
    "👩🏽\u200d🚀 🏳️\u200d🌈 ❤️\u200d🔥 🙂\u200d↔️",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f la la",
    "new \U0001fae8 \U0001fae9 \U0001fa75 \U0001fad9",
    "1️⃣ #️⃣ 🇩🇪",
    "葛\U000e0100城",
    "नमस्ते दुनिया",
    "Zalgo l\u0302\u0303 la",
    "بسم\u06dd",
    "\uf8ff pie",
]


@pytest.mark.parametrize("text", AS_TYPED)
def test_it_arrives_as_typed(text: str) -> None:
    assert normalised(text) == unicodedata.normalize("NFC", text)


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


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\u2028two\x85three", "one\ntwo\nthree"),
        ("##la la##", "la la"),
        ("## la\n\n\n\nla ##", "la\n\nla"),
        ("a\tb   c", "a b c"),
        ("\u200bzero\u2060 width\ufeff", "zero width"),
        ("beau\u00adti\u00adful", "beautiful"),
        ("\u202bשיר של לילה\u202c\nלה לה", "שיר של לילה\nלה לה"),
        ("alone \u200c \u200d la\u200d la\u200c", "alone la la"),
        ("\u200dla, \u200cla", "la, la"),
        ("a\u200c\u200d\u200cb", "a\u200cb"),
        ("\ufe0fla \ufe0f la", "la la"),
        ("la\U000e0067\U000e007f", "la"),
        ("🏴\U000e0067 torn", "🏴 torn"),
        ("cafe\u0301", "café"),
        ("💃🏽 dance", "💃🏽 dance"),
        ("", ""),
        ("####", ""),
    ],
)
def test_examples(text: str, left: str) -> None:
    assert normalised(text) == left


MARKS = [
    "[Verse 1]",
    "[Verse 1: Ada]",
    "[Anything at all]",
    "(Chorus)",
    "(Intro)",
    "(Chorus x2)",
    "(Verse 2 x2)",
    "(hallelujah)",
    "{Bridge}",
    "1.",
    "2)",
    "3",
    "II.",
    "IV",
    "x2",
    "(x2)",
    "**Verse 1**",
    "*Outro*",
    "__Chorus__",
    "# Verse 1",
    "# Strofi 1",
    "### [Hook]",
    "Verse 1",
    "Chorus",
    "Verse 1:",
    "Ada:",
    "Pre-Chorus:",
    "Припев:",
    "Куплет 2",
    "(Приспів)",
    "Estribillo:",
    "Refrão",
    "Strophe 1:",
    "[Pré-refrain]",
    "Ritornello:",
    "Zwrotka 1",
    "Nakarat:",
    "همخوان:",
    "[مقطع ١]",
    "अंतरा:",
    "Bait 1:",
    "【副歌】",
    "主歌1：",
    "[サビ]",
    "Aメロ",
    "후렴:",
    "1절",
    "1番",
    "(후렴)",
    "Verse One",
    "2nd Verse",
    "Second chorus",
    "Второй куплет",
    "Verso dos",
    "---",
    "♪ ♪",
]
LINES = [
    "Walking home alone",
    "Пой со мной всю ночь",
    "می\u200cخواهم با تو بخوانم",
    "नमस्ते दुनिया",
    "夜に駆ける",
    "사랑해요 그대를",
    "أغنية الليل",
    "99 Luftballons",
    "1,2,3 let us go",
    "I",
    "I will survive",
    "Oh, oh, oh",
    "He said: hi",
    "Solo",
    "3 a.m",
    "I <b>love</b> you & you <3",
    "AC/DC: <b>rock</b> & roll",
    "Bridge over water",
    "Chorus of angels sing",
    "First verse of my life",
    "One last bridge",
    "One two three",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_sung_is_the_title(line: str) -> None:
    assert title(f"{line}\nla la") == line


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_not_the_title(mark: str) -> None:
    assert title(f"{mark}\nWalking home alone") == "Walking home alone"


@given(
    st.lists(st.sampled_from([*MARKS, ""]), max_size=4),
    st.sampled_from(LINES),
    st.sampled_from(["{}", "**{}**", "# {}", "- {}", "> {}", "“{}”", "1. {}", "[Chorus] {}"]),
)
def test_the_first_sung_line_is_the_title(marks: list[str], line: str, written: str) -> None:
    text = "\n".join([*marks, written.format(line), "la la la"])
    if written == "1. {}" and line[0].isdigit():  # "1. 99 Luftballons" reads as a number
        return
    assert title(normalised(text)) == title(line)


@pytest.mark.parametrize(
    ("lyrics", "name"),
    [
        ("Morning light\nevery word", "Morning light"),
        ("…\n— Second line —", "Second line"),
        ("[Verse 1]\nHello", "Hello"),
        ("[Verse 1]", "Verse 1"),
        ("(Ooh, my love)\nla", "Ooh, my love"),
        ("Verse 1: Walking home", "Walking home"),
        ("*Walking* **home** _alone_", "Walking home alone"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 63 + "…"),
        ("कि" * 60, "कि" * 31 + "…"),
        ("👨\u200d👩\u200d👧" * 20, "👨\u200d👩\u200d👧" * 12 + "…"),
        ("🇩🇪" * 40, "🇩🇪" * 31 + "…"),
        ("!!!", "!!!"),
    ],
)
def test_titles(lyrics: str, name: str) -> None:
    assert title(lyrics) == name


def test_lyrics_of_many_signs_take_no_time() -> None:
    """Each of these would be gone through thousands of times, a sign at a time."""
    for hostile in (
        "##",
        "## ",
        "##\ufe0f",
        "#\u200d",
        "a\u200d\ufe0f",
        "\n\u2028",
        "🏴\U000e0067",
    ):
        assert len(normalised(hostile * 5000)) <= 10_000


def test_a_title_of_many_signs_takes_no_time() -> None:
    for hostile in ("*a " * 1200, "[" * 3500, "(" * 1700 + ")" * 1700, "_a _" * 800, "#" * 3500):
        assert len(title(normalised(hostile))) <= 64


@given(TYPED)
def test_a_file_name_is_safe_and_fits(text: str) -> None:
    name = file_name(title(normalised(text)))
    assert 0 < len(name.encode()) <= 180
    assert not set(name) & set('/\\:*?"<>|\n\r\t\0.')
    assert name == name.strip(" -")
    assert file_name(name) == name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("สวัสดี", "สวัสดี"),
        ("Café at dawn", "Café at dawn"),
        ("Don’t stop", "Don’t stop"),
        ("AC/DC: rock", "AC DC rock"),
        ("../../etc/passwd", "etc passwd"),
        ("कि" * 32, "कि" * 30),
        ("CON", "CON_"),
        ("-rf", "rf"),
        ("👨\u200d👩\u200d👧", "track"),
        ("!!!", "track"),
    ],
)
def test_file_names(name: str, file: str) -> None:
    assert file_name(name) == file
