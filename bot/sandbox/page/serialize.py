"""Messages as the page gets them: what is shown, and nothing that would have to be worked out."""

from typing import Any

from bot.sandbox.telegram.people.views import KINDS
from bot.sandbox.telegram.state import Chat, Data, Message

_QUOTED = 140
_BUTTON = ("text", "callback_data", "url", "style")
_SHOWN = ("callback_data", "url", "copy_text")
_KEYBOARD = ("keyboard", "remove_keyboard", "force_reply", "one_time_keyboard")


def serialize(message: Message) -> Data:
    """Make a message for the page.

    Text comes plain, with Telegram's entities beside it (offsets in UTF-16 units, as JavaScript
    counts): the page builds elements of them and never parses HTML.
    """
    data = message.data
    kind = kind_of(data)
    prefix = "" if "text" in data else "caption_"
    return {
        "id": data["message_id"],
        "chat": data["chat"]["id"],
        "from": {name: data["from"][name] for name in ("id", "is_bot", "first_name")},
        "date": data["date"],
        "edited": "edit_date" in data,
        "kind": kind,
        "text": _text(data),
        "entities": data.get(f"{prefix}entities", []),
        "file": _file(kind, data) if kind in KINDS else None,
        "buttons": _buttons(data),
        "keyboard": _keyboard(message.keyboard),
        "reactions": _reactions(message),
        "reply": _quoted(data.get("reply_to_message")),
        "changed": message.changed,
    }


def serialize_chat(chat: Chat) -> list[Data]:
    """Make all messages of a chat, oldest first."""
    return [serialize(message) for message in chat.messages.values()]


def kind_of(data: Data) -> str:
    """Say what a message is: `text`, a kind of file, or `unknown` for what has no form here."""
    return next((kind for kind in (*KINDS, "text") if kind in data), "unknown")


def _text(data: Data) -> str:
    return str(data.get("text") or data.get("caption") or "")


def _file(kind: str, data: Data) -> Data:
    details: Data = data["photo"][-1] if kind == "photo" else data[kind]
    return {
        "id": details["file_id"],
        "size": details.get("file_size", 0),
        "name": details.get("file_name", ""),
        "mime": details.get("mime_type", ""),
        "seconds": details.get("duration", 0),
        "title": details.get("title", ""),
        "performer": details.get("performer", ""),
        "emoji": details.get("emoji", ""),
        "cover": details.get("thumbnail", {}).get("file_id"),
    }


def _buttons(data: Data) -> list[list[Data]]:
    rows = data.get("reply_markup", {}).get("inline_keyboard", [])
    return [[_button(button) for button in row] for row in rows]


def _button(button: Data) -> Data:
    """Make a button; `unsupported` names what it would do that the page can't."""
    made = {name: button[name] for name in _BUTTON if name in button}
    if "copy_text" in button:
        made["copy"] = button["copy_text"]["text"]
    if not button.keys() & set(_SHOWN):
        made["unsupported"] = next((name for name in button if name not in _BUTTON), "text")
    return made


def _keyboard(keyboard: Data | None) -> Data | None:
    return keyboard and {name: keyboard[name] for name in _KEYBOARD if name in keyboard}


def _reactions(message: Message) -> list[Data]:
    """Count who has put what under it."""
    counted: dict[str, list[int]] = {}
    for user_id, put in message.reactions.items():
        for reaction in put:
            counted.setdefault(reaction.get("emoji", "?"), []).append(user_id)
    return [{"emoji": emoji, "users": users} for emoji, users in counted.items()]


def _quoted(data: Any) -> Data | None:
    if data is None:
        return None
    return {
        "id": data["message_id"],
        "name": data["from"]["first_name"],
        "kind": kind_of(data),
        "text": _text(data)[:_QUOTED],
    }
