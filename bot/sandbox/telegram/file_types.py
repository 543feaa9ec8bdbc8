"""Just enough of file formats to know what was sent."""

_MARKER = 0xFF
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB})
_MPEG_SYNC = 0xE0


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Give width and height of a JPEG; None if it is something else (ITU-T T.81, B.2.2)."""
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(content) and content[at] == _MARKER:
        if content[at + 1] in _FRAMES:
            height = int.from_bytes(content[at + 5 : at + 7])
            return int.from_bytes(content[at + 7 : at + 9]), height
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Give width and height of a JPEG or PNG."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return jpeg_size(content)


def is_music(content: bytes) -> bool:
    """Whether Telegram plays it as music: MP3 or M4A (docs/facts/telegram.md, Limits)."""
    if content.startswith(b"ID3") or content[4:8] == b"ftyp":
        return True
    return content[:1] == b"\xff" and len(content) > 1 and content[1] & _MPEG_SYNC == _MPEG_SYNC


def is_voice(content: bytes) -> bool:
    """Whether Telegram takes it as a voice message: OGG, MP3 or M4A (Bot API, sendVoice)."""
    return content.startswith(b"OggS") or is_music(content)
