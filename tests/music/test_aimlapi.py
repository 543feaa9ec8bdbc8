import asyncio
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.model import Purpose
from bot.music import (
    AimlApi,
    MusicBackend,
    Order,
    StaleUpload,
    Ticket,
    TrackFile,
    Unanswered,
    UnknownBackendError,
    UnknownFault,
    Uploaded,
    UserFault,
    UserReason,
    backend,
)
from bot.sandbox.music.aimlapi.server import PRICE_USD
from tests.support.music_kit import KEY, LYRICS, client_of, mp3, scene, wav


@pytest.mark.parametrize(
    ("purpose", "voice", "beat"),
    [
        (Purpose.SONG, True, True),
        (Purpose.VOICE, True, False),
        (Purpose.INSTRUMENTAL, False, True),
    ],
)
async def test_an_upload_brings_the_ids_of_its_purpose(
    tmp_path: Path, purpose: Purpose, voice: bool, beat: bool
) -> None:
    async with scene(tmp_path) as s:
        uploaded = await s.client.upload(s.recording(), purpose)
        assert (uploaded.voice_id is not None, uploaded.beat_id is not None) == (voice, beat)
        assert uploaded.url is None
        assert uploaded.expires_at is None
        sent = s.api.uploads[0]
        assert (sent.purpose, sent.filename, sent.content_type) == (
            purpose.value,
            "reference.mp3",
            "audio/mpeg",
        )
        assert sent.size == len(mp3(12))


async def test_a_wav_is_uploaded_as_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        await s.client.upload(s.recording("take.wav", wav(11)), Purpose.VOICE)
        assert s.api.uploads[0].content_type == "audio/wav"


