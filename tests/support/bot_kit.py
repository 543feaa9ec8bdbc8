"""The whole bot over real sockets, between a simulated Telegram and a simulated music-01."""

import asyncio
import contextlib
import html
import io
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from fluent.syntax import FluentParser, ast

from bot import app, log
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.telegram.api import Answer, Person, SeenMessage, TelegramApi
from bot.settings import Settings
from tests.support import audio_material, music_kit
from tests.support.bot_api_schema import check_request

KEY = "sk-sandbox-0123456789-of-no-account"
OWNER = 1
LYRICS = "Morning light upon the water\nevery word a little brighter"
PACE = 0.02
PATIENCE = 15.0


@cache
def song(seconds: float = 12) -> bytes:
    """An MP3 that needs no conversion."""
    return music_kit.mp3(seconds)


@cache
def voice(seconds: float = 12) -> bytes:
    """A voice note as Telegram's apps record it."""
    tune = audio_material.tone(seconds)
    return audio_material.encoded(tune, "ogg", "libopus", rate=48_000)


@cache
def film(seconds: float = 12) -> bytes:
    """A video with sound."""
    return audio_material.encoded(audio_material.tone(seconds), "mp4", "aac", picture=True)


class World:
    """Telegram, music-01 and the bot between them.

    Args:
        folder: Where the bot keeps its data.
        settings: Of the bot, beyond those that lead it here.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.telegram = TelegramApi()
        self.music = MusicApi(KEY, 0.0)
        self.music.stock = music_kit.mp3(3)
        self.data = folder / "data"
        self.lines = io.StringIO()
        self.tracebacks = 0
        self._settings = settings
        self._running: contextlib.AsyncExitStack | None = None
        self.serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.telegram.start()
        await self.music.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.telegram.aclose()
        await self.music.aclose()

    async def start(self, **settings: Any) -> None:
        """Start the bot; it has begun to poll when this returns."""
        self._settings |= settings
        async with contextlib.AsyncExitStack() as stack:
            listener = await stack.enter_async_context(app.running(self.settings, time_scale=PACE))
            self.serving = asyncio.create_task(listener.serve())
            stack.push_async_callback(_ended, self.serving)
            await until(lambda: self.telegram.state.updates.is_polled or self.serving_failed)
            self._running = stack.pop_all()

    @property
    def serving_failed(self) -> bool:
        """Whether the bot has given up."""
        return self.serving is not None and self.serving.done()

    @property
    def settings(self) -> Settings:
        """Everything said explicitly, whatever `.env` may hold."""
        values: dict[str, Any] = {
            "telegram_token": self.telegram.token,
            "telegram_api_url": self.telegram.url,
            "aimlapi_key": KEY,
            "aimlapi_url": self.music.url,
            "data_dir": self.data,
            "access": "open",
            "owner_id": OWNER,
            "http_port": 0,
            "generate_timeout": 20,
            "upload_timeout": 20,
            "stop_grace": 0,
        }
        return Settings(_env_file=None, **values | self._settings)

    async def stop(self) -> None:
        """Stop the bot in order, and wait for that."""
        if self._running is not None:
            running, self._running = self._running, None
            await running.aclose()

    async def restart(self, **settings: Any) -> None:
        """Stop the bot and start it on the same data."""
        await self.stop()
        await self.start(**settings)

    @property
    def log(self) -> str:
        """Everything that was logged, as the owner would read it."""
        return self.lines.getvalue()

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Ask the bot's database; the rows have names."""
        return rows(self.data, query, *values)

    def outcomes(self, track_id: int = 1) -> list[str | None]:
        """How each paid call for a track ended."""
        found = self.rows(
            'SELECT outcome FROM attempts WHERE track_id = ? ORDER BY "number"', track_id
        )
        return [row["outcome"] for row in found]

    def status(self, track_id: int = 1) -> str:
        """Where a track stands."""
        (row,) = self.rows("SELECT status FROM tracks WHERE id = ?", track_id)
        return str(row["status"])

    async def reaches(self, status: str, track_id: int = 1) -> None:
        """Wait until a track stands there."""

        def there() -> bool:
            found = self.rows("SELECT status FROM tracks WHERE id = ?", track_id)
            return [row["status"] for row in found] == [status]

        await until(there)

    async def uploaded(self, count: int = 1) -> None:
        """Wait until so many recordings have been kept as uploaded."""
        await until(lambda: len(self.rows("SELECT 1 FROM uploads")) >= count)

    async def quiet(self) -> None:
        """Wait until every update has been handled and every row been told."""

        def idle() -> bool:
            waiting = self.rows("SELECT 1 FROM inbox WHERE done_at IS NULL")
            return not waiting and not self.telegram.pending_updates

        await until(idle)

    def sent(self, method: str) -> list[dict[str, Any]]:
        """The parameters of every call of a method."""
        return [call.params for call in self.telegram.calls if call.method == method]

    def judge(self) -> None:
        """Hold everything that went over the wire and onto the disk against the rules."""
        assert self.telegram.unknown_methods == []
        assert self.telegram.complaints == []
        for call in self.telegram.calls:
            assert check_request(call.method, call.params) == []
        assert self.log.count("Traceback") == self.tracebacks, self.log
        kept = [path for path in self.data.rglob("*") if path.is_file()]
        for secret in (self.telegram.token, KEY):
            assert secret not in self.log
            for path in kept:
                assert secret.encode() not in path.read_bytes(), path
        assert LYRICS.partition("\n")[0] not in self.log


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextmanager
def logging_into(lines: io.StringIO, secrets: list[str]) -> Iterator[None]:
    """Log as `refrain run` does, but to where it can be read."""
    root = logging.getLogger()
    level = root.level
    with contextlib.redirect_stderr(lines):
        log.set_up("INFO", "text", secrets)
    ours = list(root.handlers)
    try:
        yield
    finally:
        for handler in ours:
            root.removeHandler(handler)
        root.setLevel(level)


