"""What a person sees of their chats, and waiting for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.telegram.people.views import KINDS, SeenMessage, seen
from bot.sandbox.telegram.state import Chat, Data, World

What = Callable[[SeenMessage], bool] | str | None
"""A condition, a kind of message (`audio` …), a part of its text, or anything at all."""


@dataclass(frozen=True, slots=True)
class Group:
    """A supergroup the bot is in."""

    id: int
    title: str


class Watching:
    """The reading half of a person; every `chat` is a group, or None for the private chat.

    Args:
        world: Where they live.
        user: Their `User`.
    """

    def __init__(self, world: World, user: Data) -> None:
        self._world = world
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
        kept = self._world.events.since(0, limit=1_000_000)
        return [
            each.data["action"]
            for each in kept
            if each.kind == "action" and each.chat_id == self.id
        ]

    def history(self, chat: Group | None = None, *, after: int = 0) -> list[SeenMessage]:
        """Give a chat as it looks now, or what an event or a later one has touched."""
        kept = self._chat(chat).messages.values()
        return [seen(each, self._world.files) for each in kept if each.changed > after]

    def transcript(self, chat: Group | None = None) -> str:
        """Write a chat down, a paragraph for each message."""
        return "\n".join(each.line() for each in self.history(chat))

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
            if left <= 0 or not await self._world.events.next(left):
                said = f"nothing like {what!r} came within {timeout} s; the chat:\n"
                raise TimeoutError(said + self.transcript(chat))

    def _chat(self, chat: Group | None) -> Chat:
        return self._world.chats[self.id if chat is None else chat.id]


def _is(message: SeenMessage, what: What) -> bool:
    if what is None:
        return True
    if callable(what):
        return what(message)
    return what == message.kind if what in {*KINDS, "text"} else what in message.text
