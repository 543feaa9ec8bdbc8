"""Which characters show anything: what people type stays as they typed it."""

import re
import unicodedata

_BLANK_LETTERS = frozenset("\u2800\u3164\uffa0\u115f\u1160")  # letters that show nothing
_NEVER_SHOWN = ((0x2065, 0x2065), (0xFDD0, 0xFDEF), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_SELECTORS = frozenset(
    "\u034f\u180b\u180c\u180d\u180e\u180f"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
JOINERS_AND_SELECTORS = _NON_JOINER + _JOINER + "".join(sorted(_SELECTORS))
"""What shapes the characters beside it and shows nothing by itself."""

# Format characters that are drawn: signs around Arabic, Syriac and Kaithi numbers, hieroglyphs.
_DRAWN_FORMAT_CHARACTERS = frozenset(
    map(
        chr,
        [
            *range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD,
            *range(0x13430, 0x13456),
        ],
    )
)  # fmt: skip
_EMOJI_TAGS = re.compile(
    # A flag such as Scotland's is an emoji, tags that spell its name, and a tag that ends them.
    "([\U0001f000-\U0001faff\u2190-\u2bff][\ufe0f\U0001f3fb-\U0001f3ff]?"
    "[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0000-\U000e007f]"
)
_VIRAMA = 9
_LAST_TWO_OF_A_PLANE = 0xFFFE
_REGIONAL_INDICATORS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))  # two of them are a flag
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))


def without_invisible(text: str) -> str:
    """Text without what shows nothing.

    Marks of direction, spaces without width, soft hyphens (a typesetter's hint where a line may
    break, no part of a spelling) and control characters go. Joiners inside words and emoji, what
    selects the look of the character before it, and the tags of flags are part of the spelling
    and stay; where they have nothing to shape they go. A character that this Python does not know
    yet stays: it may be next year's emoji.
    """
    text = "".join(c for c in text if c == "\n" or not _shows_nothing(c))
    text = _EMOJI_TAGS.sub(lambda found: found[1] or "", text)
    kept: list[str] = []
    for at, c in enumerate(text):
        if _shapes_a_neighbour(c, kept[-1] if kept else "", text[at + 1 : at + 2]):
            kept.append(c)
    return "".join(kept)


def is_mark(c: str) -> bool:
    """Whether a character belongs to the one before it: a vowel sign, an accent, a selector."""
    return unicodedata.category(c)[0] == "M" or c in {_NON_JOINER, _JOINER} or c in _SKIN_TONES


def is_noncharacter(c: str) -> bool:
    """Whether Unicode promises never to make this a character: the last two of each plane."""
    return ord(c) & 0xFFFE == _LAST_TWO_OF_A_PLANE


def truncated(text: str, longest: int) -> str:
    """The beginning of a text; nothing that people see as one character is torn."""
    if len(text) <= longest:
        return text
    end = max(longest, 0)
    while end > 0 and (_splits_character(text, end) or text[end - 1] == _JOINER):
        end -= 1
    return text[: end or longest]


def _splits_character(text: str, at: int) -> bool:
    following = text[at]
    if is_mark(following) or "\U000e0020" <= following <= "\U000e007f":
        return True
    flags = 0
    while flags < at and {following, text[at - flags - 1]} <= _REGIONAL_INDICATORS:
        flags += 1
    return flags % 2 == 1


def _shows_nothing(c: str) -> bool:
    if c in _SELECTORS or c in {_NON_JOINER, _JOINER} or "\U000e0000" <= c <= "\U000e007f":
        return False  # that depends on what stands beside it
    match unicodedata.category(c):
        case "Cc" | "Cs":
            return True
        case "Cf":
            return c not in _DRAWN_FORMAT_CHARACTERS
        case "Cn":
            return is_noncharacter(c) or any(a <= ord(c) <= b for a, b in _NEVER_SHOWN)
        case _:
            return c in _BLANK_LETTERS


def _shapes_a_neighbour(c: str, before: str, following: str) -> bool:
    if c in _SELECTORS:
        return bool(before) and not before.isspace() and not _is_joiner_or_selector(before)
    if c in {_NON_JOINER, _JOINER}:
        if not _is_base(before) and before not in _SELECTORS:
            return False
        # At the end of a word a virama and a joiner spell a letter (Malayalam's chillus), and a
        # joiner gives an Arabic letter the form it has inside a word.
        shapes_the_end = unicodedata.combining(before) == _VIRAMA or (
            c == _JOINER and "\u0620" <= before <= "\u08ff"
        )
        return shapes_the_end or _is_base(following)
    return True


def _is_base(c: str) -> bool:
    """Whether a joiner may stand beside it: a letter, mark, digit, symbol or unknown emoji."""
    if not c or c == "\n" or _is_joiner_or_selector(c):
        return False
    return unicodedata.category(c)[0] in "LMNSC"


def _is_joiner_or_selector(c: str) -> bool:
    return c in _SELECTORS or c in {_NON_JOINER, _JOINER}
