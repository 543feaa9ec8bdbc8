"""Text with formatting: the HTML bots send, and the entities Telegram makes of it.

Rules and error texts follow the Bot API's documentation and what its server answers; offsets of
entities count UTF-16 units, those in errors count bytes of UTF-8.
"""

import html
import re
import sys
from functools import lru_cache
from typing import Any, NamedTuple

from bot.sandbox.telegram.errors import ApiError, bad_request

Entity = dict[str, Any]

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_TAGS = {kind: tag for tag, kind in reversed(_TYPES.items())} | {"spoiler": "tg-spoiler"}
_CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPECIAL = re.compile(r"[<&]")
_START = re.compile(r"<([^\s>/]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_END = re.compile(r"</([^\s>]*)\s*>")
_ATTRIBUTE = re.compile(r"\s*([^\s=>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+)))?")
_AUTOMATIC = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?<![\w/@<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w+)?)(?![\w/<>])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})\b"
)


class _Open(NamedTuple):
    tag: str
    attributes: dict[str, str]
    offset: int
    part: int


def utf16_length(text: str) -> int:
    """Count UTF-16 units, as Telegram's offsets do."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_cut(text: str, offset: int, length: int) -> str:
    """Give the part an entity covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


def formatted(
    text: str, parse_mode: str, entities: list[Entity] | None
) -> tuple[str, list[Entity]]:
    """Make what a message shows from what a bot sent.

    Returns:
        The trimmed text and its entities, automatic ones (commands, links) included.

    Raises:
        ApiError: The parse mode is not HTML, or the HTML doesn't parse.
    """
    if not parse_mode:
        plain = text.rstrip()
        return plain, _with_automatic(plain, list(entities or ()))
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    plain, parsed = _parse_html(text)
    return plain, [dict(entity) for entity in parsed]


@lru_cache(maxsize=512)
def _parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    parser = _HtmlParser(source)
    parser.run()
    text, entities = _trimmed("".join(parser.parts), parser.entities)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, tuple(_with_automatic(text, entities))


class _HtmlParser:
    """One pass over Telegram's small HTML."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: list[str] = []
        self.entities: list[Entity] = []
        self.open: list[_Open] = []
        self.offset = 0

    def run(self) -> None:
        """Fill `parts` and `entities`."""
        position = 0
        while position < len(self.source):
            special = _SPECIAL.search(self.source, position)
            end = special.start() if special else len(self.source)
            self._add(self.source[position:end])
            position = end
            if special is None:
                break
            position = self._character(end) if special[0] == "&" else self._tag(end)
        if self.open:
            tag = self.open[-1].tag
            raise _unparsable(f'Can\'t find end tag corresponding to start tag "{tag}"')

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.offset += utf16_length(text)

    def _character(self, at: int) -> int:
        match = _CHARACTER.match(self.source, at)
        if match is None:
            self._add("&")
            return at + 1
        self._add(_decoded(match))
        return match.end()

    def _tag(self, at: int) -> int:
        return self._end(at) if self.source.startswith("</", at) else self._start(at)

    def _start(self, at: int) -> int:
        match, byte = _START.match(self.source, at), self._byte(at)
        if match is None:
            raise _unparsable(f"Unclosed start tag at byte offset {byte}")
        tag = match[1].lower()
        if tag not in _TYPES:
            raise _unparsable(f'Unsupported start tag "{tag}" at byte offset {byte}')
        attributes = {
            name.lower(): _CHARACTER.sub(_decoded, quoted or single_quoted or bare)
            for name, quoted, single_quoted, bare in _ATTRIBUTE.findall(match[2])
        }
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
        self.open.append(_Open(tag, attributes, self.offset, len(self.parts)))
        return match.end()

    def _end(self, at: int) -> int:
        match, byte = _END.match(self.source, at), self._byte(at)
        if not self.open:
            raise _unparsable(f"Unexpected end tag at byte offset {byte}")
        if match is None:
            raise _unparsable(f"Unclosed end tag at byte offset {byte}")
        opened = self.open.pop()
        if match[1] and match[1].lower() != opened.tag:
            raise _unparsable(
                f"Unmatched end tag at byte offset {byte}, "
                f'expected "</{opened.tag}>", found "</{match[1].lower()}>"'
            )
        if self.offset > opened.offset:
            self._close(opened)
        return match.end()

    def _close(self, opened: _Open) -> None:
        entity: Entity = {
            "type": _TYPES[opened.tag],
            "offset": opened.offset,
            "length": self.offset - opened.offset,
        }
        language = opened.attributes.get("class", "").removeprefix("language-")
        if opened.tag == "a":
            url = opened.attributes.get("href") or "".join(self.parts[opened.part :])
            if "." not in url and "://" not in url:
                return
            entity["url"] = url
        elif opened.tag == "code" and language and self.open and self.open[-1].tag == "pre":
            entity |= {"type": "pre", "language": language}
        elif opened.tag == "pre" and self._is_coded(entity):
            return
        elif opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
        self.entities.append(entity)

    def _is_coded(self, entity: Entity) -> bool:
        """Whether a `<code class="language-…">` has already made this `<pre>`."""
        return any(
            "language" in other and other["offset"] == entity["offset"] for other in self.entities
        )

    def _byte(self, at: int) -> int:
        return len(self.source[:at].encode(errors="surrogatepass"))


def _decoded(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if 0 < code <= sys.maxunicode else match[0]


def _unparsable(detail: str) -> ApiError:
    return bad_request(f"can't parse entities: {detail}")


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut white space at both ends, and the entities with it."""
    lead = len(text) - len(text.lstrip())
    plain = text.strip()
    if len(plain) == len(text):
        return text, entities
    shift, size = utf16_length(text[:lead]), utf16_length(plain)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, size)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return plain, kept


def _with_automatic(text: str, entities: list[Entity]) -> list[Entity]:
    """Add what Telegram finds by itself: commands, links, mentions; never inside code."""
    if "/" not in text and "@" not in text:
        return entities
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] in {"code", "pre", "text_link", "bot_command", "url", "mention"}
    ]
    added = list(entities)
    for match in _AUTOMATIC.finditer(text):
        start = utf16_length(text[: match.start()])
        end = start + utf16_length(match[0])
        if not any(start < last and first < end for first, last in taken):
            added.append({"type": match.lastgroup, "offset": start, "length": end - start})
    added.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return added


def as_html(text: str, entities: list[Entity]) -> str:
    """Write text and entities as the HTML that would make them."""
    marks: dict[int, list[str]] = {}
    for entity in sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])):
        tag = _TAGS.get(entity["type"].removeprefix("expandable_"))
        if tag is None:
            continue
        extra = f' href="{html.escape(entity["url"])}"' if "url" in entity else ""
        marks.setdefault(entity["offset"], []).append(f"<{tag}{extra}>")
        marks.setdefault(entity["offset"] + entity["length"], []).insert(0, f"</{tag}>")
    written, position = [], 0
    for at in sorted(marks):
        written.append(html.escape(utf16_cut(text, position, at - position), quote=False))
        written.extend(marks[at])
        position = at
    rest = utf16_cut(text, position, utf16_length(text) - position)
    return "".join([*written, html.escape(rest, quote=False)])
