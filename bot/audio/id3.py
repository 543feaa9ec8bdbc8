"""ID3v2.3 tags, written by hand: 1 ms, and nothing under the GPL (docs/facts/audio.md, rule 8)."""

_HEADER = 10
_ID3V1 = 128
_EXTENDED = 227  # what stands before an ID3v1 tag for longer titles
_APE = 32  # bytes of header and footer each; the size it states has the footer in it
_APE_HAS_HEADER = 1 << 31
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
    """Return an MP3 without the tags around its frames.

    Before them stand ID3v2 and APEv2, behind them ID3v1, Lyrics3, APEv2 and ID3v2 with a footer,
    in any order: players that find one of those show its title instead of ours.
    """
    start, end = 0, len(mp3)
    while size := _before(mp3, start):
        start = min(start + size, end)
    while size := _behind(mp3, start, end):
        end -= size
    return mp3[start:end]


def _before(mp3: bytes, at: int) -> int:
    """The size of the tag that begins here; 0 if none does."""
    head = mp3[at : at + _APE]
    if head[:3] == b"ID3" and len(head) >= _HEADER:
        footer = _HEADER if head[5] & _FOOTER_FLAG else 0
        return _HEADER + _size(head[6:10]) + footer
    if head[:8] == b"APETAGEX" and len(head) == _APE:
        return _APE + int.from_bytes(head[12:16], "little")
    return 0


def _behind(mp3: bytes, start: int, end: int) -> int:
    """The size of the tag that ends here; 0 if none does, or none that could be whole."""
    size = 0
    if end - start < _APE:
        return 0
    if mp3[end - _ID3V1 : end - _ID3V1 + 3] == b"TAG":
        size = _ID3V1
        if mp3[end - _ID3V1 - _EXTENDED :][:4] == b"TAG+":
            size += _EXTENDED
    elif mp3[end - 9 : end] == b"LYRICS200" and mp3[end - 15 : end - 9].isdigit():
        size = int(mp3[end - 15 : end - 9]) + 15
    elif mp3[end - _APE : end - _APE + 8] == b"APETAGEX":
        foot = mp3[end - _APE : end]
        headed = int.from_bytes(foot[20:24], "little") & _APE_HAS_HEADER
        size = int.from_bytes(foot[12:16], "little") + (_APE if headed else 0)
    elif mp3[end - _HEADER : end - _HEADER + 3] == b"3DI":
        size = 2 * _HEADER + _size(mp3[end - 4 : end])
    return size if 0 < size <= end - start else 0


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
