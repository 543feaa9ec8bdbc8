"""ID3v2.3 tags, read back by hand and by FFmpeg."""

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import frames, tagged, tags
from tests.audio_material import encoded, tone

MP3 = encoded(tone(2))
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def syncsafe(four: bytes) -> int:
    assert all(byte < 0x80 for byte in four)
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def read(mp3: bytes) -> dict[str, bytes]:
    assert mp3[:6] == b"ID3\x03\x00\x00"
    end, at = 10 + syncsafe(mp3[6:10]), 10
    found = {}
    while at < end:
        size = int.from_bytes(mp3[at + 4 : at + 8], "big")
        assert mp3[at + 8 : at + 10] == b"\0\0"
        found[mp3[at : at + 4].decode()] = mp3[at + 10 : at + 10 + size]
        at += 10 + size
    assert at == end
    return found


def shown(text: str) -> str:
    """What a player can show of a text."""
    utf16 = text.replace("\0", " ").encode("utf-16-le", "surrogatepass")
    return utf16.decode("utf-16-le", "replace")


@given(title=ANY_TEXT, artist=ANY_TEXT, lyrics=ANY_TEXT, comment=ANY_TEXT, cover=st.binary())
def test_any_text_survives_and_no_frame_moves(
    title: str, artist: str, lyrics: str, comment: str, cover: bytes
) -> None:
    mp3 = tagged(MP3, title=title, artist=artist, lyrics=lyrics, cover=cover, comment=comment)
    found = read(mp3)
    for name, text in (("TIT2", title), ("TPE1", artist)):
        assert found.get(name) == ((b"\x01" + utf16(text)) if text else None)
    for name, text in (("USLT", lyrics), ("COMM", comment)):
        begin = b"\x01und\xff\xfe\0\0"
        assert found.get(name) == ((begin + utf16(text)) if text else None)
    apic = b"\0image/jpeg\0\x03\0" + cover
    assert found.get("APIC") == (apic if cover else None)
    assert frames(mp3) == frames(MP3)


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + shown(text).encode("utf-16-le")


def test_ffmpeg_reads_them() -> None:
    mp3 = tagged(
        MP3, title="Für Élise 🎵", artist="Refrain", lyrics="one\ntwo", cover=b"", comment="a note"
    )
    with av.open(io.BytesIO(mp3), "r") as container:
        assert container.metadata["title"] == "Für Élise 🎵"
        assert container.metadata["artist"] == "Refrain"
        assert container.metadata["lyrics-und"] == "one\ntwo"
        assert container.metadata["comment"] == "a note"
        assert sum(frame.samples for frame in container.decode(audio=0)) > 80_000


def test_tagging_replaces_the_tags_that_were_there() -> None:
    once = tagged(MP3, title="one", artist="", lyrics="", cover=b"")
    twice = tagged(once, title="two", artist="", lyrics="", cover=b"")
    assert twice.count(b"ID3") == 1
    assert read(twice)["TIT2"] == b"\x01\xff\xfet\0w\0o\0"
    assert frames(twice) == frames(once) == frames(MP3)


def test_a_footer_belongs_to_the_tag() -> None:
    body = b"\0" * 5
    with_footer = b"ID3\x04\0\x10\0\0\0\x05" + body + b"3DI\x04\0\x10\0\0\0\x05" + b"\xff\xfbrest"
    assert frames(with_footer) == b"\xff\xfbrest"


def test_without_tags_nothing_is_cut_off() -> None:
    assert frames(b"\xff\xfb\x90\x00") == b"\xff\xfb\x90\x00"
    assert frames(b"") == b""
    assert frames(b"ID3") == b"ID3"


def test_a_tag_too_large_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "_LARGEST", 1000)
    with pytest.raises(ValueError, match="256 MB"):
        tagged(b"", title="", artist="", lyrics="", cover=bytes(1000))
