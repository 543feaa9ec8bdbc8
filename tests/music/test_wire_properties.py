"""Whatever comes over the wire: a track byte for byte, or a fault of the tree."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.model import Purpose
from bot.music import BadAnswer, MusicError, Ticket, TrackFile, Unanswered, UnknownFault
from bot.music._download import Downloads
from bot.music._http import Reply
from bot.music._mp3_files import is_mp3, write_hex
from bot.music.aimlapi import client
from bot.music.aimlapi.faults import BY_CODE, BY_STATUS, NEVER
from bot.music.aimlapi.wire import (
    Balance,
    ExtraInfo,
    GenerateAnswer,
    ModelList,
    Receipt,
    UploadAnswer,
)

NOTHING: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())

tracks = st.builds(
    bytes.__add__, st.sampled_from([b"ID3", b"\xff\xfb", b"\xff\xe3"]), st.binary(max_size=3000)
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
documents: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                ["data", "audio", "base_resp", "status_code", "statusCode", "message", "voice_id"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


def reply(status: int, body: bytes) -> Reply:
    return Reply(status, NOTHING, bytearray(body), 0.0)


def written(text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "track.mp3"
        try:
            size = write_hex(text, into)
        except BadAnswer:
            assert list(Path(folder).iterdir()) == []
            raise
        track = into.read_bytes()
        assert size == len(track)
        return track


def made(answer: Reply, into: Path) -> TrackFile | Ticket:
    found = client._generated(answer, Downloads(URL("https://example.com"), within=1))
    found.write(into)
    return found.answer


@given(tracks, st.booleans())
def test_hex_comes_back_as_its_bytes(track: bytes, upper: bool) -> None:
    text = track.hex()
    assert written(text.upper() if upper else text) == track


def test_a_track_longer_than_a_slice_comes_back_whole() -> None:
    track = b"ID3" + bytes(range(256)) * 3000
    assert written(track.hex()) == track


@given(st.binary(max_size=40).filter(lambda data: not is_mp3(data)))
def test_what_is_no_mp3_is_no_track(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        written(data.hex())


@given(tracks, st.data())
def test_a_lost_digit_is_noticed(track: bytes, data: st.DataObject) -> None:
    text = track.hex()
    place = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(BadAnswer):
        written(text[:place] + text[place + 1 :])


@given(
    tracks,
    st.data(),
    st.characters(exclude_characters="0123456789abcdefABCDEF"),
    st.sampled_from(["instead", "before"]),
)
def test_a_foreign_character_is_noticed(
    track: bytes, data: st.DataObject, foreign: str, where: str
) -> None:
    text = track.hex()
    place = data.draw(st.integers(0, len(text) - 1))
    rest = text[place + 1 :] if where == "instead" else text[place:]
    with pytest.raises(BadAnswer):
        written(text[:place] + foreign + rest)


def test_a_fault_late_in_the_text_leaves_no_file() -> None:
    with pytest.raises(BadAnswer):
        written((b"ID3" + bytes(400_000)).hex()[:-2] + " 0")


@given(st.integers(0, 10**9), st.dictionaries(st.text(max_size=9), documents, max_size=4))
def test_both_spellings_mean_the_same(number: int, extras: dict[str, Any]) -> None:
    old = dict.fromkeys(
        ("audio_length", "audio_size", "audio_bitrate", "audio_sample_rate"), number
    )
    new = dict.fromkeys(("music_duration", "music_size", "bitrate", "music_sample_rate"), number)
    read = [ExtraInfo.model_validate(extras | spelling) for spelling in (old, new)]
    for info in read:
        assert (info.milliseconds, info.size, info.bitrate, info.sample_rate) == (number,) * 4


@given(
    st.dictionaries(st.text(max_size=9), documents, max_size=4),
    documents,
    st.sampled_from(["extra_info", "trace_id", "message", "statusCode", "requestId"]),
)
def test_what_is_not_needed_cannot_spoil_a_track(
    extras: dict[str, Any], junk: Any, field: str
) -> None:
    track = b"ID3 a track"
    needed = {"data": {"audio": track.hex(), "status": junk}, "base_resp": {"status_code": "0"}}
    body = (
        json.dumps(extras | needed | {field: junk}, allow_nan=False, default=str)
        if _finite([extras, junk])
        else json.dumps(needed)
    )
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "track.mp3"
        sound = made(reply(200, body.encode("utf-8", "replace")), into)
        assert isinstance(sound, TrackFile)
        assert sound.size == len(track)
        assert into.read_bytes() == track


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False).encode()
    except ValueError:
        return False
    return True


bodies = st.one_of(
    documents.map(lambda document: json.dumps(document).encode()),
    st.binary(max_size=200),
    st.text(max_size=80).map(lambda text: f"<html><title>{text}</title>".encode()),
    st.integers(1, 3000).map(lambda depth: b"[" * depth),
    st.integers(1, 3000).map(lambda depth: b'{"data":' * depth + b"1" + b"}" * depth),
)


@given(st.integers(100, 599), bodies, st.sampled_from(list(Purpose)))
def test_no_body_escapes_the_tree(status: int, body: bytes, purpose: Purpose) -> None:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "track.mp3"
        with pytest.raises(MusicError):
            made(reply(status, body), into)
        assert list(Path(folder).iterdir()) == []
    try:
        uploaded = client._uploaded(reply(status, body), purpose)
    except MusicError:
        return
    assert bool(uploaded.voice_id) is purpose.has_voice
    assert bool(uploaded.beat_id) is purpose.has_beat


UNLISTED = st.integers(400, 599).filter(lambda s: s not in BY_STATUS and s not in NEVER)


@given(UNLISTED, bodies)
def test_a_status_without_the_services_own_word_is_no_answer(status: int, body: bytes) -> None:
    with pytest.raises(MusicError) as caught:
        client._uploaded(reply(status, body), Purpose.SONG)
    if b"base_resp" not in body and b"statusCode" not in body:
        assert type(caught.value) is Unanswered
        assert caught.value.http == status


@given(UNLISTED)
def test_a_status_no_table_knows_is_unknown(status: int) -> None:
    with pytest.raises(UnknownFault) as caught:
        client._uploaded(reply(status, b'{"statusCode":%d}' % status), Purpose.SONG)
    assert (caught.value.http, caught.value.unbilled) == (status, False)


@given(st.integers(1, 99_999).filter(lambda code: code not in BY_CODE), st.booleans())
def test_a_code_no_table_knows_is_unknown(code: int, as_text: bool) -> None:
    told = {"base_resp": {"status_code": str(code) if as_text else code}}
    with pytest.raises(UnknownFault) as caught:
        client._uploaded(reply(200, json.dumps(told).encode()), Purpose.SONG)
    assert caught.value.code == code


@given(bodies)
def test_no_body_breaks_a_model(body: bytes) -> None:
    for model in (GenerateAnswer, UploadAnswer, ModelList, Balance):
        read = model.parse(body)
        assert read is None or isinstance(read, model)


LONG = (b"ID3" + bytes(range(256)) * 200).hex()


@pytest.mark.parametrize(
    "body",
    [
        f'{{"data":{{"audio":"{LONG}","status":2}},"base_resp":{{"status_code":0}}}}',
        f'{{"base_resp":{{"status_code":0}},"data":{{"status":2,"audio" : "{LONG}"}}}}',
        f'{{"x":{{"audio":"{"ab" * 99_999}"}},"data":{{"audio":"{LONG}"}}}}',
        f'{{"x":"\\"audio\\":\\"","data":{{"audio":"{LONG}"}}}}',
        f'{{"data":{{"audio":"\\u0034{LONG[1:]}"}}}}',
    ],
)
def test_a_long_track_is_found_wherever_it_stands(body: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "track.mp3"
        made(reply(200, body.encode()), into)
        assert into.read_bytes().hex() == LONG


@pytest.mark.parametrize(
    "body",
    [
        f'{{"data":{{"audio":"{LONG}',
        f'{{"data":{{"audio":"{LONG}"',
        f'{{"data":{{"audio":"{LONG}0"}}}}',
        f'{{"data":{{"audio":"{LONG[:-2]}zz"}}}}',
        f'{{"data":{{"audio":"{LONG[:-2]}\u00e4\u00e4"}}}}',
        f'{{"data":{{"audio":"{LONG[:-2]}\\"0"}}}}',
        f'{{"data":null,"x":{{"audio":"{LONG}"}}}}',
        f'[{{"data":{{"audio":"{LONG}"}}}}]',
    ],
)
def test_a_long_text_that_is_no_track_is_none(body: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "track.mp3"
        with pytest.raises(BadAnswer):
            made(reply(200, body.encode()), into)
        assert list(Path(folder).iterdir()) == []


def test_a_refusal_beside_a_long_track_is_one() -> None:
    body = f'{{"data":{{"audio":"{LONG}"}},"base_resp":{{"status_code":1027}}}}'
    with pytest.raises(MusicError) as caught:
        made(reply(200, body.encode()), Path("nowhere"))
    assert caught.value.code == 1027


def test_a_problem_inside_a_success_is_still_one() -> None:
    body = b'{"statusCode":"402","message":"out of credits"}'
    with pytest.raises(MusicError, match="code 402") as caught:
        client._uploaded(reply(200, body), Purpose.SONG)
    assert type(caught.value).__name__ == "OperatorFault"


def test_a_code_inside_a_failure_of_http_is_the_better_one() -> None:
    body = b'{"base_resp":{"status_code":2042,"status_msg":"no access"}}'
    with pytest.raises(MusicError, match="code 2042") as caught:
        client._uploaded(reply(400, body), Purpose.SONG)
    assert type(caught.value).__name__ == "StaleUpload"


@given(st.text(max_size=20), st.text(max_size=20))
def test_nonsense_in_the_headers_is_no_price(spent: str, usd: str) -> None:
    read = Receipt.of({"x-aimlapi-credits-used": spent, "x-aimlapi-usd-spent": usd})
    assert read.credits is None or read.credits >= 0
    assert read.usd is None or read.usd >= 0


def test_a_price_in_credits_is_reckoned() -> None:
    assert Receipt.of({"x-aimlapi-credits-used": "63000"}).usd == 0.0315
    assert Receipt.of({"x-aimlapi-usd-spent": "inf"}).usd is None


@given(st.lists(documents, max_size=4), st.sampled_from(["id", "aliases"]))
def test_a_model_is_found_by_name_or_alias(others: list[Any], by: str) -> None:
    wanted = {"id": "music-01"} if by == "id" else {"id": "m", "aliases": [None, "music-01"]}
    listed = ModelList.model_validate({"data": [*others, wanted]})
    assert listed.offers("music-01")
    assert not listed.offers("music-02")
