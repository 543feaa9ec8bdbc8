"""Every row and code of docs/facts/music-01.md, §3: what is raised, and what was billed."""

from pathlib import Path

import pytest

from bot.model import Purpose
from bot.music import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.sandbox.music.aimlapi.faults import GENERATE, STATUSES, UPLOAD
from bot.sandbox.music.aimlapi.server import PRICE_USD
from tests.support.music_kit import fetched, mp3, scene

KEY, BALANCE = OperatorReason.KEY, OperatorReason.BALANCE
PLAN, WITHDRAWN = OperatorReason.PLAN, OperatorReason.WITHDRAWN
INVALID, SENSITIVE = UserReason.INVALID, UserReason.SENSITIVE

Meaning = tuple[type[MusicError], UserReason | OperatorReason | None]

REFUSED: dict[str, Meaning] = {
    "400": (UserFault, INVALID),
    "401": (OperatorFault, KEY),
    "402": (OperatorFault, BALANCE),
    "403": (OperatorFault, BALANCE),
    "404": (OperatorFault, WITHDRAWN),
    "418": (UnknownFault, None),
    "429": (PassingFault, None),
    "500": (PassingFault, None),
    "502": (PassingFault, None),
    "503": (PassingFault, None),
    "504": (Unanswered, None),
    "maintenance": (OperatorFault, OperatorReason.MAINTENANCE),
    "text-status": (PassingFault, None),
    "retry-after": (PassingFault, None),
    "html-200": (BadAnswer, None),
    **{f"html-{status}": (Unanswered, None) for status in STATUSES},
    "1000": (PassingFault, None),
    "1001": (PassingFault, None),
    "1002": (PassingFault, None),
    "1004": (OperatorFault, KEY),
    "1008": (OperatorFault, BALANCE),
    "1013": (PassingFault, None),
    "1024": (PassingFault, None),
    "1026": (UserFault, SENSITIVE),
    "1027": (UserFault, SENSITIVE),
    "1033": (PassingFault, None),
    "1039": (PassingFault, None),
    "1041": (PassingFault, None),
    "1042": (UserFault, INVALID),
    "2013": (UserFault, INVALID),
    "2037": (UserFault, UserReason.VOICE_LENGTH),
    "2038": (OperatorFault, PLAN),
    "2042": (StaleUpload, None),
    "2044": (OperatorFault, PLAN),
    "2045": (PassingFault, None),
    "2049": (OperatorFault, KEY),
    "2056": (OperatorFault, PLAN),
    "2061": (OperatorFault, PLAN),
    "9999": (UnknownFault, None),
    "reset": (Unanswered, None),
}
BILLED: dict[str, Meaning] = {
    "reset-after": (Unanswered, None),
    "504-after": (Unanswered, None),
    "cut-body": (Unanswered, None),
    "data-null": (BadAnswer, None),
    "audio-null": (BadAnswer, None),
    "audio-empty": (BadAnswer, None),
    "in-progress": (BadAnswer, None),
    "empty-200": (BadAnswer, None),
    "audio-odd": (BadAnswer, None),
    "audio-not-hex": (BadAnswer, None),
    "audio-not-mp3": (BadAnswer, None),
    "big-body": (BadAnswer, None),
    "audio-url-elsewhere": (BadAnswer, None),
    "audio-url-gone": (BadAnswer, None),
}
UPLOADED: dict[str, Meaning] = {
    "no-ids": (BadAnswer, None),
    "empty-200": (BadAnswer, None),
    "reset-after": (Unanswered, None),
}
HANGS = {"hang", "hang-after", "slow-body"}
GOOD = {"audio-url", "audio-undecodable"}


