"""What a raw update says about itself, before PTB reads it."""

from collections.abc import Hashable
from typing import Any, TypeGuard

Raw = dict[str, Any]
"""An update as the Bot API sends it."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""What Telegram is asked for; leaving the list out would keep whatever was set before."""

_BIGGEST = 2**63 - 1


def is_update(value: object) -> TypeGuard[Raw]:
    """Whether something from outside is an object with a usable `update_id`."""
    if not isinstance(value, dict):
        return False
    update_id = value.get("update_id")
    return type(update_id) is int and 0 <= update_id <= _BIGGEST


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


def chat_of(raw: Raw) -> int | None:
    """Where to answer: the chat an update came from, or its user's private one."""
    place = lane_of(raw)
    first = place[0] if isinstance(place, tuple) else None
    return first if isinstance(first, int) else None


def _content(raw: Raw) -> Raw:
    """The one field beside `update_id` that an update has."""
    return next((_object(value) for name, value in raw.items() if name != "update_id"), {})


def _object(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _id(value: object) -> int | None:
    found = _object(value).get("id")
    return found if type(found) is int else None
