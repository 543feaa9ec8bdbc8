"""ID3v2.3 tags, read back by hand and by FFmpeg."""

import io
import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import frames, id3, tagged
from tests.support.audio_material import encoded, tone

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


def ape(body: bytes = b"x" * 40, *, header: bool = True, footer: bool = True) -> bytes:
    def edge(flags: int) -> bytes:
        numbers = (2000, len(body) + 32, 1, flags | header << 31)
        return b"APETAGEX" + struct.pack("<4I", *numbers) + bytes(8)

    return (edge(1 << 29) if header else b"") + body + (edge(0) if footer else b"")


ID3V1 = b"TAG" + b"the old title".ljust(125, b"\0")
EXTENDED = b"TAG+" + bytes(223)
LYRICS3 = b"LYRICSBEGIN" + b"IND00003110" + b"000022" + b"LYRICS200"
FOOTED = b"ID3\x04\0\x10\0\0\0\x05" + bytes(5) + b"3DI\x04\0\x10\0\0\0\x05"


@pytest.mark.parametrize(
    "behind",
    [
        ID3V1,
        EXTENDED + ID3V1,
        ape(),
        ape(header=False),
        ape() + ID3V1,
        ape() + LYRICS3 + ID3V1,
        LYRICS3 + ID3V1,
        ID3V1 + ape(),
        FOOTED,
        ape() + FOOTED + ID3V1,
    ],
)
def test_old_tags_behind_the_frames_are_gone_and_no_frame_moves(behind: bytes) -> None:
    bare = frames(MP3)
    mp3 = tagged(MP3 + behind, title="new", artist="", lyrics="", cover=b"")
    assert frames(mp3) == bare
    assert mp3.endswith(bare[-1000:])
    with av.open(io.BytesIO(mp3), "r") as container:
        assert container.metadata == {"title": "new"}


def test_an_ape_tag_before_the_frames_is_gone() -> None:
    assert frames(ape() + MP3) == frames(MP3)
    assert frames(MP3[: len(MP3) - len(frames(MP3))] + ape() + frames(MP3)) == frames(MP3)


@pytest.mark.parametrize(
    "behind",
    [b"APETAGEX" + struct.pack("<4I", 2000, 1 << 30, 1, 0) + bytes(8), b"999999LYRICS200"],
)
def test_a_tag_that_claims_more_than_there_is_is_none(behind: bytes) -> None:
    assert frames(b"\xff\xfb\x90\x00" + behind) == b"\xff\xfb\x90\x00" + behind


def test_without_tags_nothing_is_cut_off() -> None:
    assert frames(b"\xff\xfb\x90\x00") == b"\xff\xfb\x90\x00"
    assert frames(b"") == b""
    assert frames(b"ID3") == b"ID3"


def test_a_tag_too_large_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id3, "_LARGEST", 1000)
    with pytest.raises(ValueError, match="256 MB"):
        tagged(b"", title="", artist="", lyrics="", cover=bytes(1000))
