"""People of the simulated Telegram, for tests, benchmarks and the page in the browser."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.sandbox.telegram.entities import formatted
from bot.sandbox.telegram.media import person_file
from bot.sandbox.telegram.methods.editing import recaption
from bot.sandbox.telegram.methods.sending import TEXT_LIMIT, in_topic
from bot.sandbox.telegram.people.actions import ANONYMOUS, PersonActions
from bot.sandbox.telegram.people.views import KINDS, SeenMessage, seen
from bot.sandbox.telegram.state import Answer, Chat, Data, TelegramState

Cut = Literal["anywhere", "lines"]
"""How an app divides a text that is too long for one message: after 4,096 characters, or at the
last line break or space near there (Android, the desktop)."""

What = Callable[[SeenMessage], bool] | str | None
"""A condition, a kind of message (`audio` …), a part of its text, or anything at all."""

_FIRST_ALBUM = 13_000_000_000_000_000
_LOOK_BACK = 300  # characters in which such an app looks for a good place


@dataclass(frozen=True, slots=True)
class Group:
    """A supergroup the bot is in."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file for `Person.send_album`: its kind, bytes and further fields of the Bot API."""

    kind: str
    content: bytes | None
    fields: dict[str, Any]
    caption: str = ""


class Person:
    """Somebody with Telegram on their phone; every `chat` is a group, or None for private.

    Args:
        state: Where they live.
        actions: How the bot hears of them.
        user: Their `User`.
    """

    def __init__(self, state: TelegramState, actions: PersonActions, user: Data) -> None:
        self._state = state
        self._actions = actions
        self.user = user
        self.mark = 0

    @property
    def id(self) -> int:
        """The user's id, which is the private chat's too."""
        return int(self.user["id"])

    @property
    def messages(self) -> list[SeenMessage]:
        """The private chat as it looks now, oldest first."""
        return self.history()

    @property
    def last(self) -> SeenMessage:
        """The bot's newest message in the private chat.

        Raises:
            LookupError: There is none.
        """
        for message in reversed(self.history()):
            if message.from_bot:
                return message
        raise LookupError("the bot has said nothing")

    @property
    def actions(self) -> list[str]:
        """The chat actions (`typing` …) shown in the private chat so far."""
        kept = self._state.events.since(0, limit=1_000_000)
        return [
            event.data["action"]
            for event in kept
            if event.kind == "action" and event.chat_id == self.id
        ]

    def history(self, chat: Group | None = None, *, after: int = 0) -> list[SeenMessage]:
        """Give a chat as it looks now, or what an event or a later one has touched."""
        kept = self._chat(chat).messages.values()
        return [seen(message, self._state.files) for message in kept if message.changed > after]

    def transcript(self, chat: Group | None = None) -> str:
        """Write a chat down, a paragraph for each message."""
        return "\n".join(message.line() for message in self.history(chat))

    async def wait_for(
        self,
        what: What = None,
        *,
        after: int | SeenMessage | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - bounded waiting is its job
        chat: Group | None = None,
    ) -> SeenMessage:
        """Wait for the bot to write, or to change, a message.

        Args:
            what: Which; see `What`.
            after: An event's number, or the message that was read last; by default the last thing
                this person did. 0 looks at the whole chat.
            timeout: Seconds.
            chat: A group; None for the private chat.

        Raises:
            TimeoutError: None came; its text holds the whole chat.
        """
        start = after.changed if isinstance(after, SeenMessage) else after
        start = self.mark if start is None else start
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            for message in self.history(chat, after=start):
                if message.from_bot and _is(message, what):
                    return message
            left = end - loop.time()
            if left <= 0 or not await self._state.events.next(left):
                reason = f"nothing like {what!r} came within {timeout} s; the chat:\n"
                raise TimeoutError(reason + self.transcript(chat))

    async def send_text(
        self,
        text: str,
        *,
        chat: Group | None = None,
        reply_to: int | None = None,
        topic: int | None = None,
        anonymous: bool = False,
        cut: Cut = "anywhere",
    ) -> SeenMessage:
        """Send a text; like Telegram's apps, in several messages if it is too long.

        Args:
            text: What was typed or pasted.
            chat: A group; None for the private chat.
            reply_to: Id of the message it answers.
            topic: Id of the topic it is sent in; any number makes one.
            anonymous: Whether it is said in the name of the group, as admins can.
            cut: Where a long text is divided.

        Returns:
            The last of the messages.
        """
        pieces = [_text(piece) for piece in _pieces(text, cut)]
        for piece in pieces[:-1]:
            self._say(chat, piece, reply_to, topic=topic, anonymous=anonymous)
        return self._say(chat, pieces[-1], reply_to, topic=topic, anonymous=anonymous)

    async def send_voice(
        self,
        content: bytes | None,
        *,
        duration: int = 12,
        mime_type: str = "audio/ogg",
        **more: Any,
    ) -> SeenMessage:
        """Send a voice note; `more` as for `send_file`."""
        return await self.send_file(
            "voice", content, duration=duration, mime_type=mime_type, **more
        )

    async def send_audio(
        self,
        content: bytes | None,
        file_name: str = "song.mp3",
        mime_type: str = "audio/mpeg",
        duration: int = 30,
        **more: Any,
    ) -> SeenMessage:
        """Send music, with `title` and `performer` if wanted; `more` as for `send_file`."""
        named: dict[str, Any] = {
            "file_name": file_name,
            "mime_type": mime_type,
            "duration": duration,
        }
        return await self.send_file("audio", content, **named, **more)

    async def send_document(
        self,
        content: bytes | None,
        file_name: str,
        mime_type: str = "application/octet-stream",
        **more: Any,
    ) -> SeenMessage:
        """Send a file; `more` as for `send_file`."""
        named: dict[str, Any] = {"file_name": file_name, "mime_type": mime_type}
        return await self.send_file("document", content, **named, **more)

    async def send_video_note(
        self, content: bytes | None, *, duration: int = 12, **more: Any
    ) -> SeenMessage:
        """Send a round video; `more` as for `send_file`."""
        return await self.send_file("video_note", content, duration=duration, length=384, **more)

    async def send_video(
        self, content: bytes | None, *, duration: int = 12, **more: Any
    ) -> SeenMessage:
        """Send a video; `more` as for `send_file`."""
        shape: dict[str, Any] = {
            "width": 640,
            "height": 360,
            "duration": duration,
            "mime_type": "video/mp4",
        }
        return await self.send_file("video", content, **{**shape, **more})

    async def send_photo(self, content: bytes | None = b"\xff\xd8", **more: Any) -> SeenMessage:
        """Send a picture; `more` as for `send_file`."""
        return await self.send_file("photo", content, **{"width": 640, "height": 480, **more})

    async def send_sticker(self, *, emoji: str = "🎵", **more: Any) -> SeenMessage:
        """Send a sticker; `more` as for `send_file`."""
        shape: dict[str, Any] = {"type": "regular", "width": 512, "height": 512}
        kind: dict[str, Any] = {"is_animated": False, "is_video": False, "emoji": emoji}
        return await self.send_file("sticker", b"RIFF\0\0\0\0WEBP", **shape, **kind, **more)

    async def send_file(
        self,
        kind: str,
        content: bytes | None,
        *,
        caption: str = "",
        chat: Group | None = None,
        reply_to: int | None = None,
        topic: int | None = None,
        anonymous: bool = False,
        **fields: Any,
    ) -> SeenMessage:
        """Send any file.

        Args:
            kind: One of `views.KINDS`.
            content: Its bytes; None for a file that only claims to be there.
            caption: What is written under it.
            chat: A group; None for the private chat.
            reply_to: Id of the message it answers.
            topic: As for `send_text`.
            anonymous: As for `send_text`.
            fields: Of the Bot API's object; `file_size` and `duration` may be lies.
        """
        content_ = self._content(Attachment(kind, content, fields, caption))
        return self._say(chat, content_, reply_to, topic=topic, anonymous=anonymous)

    async def send_again(self, message_id: int, *, chat: Group | None = None) -> SeenMessage:
        """Send an own file once more; Telegram knows it as the same file."""
        data = self._chat(chat).messages[message_id].data
        return self._say(chat, {kind: data[kind] for kind in KINDS if kind in data}, None)

    async def send_album(
        self,
        attachments: Sequence[Attachment],
        *,
        chat: Group | None = None,
        topic: int | None = None,
    ) -> list[SeenMessage]:
        """Send files as one album: messages of their own with one `media_group_id`."""
        album = {"media_group_id": str(_FIRST_ALBUM + next(self._state.numbers))}
        contents = [{**album, **self._content(attachment)} for attachment in attachments]
        return [self._say(chat, content, None, topic=topic) for content in contents]

    async def send_anything(
        self,
        content: Data,
        *,
        chat: Group | None = None,
        reply_to: int | None = None,
        topic: int | None = None,
    ) -> SeenMessage:
        """Send what has no method here: any further fields of the Bot API's `Message`."""
        return self._say(chat, dict(content), reply_to, topic=topic)

    async def edit_text(
        self, message_id: int, text: str, *, chat: Group | None = None
    ) -> SeenMessage:
        """Change an own text."""
        return self._edit(chat, message_id, {"entities": None, **_text(text)})

    async def edit_caption(
        self, message_id: int, caption: str, *, chat: Group | None = None
    ) -> SeenMessage:
        """Change what stands under an own file."""
        return self._edit(chat, message_id, recaption(caption))

    async def edit_media(
        self,
        message_id: int,
        kind: str,
        content: bytes | None,
        *,
        caption: str = "",
        chat: Group | None = None,
        **fields: Any,
    ) -> SeenMessage:
        """Put another file in the place of an own message's, as with Edit and Replace.

        Args:
            message_id: Which message.
            kind: Of the new file; one of `views.KINDS`.
            content: As for `send_file`.
            caption: What is written under it from now on.
            chat: A group; None for the private chat.
            fields: As for `send_file`.
        """
        gone: Data = dict.fromkeys((*KINDS, "text", "entities", "caption", "caption_entities"))
        new = self._content(Attachment(kind, content, fields, caption))
        return self._edit(chat, message_id, {**gone, **new})

    async def press(
        self,
        what: int | str,
        *,
        message_id: int | None = None,
        chat: Group | None = None,
        wait: float = 5.0,
    ) -> Answer | None:
        """Press a button.

        Args:
            what: Its text, a part of it, or its callback data, looked for from the newest message
                up; a number is a message whose first button is meant.
            message_id: The message, if not any.
            chat: A group; None for the private chat.
            wait: Seconds for an answer; 0 doesn't wait.

        Returns:
            The answer; None if none came in time.

        Raises:
            LookupError: There is no such button.
        """
        if isinstance(what, int):
            message_id, what = what, ""
        for message in reversed(self.history(chat)):
            button = message.button(what) if message_id in {None, message.id} else None
            if button is not None and button.data:
                return await self.press_forged(message.id, button.data, chat=chat, wait=wait)
        raise LookupError(f"no button {what!r} in the chat:\n{self.transcript(chat)}")

    async def press_forged(
        self, message_id: int, data: str, *, chat: Group | None = None, wait: float = 5.0
    ) -> Answer | None:
        """Press a button that may not be there, with any callback data; see `press`."""
        self.mark = self._state.events.number
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        inside = self._chat(chat)

        def settle(answer: Answer) -> None:
            shown = {"text": answer.text, "show_alert": answer.show_alert}
            self._state.events.emit("answer", inside.data["id"], message_id, **shown)
            if not answered.done():
                answered.set_result(answer)

        self._actions.press(inside, self.user, message_id, data, settle)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                return await answered
        return None

    async def react(
        self, message_id: int, emoji: str = "👍", *, chat: Group | None = None
    ) -> None:
        """Put an emoji under a message; an empty one takes it away."""
        self._actions.react(self._chat(chat).messages[message_id], self.user, emoji)

    async def block(self) -> None:
        """Block the bot."""
        await self._set_blocked(blocked=True)

    async def unblock(self) -> None:
        """Let the bot write again."""
        await self._set_blocked(blocked=False)

    def _say(
        self,
        chat: Group | None,
        content: Data,
        reply_to: int | None,
        *,
        topic: int | None = None,
        anonymous: bool = False,
    ) -> SeenMessage:
        self.mark = self._state.events.number
        inside = self._chat(chat)
        if topic is not None:
            if not inside.is_private:
                inside.data["is_forum"] = True
            content = content | in_topic(topic)
        if anonymous and inside.is_private:
            raise ValueError("nobody is anonymous in a private chat")
        user = ANONYMOUS if anonymous else self.user
        if anonymous:
            content = content | {"sender_chat": inside.data}
        message, update_id = self._actions.say(inside, user, content, reply_to=reply_to)
        return seen(message, self._state.files, update_id=update_id)

    def _edit(self, chat: Group | None, message_id: int, content: Data) -> SeenMessage:
        self.mark = self._state.events.number
        inside = self._chat(chat)
        message = inside.messages[message_id]
        update_id = self._actions.edit(inside, message, content)
        return replace(seen(message, self._state.files), update_id=update_id)

    def _content(self, attachment: Attachment) -> Data:
        stored = person_file(
            self._state.files, attachment.kind, attachment.content, attachment.fields
        )
        media = [stored.details] if attachment.kind == "photo" else stored.details
        caption = recaption(attachment.caption) if attachment.caption else {}
        kept = {name: value for name, value in caption.items() if value is not None}
        return {attachment.kind: media, **kept}

    async def _set_blocked(self, *, blocked: bool) -> None:
        chat = self._chat(None)
        if chat.blocked is blocked:
            return
        self.mark = self._state.events.number
        chat.blocked = blocked
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        self._actions.set_membership(chat, self.user, old, new)
        self._state.events.emit("blocked" if blocked else "unblocked", self.id)

    def _chat(self, chat: Group | None) -> Chat:
        return self._state.chats[self.id if chat is None else chat.id]


def _pieces(text: str, cut: Cut) -> list[str]:
    """Divide a text as the apps do; there is always a piece."""
    pieces = []
    while len(text) > TEXT_LIMIT:
        first, break_at = TEXT_LIMIT - _LOOK_BACK, -1
        if cut == "lines":
            break_at = max(text.rfind("\n", first, TEXT_LIMIT), break_at)
            break_at = break_at if break_at > 0 else text.rfind(" ", first, TEXT_LIMIT)
        end = break_at if break_at > 0 else TEXT_LIMIT
        pieces.append(text[:end])
        text = text[end:].lstrip() if break_at > 0 else text[end:]
    return [*pieces, text]


def _text(text: str) -> Data:
    plain, entities = formatted(text, "", None)
    return {"text": plain, "entities": entities} if entities else {"text": plain}


def _is(message: SeenMessage, what: What) -> bool:
    if what is None:
        return True
    if callable(what):
        return what(message)
    return what == message.kind if what in {*KINDS, "text"} else what in message.text
