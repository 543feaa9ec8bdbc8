"""People who want tracks from a bot that keeps dying, and ask again as people do."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable

from bot.i18n import texts
from bot.sandbox.telegram.api import Person, SeenMessage, TelegramApi
from bot.sandbox.telegram.server import Call

ANSWERED = 15.0
"""Seconds a person waits for an answer before asking again."""

MADE = 90.0
STALE = texts("en").plain("toast-stale")
_TRIES = 4
_WORDS = "Morning light upon the water\nevery word a little brighter"


class Crowd:
    """Everybody who talks to one bot, and what the bot sent them.

    Attributes:
        updates: What they said and pressed.
        nudges: How often somebody had to ask again.
        stuck: Conversations that came to nothing although they asked again and again.
        stale: Presses of the newest button in the chat that were answered as from before, while
            nothing else that the person had sent was without an answer.
        finished: Conversations that came to an end that the person saw.
        arrived: By track id, how often its audio came into a chat.
        resends: By track id, how often somebody pressed "Send it again".
    """

    def __init__(self, api: TelegramApi, recording: bytes) -> None:
        self.api = api
        self.updates = self.nudges = self.stuck = self.stale = self.finished = 0
        self.arrived: Counter[int] = Counter()
        self.resends: Counter[int] = Counter()
        self._recording = recording
        self._unanswered: dict[int, int] = {}
        self._in_doubt: set[int] = set()
        self._over = asyncio.Event()
        self._people: list[asyncio.Task[None]] = []
        self._presses: set[asyncio.Task[None]] = set()
        api.on_call(self._heard)

    def begin(self, people: int) -> None:
        """Let so many people have one conversation after another."""
        self._people = [
            asyncio.create_task(self._live(self.api.person(1000 + number)))
            for number in range(people)
        ]

    async def end(self) -> None:
        """Let everybody finish the conversation they are in."""
        self._over.set()
        await asyncio.gather(*self._people)
        for press in self._presses:
            press.cancel()

    async def _live(self, person: Person) -> None:
        while not self._over.is_set():
            for _ in range(_TRIES):
                if await self._converse(person):
                    self.finished += 1
                    self._in_doubt.discard(person.id)
                    break
                self.nudges += 1
                if person.id not in self._unanswered:  # a draft stands somewhere: it is begun anew
                    self._in_doubt.add(person.id)
            else:
                self.stuck += 1

    async def _converse(self, person: Person) -> bool:
        """Whether it ended with a track, or with a reason why there is none."""
        self.updates += 1
        again = self._unanswered.pop(person.id, None)
        if again is None:
            sent = await person.send_audio(self._recording, duration=12)
        else:
            sent = await person.send_again(again)
        question = await _button(person, sent.id, lambda data: data.endswith(":song"))
        if question is None:
            self._unanswered[person.id] = sent.id
            return False
        await self._press(person, question, lambda data: data.endswith(":song"))
        asked = await _after(person, question.id)
        self.nudges += asked is None  # they type the words all the same
        preview = None
        for _ in range(_TRIES):
            self.updates += 1
            words = await person.send_text(_WORDS)
            preview = await self._asked_on(person, words)
            if preview is not None:
                break
            self.nudges += 1
        if preview is None:
            return False
        await self._press(person, preview, lambda data: data.startswith("c:"))
        return await self._ended(person, preview)

    async def _asked_on(self, person: Person, words: SeenMessage) -> SeenMessage | None:
        """The preview, after the question about the recording if that is asked once more."""
        answer = await _button(
            person, words.id, lambda data: data.startswith("c:") or data.endswith(":song")
        )
        if answer is None or _has(answer, "c:"):
            return answer
        await self._press(person, answer, lambda data: data.endswith(":song"))
        return await _button(person, answer.id, lambda data: data.startswith("c:"))

    async def _ended(self, person: Person, preview: SeenMessage) -> bool:
        """Wait for the track or a failure; in doubt, ask for it once more."""

        def end(message: SeenMessage) -> bool:
            if message.id > preview.id and (message.kind == "audio" or _has(message, "c:")):
                return True
            return message.id >= preview.id and _has(message, "t:", "s:")

        try:
            found = await person.wait_for(end, after=0, timeout=MADE)
        except TimeoutError:
            return False
        if found.kind != "audio" and _has(found, "c:"):  # the words were read once more
            await self._press(person, found, lambda data: data.startswith("c:"))
            return await self._ended(person, found)
        if found.kind != "audio" and _has(found, "s:"):
            self.resends[_number(found, "s:")] += 1
            await self._press(person, found, lambda data: data.startswith("s:"))
        return True

    async def _press(
        self, person: Person, message: SeenMessage, fits: Callable[[str], bool]
    ) -> None:
        self.updates += 1
        data = next(button.data for button in message.buttons if fits(button.data))
        press = asyncio.create_task(self._pressed(person, message, data))
        self._presses.add(press)
        press.add_done_callback(self._presses.discard)

    async def _pressed(self, person: Person, message: SeenMessage, data: str) -> None:
        """Hear what a press is answered; nobody waits for that before going on."""
        newest = max(m.id for m in person.messages if m.from_bot and m.buttons)
        counts = newest == message.id and person.id not in self._in_doubt
        answer = await person.press_forged(message.id, data, wait=MADE)
        if counts and answer and answer.text == STALE:
            self.stale += 1

    def _heard(self, call: Call) -> None:
        if call.method == "sendAudio" and call.status == 200:
            self.arrived[track_of(call)] += 1


def track_of(call: Call) -> int:
    """Which track a sendAudio is about, by the button under it."""
    markup = call.params["reply_markup"]
    keyboard = json.loads(markup) if isinstance(markup, str) else markup
    data: str = keyboard["inline_keyboard"][0][0]["callback_data"]
    return int(data.partition(":")[2])


def _has(message: SeenMessage, *beginnings: str) -> bool:
    return any(button.data.startswith(beginnings) for button in message.buttons)


def _number(message: SeenMessage, beginning: str) -> int:
    data = next(b.data for b in message.buttons if b.data.startswith(beginning))
    return int(data.removeprefix(beginning))


async def _button(person: Person, after: int, fits: Callable[[str], bool]) -> SeenMessage | None:
    return await _seen(
        person, lambda m: m.id > after and any(fits(button.data) for button in m.buttons)
    )


async def _after(person: Person, message_id: int) -> SeenMessage | None:
    return await _seen(person, lambda m: m.id > message_id)


async def _seen(person: Person, fits: Callable[[SeenMessage], bool]) -> SeenMessage | None:
    try:
        return await person.wait_for(fits, after=0, timeout=ANSWERED)
    except TimeoutError:
        return None
