"""What stands at TELEGRAM_API_URL may answer anything; none of it ends or fills the bot."""

import asyncio
import gzip
import json
import os
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram.error import BadRequest

from bot.sandbox.telegram.api import Person
from bot.studio import OutOfReach, TooBig
from bot.telegram.outbound.files import copy
from bot.telegram.reconnect import TokenRefused
from bot.telegram.request import AiohttpRequest
from tests.support.between_kit import Between, answer, endless
from tests.support.bot_kit import (
    LYRICS,
    OWNER,
    World,
    asked_purpose,
    chosen,
    count,
    press,
    previewed,
    said,
    song,
    until,
    voice,
)
from tests.support.process_kit import Processes

YEAR = 365 * 86_400


@pytest.fixture
async def between(outside: World) -> AsyncIterator[Between]:
    """Stands between the bot and Telegram; the bot has not started."""
    async with Between.to(outside.telegram.url) as stands:
        yield stands
        await outside.stop()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest pause that is believed is a second."""
    monkeypatch.setattr("bot.telegram.api_answers.LONGEST_PAUSE", 1)


async def started(outside: World, between: Between, **settings: Any) -> None:
    await outside.start(telegram_api_url=between.url, **settings)


def flooded(retry_after: str) -> str:
    return (
        '{"ok": false, "error_code": 429, "description": "Too Many Requests", '
        f'"parameters": {{"retry_after": {retry_after}}}}}'
    )


ODD = {
    "list": answer("[]"),
    "null": answer("null"),
    "no-result": answer('{"ok": true}'),
    "result-null": answer('{"ok": true, "result": null}'),
    "result-text": answer('{"ok": true, "result": "x"}'),
    "result-ones": answer('{"ok": true, "result": [1, [], {}]}'),
    "deep": answer("[" * 100_000),
    "deep-result": answer('{"ok": true, "result": ' + "[" * 5000 + "]" * 5000 + "}"),
    "no-json": answer(b"\xff\xfe\x00"),
    "empty": answer(b""),
    "html": answer("<html><body>Welcome</body></html>"),
    "html-404": answer("<html>nothing here</html>", 404),
    "html-401": answer("<html>who are you</html>", 401),
    "html-403": answer("<html>no</html>", 403),
    "404": answer('{"ok": false, "error_code": 404, "description": "Not Found"}', 404),
    "401": answer('{"ok": false, "error_code": 401, "description": "Unauthorized"}', 401),
    "redirect": answer(b"", 302, Location="http://127.0.0.1:9/"),
    "soon": answer(flooded('"soon"'), 429),
    "huge": answer(flooded("1" + "0" * 400), 429),
    "negative": answer(flooded("-5"), 429),
    "a-year": answer(flooded(str(YEAR)), 429),
    "odd-parameters": answer('{"ok": false, "parameters": [1], "description": 3}', 400),
    "status-999": answer("{}", 599),
    "huge-id": answer(json.dumps({"ok": True, "result": [{"update_id": 10**30}]})),
    "huge-chat": answer(
        json.dumps({"ok": True, "result": [{"update_id": 1, "message": {"chat": {"id": 10**30}}}]})
    ),
}


@pytest.mark.parametrize("kind", ODD)
async def test_one_odd_answer_to_a_poll_changes_nothing(
    outside: World, between: Between, ada: Person, hurried: None, kind: str
) -> None:
    between.say("getUpdates", ODD[kind])
    await started(outside, between)
    await ada.send_text("/help")
    await ada.wait_for(said("help"), timeout=15)
    assert not outside.serving_failed
    assert between.calls["getUpdates"] < 10


@pytest.mark.parametrize(
    "kind",
    ["html", "no-result", "result-null", "result-text", "deep", "404", "html-403", "huge"],
)
async def test_one_odd_answer_to_a_reply_is_met_with_the_same_reply(
    outside: World, between: Between, ada: Person, hurried: None, kind: str
) -> None:
    await started(outside, between)
    between.say("sendMessage", ODD[kind])
    await ada.send_text("/help")
    if kind == "404":  # the Bot API's own word; the apology is what can still be said
        await ada.wait_for(said("trouble"), timeout=15)
        outside.tracebacks = outside.log.count("Traceback")
    else:
        await ada.wait_for(said("help"), timeout=15)


@pytest.mark.parametrize("what", ["-5", "nothing"])
async def test_a_server_that_answers_at_once_is_not_asked_without_end(
    outside: World, between: Between, ada: Person, what: str
) -> None:
    await started(outside, between)
    empty = answer('{"ok": true, "result": []}')
    between.always("getUpdates", empty if what == "nothing" else answer(flooded(what), 429))
    outside.telegram.state.updates.end_poll("")
    await ada.send_text("/help")
    await until(lambda: between.calls["getUpdates"] >= 2)
    before = between.calls["getUpdates"]
    await asyncio.sleep(3)
    assert between.calls["getUpdates"] - before <= 4
    between.always("getUpdates", None)
    await ada.wait_for(said("help"))


async def test_the_same_updates_for_ever_are_no_reason_to_hurry(
    outside: World, between: Between, ada: Person
) -> None:
    await started(outside, between)
    message = {
        "message_id": 9, "date": 1_700_000_000, "text": "/help",
        "entities": [{"type": "bot_command", "offset": 0, "length": 5}],
        "chat": {"id": ada.id, "type": "private", "first_name": "Ada"},
        "from": {"id": ada.id, "is_bot": False, "first_name": "Ada"},
    }  # fmt: skip
    again = {"ok": True, "result": [{"update_id": 5, "message": message}]}
    between.always("getUpdates", answer(json.dumps(again)))
    await ada.send_text("/privacy")
    await ada.wait_for(said("help"))
    before = between.calls["getUpdates"]
    await asyncio.sleep(3)
    assert between.calls["getUpdates"] - before <= 4
    assert count(ada, "help") == 1


async def test_a_token_is_given_up_only_when_telegram_insists(
    outside: World, between: Between, ada: Person
) -> None:
    await started(outside, between)
    refused = answer('{"ok": false, "error_code": 401, "description": "Unauthorized"}', 401)
    between.say("getUpdates", *[refused] * 4)  # a proxy's; getMe is answered as ever
    await ada.send_text("/help")
    await ada.wait_for(said("help"), timeout=40)
    between.always("getMe", refused)
    between.always("getUpdates", refused)
    await ada.send_text("/help")
    await until(lambda: outside.serving_failed, 30)
    with pytest.raises(TokenRefused, match="TELEGRAM_TOKEN: Telegram does not know this bot at"):
        await outside.stop()


def memory() -> int:
    """The most memory this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


