"""What a visitor does: everything the page may ask for, and the checks on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from bot.audio import Unusable
from bot.sandbox.environment import Environment
from bot.sandbox.origins import MOST_FAULTS
from bot.sandbox.page.audio import PageAudio
from bot.sandbox.page.people import People
from bot.sandbox.synthesis import samples
from bot.sandbox.telegram.api import Group, Person
from bot.sandbox.telegram.methods.sending import TEXT_LIMIT
from bot.untrusted import clamped

Body = dict[str, Any]
Action = Callable[[Body], Awaitable[Any]]

LARGEST = 20_000_000
"""Bytes of a file; of a larger one only the size is told, which is all that a bot gets too."""

_ANSWER = 30.0
_LONGEST_TEXT = 4 * TEXT_LIMIT
_SLOWEST = 300.0
_LONGEST_PAUSE = 600.0
_SAMPLES = {"hum": samples.hum, "beat": samples.beat, "song": samples.song}
_FILES = frozenset({"audio", "document", "video", "video_note", "photo"})


class Refused(Exception):
    """What was asked for cannot be done; `reason` is a word that the page has a sentence for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PageActions:
    """Does what the page asks for.

    Args:
        environment: Where.
        people: For whom.
        audio: Measures and converts what is sent.
        changed: Called when a knob, a fault or a person has changed.
    """

    def __init__(
        self,
        environment: Environment,
        people: People,
        audio: PageAudio,
        changed: Callable[[], None],
    ) -> None:
        self._environment = environment
        self._people = people
        self._audio = audio
        self._changed = changed
        self._restarting = asyncio.Lock()
        chat = "text edit press react sample claim block"
        knobs = "admit language latency fault clear restart"
        self.names: dict[str, Action] = {
            name: getattr(self, f"_{name}") for name in f"{chat} {knobs}".split()
        }

    async def file(self, body: Body, name: str, mime: str, content: bytes) -> None:
        """Send a file as its kind, or what was recorded as a voice note.

        Raises:
            Refused: It is too large, or holds no sound where there must be some.
        """
        person, group = self._who(body)
        kind = str(body.get("kind", "document"))
        if len(content) > LARGEST:
            raise Refused("too-big")
        if kind == "recording":
            await self._send_recording(person, group, content)
            return
        fields: Body = {"file_name": name, "mime_type": mime}
        if kind in {"audio", "video", "video_note"}:
            measured = await self._audio.measure(content)
            fields["duration"] = round(measured.seconds) if measured else 0
            kind = kind if measured or kind != "audio" else "document"
        await person.send_file(
            kind if kind in _FILES else "document",
            content,
            chat=group,
            caption=str(body.get("caption", ""))[:_LONGEST_TEXT],
            **fields,
        )

    async def _send_recording(self, person: Person, group: Group | None, content: bytes) -> None:
        try:
            voice = await self._audio.voice(content)
        except Unusable as error:
            raise Refused("no-sound") from error
        await person.send_voice(voice.content, duration=round(voice.seconds), chat=group)

    async def _text(self, body: Body) -> None:
        person, group = self._who(body)
        text = str(body["text"])
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise Refused("too-long" if text.strip() else "empty")
        await person.send_text(text, chat=group, reply_to=body.get("reply_to"))

    async def _edit(self, body: Body) -> None:
        person, group = self._who(body)
        text = str(body["text"])
        if not text.strip() or len(text) > TEXT_LIMIT:
            raise Refused("too-long" if text.strip() else "empty")
        chat = self._environment.telegram.state.chats[body["chat"]]
        if chat.messages[body["id"]].data["from"]["id"] != person.id:
            raise Refused("not-yours")
        await person.edit_text(body["id"], text, chat=group)

    async def _press(self, body: Body) -> Any:
        person, group = self._who(body)
        data = str(body["data"])
        answer = await person.press_forged(body["id"], data, chat=group, wait=_ANSWER)
        return asdict(answer) if answer else None

    async def _react(self, body: Body) -> None:
        person, group = self._who(body)
        await person.react(body["id"], str(body["emoji"]), chat=group)

    async def _sample(self, body: Body) -> None:
        person, group = self._who(body)
        name = str(body["name"])
        content = await asyncio.to_thread(_SAMPLES[name])
        measured = await self._audio.measure(content)
        seconds = round(measured.seconds) if measured else 0
        if name == "hum":
            await person.send_voice(content, duration=seconds, chat=group)
        else:
            title = str(body.get("title", name))
            await person.send_audio(
                content, f"{name}.mp3", duration=seconds, title=title, chat=group
            )

    async def _claim(self, body: Body) -> None:
        """Send what is too large for the sandbox: its name and size, without its bytes."""
        person, group = self._who(body)
        kind = body["kind"] if body["kind"] in _FILES - {"photo"} else "document"
        fields: Body = {"file_name": str(body["name"]), "mime_type": str(body["mime"])}
        fields |= {"file_size": int(body["size"])}
        await person.send_file(kind, None, chat=group, **fields)

    async def _block(self, body: Body) -> None:
        person, _ = self._who(body)
        await (person.block() if body["on"] else person.unblock())

    async def _language(self, body: Body) -> None:
        self._environment.telegram.speak(int(body["person"]), str(body["language"])[:16])
        self._changed()

    async def _latency(self, body: Body) -> None:
        if not isinstance(body["seconds"], int | float):
            raise Refused("refused")
        self._environment.music_server.latency = clamped(body["seconds"], 0.0, _SLOWEST)
        self._changed()

    async def _fault(self, body: Body) -> None:
        times = int(clamped(body.get("times"), 1, MOST_FAULTS))
        if body["service"] == "music":
            self._environment.music_server.fail(str(body["name"]), times, on=str(body["on"]))
        else:
            after = int(clamped(body.get("retry_after"), 1, _LONGEST_PAUSE, 5))
            self._environment.telegram.fail(body["on"], body["name"], times, retry_after=after)
        self._changed()

    async def _clear(self, _: Body) -> None:
        self._environment.telegram.clear_faults()
        for on in self._environment.music_server.faults.waiting():
            self._environment.music_server.faults.clear(on)
        self._changed()

    async def _admit(self, body: Body) -> None:
        """Let somebody in, as the owner."""
        person = self._environment.telegram.known_person(int(body["person"]))
        async with self._alone():
            await self._environment.let_in(person.id)
        self._changed()

    async def _restart(self, _: Body) -> None:
        async with self._alone():
            await self._environment.restart_bot()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Keep others from restarting the bot meanwhile.

        Raises:
            Refused: Somebody is at it already.
        """
        if self._restarting.locked():
            raise Refused("restarting")
        async with self._restarting:
            yield

    def _who(self, body: Body) -> tuple[Person, Group | None]:
        return self._people.find(int(body["person"]), int(body["chat"]))
