"""People who use the bot as people do, a step at a time, and note what they did not get."""

import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from bot.i18n import texts
from bot.sandbox.telegram.api import Button, Person, SeenMessage
from tests.support import audio_material
from tests.support.bot_kit import key_of, song, until, voice

ANSWER = 40.0
"""Seconds that anybody waits for an answer before it counts as none; a busy machine is slow."""

STALE = texts("en").plain("toast-stale")
PATIENT = 0.8
"""How often somebody waits until all is said before doing the next thing."""

DRAFTS = "pcmbx"
"""First letters of what the buttons of a draft say."""

_DRAFT_BUTTON = re.compile(r"[a-z]:(\d+):(\d+)(:[a-z]+)?")
_LONG = "and on and on it goes, the river never slows " * 20
_TALK = ("thanks!", "hi", "👍", "what can you do?", "delete my data", "ok", "/foo", "/ la la la")
_COMMANDS = ("/start", "/help", "/privacy", "/cancel", "/cancel")
_LINES = ("Morning light upon the water", "Evening falls on every roof", "A paper boat, a river")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody did not get, or should not have got."""

    check: str
    step: int
    person: int
    text: str

    def __str__(self) -> str:
        return f"[{self.check}] person {self.person}, step {self.step}: {self.text}"


class Visitor:
    """Somebody who does what the chat suggests most of the time, and anything else sometimes.

    Args:
        person: Whose phone it is.
        seed: Decides what they do.
        complain: Told of every step that was not answered.
        calm: Whether nothing that this person did is still to be handled.

    Attributes:
        did: What they did, in order, as lines.
        resends: How often they pressed Send it again, by track.
    """

    def __init__(
        self,
        person: Person,
        seed: str,
        complain: Callable[[Complaint], None],
        calm: Callable[[int], bool],
    ) -> None:
        self.person = person
        self.did: list[str] = []
        self.resends: list[int] = []
        self._chance = random.Random(seed)
        self._complain = complain
        self._calm = calm
        self._step = 0
        self._words = 0
        self._asked_for_words = False
        self._wild: dict[Callable[[], Awaitable[None]], int] = {
            self._send_recording: 3,
            self._send_words: 3,
            self._send_long_words: 1,
            self._send_words_file: 1,
            self._edit_words: 3,
            self._talk: 3,
            self._command: 3,
            self._send_bad_recording: 3,
            self._send_what_is_neither: 3,
            self._press_any: 5,
        }

    async def step(self, number: int) -> None:
        """Do one thing, and wait for its answer; most of the time calmly."""
        self._step = number
        if self._chance.random() < PATIENT:
            with suppress(TimeoutError):
                await until(lambda: self._calm(self.person.id), ANSWER)
        if self._chance.random() < 0.6:
            await self._go_on()
        else:
            acts, weights = zip(*self._wild.items(), strict=True)
            await self._chance.choices(acts, weights)[0]()

    async def _go_on(self) -> None:
        """What the newest message suggests."""
        last = self._last()
        offered = "".join(button.data[:1] for button in last.buttons) if last else ""
        if "b" in offered and self._chance.random() < 0.7:
            await self._send_recording()
        elif last and "c" in offered:
            await self._press(last, "c" if self._chance.random() < 0.8 else "cmx")
        elif last and set(offered) & set("pbst"):
            await self._press(last, "pbstw")
        elif self._asked_for_words:
            await self._send_words()
        else:
            await self._send_recording()

    async def _send_recording(self) -> None:
        kind = self._chance.choice(("audio", "voice", "document"))
        self._note(f"sends a recording ({kind})")
        match kind:
            case "audio":
                sent = await self.person.send_audio(song(), duration=12)
            case "voice":
                sent = await self.person.send_voice(voice(), duration=12)
            case _:
                sent = await self.person.send_document(song(), "take.mp3", "audio/mpeg")
        await self._answered(sent)

    async def _send_bad_recording(self) -> None:
        kind = self._chance.choice(("silent", "short", "broken", "huge"))
        self._note(f"sends a recording that is {kind}")
        match kind:
            case "silent":
                sent = await self.person.send_audio(_silence(), duration=12)
            case "short":
                sent = await self.person.send_voice(voice(3), duration=3)
            case "broken":
                sent = await self.person.send_audio(b"ID3" + b"not sound " * 900, duration=12)
            case _:
                sent = await self.person.send_audio(None, duration=900, file_size=30_000_000)
        await self._answered(sent)

    async def _send_what_is_neither(self) -> None:
        kind = self._chance.choice(("sticker", "photo", "pdf", "zip"))
        self._note(f"sends a {kind}")
        match kind:
            case "sticker":
                sent = await self.person.send_sticker()
            case "photo":
                sent = await self.person.send_photo()
            case "pdf":
                sent = await self.person.send_document(b"%PDF-1.7", "words.pdf", "application/pdf")
            case _:
                sent = await self.person.send_document(b"PK\3\4", "song.zip", "application/zip")
        await self._answered(sent)

    async def _send_words(self) -> None:
        self._asked_for_words = False
        await self._say(self._lyrics())

    async def _send_long_words(self) -> None:
        await self._say(_LONG)

    async def _send_words_file(self) -> None:
        self._note("sends a text file")
        content = self._lyrics().encode()
        await self._answered(await self.person.send_document(content, "words.txt", "text/plain"))

    async def _talk(self) -> None:
        await self._say(self._chance.choice(_TALK))

    async def _command(self) -> None:
        await self._say(self._chance.choice(_COMMANDS))

    async def _edit_words(self) -> None:
        """Edit the last own text; an answer is due where the newest message quotes it."""
        texts_sent = [m for m in self.person.messages if not m.from_bot and m.kind == "text"]
        if not texts_sent or texts_sent[-1].text.startswith("/"):
            await self._talk()
            return
        before, last = texts_sent[-1], self._last()
        self._note("edits the last text")
        mark = self._mark()
        await self.person.edit_text(before.id, self._lyrics())
        if last and before.text in last.text and any(b.data[:2] == "c:" for b in last.buttons):
            await self._shown(lambda message: status_of(message.text) is None, mark)

    async def _press_any(self) -> None:
        """Press any button in sight, the older ones included."""
        with_buttons = [m for m in self.person.messages if m.from_bot and m.buttons]
        if not with_buttons:
            await self._command()
            return
        await self._press(self._chance.choice(with_buttons[-6:]))

    async def _press(self, message: SeenMessage, letters: str = "") -> None:
        offered = [b for b in message.buttons if b.data and (b.data[0] in letters or not letters)]
        button = self._chance.choice(offered)
        last = self._last()
        newest = last is not None and last.id == message.id
        self._note(f"presses {button.text!r} ({button.data})" + ("" if newest else ", an old one"))
        mark, calm = self._mark(), self._calm(self.person.id)
        answer = await self.person.press_forged(message.id, button.data, wait=ANSWER)
        self._after_press(button)
        if answer is None:
            self._lacks("spinning", f"{button.text!r} ({button.data}) was never answered")
        elif calm and newest and button.data[0] in DRAFTS and answer.text == STALE:
            self._lacks("stale", f"the newest button {button.data} is called one from before")
        elif not answer.text:
            await self._shown(lambda _: True, mark)

    def _after_press(self, button: Button) -> None:
        letter, _, number = button.data.partition(":")
        if letter in "pw":
            self._asked_for_words = True
        if letter == "s":
            self.resends.append(int(number))

    async def _say(self, text: str) -> None:
        self._note(f"says {text[:40]!r}")
        await self._answered(await self.person.send_text(text))

    async def _answered(self, sent: SeenMessage) -> None:
        """Wait for a new message below what was sent, other than news of a track."""

        def fits(message: SeenMessage) -> bool:
            new = message.id > sent.id and message.kind == "text"
            return new and status_of(message.text) is None

        await self._shown(fits, sent.changed)

    async def _shown(self, fits: Callable[[SeenMessage], bool], after: int) -> None:
        try:
            await self.person.wait_for(fits, after=after, timeout=ANSWER)
        except TimeoutError:
            self._lacks("unanswered", "nothing was said or shown")

    def _lacks(self, check: str, text: str) -> None:
        before = "; ".join(self.did[-3:])
        self._complain(Complaint(check, self._step, self.person.id, f"{text}, after: {before}"))

    def _note(self, line: str) -> None:
        self.did.append(f"{self._step}. {line}")

    def _mark(self) -> int:
        """The number of the last thing that happened in the chat."""
        return max((m.changed for m in self.person.messages), default=0)

    def _last(self) -> SeenMessage | None:
        return next((m for m in reversed(self.person.messages) if m.from_bot), None)

    def _lyrics(self) -> str:
        """Words that this person has not used before."""
        self._words += 1
        return f"{self._chance.choice(_LINES)}\nverse {self._words} of {self.person.id}, la la"


def draft_of(button: Button) -> tuple[int, int] | None:
    """Which draft, and which revision of it, a button is about; None for any other button."""
    found = _DRAFT_BUTTON.fullmatch(button.data)
    return (int(found[1]), int(found[2])) if found else None


def status_of(text: str) -> str | None:
    """Which status of a track a message shows, by the name of its text."""
    return key_of(text, "status-", "failed-")


@cache
def _silence() -> bytes:
    return audio_material.encoded(audio_material.silence(12))