def test_every_fault_of_the_sandbox_has_its_test() -> None:
    assert {*REFUSED, *BILLED, *HANGS, *GOOD} == GENERATE
    assert {*REFUSED, *UPLOADED, "hang"} == UPLOAD


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_costs_nothing(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail(name)
        with pytest.raises(MusicError) as caught:
            await fetched(s.client, order, s.out)
        assert (type(caught.value), getattr(caught.value, "reason", None)) == REFUSED[name]
        assert caught.value.cost_usd is None
        known = REFUSED[name][0] not in {Unanswered, BadAnswer, UnknownFault}
        assert caught.value.unbilled is known
        assert s.api.billed == 0
        assert s.api.balance == 10
        assert s.left_behind() == []
        await fetched(s.client, order, s.out)
        assert len(s.api.generated) == 2


@pytest.mark.parametrize("name", BILLED)
async def test_what_was_billed_is_never_called_refused(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail(name)
        with pytest.raises(MusicError) as caught:
            await fetched(s.client, order, s.out)
        assert (type(caught.value), None) == BILLED[name]
        assert s.api.billed == len(s.api.generated) == 1
        assert s.left_behind() == []
        if name.startswith(("audio", "data", "in-")):
            assert caught.value.cost_usd == PRICE_USD
            assert caught.value.request_id


@pytest.mark.parametrize("name", [*REFUSED, *UPLOADED])
async def test_uploads_fail_by_the_same_tree(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path) as s:
        s.api.fail(name, on="upload")
        with pytest.raises(MusicError) as caught:
            await s.song()
        meaning = UPLOADED.get(name) or REFUSED[name]
        if meaning[1] in {INVALID, SENSITIVE}:
            meaning = (UserFault, UserReason.RECORDING)  # nothing else was sent
        assert (type(caught.value), getattr(caught.value, "reason", None)) == meaning
        assert len(s.api.uploads) == 1
        assert (await s.song()).voice_id


@pytest.mark.parametrize("name", sorted(HANGS))
async def test_a_service_that_never_finishes_is_given_up(tmp_path: Path, name: str) -> None:
    async with scene(tmp_path, within=0.4) as s:
        order = await s.order()
        s.api.fail(name)
        with pytest.raises(Unanswered):
            await fetched(s.client, order, s.out)
        assert s.api.billed == (0 if name == "hang" else 1)
        assert s.left_behind() == []


async def test_an_upload_that_hangs_is_given_up(tmp_path: Path) -> None:
    async with scene(tmp_path, within=0.4) as s:
        s.api.fail("hang", on="upload")
        with pytest.raises(Unanswered):
            await s.song()


async def test_a_track_at_an_address_is_fetched(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail("audio-url")
        sound = await fetched(s.client, order, s.out)
        assert s.out.read_bytes() == mp3(3)
        assert sound.size == len(mp3(3))
        assert sound.cost_usd == PRICE_USD


async def test_what_only_looks_like_an_mp3_is_left_to_the_decoder(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail("audio-undecodable")
        sound = await fetched(s.client, order, s.out)
        assert s.out.read_bytes().startswith(b"ID3")
        assert s.out.stat().st_size == sound.size


async def test_a_fault_says_what_the_log_needs(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.fail("retry-after")
        with pytest.raises(PassingFault) as caught:
            await fetched(s.client, order, s.out)
        assert caught.value.retry_after == 7
        assert caught.value.http == 429
        assert caught.value.request_id
        s.api.fail("html-502")
        with pytest.raises(Unanswered, match="502 Bad Gateway, and not by the service itself"):
            await fetched(s.client, order, s.out)
        s.api.fail("2056")
        with pytest.raises(OperatorFault, match="code 2056") as plan:
            await fetched(s.client, order, s.out)
        assert (plan.value.http, plan.value.code) == (200, 2056)


async def test_an_empty_account_is_the_operators(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.balance = 0.05
        await fetched(s.client, order, s.out)
        with pytest.raises(OperatorFault) as caught:
            await fetched(s.client, order, s.out)
        assert caught.value.reason is BALANCE
        assert s.api.billed == 1


async def test_a_withdrawn_model_is_the_operators(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        order = await s.order()
        s.api.withdrawn = True
        with pytest.raises(OperatorFault) as caught:
            await fetched(s.client, order, s.out)
        assert caught.value.reason is WITHDRAWN


async def test_a_recording_of_the_wrong_length_is_the_users(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        with pytest.raises(UserFault) as caught:
            await s.client.upload(s.recording("take.mp3", mp3(9)), Purpose.VOICE)
        assert caught.value.reason is UserReason.VOICE_LENGTH
