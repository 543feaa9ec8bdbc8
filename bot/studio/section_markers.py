"""Marks that people put between the lines of a song: `[Verse 1]`, `(Chorus)`, `Припев:`, `1.`."""

import re
import unicodedata

# What the parts of a song are called, in the languages that people write in.
_PARTS = frozenset(
    """
    verse verses chorus choruses intro outro bridge hook refrain interlude instrumental solo coda
    prechorus postchorus pre-chorus post-chorus middle break breakdown drop tag rap spoken
    ad-lib ad-libs adlib adlibs vamp ending end part stanza strophe vers v1 v2 v3 v4
    куплет припев бридж вступление проигрыш кода концовка интро аутро предприпев мост рефрен хук
    куплет приспів вступ програш міст кінцівка
    verso estrofa coro estribillo puente introducción final precoro pre-coro preestribillo
    refrão ponte pré-refrão introdução estrofe refrao
    strophe refrain zwischenspiel brücke bridge schluss vorspiel nachspiel
    couplet pont pré-refrain
    strofa ritornello pre-ritornello ponte
    zwrotka refren mostek przedrefren wstęp zakończenie
    nakarat k\u0131ta köprü giriş bölüm
    ورس کورس همخوان بند ترجیع‌بند ترجیعبند مقدمه
    مقطع لازمة اللازمة كورس الكورس كوبليه الكوبليه مقدمة المقدمة خاتمة
    मुखड़ा अंतरा कोरस स्थायी
    bait reff ref
    主歌 副歌 桥段 橋段 前奏 间奏 間奏 尾奏 导歌 導歌 过门 合唱
    番 サビ 大サビ aメロ bメロ cメロ イントロ アウトロ 落ちサビ ブリッジ
    후렴 벌스 절 코러스 브릿지 인트로 아웃트로 간주 프리코러스
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
# Of those, the words that are as likely to be sung as to be a mark.
_SUNG = frozenset(
    """
    break drop tag rap solo end ending final part middle spoken hook bridge ref puente coro ponte
    pont bait verso vers coda vamp мост кода міст бридж хук بند ورس مقطع 절 合唱
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
# Numbers in words, which count only beside the name of a part.
_NUMBERS = frozenset(
    """
    one two three four five six 1st 2nd 3rd 4th 5th 6th first second third fourth fifth sixth
    один два три четыре первый второй третий четвёртый четвертый перший другий третій
    uno dos tres cuatro due tre quattro um dois três quatro un deux trois quatre
    primer primera segundo segunda tercero tercera primo seconda terza premier première deuxième
    eins zwei drei vier erste zweite dritte erster zweiter dritter pierwsza druga trzecia
    """.split()  # noqa: SIM905 - as above
)
_OPENING, _CLOSING = r"\[(（［【〔｛{", r"\])）］】〕｝}"  # noqa: RUF001 - full width
_BRACKETED = re.compile(
    rf"^([{_OPENING}])([^{_OPENING}{_CLOSING}]*)[{_CLOSING}]\s*[:：]?\s*(.*)$"  # noqa: RUF001 - as above
)
_ROUND = "(（"  # noqa: RUF001 - full width
_NUMBERED = re.compile(r"^(?:\d{1,3}|(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3}))\s*[.)．、）]\s*(?!\d)")  # noqa: RUF001 - full width
_LABELLED = re.compile(r"^([^:：]{1,40}?)\s*[:：]\s*(.*)$")  # noqa: RUF001 - full width
_HEADING = re.compile(r"^(?:#{1,6}\s*|>\s*|[-*•·–—]\s+)+")  # noqa: RUF001 - dashes people type
_EMPHASIS = re.compile(
    r"(\*\*\*|\*\*|~~|``|`|(?<!\w)(?:\*|___|__|_))(?=\S)(.+?)(?<=\S)\1(?!(?<=[_*])\w)"
)
_COUNT = re.compile(r"[xX×хХ]?\d{1,3}[xX×хХ]?|[IVX]{1,5}")  # noqa: RUF001 - all that people type
_LABEL = 4  # words
_LONGEST = 400  # of a line that is looked at: a title is shorter
_SEPARATORS = " .,;!-–—/&+*#\"'«»“”()"  # noqa: RUF001 - dashes and quotes people type


def sung(line: str) -> str:
    """What is sung of a line; "" for one that only marks a part of the song.

    Args:
        line: Of normalised lyrics.
    """
    line = line[:_LONGEST]
    plain = without_markup(line)
    stressed = plain != line
    plain = _NUMBERED.sub("", plain, count=1).strip()
    while match := _BRACKETED.match(plain):
        opening, inside, rest = match.groups()
        if opening in _ROUND and not _is_mark(inside):
            return plain
        plain = without_markup(rest)
    if match := _LABELLED.match(plain):
        label, rest = match.groups()
        if _names_part(label) or (not rest and len(label.split()) == 1):
            plain = without_markup(rest)
    if _is_alone(plain) or (stressed and _is_word_and_count(plain)):
        return ""
    return plain


def without_markup(line: str) -> str:
    """A line without the signs of Markdown; its words stay."""
    line = _HEADING.sub("", line.strip())
    before = None
    while before != line:
        before, line = line, _EMPHASIS.sub(r"\2", line)
    return line.strip()


def _is_mark(inside: str) -> bool:
    """Whether words in round brackets mark a part; singers stand in such brackets, too."""
    words = _words(inside)
    return _names_part(inside) or len([w for w in words if not _COUNT.fullmatch(w)]) <= 1


def _names_part(label: str) -> bool:
    """Whether a label is about a part of a song: "Verse 1", "2nd chorus", "Chorus (x2)"."""
    words = _words(label)
    return len(words) <= _LABEL and any(_is_part(word, _PARTS) for word in words)


def _is_alone(line: str) -> bool:
    """Whether a line without any brackets is nothing but the name of a part, or a count."""
    words = _words(line)
    counts = [word for word in words if _COUNT.fullmatch(word)]
    if len(counts) == len(words):
        return words != ["I"]  # which somebody may well sing
    named = [word for word in words if word not in counts and word.casefold() not in _NUMBERS]
    numbered = counts or (words and words[-1].casefold() in _NUMBERS)
    known = _PARTS if numbered else _PARTS - _SUNG
    return len(named) == 1 and len(counts) <= 1 and _is_part(named[0], known)


def _is_word_and_count(line: str) -> bool:
    words = _words(line)
    return len(words) == 2 and _COUNT.fullmatch(words[1]) is not None and words[1][-1].isdigit()  # noqa: PLR2004 - a name and its number


def _is_part(word: str, known: frozenset[str]) -> bool:
    word = word.casefold()
    if word in known or word.removesuffix("s") in known:
        return True
    stem = word.strip("0123456789")  # 主歌1, 1절, Verse2
    return stem != word and stem in _PARTS


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFC", text)
    return [word for part in text.split() if (word := part.strip(_SEPARATORS))]
