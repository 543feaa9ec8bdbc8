"""ID3v2.3 tags, written by hand: 1 ms, and no library under the GPL (facts: audio, rule 8)."""

_HEADER = 10
_FOOTER_FLAG = 0x10
_UTF16 = b"\x01"
_LATIN1 = b"\x00"
_FRONT_COVER = b"\x03"
_LARGEST = 1 << 28


def tagged(
    mp3: bytes, *, title: str, artist: str, lyrics: str, cover: bytes, comment: str = ""
) -> bytes:
    """Put an ID3v2.3 tag in front of an MP3, in the place of the one it has.

    Texts are UTF-16, the one Unicode encoding of version 2.3; a lone surrogate becomes U+FFFD
    and NUL, which would end a text early, a space. Empty values get no frame. The MPEG frames
    stay what they are, byte for byte.

    Raises:
        ValueError: the tag would be larger than the format can say (256 MB).
    """
    body = b"".join(
        (
            _text(b"TIT2", title),
            _text(b"TPE1", artist),
            _note(b"USLT", lyrics),
            _note(b"COMM", comment),
            _picture(cover),
        )
    )
    if len(body) >= _LARGEST:
        raise ValueError("a tag of 256 MB or more")
    return b"ID3\x03\x00\x00" + _syncsafe(len(body)) + body + frames(mp3)


def frames(mp3: bytes) -> bytes:
    """Return an MP3 without the ID3v2 tags it begins with."""
    start = 0
    while mp3[start : start + 3] == b"ID3" and len(mp3) >= start + _HEADER:
        footer = _HEADER if mp3[start + 5] & _FOOTER_FLAG else 0
        start += _HEADER + _size(mp3[start + 6 : start + 10]) + footer
    return mp3[start:]


def _size(four: bytes) -> int:
    value = 0
    for byte in four:
        value = value << 7 | byte & 0x7F
    return value


def _syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _utf16(text: str) -> bytes:
    clean = text.replace("\0", " ").encode("utf-16-le", "surrogatepass")
    return b"\xff\xfe" + clean.decode("utf-16-le", "replace").encode("utf-16-le")


def _frame(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "big") + b"\0\0" + content


def _text(name: bytes, text: str) -> bytes:
    return _frame(name, _UTF16 + _utf16(text)) if text else b""


def _note(name: bytes, text: str) -> bytes:
    nameless = _utf16("") + b"\0\0"
    return _frame(name, _UTF16 + b"und" + nameless + _utf16(text)) if text else b""


def _picture(jpeg: bytes) -> bytes:
    kind = b"image/jpeg\0" + _FRONT_COVER + b"\0"
    return _frame(b"APIC", _LATIN1 + kind + jpeg) if jpeg else b""
