"""What people do, as the bot hears of it: messages, edits, presses, reactions, blocks."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from bot.sandbox.telegram.methods.sending import without_reply
from bot.sandbox.telegram.state import Answer, Chat, Data, Message, TelegramState

ANONYMOUS: Data = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Whom Telegram names as the sender of what an admin says in the name of a group."""

_QUERIES = 10_000
"""Presses that may wait for an answer; beyond, the oldest count as too old."""


class PersonActions:
    """Turns what people do into updates.

    Args:
        state: Where they do it.
    """

    def __init__(self, state: TelegramState) -> None:
        self._state = state
        self._numbers = count(4_000_000_001)

    def say(
        self, chat: Chat, user: Data, content: Data, *, reply_to: int | None = None
    ) -> tuple[Message, int | None]:
        """Put a person's message into a chat.

        Returns:
            The message, and the id of its update; None if the bot doesn't get it.
        """
        chat.started = True
        replied = chat.messages.get(reply_to or 0)
        if replied is not None:
            content["reply_to_message"] = without_reply(replied.data)
        message = self._state.add_message(chat, user, content)
        return message, self._tell(chat, "message", message)

    def edit(self, chat: Chat, message: Message, content: Data) -> int | None:
        """Change a person's message; returns the id of its update."""
        self._state.edit(message, content)
        return self._tell(chat, "edited_message", message)

    def press(
        self, chat: Chat, user: Data, message_id: int, data: str, settle: Callable[[Answer], None]
    ) -> int | None:
        """Press a button; `settle` gets the answer. Returns the id of the update."""
        queries, query_id = self._state.queries, str(next(self._numbers))
        queries[query_id] = settle
        if len(queries) > _QUERIES:
            del queries[next(iter(queries))]
        where = chat.data["id"], message_id
        message = chat.messages.get(message_id)
        gone = {"chat": chat.data, "message_id": message_id, "date": 0}
        self._state.events.emit("pressed", *where, user_id=user["id"], callback_data=data)
        query = {
            "id": query_id,
            "from": user,
            "message": message.data if message else gone,
            "chat_instance": str(chat.data["id"] * 7919),
            "data": data,
        }
        return self._state.updates.put("callback_query", query)

    def react(self, message: Message, user: Data, emoji: str) -> int | None:
        """Put an emoji under a message, or take it away with an empty one."""
        old = message.reactions.get(user["id"], [])
        new = [{"type": "emoji", "emoji": emoji}] if emoji else []
        self._state.react(message, user["id"], new)
        reaction = {
            "chat": message.data["chat"],
            "message_id": message.data["message_id"],
            "user": user,
            "date": int(time.time()),
            "old_reaction": old,
            "new_reaction": new,
        }
        return self._state.updates.put("message_reaction", reaction)

    def set_membership(self, chat: Chat, user: Data, old: str, new: str) -> int | None:
        """Tell the bot that its own place in a chat has changed (`member`, `kicked`, `left`)."""
        changed = {
            "chat": chat.data,
            "from": user,
            "date": int(time.time()),
            "old_chat_member": self._standing(old),
            "new_chat_member": self._standing(new),
        }
        return self._state.updates.put("my_chat_member", changed)

    def _standing(self, status: str) -> Data:
        standing: Data = {"status": status, "user": self._state.bot}
        return standing | ({"until_date": 0} if status == "kicked" else {})

    def _tell(self, chat: Chat, kind: str, message: Message) -> int | None:
        if not chat.is_private and not self._overhears(chat, message.data):
            return None
        return self._state.updates.put(kind, message.data)

    def _overhears(self, chat: Chat, data: Data) -> bool:
        """Whether privacy mode lets the bot see it: commands, mentions, answers to it."""
        if chat.left:
            return False
        if self._state.me.get("can_read_all_group_messages"):
            return True
        text: str = data.get("text") or data.get("caption") or ""
        replied: dict[str, Any] = data.get("reply_to_message", {})
        return (
            text.startswith("/")
            or f"@{self._state.bot['username']}" in text
            or replied.get("from", {}).get("id") == self._state.bot["id"]
        )
