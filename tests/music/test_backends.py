"""One contract for every backend that gives tickets; music-01's own is in test_aimlapi*."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.model import Purpose
from bot.music import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    Order,
    PassingFault,
    StaleUpload,
    Ticket,
    Unanswered,
    UnknownFault,
    Unready,
    Uploaded,
    UserFault,
    UserReason,
)
from bot.sandbox.music import job_faults as wrong
from tests.support.backends_kit import KINDS, Place, client_of, place
from tests.support.music_kit import KEY, LYRICS, mp3

every = pytest.mark.parametrize("name", KINDS)

KEY_, BALANCE, WITHDRAWN = OperatorReason.KEY, OperatorReason.BALANCE, OperatorReason.WITHDRAWN
Meaning = tuple[type[MusicError], UserReason | OperatorReason | None]

COMMON: dict[str, Meaning] = {
    "400": (UserFault, UserReason.INVALID),
    "401": (OperatorFault, KEY_),
    "404": (OperatorFault, WITHDRAWN),
    "418": (UnknownFault, None),
    "429": (PassingFault, None),
    "reset": (Unanswered, None),
    "reset-after": (Unanswered, None),
    "no-id": (BadAnswer, None),
    "not-json": (BadAnswer, None),
}
OWN: dict[str, dict[str, Meaning]] = {
    "replicate": {
        "402": (OperatorFault, BALANCE),
        "403": (OperatorFault, KEY_),
        "422": (UserFault, UserReason.INVALID),
        "500": (Unanswered, None),
        "502": (Unanswered, None),
        "503": (Unanswered, None),
        "500-after": (Unanswered, None),
    },
    "aimlapi-cover": {
        "402": (OperatorFault, BALANCE),
        "403": (OperatorFault, BALANCE),
        "422": (UnknownFault, None),
        "500": (Unanswered, None),
        "502": (Unanswered, None),
        "503": (PassingFault, None),
        "500-after": (Unanswered, None),
    },
    "acestep": {
        "402": (UnknownFault, None),
        "403": (OperatorFault, KEY_),
        "422": (UserFault, UserReason.INVALID),
        "500": (Unanswered, None),
        "502": (Unanswered, None),
        "503": (PassingFault, None),
        "500-after": (Unanswered, None),
    },
}
CREATES = [(name, fault) for name in KINDS for fault in {**COMMON, **OWN[name]}]
ENDS: dict[str, type[MusicError]] = {
    "failed": BadAnswer,
    "no-track": BadAnswer,
    **dict.fromkeys(
        sorted(wrong.ADDRESS | wrong.BODY - {"undecodable", "cut", "endless"}), BadAnswer
    ),
}
ANYWHERE = {"elsewhere", "redirect-elsewhere"}  # no host of covers is documented
ENDINGS = [(n, e) for n in KINDS for e in ENDS if n != "aimlapi-cover" or e not in ANYWHERE]


def test_every_fault_of_the_stand_ins_has_its_test() -> None:
    for own in OWN.values():
        assert {*COMMON, *own, "hang", "hang-after"} == wrong.GENERATE
    slow = {"stuck", "unknown-status", "endless", "cut"}
    theirs = {"sensitive", "invalid"}
    assert {*ENDS, *slow, *theirs, "redirect", "undecodable"} == wrong.RESULT


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        *(("replicate", purpose) for purpose in Purpose),
        ("aimlapi-cover", Purpose.SONG),
        ("acestep", Purpose.SONG),
    ],
)
async def test_every_purpose_gives_its_track(tmp_path: Path, name: str, purpose: Purpose) -> None:
    async with place(name, tmp_path) as p:
        assert purpose in p.client.abilities.purposes
        sound = await p.track(purpose)
        assert p.out.read_bytes() == mp3(3)
        assert sound.size == len(mp3(3))
        assert sound.request_id == p.jobs[0].id
        assert p.left_behind() == ["track.mp3"]
        assert p.jobs[0].inputs["lyrics"] == LYRICS


async def test_replicate_pairs_a_voice_with_a_beat(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        voice = await p.client.upload(p.recording(), Purpose.VOICE)
        beat = await p.client.upload(p.recording(), Purpose.INSTRUMENTAL)
        answer = await p.client.submit(Order("pair", LYRICS, voice, beat), p.out)
        assert isinstance(answer, Ticket)
        await p.client.collect(answer, p.out)
        wish = p.jobs[0].inputs
        assert (wish["voice_file"], wish["instrumental_file"]) == (voice.url, beat.url)
        assert "song_file" not in wish


@pytest.mark.parametrize("name", ["aimlapi-cover", "acestep"])
async def test_the_style_goes_along(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        await p.track()
        assert p.jobs[0].inputs["prompt"] == p.client.abilities.style
        ours = p.another(style="A slow waltz for brass band")
        await ours.submit(await p.order(), p.out)
        assert p.jobs[1].inputs["prompt"] == "A slow waltz for brass band"
        await ours.aclose()


async def test_a_cover_may_go_as_bare_base64(tmp_path: Path) -> None:
    async with place("aimlapi-cover", tmp_path) as p:
        bare = p.another(data_uri=False)
        assert isinstance(await bare.submit(await p.order(), p.out), Ticket)
        await bare.aclose()


async def test_a_cover_says_what_it_costs(tmp_path: Path) -> None:
    async with place("aimlapi-cover", tmp_path) as p:
        assert (await p.ticket()).cost_usd == 0.195
        assert (await p.track()).cost_usd == 0.195


@pytest.mark.parametrize(("name", "fault"), CREATES)
async def test_a_create_that_goes_wrong(tmp_path: Path, name: str, fault: str) -> None:
    async with place(name, tmp_path) as p:
        order = await p.order()
        p.fail(fault)
        with pytest.raises(MusicError) as caught:
            await p.client.submit(order, p.out)
        meaning = {**COMMON, **OWN[name]}[fault]
        assert (type(caught.value), getattr(caught.value, "reason", None)) == meaning
        created = fault in {*wrong.AFTER, "no-id", "not-json"}
        assert len(p.jobs) == created
        assert not p.out.exists()
        assert isinstance(await p.client.submit(order, p.out), Ticket)


@every
@pytest.mark.parametrize("fault", ["hang", "hang-after"])
async def test_a_create_that_hangs_ends(tmp_path: Path, name: str, fault: str) -> None:
    async with place(name, tmp_path) as p:
        order = await p.order()
        p.fail(fault)
        hasty = p.another(within=0.3)
        if name == "aimlapi-cover":
            hasty._create_timeout = 0.3  # type: ignore[attr-defined]  # two minutes otherwise
        with pytest.raises(Unanswered):
            await hasty.submit(order, p.out)
        await hasty.aclose()


@every
@pytest.mark.parametrize("fault", ["429", "503", "reset"])
async def test_a_look_that_fails_for_a_moment_is_repeated(
    tmp_path: Path, name: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.music.replicate.wire._resets", lambda *_: 0.01)
    async with place(name, tmp_path) as p:
        ticket = await p.ticket()
        p.fail(fault, on="poll", times=3)
        await p.client.collect(ticket, p.out)
        assert p.out.read_bytes() == mp3(3)
        assert len(p.jobs) == 1


@every
async def test_a_key_refused_while_waiting_is_the_owners(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        ticket = await p.ticket()
        p.fail("401", on="poll")
        with pytest.raises(OperatorFault) as caught:
            await p.client.collect(ticket, p.out)
        assert caught.value.reason is KEY_
        await p.client.collect(ticket, p.out)


@every
@pytest.mark.parametrize("ending", ["stuck", "unknown-status", "endless", "cut"])
async def test_waiting_ends_and_the_ticket_stays_good(
    tmp_path: Path, name: str, ending: str
) -> None:
    async with place(name, tmp_path) as p:
        p.fail(ending, on="result")
        ticket = await p.ticket()
        hasty = p.another(within=0.4)
        with pytest.raises(Unready):
            await hasty.collect(ticket, p.out)
        assert p.left_behind() == []
        p.jobs[0].ending = None
        await hasty.collect(ticket, p.out)
        assert p.out.read_bytes() == mp3(3)
        await hasty.aclose()


@pytest.mark.parametrize(("name", "ending"), ENDINGS)
async def test_a_promise_that_is_not_kept(tmp_path: Path, name: str, ending: str) -> None:
    async with place(name, tmp_path) as p:
        p.fail(ending, on="result")
        ticket = await p.ticket()
        with pytest.raises(ENDS[ending]):
            await p.client.collect(ticket, p.out)
        assert p.left_behind() == []


@pytest.mark.parametrize("name", ["replicate", "aimlapi-cover"])
@pytest.mark.parametrize("ending", ["sensitive", "invalid"])
async def test_words_that_are_refused_are_the_users(
    tmp_path: Path, name: str, ending: str
) -> None:
    async with place(name, tmp_path) as p:
        p.fail(ending, on="result")
        ticket = await p.ticket()
        with pytest.raises(UserFault) as caught:
            await p.client.collect(ticket, p.out)
        assert caught.value.reason == ending


@every
async def test_a_redirect_is_followed_without_the_key(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        p.fail("redirect", on="result")
        await p.client.collect(await p.ticket(), p.out)
        shown = p.jobs[0].authorizations
        assert p.out.read_bytes() == mp3(3)
        assert shown[1:] == [None] * (len(shown) - 1)
        assert len(shown) >= 2


@every
async def test_a_ticket_nobody_knows_brings_nothing(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        with pytest.raises(BadAnswer):
            await p.client.collect(Ticket("nobody-knows-me"), p.out)
        with pytest.raises(UnknownFault):
            await p.client.collect(Ticket("../account"), p.out)


@every
async def test_what_another_backend_knows_is_stale_here(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        for foreign in (
            Uploaded(voice_id="vocal-2025082518145625-6XW9wCOF"),
            Uploaded(url="https://files.example/reference.mp3"),
        ):
            with pytest.raises(StaleUpload):
                await p.client.submit(Order("x", LYRICS, foreign, foreign), p.out)
        assert p.jobs == []


async def test_a_file_here_is_stale_at_replicate(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        local = Uploaded(path=p.recording())
        with pytest.raises(StaleUpload):
            await p.client.submit(Order("x", LYRICS, local, local), p.out)
        with pytest.raises(UserFault):
            await p.client.submit(Order("x", LYRICS, None, None), p.out)


@every
async def test_only_replicate_can_look_up_a_lost_order(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        began = datetime.now(UTC)
        order = await p.order()
        p.fail("reset-after")
        with pytest.raises(Unanswered):
            await p.client.submit(order, p.out)
        found = await p.client.find(order, began)
        assert bool(found) == p.client.abilities.lists == (name == "replicate")
        if found:
            await p.client.collect(found[0], p.out)
            assert p.out.read_bytes() == mp3(3)
            other = replace(order, lyrics="quite other words to be sung")
            assert await p.client.find(other, began) == []
            assert await p.client.find(order, datetime(2090, 1, 1, tzinfo=UTC)) == []


async def test_a_list_without_inputs_is_asked_one_by_one(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        p.api.lists_inputs = False
        order = await p.order()
        ticket = await p.client.submit(order, p.out)
        assert await p.client.find(order, datetime.now(UTC)) == [ticket]


async def test_replicate_is_told_of_a_cancel(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        p.api.latency = 30
        ticket = await p.ticket()
        await p.client.cancel(ticket)
        assert p.jobs[0].cancelled
        with pytest.raises(BadAnswer):
            await p.client.collect(ticket, p.out)


@pytest.mark.parametrize(
    ("ending", "meaning"),
    [("removed", BadAnswer), ("aborted", UnknownFault), ("bad-data", BadAnswer)],
)
async def test_how_else_a_prediction_ends(
    tmp_path: Path, ending: str, meaning: type[MusicError]
) -> None:
    async with place("replicate", tmp_path) as p:
        p.fail(ending, on="result")
        ticket = await p.ticket()
        with pytest.raises(meaning):
            await p.client.collect(ticket, p.out)


@pytest.mark.parametrize("ending", ["as-list", "as-data"])
async def test_an_output_may_be_a_list_or_hold_the_track(tmp_path: Path, ending: str) -> None:
    async with place("replicate", tmp_path) as p:
        p.fail(ending, on="result")
        await p.track()
        assert p.out.read_bytes() == mp3(3)


async def test_an_upload_at_replicate_expires(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        up = await p.client.upload(p.recording(), Purpose.SONG)
        assert up.expires_at is not None
        assert 86_000 < (up.expires_at - datetime.now(UTC)).total_seconds() <= 86_402
        assert p.api.uploads[0]["content_type"] == "audio/mpeg"
        p.fail("no-address", on="upload")
        with pytest.raises(BadAnswer):
            await p.client.upload(p.recording(), Purpose.SONG)


async def test_replicate_says_when_its_limit_is_lifted(tmp_path: Path) -> None:
    async with place("replicate", tmp_path) as p:
        order = await p.order()
        p.fail("429")
        with pytest.raises(PassingFault) as caught:
            await p.client.submit(order, p.out)
        assert caught.value.retry_after == 7


async def test_acestep_may_fail_inside_a_success(tmp_path: Path) -> None:
    async with place("acestep", tmp_path) as p:
        order = await p.order()
        p.api.enveloped = True
        p.fail("429")
        with pytest.raises(PassingFault):
            await p.client.submit(order, p.out)


@every
async def test_the_check_says_that_all_is_well(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        findings = await p.client.check()
        assert [f.subject for f in findings] == ["music model", "music key", "music balance"]
        assert all(f.good for f in findings)


@every
async def test_the_check_names_what_its_owner_must_mend(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        stranger = p.another(key="wrong")
        assert KEY_ in {f.reason for f in await stranger.check()}
        await stranger.aclose()
        if name == "aimlapi-cover":
            p.api.cover.withdrawn = True
        else:
            p.api.withdrawn = True
        assert WITHDRAWN in {f.reason for f in await p.client.check()}


@every
async def test_the_check_of_a_service_that_is_away_blames_nobody(
    tmp_path: Path, name: str, unused_tcp_port: int
) -> None:
    async with place(name, tmp_path) as p:
        away = p.another(url=f"http://127.0.0.1:{unused_tcp_port}")
        findings = await away.check()
        assert not any(f.good for f in findings if f.subject != "music balance")
        assert {f.reason for f in findings} == {None}
        await away.aclose()


@every
async def test_no_error_quotes_key_or_lyrics(tmp_path: Path, name: str) -> None:
    async with place(name, tmp_path) as p:
        order = await p.order()
        for fault in ("400", "401", "500", "reset", "not-json"):
            p.fail(fault)
            with pytest.raises(MusicError) as caught:
                await p.client.submit(order, p.out)
            said = f"{caught.value!r} {caught.value.__cause__!r}"
            assert KEY not in said
            assert LYRICS.split("\n", maxsplit=1)[0] not in said


async def test_acestep_needs_no_key(tmp_path: Path) -> None:
    api = KINDS["acestep"].stand("", 0.0)
    api.stock = mp3(3)
    await api.start()
    async with aiohttp.ClientSession() as session:
        client = client_of(KINDS["acestep"], session, api, key="")
        await Place(KINDS["acestep"], api, client, session, tmp_path).track()
        assert api.generated[0].authorizations == [None, None]
        await client.aclose()
    await api.aclose()
