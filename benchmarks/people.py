"""People who use a bot, fast enough to measure it: they live in the sandbox's own process."""

import asyncio
import time
from collections.abc import Callable

from bot.sandbox.telegram.api import Person, SeenMessage, TelegramApi
from bot.sandbox.telegram.server import Call
from bot.sandbox.telegram.state import Keep

PATIENCE = 120.0
WORDS = "Morning light upon the water\nevery word a little brighter"


def telegram() -> TelegramApi:
    """A simulated Telegram that forgets what no measurement needs."""
    return TelegramApi(
        keep=Keep(messages=60, calls=100, events=2000, updates=10, file_bytes=200_000_000)
    )


class Crowd:
    """Hears what the bot says to whom, the moment it arrives."""

    def __init__(self, api: TelegramApi) -> None:
        self.api = api
        self.lag = Lag()
        self._waiting: dict[tuple[str, int], asyncio.Future[float]] = {}
        api.on_call(self._heard)

    def person(self, number: int) -> Person:
        return self.api.person(number, first_name=f"P{number}")

    def hears(self, person: Person, method: str = "sendMessage") -> "asyncio.Future[float]":
        """When the bot next calls a method for a person (`time.perf_counter`)."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[method, person.id] = future
        return future

    async def asks(self, person: Person) -> float:
        """Send /help; seconds until the answer is there."""
        answer = self.hears(person)
        begun = time.perf_counter()
        await person.send_text("/help")
        async with asyncio.timeout(PATIENCE):
            return await answer - begun

    def _heard(self, call: Call) -> None:
        if call.status == 200 and "chat_id" in call.params:
            future = self._waiting.pop((call.method, int(call.params["chat_id"])), None)
            if future is not None and not future.done():
                future.set_result(time.perf_counter())


class Lag:
    """How late the sandbox itself is: its own share of what is measured."""

    STEP = 0.01

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def run(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(self.STEP)
            self.seconds.append(time.perf_counter() - begun - self.STEP)


async def fill_in(person: Person, recording: bytes) -> SeenMessage:
    """Send a recording, say that it is a song, type lyrics; gives the preview."""
    sent = await person.send_audio(recording, duration=12)
    question = await _next(person, sent, lambda data: data.endswith(":song"))
    await person.press(_button(question, lambda d: d.endswith(":song")), message_id=question.id)
    return await _words(person)


async def rewrite(person: Person, track: SeenMessage) -> SeenMessage:
    """New lyrics for a track; gives the preview."""
    await person.press(_button(track, lambda data: data.startswith("w:")), message_id=track.id)
    return await _words(person)


async def create(crowd: Crowd, person: Person, preview: SeenMessage) -> float:
    """Press Create; seconds until the track is there."""
    arrives = crowd.hears(person, "sendAudio")
    begun = time.perf_counter()
    data = _button(preview, lambda data: data.startswith("c:"))
    await person.press_forged(preview.id, data, wait=0)
    async with asyncio.timeout(PATIENCE * 3):
        return await arrives - begun


async def _words(person: Person) -> SeenMessage:
    words = await person.send_text(WORDS)
    return await _next(person, words, lambda data: data.startswith("c:"))


async def _next(person: Person, after: SeenMessage, fits: Callable[[str], bool]) -> SeenMessage:
    def wanted(message: SeenMessage) -> bool:
        return message.id > after.id and any(fits(button.data) for button in message.buttons)

    return await person.wait_for(wanted, after=0, timeout=PATIENCE)


def _button(message: SeenMessage, fits: Callable[[str], bool]) -> str:
    return next(button.data for button in message.buttons if fits(button.data))