BOMBS: dict[str, tuple[bytes, dict[str, str]]] = {
    "white space": (b" " * (1 << 20), {}),
    "gzip": (gzip.compress(b" " * (1 << 28)), {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("kind", BOMBS)
async def test_an_answer_without_end_is_cut_off(
    outside: World, between: Between, ada: Person, kind: str
) -> None:
    piece, headers = BOMBS[kind]
    sent: list[int] = []
    between.say("getUpdates", endless(piece, 3 << 30, sent, **headers))
    before = memory()
    await started(outside, between)
    await ada.send_text("/help")
    await ada.wait_for(said("help"), timeout=20)
    assert sent
    assert sent[0] < 64 << 20
    assert memory() - before < 200 << 20


async def test_more_updates_than_were_asked_for_are_taken_by_the_hundred(
    outside: World, between: Between, ada: Person
) -> None:
    many = [{"update_id": number} for number in range(200_000)]
    between.say("getUpdates", answer(json.dumps({"ok": True, "result": many})))
    few = [_edited(ada, 600_000_000 + number) for number in range(500)]
    between.say("getUpdates", answer(json.dumps({"ok": True, "result": few})))
    await started(outside, between)
    await ada.send_text("/help")
    await ada.wait_for(said("help"), timeout=20)
    kept = outside.rows("SELECT count(*) AS n FROM inbox")[0]["n"]
    assert 100 <= kept <= 101


async def test_netrc_is_never_read(
    outside: World, between: Between, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in ("default login me password 5ecret\n", "machine x nonsense 5ecret (\n"):
        netrc = tmp_path / "netrc"
        netrc.write_text(content)
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        async with AiohttpRequest() as request:
            await request.post(f"{between.url}/bot{outside.telegram.token}/getMe")
            url = f"{between.url}/file/bot{outside.telegram.token}/x"
            with pytest.raises(BadRequest):
                await request.download(url, tmp_path / "x", at_most=10, timeout=5)
    assert not any("Authorization" in headers for headers in between.headers)


async def test_a_download_follows_no_redirect(
    outside: World, between: Between, ada: Person
) -> None:
    inner: list[str] = []

    async def secret(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner.append("asked")
        writer.close()

    server = await asyncio.start_server(secret, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        between.always("file", answer(b"", 302, Location=f"http://127.0.0.1:{port}/"))
        await started(outside, between)
        await asked_purpose(ada)
        await chosen(ada)
        await ada.send_document(b"", "lyrics.txt", "text/plain", file_size=20)
        await ada.wait_for(said("lyrics-file-gone"))
        between.always("file", None)
        await ada.send_text(LYRICS)
        await ada.wait_for(said("preview"))
        await press(ada, "c:")
        await ada.wait_for("audio", timeout=20)
    assert inner == []


def _edited(person: Person, number: int) -> dict[str, Any]:
    """An update that is kept and needs no answer."""
    chat = {"id": person.id, "type": "private", "first_name": "Ada"}
    sender = {"id": person.id, "is_bot": False, "first_name": "Ada"}
    message = {"message_id": 9, "date": 1_700_000_000, "edit_date": 1_700_000_001, "text": "ok"}
    return {"update_id": number, "edited_message": message | {"chat": chat, "from": sender}}


# Files on a server's disk


def local(path: str) -> Any:
    return answer(json.dumps({"ok": True, "result": {"file_id": "x", "file_path": path}}))


@pytest.fixture
async def owner(outside: World) -> Person:
    return outside.telegram.person(OWNER)


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "secret", "C:\\secret.txt", "file:///etc/passwd"]
)
async def test_a_servers_path_is_never_read_unless_it_is_allowed(
    outside: World, between: Between, ada: Person, owner: Person, tmp_path: Path, path: str,
) -> None:  # fmt: skip
    if path == "secret":
        (tmp_path / "secret").write_text("AIMLAPI_KEY=5ecret\nla la la la la")
        path = str(tmp_path / "secret")
    await started(outside, between)
    await owner.send_text("/start")
    await previewed(ada)
    between.always("getFile", local(path))
    await ada.send_document(b"", "lyrics.txt", "text/plain", file_size=20)
    await ada.wait_for(said("lyrics-file-gone"))
    await ada.send_voice(voice(), duration=12)
    await ada.wait_for(said("recording-out-of-reach"))
    await owner.wait_for(said("owner-files-unset"), after=0)
    assert "TELEGRAM_LOCAL_DIR" in owner.messages[-1].text
    assert count(owner, "owner-files-unset") == 1
    assert "5ecret" not in ada.transcript()
    assert "PATH=" not in ada.transcript()


async def test_a_track_that_waits_for_an_unreadable_recording_ends_in_words_and_can_be_tried_again(
    outside: World, between: Between, ada: Person, owner: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "voice.oga").write_bytes(voice())
    await started(outside, between, telegram_local_dir=folder)
    await owner.send_text("/start")
    between.always("getFile", local(str(folder / "elsewhere" / "voice.oga")))
    await previewed(ada)
    await press(ada, "c:")
    failed = await ada.wait_for(said("failed-operator"), after=0)
    await owner.wait_for(said("owner-files-missing"), after=0)
    assert "no file in TELEGRAM_LOCAL_DIR" in outside.log
    between.always("getFile", local(str(folder / "voice.oga")))
    await ada.press("Try again", message_id=failed.id)
    await ada.wait_for("audio", after=0, timeout=20)
    assert outside.music.billed == 1


async def test_a_recording_comes_from_the_servers_disk(
    outside: World, between: Between, ada: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "song.mp3").write_bytes(song())
    between.always("getFile", local(str(folder / "song.mp3")))
    await started(outside, between, telegram_local_dir=folder)
    await previewed(ada)
    await press(ada, "c:")
    await ada.wait_for("audio", timeout=20)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A server's folder, with every way out of it."""
    folder = tmp_path / "server"
    (folder / "voice").mkdir(parents=True)
    (folder / "voice" / "a.oga").write_bytes(b"a voice")
    (tmp_path / "secret").write_text("5ecret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "within").symlink_to(folder / "voice" / "a.oga")
    os.mkfifo(folder / "pipe")
    (folder / "closed").write_text("5ecret")
    (folder / "closed").chmod(0)
    yield folder
    (folder / "closed").chmod(0o600)


@pytest.mark.parametrize(
    ("path", "matter"),
    [
        ("link", "files-missing"),
        ("up/secret", "files-missing"),
        ("../secret", "files-missing"),
        ("voice/../../secret", "files-missing"),
        ("loop", "files-missing"),
        ("pipe", "files-missing"),
        ("voice", "files-missing"),
        ("nowhere/x", "files-missing"),
        ("voice/a.oga/x", "files-missing"),
        ("a\x00b", "files-missing"),
        ("x" * 5000, "files-unreadable"),
        (".", "files-missing"),
    ],
)
def test_no_way_leads_out_of_the_servers_folder(
    disk: Path, tmp_path: Path, path: str, matter: str
) -> None:
    into = tmp_path / "copy"
    with pytest.raises(OutOfReach) as caught:
        copy(f"{disk}/{path}", disk, into, 1000)
    assert caught.value.matter == matter
    assert not into.exists()


def test_what_lies_in_the_servers_folder_is_copied_within_bounds(
    disk: Path, tmp_path: Path
) -> None:
    into = tmp_path / "copy"
    for path in ("voice/a.oga", "within"):
        copy(f"{disk}/{path}", disk, into, 7)
        assert into.read_bytes() == b"a voice"
    with pytest.raises(TooBig):
        copy(f"{disk}/voice/a.oga", disk, into, 6)
    assert not into.exists()
    with pytest.raises(TooBig):  # its size is said to be 0
        copy("/proc/self/maps", Path("/proc"), into, 100)
    assert not into.exists()


# Files that are not to be had now


@pytest.mark.parametrize("kind", ["file-404", "unavailable", "no-path", "no-object"])
async def test_a_file_that_is_missing_once_is_fetched(
    outside: World, between: Between, ada: Person, kind: str
) -> None:
    gone = '{"ok": false, "error_code": 404, "description": "Not Found"}'
    away = "Bad Request: wrong file_id or the file is temporarily unavailable"
    method, said_once = {
        "file-404": ("file", answer(gone, 404)),
        "unavailable": (
            "getFile",
            answer(json.dumps({"ok": False, "error_code": 400, "description": away}), 400),
        ),
        "no-path": ("getFile", answer('{"ok": true, "result": {"file_id": "x"}}')),
        "no-object": ("getFile", answer('{"ok": true, "result": [1]}')),
    }[kind]
    await started(outside, between)
    between.say(method, said_once)
    await previewed(ada)
    await press(ada, "c:")
    await ada.wait_for("audio", timeout=20)
    assert between.calls["getFile"] == 2
    between.say(method, said_once)
    await ada.send_document(LYRICS.encode(), "lyrics.txt", "text/plain")
    await ada.wait_for(lambda message: LYRICS.partition("\n")[0] in message.text or
                       said("send-recording")(message))  # fmt: skip
    assert count(ada, "lyrics-file-gone") == 0


async def test_a_file_that_stays_missing_is_said_to_be_gone(
    outside: World, between: Between, ada: Person
) -> None:
    gone = answer('{"ok": false, "error_code": 404, "description": "Not Found"}', 404)
    between.always("file", gone)
    await started(outside, between)
    await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("recording-gone"), timeout=20)
    assert between.calls["getFile"] == 4


async def test_a_pause_holds_for_every_look_at_the_same_recording(
    outside: World, between: Between, ada: Person
) -> None:
    await started(outside, between)
    between.say("getFile", answer(flooded("4"), 429))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await asked_purpose(ada)
    await until(lambda: between.calls["getFile"])
    await chosen(ada)  # each of these looks at the recording again
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await outside.restart()
    await asyncio.sleep(0.5)
    assert between.calls["getFile"] == 1
    await ada.wait_for("audio", after=0, timeout=30)
    assert loop.time() - begun >= 4
    assert between.calls["getFile"] == 2


async def test_who_waits_for_a_recording_for_too_long_is_told(
    outside: World, between: Between, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.studio.recordings._SAY_SO", 0.3)
    between.always("getFile", answer("<html>", 500))
    await started(outside, between)
    await ada.send_audio(song(), duration=12)
    await ada.wait_for(said("recording-late"))
    await asyncio.sleep(1)
    assert count(ada, "recording-late") == 1
    between.always("getFile", None)
    await ada.wait_for(said("purpose-question"), after=0)
    await chosen(ada)
    await ada.send_text(LYRICS)
    await ada.wait_for(said("preview"))
    await press(ada, "c:")
    await ada.wait_for("audio", after=0, timeout=20)


# What a foreign text meets


async def test_foreign_texts_are_cut_before_they_meet_a_column(
    outside: World, between: Between, ada: Person
) -> None:
    await started(outside, between)
    strange = "x" * 5000 + "\x00"
    person = {"id": ada.id, "is_bot": False, "first_name": strange, "language_code": strange}
    file = {"file_id": "f\x00" + strange, "file_unique_id": strange, "duration": 12}
    message = {
        "message_id": 9, "date": 1_700_000_000, "media_group_id": strange,
        "chat": {"id": ada.id, "type": "private", "first_name": strange}, "from": person,
        "audio": file | {"title": strange, "file_name": strange, "mime_type": strange},
    }  # fmt: skip
    update = {"ok": True, "result": [{"update_id": 5, "message": message}]}
    between.say("getUpdates", answer(json.dumps(update)))
    await ada.send_text("/help")
    await ada.wait_for(said("purpose-question"), after=0)
    (user,) = outside.rows("SELECT language FROM users")
    assert len(user["language"]) <= 16
    (draft,) = outside.rows("SELECT album FROM drafts")
    assert len(draft["album"]) <= 64
    (reference,) = outside.rows('SELECT file_id, title FROM "references"')
    assert max(map(len, reference)) <= 256
    assert "\x00" not in "".join(reference)


async def test_a_message_that_cannot_be_read_is_answered(
    outside: World, between: Between, ada: Person
) -> None:
    await started(outside, between)
    message = {
        "message_id": 9, "date": 1_700_000_000, "dice": {"a kind": "of next year"},
        "chat": {"id": ada.id, "type": "private"},
        "from": {"id": ada.id, "is_bot": False, "first_name": "Ada"},
    }  # fmt: skip
    update = {"ok": True, "result": [{"update_id": 5, "message": message}]}
    between.say("getUpdates", answer(json.dumps(update)))
    await ada.send_text("/help")
    await ada.wait_for(said("unread"), after=0)
    assert "cannot be read" in outside.log


# At the start


@pytest.fixture
async def refrain(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path) as processes:
        yield processes


async def test_a_page_instead_of_the_bot_api_is_one_line_that_names_the_address(
    refrain: Processes,
) -> None:
    async with Between.to(refrain.telegram.url) as between:
        between.always("getMe", answer("<html>Welcome</html>"))
        bot = await refrain.start("run", TELEGRAM_API_URL=between.url)
        await until(lambda: between.calls["getMe"] >= 3)
        (line,) = refrain.said(bot).splitlines()
        assert f"what answers at {between.url} is not the Bot API" in line
        between.always("getMe", None)
        await refrain.says(bot, "listening as")


async def test_an_address_that_ends_in_bot_is_named(refrain: Processes) -> None:
    url = f"{refrain.telegram.url}/bot"
    code, text = await refrain.ends("run", TELEGRAM_API_URL=url)
    assert code == 2
    assert text.splitlines()[-1].startswith("TELEGRAM_API_URL")
    assert "Traceback" not in text


async def test_a_bot_that_does_not_say_what_it_is_ends_the_start_in_one_line(
    refrain: Processes,
) -> None:
    async with Between.to(refrain.telegram.url) as between:
        between.always("getMe", answer('{"ok": true, "result": {"id": 1, "first_name": "x"}}'))
        code, text = await refrain.ends("run", TELEGRAM_API_URL=between.url)
        assert code == 1
        assert text.splitlines()[-1].startswith("TELEGRAM_API_URL: what answers at")
        assert "Traceback" not in text
        code, text = await refrain.ends("check", TELEGRAM_API_URL=between.url)
        assert code == 1
        assert "Traceback" not in text
