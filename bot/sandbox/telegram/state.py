"""The state of the simulated Telegram: people, chats, messages. In memory, and gone with it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.sandbox.telegram.errors import ApiError, bad_request
from bot.sandbox.telegram.event_log import EventLog
from bot.sandbox.telegram.file_store import FileStore
from bot.sandbox.telegram.update_queue import UpdateQueue

Data = dict[str, Any]
"""An object of the Bot API, as it goes over the wire."""


@dataclass(slots=True)
class Message:
    """One message.

    Args:
        data: The `Message` as the bot gets it.
        changed: Number of the event that touched it last.
        reactions: By user id, what each has put under it.
        keyboard: The reply keyboard it came with, which Telegram does not hand back.
    """

    data: Data
    changed: int
    reactions: dict[int, list[Data]] = field(default_factory=dict)
    keyboard: Data | None = None


@dataclass(slots=True)
class Chat:
    """One chat: `data` is its `Chat`; `members` are user ids; `blocked` by its person.

    `topics` are the ids of its threads; a chat without any has no topics.
    """

    data: Data
    members: dict[int, None] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: set[int] = field(default_factory=set)
    blocked: bool = False
    started: bool = True
    left: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it is a person alone with the bot."""
        return bool(self.data["type"] == "private")


@dataclass(frozen=True, slots=True)
class Keep:
    """How much is remembered; None is everything.

    Args:
        messages: In each chat.
        calls: In the log of calls.
        events: For those who ask later.
        updates: That can be delivered again.
        file_bytes: Content of files altogether.
    """

    messages: int | None = None
    calls: int | None = 10_000
    events: int | None = 100_000
    updates: int = 1_000
    file_bytes: int | None = None


@dataclass(slots=True)
class Answer:
    """What a press of a button got: a toast, an alert if `show_alert`, or silence."""

    text: str = ""
    show_alert: bool = False
    url: str = ""


class TelegramState:
    """Everything that is true at the moment.

    Args:
        bot: The bot's `User`, as `getMe` gives it.
        keep: How much is remembered.
    """

    def __init__(self, bot: Data, keep: Keep) -> None:
        self.me = bot
        self.bot: Data = {name: bot[name] for name in ("id", "is_bot", "first_name", "username")}
        self.keep = keep
        self.users: dict[int, Data] = {}
        self.chats: dict[int, Chat] = {}
        self.events = EventLog(keep.events)
        self.files = FileStore(keep.file_bytes)
        self.updates = UpdateQueue(keep.updates)
        self.settings: dict[str, Any] = {}
        self.queries: dict[str, Callable[[Answer], None]] = {}
        self.complaints: list[str] = []
        self.numbers = count(1)

    def chat_for(self, chat_id: Any) -> Chat:
        """Find a chat a bot names.

        Raises:
            ApiError: There is none that it may see.
        """
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        try:
            chat = self.chats.get(int(chat_id))
        except (TypeError, ValueError):
            chat = None
        if chat is None or not chat.started:
            raise bad_request("chat not found")
        return chat

    def open_chat(self, chat_id: Any) -> Chat:
        """Find a chat the bot may write to.

        Raises:
            ApiError: There is none, the person has blocked the bot, or it has left the group.
        """
        chat = self.chat_for(chat_id)
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat.left:
            raise ApiError(403, "Forbidden: bot is not a member of the supergroup chat")
        return chat

    def add_message(self, chat: Chat, sender: Data, content: Data) -> Message:
        """Put a message into a chat and tell of it.

        Args:
            chat: Where.
            sender: The `User` it is from.
            content: Its fields besides id, sender, chat and date.
        """
        message_id = next(self.numbers)
        if "message_thread_id" in content:
            chat.topics.add(content["message_thread_id"])
        data = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.data,
            "date": int(time.time()),
            **content,
        }
        message = chat.messages[message_id] = Message(data, 0)
        message.changed = self.events.emit(
            "message", chat.data["id"], message_id, from_bot=sender is self.bot
        )
        if self.keep.messages is not None and len(chat.messages) > self.keep.messages:
            del chat.messages[next(iter(chat.messages))]
        return message

    def edit(self, message: Message, content: Data) -> Message:
        """Change a message in place; a field that is None goes. What was read stays as it was."""
        data = {**message.data, **content, "edit_date": int(time.time())}
        message.data = {name: value for name, value in data.items() if value is not None}
        chat_id, message_id = data["chat"]["id"], data["message_id"]
        message.changed = self.events.emit("edited", chat_id, message_id)
        return message

    def delete(self, chat: Chat, message_id: int) -> None:
        """Take a message away."""
        del chat.messages[message_id]
        self.events.emit("deleted", chat.data["id"], message_id)

    def react(self, message: Message, user_id: int, reaction: list[Data]) -> None:
        """Put a reaction under a message, in place of the same user's last one."""
        message.reactions.pop(user_id, None)
        if reaction:
            message.reactions[user_id] = reaction
        where = message.data["chat"]["id"], message.data["message_id"]
        message.changed = self.events.emit("reaction", *where, user_id=user_id, reaction=reaction)

    def complain(self, text: str) -> None:
        """Note what Telegram would have passed over in silence."""
        self.complaints.append(text)
