"""What a raw update says about itself, before PTB reads it."""

from collections.abc import Hashable
from typing import Any, NamedTuple, TypeGuard

from bot.untrusted import printable

Raw = dict[str, Any]
"""An update as the Bot API sends it."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What Telegram is asked for; leaving the list out would keep whatever was set before."""


class ReplyTo(NamedTuple):
    """Where an update is answered: its chat, and the topic of that chat, if it came from one."""

    chat_id: int
    topic_id: int | None = None


_BIGGEST = 2**63 - 1
_DEEPEST = 32

_LONGEST = {
    "language_code": 16,
    "media_group_id": 64,
    "file_unique_id": 64,
    "file_id": 256,
    "file_name": 255,
    "title": 255,
    "performer": 255,
    "mime_type": 128,
    "username": 64,
    "first_name": 128,
    "last_name": 128,
    "id": 64,
    "data": 64,
    "text": 1 << 14,
    "caption": 1 << 14,
}
"""Characters; what is longer is no honest Telegram's, and meets columns that are as long."""

_AS_TYPED = {"text", "caption"}


def is_update(value: object) -> TypeGuard[Raw]:
    """Whether something from outside is an object with a usable `update_id`."""
    if not isinstance(value, dict):
        return False
    update_id = value.get("update_id")
    return type(update_id) is int and 0 <= update_id <= _BIGGEST


def bounded(raw: Raw) -> Raw:
    """An update whose names, ids and texts are printable and no longer than honest ones.

    Raises:
        ValueError: It is deeper than any honest one, or a number in it fits into no column.
    """
    kept = _bounded(raw, "", 0)
    return kept if isinstance(kept, dict) else {}


def _bounded(value: object, name: str, depth: int) -> object:
    if isinstance(value, str):
        longest = _LONGEST.get(name)
        if longest is None:
            return value
        return value[:longest] if name in _AS_TYPED else printable(value, longest)
    if isinstance(value, int) and abs(value) > _BIGGEST:
        raise ValueError(f"{name}: no number of Telegram's")
    if depth > _DEEPEST:
        raise ValueError("no update is so deep")
    if isinstance(value, dict):
        return {key: _bounded(field, key, depth + 1) for key, field in value.items()}
    if isinstance(value, list):
        return [_bounded(item, name, depth + 1) for item in value]
    return value


def user_of(raw: Raw) -> int | None:
    """Who an update comes from."""
    content = _content(raw)
    return _id(content.get("from")) or _id(content.get("user"))


def lane_of(raw: Raw) -> Hashable:
    """Who has to be served in order: one chat and one user.

    Returns:
        (chat id, user id); the press of a button without a chat (its message is too old, or an
        inline one) counts as the user's private chat, whose id is the user's. What belongs to
        nobody has a lane of its own.
    """
    content = _content(raw)
    chat = _id(content.get("chat")) or _id(_object(content.get("message")).get("chat"))
    user = _id(content.get("from")) or _id(content.get("user"))
    if chat is None and user is None:
        return ("update", raw["update_id"])
    return (user if chat is None else chat, user)


def reply_to(raw: Raw) -> ReplyTo | None:
    """Where to answer: the chat an update came from, or its user's private one."""
    place = lane_of(raw)
    chat_id = place[0] if isinstance(place, tuple) else None
    if not isinstance(chat_id, int):
        return None
    content = _content(raw)
    message = _object(content.get("message")) or content
    topic_id = message.get("message_thread_id") if message.get("is_topic_message") else None
    return ReplyTo(chat_id, topic_id if type(topic_id) is int else None)


def _content(raw: Raw) -> Raw:
    """The one field beside `update_id` that an update has."""
    return next((_object(value) for name, value in raw.items() if name != "update_id"), {})


def _object(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> int | None:
    number = _object(value).get("id")
    return number if type(number) is int else None