async def test_the_track_is_written_byte_for_byte(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        sound = await s.client.submit(await s.order("track-7.1"), s.out)
        assert isinstance(sound, TrackFile)
        assert s.out.read_bytes() == mp3(3)
        assert sound.size == len(mp3(3))
        assert sound.cost_usd == PRICE_USD
        assert sound.request_id
        assert s.left_behind() == ["track.mp3"]
        call = s.api.generated[0]
        assert (call.lyrics, call.request_id, call.billed) == (LYRICS, "track-7.1", True)


async def test_an_absent_reference_is_not_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        song = await s.song()
        await s.client.submit(Order("a", LYRICS, song, None), s.out)
        await s.client.submit(Order("b", LYRICS, None, song), s.out)
        voice_only, beat_only = s.api.generated
        assert (voice_only.voice, voice_only.beat) == (song.voice_id, None)
        assert (beat_only.voice, beat_only.beat) == (None, song.beat_id)


async def test_voice_and_beat_may_come_from_two_recordings(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        voice = await s.client.upload(s.recording(), Purpose.VOICE)
        beat = await s.client.upload(s.recording(), Purpose.INSTRUMENTAL)
        await s.client.submit(Order("pair", LYRICS, voice, beat), s.out)
        assert s.api.generated[0].voice == voice.voice_id
        assert s.api.generated[0].beat == beat.beat_id


async def test_an_order_without_references_is_not_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        with pytest.raises(UserFault) as caught:
            await s.client.submit(Order("none", LYRICS, None, None), s.out)
        assert caught.value.reason is UserReason.INVALID
        assert s.api.generated == []


async def test_a_recording_uploaded_elsewhere_is_stale_here(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        elsewhere = Uploaded(url="https://files.example/reference.mp3")
        with pytest.raises(StaleUpload):
            await s.client.submit(Order("other", LYRICS, elsewhere, None), s.out)
        assert s.api.generated == []


async def test_ids_of_another_account_are_stale(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        foreign = Uploaded(voice_id="vocal-2025082518145625-6XW9wCOF")
        with pytest.raises(StaleUpload) as caught:
            await s.client.submit(Order("foreign", LYRICS, foreign, None), s.out)
        assert caught.value.code == 2042
        assert s.api.billed == 0


@pytest.mark.parametrize("name", ["", "with space", "new\r\nline", "x" * 129])
async def test_a_request_id_the_service_would_refuse_is_not_sent(
    tmp_path: Path, name: str
) -> None:
    async with scene(tmp_path) as s:
        song = await s.song()
        with pytest.raises(ValueError, match="request id"):
            await s.client.submit(Order(name, LYRICS, song, None), s.out)
        assert s.api.generated == []


async def test_a_missing_recording_is_our_own_fault(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        with pytest.raises(FileNotFoundError):
            await s.client.upload(tmp_path / "gone.mp3", Purpose.SONG)


async def test_a_track_that_cannot_be_written_was_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.music._http.HOLD", 0.1)
    async with scene(tmp_path) as s:
        order = await s.order()
        with pytest.raises(Unanswered) as caught:
            await s.client.submit(order, tmp_path / "no" / "such" / "folder.mp3")
        assert caught.value.cost_usd == PRICE_USD
        assert caught.value.request_id


async def test_a_ticket_of_another_service_brings_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        await s.client.cancel(Ticket("t"))
        with pytest.raises(UnknownFault):
            await s.client.collect(Ticket("t"), s.out)
        assert s.left_behind() == []


async def test_many_tracks_at_once_all_arrive(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        places = [tmp_path / f"{number}.mp3" for number in range(30)]
        await asyncio.gather(*(s.client.submit(order, place) for place in places))
        assert all(place.read_bytes() == mp3(3) for place in places)


async def test_a_cancelled_call_leaves_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail("slow-body")
        call = asyncio.create_task(s.client.submit(order, s.out))
        while s.api.billed == 0:  # noqa: ASYNC110  the other side has no event for it
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert s.left_behind() == []
        await s.client.submit(order, s.out)


async def test_the_check_says_that_all_is_well(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        findings = {finding.subject: finding for finding in await s.client.check()}
        assert all(finding.good for finding in findings.values())
        assert findings["music model"].detail == "music-01 is offered"
        assert findings["music balance"].detail == "10.00 USD, about 333 tracks"


async def test_the_check_names_what_is_wrong(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        s.api.withdrawn, s.api.balance = True, 0.01
        found = {finding.subject: finding for finding in await s.client.check()}
        assert not found["music model"].good
        assert "not offered any more" in found["music model"].detail
        assert found["music key"].good
        assert not found["music balance"].good
        assert "top it up" in found["music balance"].detail


@pytest.mark.parametrize(("key", "said"), [("wrong", "not valid"), ("", "not set")])
async def test_the_check_tries_the_key(tmp_path: Path, key: str, said: str) -> None:
    async with scene(tmp_path) as s:
        stranger = client_of(s.session, s.api.url, key=key)
        found = {finding.subject: finding for finding in await stranger.check()}
        assert found["music model"].good
        assert not found["music key"].good
        assert said in found["music key"].detail
        assert "wrong" not in found["music key"].detail.split()


async def test_the_check_survives_a_service_that_is_not_there(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with aiohttp.ClientSession() as session:
        client = client_of(session, f"http://127.0.0.1:{unused_tcp_port}")
        findings = await client.check()
        assert [finding.good for finding in findings] == [False, False]


def _factory(name: str, session: aiohttp.ClientSession, url: str) -> MusicBackend:
    return backend(
        name, session, key=SecretStr(KEY), url=url, upload_timeout=1, generate_timeout=1
    )


async def test_the_factory_knows_its_backends() -> None:
    async with aiohttp.ClientSession() as session:
        made = _factory("aimlapi", session, "https://api.example")
        assert isinstance(made, AimlApi)
        assert made.name == "aimlapi"
        assert made.abilities.purposes == tuple(Purpose)
        with pytest.raises(UnknownBackendError, match="MUSIC_BACKEND"):
            _factory("jukebox", session, "https://api.example")
        with pytest.raises(ValueError, match="http"):
            _factory("aimlapi", session, "ftp://api.example")
        await made.aclose()
        assert not session.closed


def test_every_file_of_the_room_stands_alone() -> None:
    room = Path(__file__).parents[2] / "bot" / "music"
    for module in room.glob("*.py"):
        source = module.read_text("utf-8")
        assert "bot.audio" not in source
        assert "bot.store" not in source
