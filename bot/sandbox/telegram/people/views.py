"""What a person sees of a message."""

from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from bot.sandbox.telegram.entities import Entity, as_html
from bot.sandbox.telegram.file_store import FileStore
from bot.sandbox.telegram.state import Data, Message

KINDS = ("audio", "voice", "document", "photo", "video", "video_note", "sticker")


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button, with the row it stands in; what doesn't apply is empty."""

    text: str
    data: str
    url: str
    copy_text: str
    style: str
    row: int


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file in a message.

    Args:
        kind: `audio`, `voice`, `document`, `photo`, `video`, `video_note` or `sticker`.
        content: Its bytes; None if they are forgotten or never were.
        size: Bytes, as claimed.
        duration: Seconds.
        thumbnail: The JPEG that came with it.
    """

    kind: str
    file_id: str
    content: bytes | None
    size: int
    file_name: str
    mime_type: str
    duration: int
    title: str
    performer: str
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message at one moment; an edit makes another view of it.

    Args:
        id: Its `message_id`.
        kind: `text`, or the kind of its file.
        text: Text or caption, without markup.
        html: The same with its markup.
        keyboard: The reply keyboard it came with.
        reactions: Emoji under it, the bot's and people's.
        reply_to: Id of the message it answers.
        topic: Id of the topic it is in.
        changed: Number of the event that touched it last.
        raw: The `Message` as it went over the wire.
        update_id: Of the update that told the bot, on what a person has just sent.
    """

    id: int
    chat_id: int
    date: int
    from_bot: bool
    sender: Data
    kind: str
    text: str
    entities: list[Entity]
    html: str
    buttons: list[Button]
    keyboard: Data | None
    file: SeenFile | None
    reactions: list[str]
    reply_to: int | None
    topic: int | None
    edited: bool
    changed: int
    raw: Data = field(repr=False)
    update_id: int | None = None

    @property
    def button_texts(self) -> list[str]:
        """What stands on its buttons, in order."""
        return [button.text for button in self.buttons]

    @property
    def attached(self) -> SeenFile:
        """Its file, where there must be one.

        Raises:
            LookupError: There is none.
        """
        if self.file is None:
            raise LookupError(f"no file in: {self.line()}")
        return self.file

    def button(self, what: str) -> Button | None:
        """Find a button by its text or callback data; by a part of its text if need be."""
        for button in self.buttons:
            if what in {button.text, button.data}:
                return button
        return next((button for button in self.buttons if what in button.text), None)

    def line(self, *, edited: bool = False) -> str:
        """Write it as one paragraph of a transcript."""
        who = "bot" if self.from_bot else self.sender["first_name"]
        who += " (edited)" if edited else ""
        mark = f" [{self.kind}]" if self.kind != "text" else ""
        rows: dict[int, list[str]] = {}
        for button in self.buttons:
            rows.setdefault(button.row, []).append(f"[ {button.text} ]")
        return "\n".join(
            [f"{who}:{mark} {self.text}".rstrip(), *("    " + " ".join(r) for r in rows.values())]
        )


def seen(message: Message, files: FileStore, *, update_id: int | None = None) -> SeenMessage:
    """Look at a message."""
    data = message.data
    kind = next((name for name in KINDS if name in data), "text")
    prefix = "" if "text" in data else "caption_"
    text = data.get("text") or data.get("caption") or ""
    entities = data.get(f"{prefix}entities", [])
    replied = data.get("reply_to_message")
    return SeenMessage(
        id=data["message_id"],
        chat_id=data["chat"]["id"],
        date=data["date"],
        from_bot=data["from"]["is_bot"] and "sender_chat" not in data,
        sender=data["from"],
        kind=kind,
        text=text,
        entities=entities,
        html=as_html(text, entities),
        buttons=_buttons(data),
        keyboard=message.keyboard,
        file=_file(kind, data, files) if kind != "text" else None,
        reactions=[
            reaction.get("emoji", "")
            for reaction in chain.from_iterable(message.reactions.values())
        ],
        reply_to=replied["message_id"] if replied else None,
        topic=data.get("message_thread_id"),
        edited="edit_date" in data,
        changed=message.changed,
        raw=data,
        update_id=update_id,
    )


def _buttons(data: Data) -> list[Button]:
    rows = data.get("reply_markup", {}).get("inline_keyboard", [])
    return [
        Button(
            text=button["text"],
            data=button.get("callback_data", ""),
            url=button.get("url", ""),
            copy_text=button.get("copy_text", {}).get("text", ""),
            style=button.get("style", ""),
            row=at,
        )
        for at, row in enumerate(rows)
        for button in row
    ]


def _file(kind: str, data: Data, files: FileStore) -> SeenFile:
    details: dict[str, Any] = data["photo"][-1] if kind == "photo" else data[kind]
    return SeenFile(
        kind=kind,
        file_id=details["file_id"],
        content=files.content_of(details["file_id"]),
        size=details.get("file_size", 0),
        file_name=details.get("file_name", ""),
        mime_type=details.get("mime_type", ""),
        duration=details.get("duration", 0),
        title=details.get("title", ""),
        performer=details.get("performer", ""),
        thumbnail=files.content_of(details.get("thumbnail", {}).get("file_id")),
    )