def rows(data: Path, query: str, *values: Any) -> list[Any]:
    """Ask a bot's database, also while the bot is at it; the rows have names."""
    path = data / "refrain.sqlite3"
    if not path.exists():
        return []
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    database.row_factory = sqlite3.Row
    try:
        return database.execute(query, values).fetchall()
    except sqlite3.OperationalError:  # not migrated yet
        return []
    finally:
        database.close()


async def write(data: Path, statement: str, *values: float | str) -> None:
    """Change a bot's database behind its back.

    In a thread: the bot may be in a transaction, and needs the loop to end it.
    """
    await asyncio.to_thread(_write, data / "refrain.sqlite3", statement, values)


def _write(path: Path, statement: str, values: tuple[float | str, ...]) -> None:
    database = sqlite3.connect(path, timeout=10)
    try:
        with database:
            database.execute(statement, values)
    finally:
        database.close()


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something that has no event."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is watched has no event
            await asyncio.sleep(0.01)


@cache
def _texts() -> dict[str, re.Pattern[str]]:
    source = (files("bot") / "locales" / "en.ftl").read_text(encoding="utf-8")
    found = FluentParser().parse(source).body
    return {each.id.name: _pattern(each) for each in found if isinstance(each, ast.Message)}


def _pattern(message: Any) -> re.Pattern[str]:
    parts = []
    for element in message.value.elements:
        if isinstance(element, ast.TextElement):
            plain = html.unescape(re.sub(r"</?\w+[^>]*>", "", element.value))
            parts.append(re.escape(plain))
        else:
            parts.append(".*")
    return re.compile(r"\s*" + "".join(parts).strip() + r"\s*", re.DOTALL)


def keys() -> list[str]:
    """The name of every English text."""
    return list(_texts())


def key_of(text: str, *beginnings: str) -> str | None:
    """The name of the English text that this is, among those whose names begin so."""
    fitting = (key for key in _texts() if key.startswith(beginnings))
    return next((key for key in fitting if _texts()[key].fullmatch(text)), None)


def said(key: str) -> Callable[[SeenMessage], bool]:
    """Recognise a message by its text's name in `en.ftl`, whatever its values."""
    pattern = _texts()[key]
    return lambda message: pattern.fullmatch(message.text) is not None


def says(key: str) -> Callable[[SeenMessage], bool]:
    """Recognise a message that has a text among others."""
    pattern = _texts()[key]
    return lambda message: message.from_bot and pattern.search(message.text) is not None


def toasted(answer: Answer | None, key: str) -> bool:
    """Whether a pressed button was answered with a text."""
    return answer is not None and _texts()[key].fullmatch(answer.text) is not None


def count(person: Person, key: str) -> int:
    """How many of the bot's messages say this now."""
    return sum(said(key)(message) for message in person.messages if message.from_bot)


async def asked_purpose(person: Person, content: bytes | None = None) -> SeenMessage:
    """Send a recording, and wait for the question about it."""
    await person.send_audio(song() if content is None else content, duration=17)
    return await person.wait_for(said("purpose-question"), timeout=PATIENCE)


async def chosen(person: Person, purpose: str = "song") -> SeenMessage:
    """Say what is in the recording, and wait for what is asked next."""
    question = newest(person, f":{purpose}")
    before = person.last
    await press(person, f":{purpose}")
    return await person.wait_for(lambda m: m.id > max(before.id, question.id), timeout=PATIENCE)


async def previewed(
    person: Person, purpose: str = "song", lyrics: str = LYRICS, content: bytes | None = None
) -> SeenMessage:
    """Go as far as the preview."""
    await asked_purpose(person, content)
    await chosen(person, purpose)
    await person.send_text(lyrics)
    return await person.wait_for(said("preview"), timeout=PATIENCE)


async def created(
    person: Person, purpose: str = "song", lyrics: str = LYRICS, content: bytes | None = None
) -> SeenMessage:
    """Press Create; gives the status message."""
    preview = await previewed(person, purpose, lyrics, content)
    await press(person, "c:")
    return preview


async def delivered(
    person: Person, purpose: str = "song", lyrics: str = LYRICS, content: bytes | None = None
) -> SeenMessage:
    """Have a track made, and wait for it."""
    await created(person, purpose, lyrics, content)
    return await person.wait_for("audio", timeout=PATIENCE)


def newest(person: Person, part: str) -> SeenMessage:
    """The newest message with a button whose data begins or ends so."""
    for message in reversed(person.messages):
        if any(b.data.startswith(part) or b.data.endswith(part) for b in message.buttons):
            return message
    raise LookupError(f"no button {part!r} in the chat:\n{person.transcript()}")


async def press(person: Person, part: str) -> Answer:
    """Press the newest button whose data begins or ends so, and wait for the answer."""
    message = newest(person, part)
    data = next(
        b.data for b in message.buttons if b.data.startswith(part) or b.data.endswith(part)
    )
    answer = await person.press_forged(message.id, data, wait=PATIENCE)
    assert answer is not None, f"the button {part!r} spins"
    return answer


def tracks(person: Person) -> list[SeenMessage]:
    """Every track the person has got."""
    return [message for message in person.messages if message.kind == "audio" and message.from_bot]
