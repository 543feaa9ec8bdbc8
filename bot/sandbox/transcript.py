"""A private chat written down while it happens: what a person sees on the screen."""

import re
from collections.abc import Callable
from typing import Any, Self

from bot.sandbox.telegram.api import Person, TelegramApi
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.people.views import SeenMessage, seen

_NUMBERS = re.compile(r"\d+")


class Transcript:
    """Writes down every message, edit, press, answer and reaction in a private chat.

    An edit that only counts on (seconds gone by) is passed over, and one that only takes the
    buttons away: neither says anything new.

    Args:
        telegram: Where it happens.
        person: Whose chat with the bot.
        write: Gets a paragraph for each.
    """

    def __init__(
        self, telegram: TelegramApi, person: Person, write: Callable[[str], None]
    ) -> None:
        self._telegram = telegram
        self._person = person
        self._write = write
        self._written: dict[int, SeenMessage] = {}
        self._end: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._end = self._telegram.on_event(self._on_event)
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._end is not None:
            self._end()

    def _on_event(self, event: Event) -> None:
        if event.chat_id != self._person.id or event.message_id is None:
            return
        line = {
            "message": self._message,
            "edited": self._edit,
            "deleted": self._deletion,
            "pressed": self._press,
            "answer": self._answer,
            "reaction": self._reaction,
        }.get(event.kind, _nothing)(event.message_id, event.data)
        if line:
            self._write(line)

    def _message(self, message_id: int, _: dict[str, Any]) -> str:
        self._written[message_id] = message = self._look(message_id)
        return message.line()

    def _edit(self, message_id: int, _: dict[str, Any]) -> str:
        before, now = self._written.get(message_id), self._look(message_id)
        if before is not None and _plain(before) == _plain(now):
            asks = now.button_texts and now.button_texts != before.button_texts
            if not asks:
                return ""
        self._written[message_id] = now
        return now.line(edited=True)

    def _deletion(self, message_id: int, _: dict[str, Any]) -> str:
        gone = self._written.pop(message_id, None)
        return f"{gone.line()} (deleted)" if gone else ""

    def _press(self, message_id: int, data: dict[str, Any]) -> str:
        chat = self._telegram.state.chats[self._person.id]
        button = None
        if message_id in chat.messages:
            button = self._look(message_id).button(data["callback_data"])
        label = button.text if button else data["callback_data"]
        return f"{self._person.user['first_name']} presses [ {label} ]"

    def _answer(self, _: int, data: dict[str, Any]) -> str:
        return f"bot answers: {data['text']}" if data["text"] else ""

    def _reaction(self, _: int, data: dict[str, Any]) -> str:
        emoji = " ".join(reaction.get("emoji", "") for reaction in data["reaction"])
        own = data["user_id"] == self._person.id
        return f"{self._person.user['first_name'] if own else 'bot'}: {emoji}" if emoji else ""

    def _look(self, message_id: int) -> SeenMessage:
        state = self._telegram.state
        return seen(state.chats[self._person.id].messages[message_id], state.files)


def _nothing(_: int, __: dict[str, Any]) -> str:
    return ""


def _plain(message: SeenMessage) -> tuple[str, str]:
    """Give what a message says, without numbers: those count on."""
    return message.kind, _NUMBERS.sub("", message.text)
