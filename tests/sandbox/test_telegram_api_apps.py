"""What people's apps and a bad day at Telegram do, as the sandbox lets anybody order it."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TimedOut

from bot.sandbox.telegram.api import Attachment, TelegramApi
from tests.support.bot_api_schema import check_result, check_update
from tests.support.telegram_kit import MP3, OGG, Stage, picture, stage

TOPIC = 77
LINE = "we sing along the river tonight\n"


async def raw_updates(on: Stage) -> list[dict[str, Any]]:
    url = f"{on.api.url}/bot{on.api.token}/getUpdates"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found: list[dict[str, Any]] = (await answer.json())["result"]
        return found


async def test_a_recording_is_replaced_by_editing_its_message() -> None:
    async with stage() as on:
        sent = await on.ada.send_audio(MP3, "first.mp3", caption="one")
        changed = await on.ada.edit_media(
            sent.id, "document", MP3 + b"more", file_name="second.mp3", mime_type="audio/mpeg"
        )
        assert (changed.id, changed.kind, changed.text) == (sent.id, "document", "")
        _, edited = await on.updates()
        assert edited.edited_message is not None
        assert edited.edited_message.audio is None
        file = await edited.edited_message.document.get_file()
        assert bytes(await file.download_as_bytearray()) == MP3 + b"more"
        assert changed.attached.file_id != sent.attached.file_id
        wrong = [each for update in await raw_updates(on) for each in check_update(update)]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "cut", "pieces"),
    [
        ("a" * 4096 + "b", "anywhere", ["a" * 4096, "b"]),
        (LINE * 150, "anywhere", [(LINE * 150)[:4096].rstrip(), (LINE * 150)[4096:].rstrip()]),
        (LINE * 150, "lines", [(LINE * 128)[:-1], (LINE * 22)[:-1]]),
        ("la " * 1500, "lines", [("la " * 1365)[:-1], ("la " * 135)[:-1]]),
        ("a" * 9000, "lines", ["a" * 4096, "a" * 4096, "a" * 808]),
    ],
)
async def test_a_paste_is_divided_as_the_apps_do(text: str, cut: Any, pieces: list[str]) -> None:
    async with stage() as on:
        last = await on.ada.send_text(text, cut=cut)
        messages = [update.message for update in await on.updates()]
    assert [message.text for message in messages] == pieces
    assert last.id == messages[-1].message_id


async def test_a_private_chat_with_topics() -> None:
    async with stage() as on:
        await on.ada.send_text("la", topic=TOPIC)
        await on.ada.send_voice(OGG, topic=TOPIC)
        await on.ada.send_album([Attachment("audio", MP3, {})], topic=TOPIC)
        for update in await on.updates():
            assert update.message.message_thread_id == TOPIC
            assert update.message.is_topic_message
        await on.bot.send_chat_action(on.ada.id, "typing", message_thread_id=TOPIC)
        await on.bot.send_message(on.ada.id, "in it", message_thread_id=TOPIC)
        await on.bot.send_audio(on.ada.id, MP3, message_thread_id=TOPIC)
        await on.bot.send_message(on.ada.id, "beside it")
        assert [each.topic for each in on.ada.messages] == [TOPIC] * 5 + [None]
        await on.ada.press_forged(on.ada.messages[3].id, "x", wait=0)
        query = (await on.update()).callback_query
        assert query is not None
        assert query.message.message_thread_id == TOPIC
        for call in (on.bot.send_message(1001, "x", message_thread_id=5),
                     on.bot.send_chat_action(1001, "typing", message_thread_id=5)):  # fmt: skip
            with pytest.raises(BadRequest, match="Message thread not found"):
                await call
        wrong = [each for update in await raw_updates(on) for each in check_update(update)]
    assert wrong == []


async def test_an_anonymous_admin_speaks_for_the_group() -> None:
    async with stage() as on:
        group = on.api.group("Band", [on.ada])
        seen = await on.ada.send_text("/start", chat=group, anonymous=True, topic=TOPIC)
        assert not seen.from_bot
        message = (await on.updates())[-1].message
        assert message.from_user.username == "GroupAnonymousBot"
        assert message.sender_chat.id == message.chat.id == group.id
        assert message.chat.is_forum
        wrong = [each for update in await raw_updates(on) for each in check_update(update)]
        assert wrong == []
        with pytest.raises(ValueError, match="nobody is anonymous"):
            await on.ada.send_text("/start", anonymous=True)


async def test_what_has_no_method_here_can_be_sent_all_the_same() -> None:
    async with stage() as on:
        await on.ada.send_anything({"dice": {"emoji": "🎲", "value": 3}})
        message = (await on.update()).message
        assert message.dice.value == 3


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("401", InvalidToken, "Unauthorized"),
        ("403", Forbidden, "Forbidden: bot was blocked by the user"),
        ("404", InvalidToken, "Not Found"),
        ("413", NetworkError, "Request Entity Too Large"),
        ("500", NetworkError, "Internal Server Error"),
        ("unavailable", BadRequest, "Wrong file_id or the file is temporarily unavailable"),
    ],
)
async def test_a_file_cannot_be_had_once(kind: Any, error: Any, said: str) -> None:
    async with stage() as on:
        voice = await on.ada.send_voice(OGG)
        on.api.fail("getFile", kind)
        with pytest.raises(error, match=said):
            await on.bot.get_file(voice.attached.file_id)
        assert (await on.bot.get_file(voice.attached.file_id)).file_path


async def test_an_address_leads_nowhere_once() -> None:
    async with stage() as on:
        voice = await on.ada.send_voice(OGG)
        file = await on.bot.get_file(voice.attached.file_id)
        on.api.fail("file", "404")
        on.api.fail("file", "reset")
        async with aiohttp.ClientSession() as session:
            async with session.get(str(file.file_path)) as answer:
                assert answer.status == 404
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await session.post(str(file.file_path))
            async with session.get(str(file.file_path)) as answer:
                assert await answer.read() == OGG


async def test_the_deed_is_done_and_the_answer_is_lost() -> None:
    async with stage() as on:
        on.api.fail("sendMessage", "lost")
        with pytest.raises(NetworkError) as lost:
            await on.bot.send_message(on.ada.id, "once")
        assert not isinstance(lost.value, TimedOut)
        assert [each.text for each in on.ada.messages] == ["once"]
        on.api.fail("editMessageText", "lost")
        with pytest.raises(NetworkError):
            await on.bot.edit_message_text("changed", on.ada.id, on.ada.last.id)
        assert on.ada.last.text == "changed"
        assert [call.status for call in on.api.calls if call.method.endswith(("age", "Text"))] == [
            *(0, 0)
        ]


@pytest.mark.parametrize(
    ("body", "status"), [("[]", 200), ("null", 200), (b'{"ok":true}', 200), ("<html>", 503)]
)
async def test_a_broken_server_answers_anything(body: Any, status: int) -> None:
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        api.answer("getUpdates", body, status=status, times=2, skip=1)
        url = f"{api.url}/bot{api.token}/getUpdates"
        told = []
        for _ in range(4):
            async with session.post(url) as answer:
                told.append((answer.status, await answer.read()))
    wanted = (status, body if isinstance(body, bytes) else body.encode())
    good = (200, b'{"ok":true,"result":[]}')
    assert told == [good, wanted, wanted, good]


async def test_local_mode_names_paths_on_disk_and_knows_no_limit(tmp_path: Path) -> None:
    async with stage() as on:
        voice = await on.ada.send_voice(OGG)
        huge = await on.ada.send_audio(None, file_size=90_000_000)
        on.api.local_mode(tmp_path)
        path = Path(str((await on.bot.get_file(voice.attached.file_id)).file_path))
        assert path == tmp_path / on.api.token / "voice" / "file_1.oga"
        assert await asyncio.to_thread(path.read_bytes) == OGG
        assert (await on.bot.get_file(huge.attached.file_id)).file_size == 90_000_000
        address = f"{on.api.url}/file/bot{on.api.token}/voice/file_1.oga"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            assert answer.status == 404
        on.api.local_mode(tmp_path / "elsewhere", shared=False)
        said = str((await on.bot.get_file(voice.attached.file_id)).file_path)
        path = tmp_path / "elsewhere" / on.api.token / "voice" / "file_1.oga"
        assert said.endswith(str(path))  # PTB takes what isn't there for a path at the server
        assert not await asyncio.to_thread(path.exists)
        on.api.local_mode(None)
        on.api.lead_files_to("/proc/self/environ")
        url = f"{on.api.url}/bot{on.api.token}/getFile"
        asked = {"file_id": voice.attached.file_id}
        async with aiohttp.ClientSession() as session, session.post(url, json=asked) as answer:
            told = (await answer.json())["result"]
        assert check_result("getFile", told) == []
        assert told["file_path"] == "/proc/self/environ"
        on.api.lead_files_to(None)
        file = await on.bot.get_file(voice.attached.file_id)
        assert bytes(await file.download_as_bytearray()) == OGG


KINDS = ("voice", "audio", "document", "photo", "video", "video_note", "sticker")


@pytest.mark.parametrize("kind", [*KINDS, None])
@pytest.mark.parametrize("way", ["form", "json"])
async def test_a_file_without_a_word_about_it_makes_an_update_every_client_reads(
    kind: str | None, way: str
) -> None:
    about: dict[str, Any] = {"person": 1001} | ({"kind": kind} if kind else {})
    async with stage() as on, aiohttp.ClientSession() as session:
        form = aiohttp.FormData({name: str(value) for name, value in about.items()})
        form.add_field("file", picture(), filename="a.bin", content_type="audio/mpeg")
        sent: dict[str, Any] = {"data": form} if way == "form" else {"json": about}
        async with session.post(f"{on.api.url}/sandbox/file", **sent) as answer:
            assert answer.status == 200, await answer.text()
        (update,) = await raw_updates(on)
        assert check_update(update) == []
        assert (kind or "document") in update["message"]
        assert (await on.update()).message.effective_attachment


async def test_odd_numbers_and_kinds_about_a_file_from_another_process() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        about = {"person": "1001", "kind": "sticker", "is_video": "false", "width": "100"}
        url = f"{on.api.url}/sandbox/file"
        async with session.post(url, data=about) as answer:
            assert answer.status == 200
        (update,) = await raw_updates(on)
        assert check_update(update) == []
        assert update["message"]["sticker"]["is_video"] is False
        async with session.post(url, json={"person": 1001, "kind": "opera"}) as answer:
            assert "unknown kind 'opera'" in (await answer.json())["error"]


async def test_media_is_replaced_and_topics_are_used_from_another_process() -> None:
    async with stage() as on, aiohttp.ClientSession() as session:
        url = f"{on.api.url}/sandbox/"
        sent = await on.ada.send_voice(OGG)
        form = aiohttp.FormData({"person": "1001", "message_id": str(sent.id), "kind": "audio"})
        form.add_field("file", MP3, filename="new.mp3", content_type="audio/mpeg")
        async with session.post(url + "edit", data=form) as answer:
            assert answer.status == 200, await answer.text()
        assert on.ada.messages[-1].attached.file_name == "new.mp3"
        group = on.api.group("Band", [on.ada])
        said = {"person": 1001, "text": LINE * 150, "cut": "lines", "topic": TOPIC}
        for more in ({}, {"chat": group.id, "text": "/help", "anonymous": True}):
            async with session.post(url + "text", json=said | more) as answer:
                assert answer.status == 200, await answer.text()
        assert [each.topic for each in on.ada.messages] == [None, TOPIC, TOPIC]
        assert on.ada.history(group)[-1].sender["username"] == "GroupAnonymousBot"
        person = {"id": "5", "is_premium": "true", "started": "false"}
        async with session.post(url + "people", data=person) as answer:
            assert await answer.json() == {
                "id": 5,
                "is_bot": False,
                "first_name": "Ada",
                "is_premium": True,
                "language_code": "en",
            }


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('Content-Disposition: form-data; name="audio"; filename="a b.mp3"', "a b.mp3"),
        ('Content-Disposition: form-data; name="audio"; filename=song.mp3', "song.mp3"),
        ('content-disposition:form-data;name="audio";filename=my song.mp3', "my song.mp3"),
        ("Content-Disposition: form-data; name=audio; filename=Мост.mp3", "Мост.mp3"),
        (
            "Content-Disposition: form-data; name=\"audio\"; filename*=utf-8''%D0%9C%20a.mp3",
            "М a.mp3",
        ),
        (r'Content-Disposition: form-data; name="audio"; filename="a\"b.mp3"', 'a"b.mp3'),
    ],
)
async def test_multipart_as_every_client_writes_it(head: str, name: str) -> None:
    async with TelegramApi() as api, aiohttp.ClientSession() as session:
        ada = api.person()
        part = "--xx\r\ncontent-disposition:form-data;name={}\r\n\r\n{}\r\n"
        body = part.format('"chat_id"', ada.id).encode() + part.format("title", "T").encode()
        body += f"--xx\r\n{head}\r\ncontent-type:audio/mpeg\r\n\r\n".encode() + MP3
        async with session.post(
            f"{api.url}/bot{api.token}/sendAudio",
            data=body + b"\r\n--xx--\r\n",
            headers={"Content-Type": "multipart/form-data; boundary=xx"},
        ) as answer:
            assert answer.status == 200, await answer.text()
        file = ada.last.attached
    assert (file.content, file.file_name, file.title) == (MP3, name, "T")
