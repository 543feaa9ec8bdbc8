"""A Bot API server of our own, with people in it.

It answers the methods Refrain uses as Telegram does, with Telegram's limits and words; any other
fails loudly and is noted. State is in memory and survives nothing.
"""

import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from bot.sandbox.origins import LOCAL
from bot.sandbox.telegram.control_api import ControlRoutes
from bot.sandbox.telegram.event_log import Event, EventLog
from bot.sandbox.telegram.faults import Fault, Kind
from bot.sandbox.telegram.methods.managing import commands_shown
from bot.sandbox.telegram.people.actions import PersonActions
from bot.sandbox.telegram.people.person import Attachment, Group, Person
from bot.sandbox.telegram.people.views import Button, SeenFile, SeenMessage
from bot.sandbox.telegram.server import BotApiServer, Call
from bot.sandbox.telegram.state import Answer, Chat, Keep, TelegramState
from bot.sandbox.telegram.webhook_sender import WebhookSender

__all__ = [
    "Answer",
    "Attachment",
    "Button",
    "Call",
    "Event",
    "Group",
    "Keep",
    "Person",
    "SeenFile",
    "SeenMessage",
    "TelegramApi",
]

_BOT_ID = 123456789


def new_token() -> str:
    """Make a token as Telegram's look, of no bot; nobody can guess it."""
    return f"{_BOT_ID}:AA{secrets.token_urlsafe(25)[:33]}"


DEFAULT_TOKEN = new_token()
"""Another one with each start of the program."""


class TelegramApi:
    """The simulated Telegram.

    Args:
        token: The bot's token; any other is `Unauthorized`.
        username: The bot's, without @.
        first_name: The bot's.
        strict_rates: Whether floods are refused with 429, as Telegram does.
        keep: How much is remembered; long benchmarks bound it.
        webhook_pause: Seconds before a refused webhook delivery is tried again.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        *,
        username: str = "refrain_bot",
        first_name: str = "Refrain",
        strict_rates: bool = False,
        keep: Keep | None = None,
        webhook_pause: float = 0.2,
    ) -> None:
        self.token = token
        self.url = ""
        self.state = TelegramState(_bot(token, username, first_name), keep or Keep())
        self._actions = PersonActions(self.state)
        self._people: dict[int, Person] = {}
        self._server = BotApiServer(self.state, token, strict_rates=strict_rates)
        self._server.control = ControlRoutes(self.state, self, self._server).handle
        self._webhook_pause = webhook_pause
        self._webhook_sender: WebhookSender | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen; afterwards `url` says where. Port 0 takes a free one."""
        self._server.names = frozenset({host, *LOCAL})
        server = web.Server(self._server.handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        taken = self._runner.addresses[0][1]
        self.url = f"http://{host}:{taken}"
        self._webhook_sender = WebhookSender(self.state, first_pause=self._webhook_pause)
        return self

    async def aclose(self) -> None:
        """Stop listening and let go of everything."""
        self._server.closing.set()
        self.state.updates.end_poll("Conflict: terminated by setWebhook request")
        if self._webhook_sender is not None:
            await self._webhook_sender.aclose()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self if self.url else await self.start()

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    @property
    def calls(self) -> deque[Call]:
        """What the bot called, oldest first, bounded by `keep.calls`."""
        return self._server.calls

    @property
    def counts(self) -> Counter[str]:
        """How often each method was called, ever."""
        return self._server.counts

    @property
    def unknown_methods(self) -> list[str]:
        """Methods that were called and that the sandbox doesn't have."""
        return self._server.unknown_methods

    @property
    def complaints(self) -> list[str]:
        """What Telegram would pass over in silence: covers it ignores, wrong kinds of audio."""
        return self.state.complaints

    @property
    def events(self) -> EventLog:
        """Everything that happened, in order."""
        return self.state.events

    @property
    def latency(self) -> float:
        """Seconds every answer but that of `getUpdates` takes longer."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    @property
    def pending_updates(self) -> int:
        """How many updates the bot has not confirmed."""
        return len(self.state.updates)

    def person(
        self,
        id: int | None = None,  # noqa: A002 - the Bot API's word
        first_name: str = "Ada",
        language_code: str | None = "en",
        *,
        started: bool = True,
        **fields: Any,
    ) -> Person:
        """Find a person by id, or make one.

        Args:
            id: The user's; the next free one if None.
            first_name: Theirs.
            language_code: Of their app; None for an app that doesn't say.
            started: Whether the bot may write before they do.
            fields: More of the Bot API's `User`, for example `username`.
        """
        if id is None:
            id = 1001 + len(self._people)  # noqa: A001 - as above
        known = self._people.get(id)
        if known is not None:
            return known
        user: dict[str, Any] = {"id": id, "is_bot": False, "first_name": first_name, **fields}
        if language_code:
            user["language_code"] = language_code
        named: dict[str, Any] = {
            key: user[key] for key in ("first_name", "last_name", "username") if key in user
        }
        self.state.users[id] = user
        self.state.chats[id] = Chat(
            {"id": id, "type": "private", **named}, members={id: None}, started=started
        )
        person = self._people[id] = Person(self.state, self._actions, user)
        return person

    def known_person(self, id: int) -> Person:  # noqa: A002 - the Bot API's word
        """Find a person.

        Raises:
            LookupError: There is nobody with this id.
        """
        if id not in self._people:
            raise LookupError(f"nobody with the id {id}")
        return self._people[id]

    def group(self, title: str, members: Sequence[Person]) -> Group:
        """Make a supergroup with the bot in it; the bot hears that it was added."""
        group = Group(-1_001_000_000_000 - len(self.state.chats), title)
        chat = Chat(
            {"id": group.id, "type": "supergroup", "title": title},
            members={member.id: None for member in members},
        )
        self.state.chats[group.id] = chat
        self._actions.set_membership(chat, members[0].user, "left", "member")
        return group

    def fail(
        self, method: str, kind: Kind, times: int = 1, *, retry_after: int = 1, skip: int = 0
    ) -> None:
        """Let the next calls of a method go wrong; see `faults.Fault` and `faults.Kind`."""
        self._server.faults.add(Fault(method, kind, times, retry_after, skip))

    def answer(
        self, method: str, body: str | bytes, *, status: int = 200, times: int = 1, skip: int = 0
    ) -> None:
        """Let the next calls of a method do nothing, and be answered with just this.

        As a broken server, a proxy or an attacker would; `method` as for `fail`.
        """
        self._server.faults.add(
            Fault(method, "answer", times, skip=skip, body=body, status=status)
        )

    def local_mode(self, folder: Path | None, *, shared: bool = True) -> None:
        """Be an own Bot API server in local mode: `getFile` gives paths on disk, of any size.

        Args:
            folder: Where its files are, in a folder named by the token; None ends the mode.
            shared: Whether the files are really there; else the disk is another machine's.
        """
        files = self.state.files
        files.folder = None if folder is None else folder / self.token
        files.shared = shared

    def lead_files_to(self, path: str | None) -> None:
        """Let `getFile` give one path for every file, as a hostile server could; None ends it."""
        self.state.files.lead = path

    @property
    def waiting_faults(self) -> list[str]:
        """The trouble that has not struck yet, a line for each."""
        return self._server.faults.waiting()

    def speak(self, id: int, language_code: str) -> None:  # noqa: A002 - the Bot API's word
        """Let somebody's app speak another language; empty for one that doesn't say.

        Raises:
            LookupError: There is nobody with this id.
        """
        person = self.known_person(id)
        named = {name: value for name, value in person.user.items() if name != "language_code"}
        person.user = named | ({"language_code": language_code} if language_code else {})
        self.state.users[id] = person.user

    def commands(self, chat: int, user: int) -> list[dict[str, Any]]:
        """Give the commands of the bot that somebody's app lists in a chat."""
        return commands_shown(self.state, self.state.chats[chat].data, self.state.users[user])

    def clear_faults(self) -> None:
        """Cancel the trouble that has not struck yet."""
        self._server.faults.clear()

    def redeliver(self, update_id: int) -> None:
        """Send an update again, under its old number.

        Raises:
            LookupError: It is not remembered.
        """
        self.state.updates.redeliver(update_id)

    def expire_queries(self) -> None:
        """Make every unanswered press too old to be answered."""
        self.state.queries.clear()

    def on_call(self, observer: Callable[[Call], None]) -> Callable[[], None]:
        """Hear of every call; returns what ends it."""
        return _subscribe(self._server.observers, observer)

    def on_event(self, observer: Callable[[Event], None]) -> Callable[[], None]:
        """Hear of every event; returns what ends it."""
        return _subscribe(self.state.events.observers, observer)


def _subscribe(observers: list[Any], observer: Any) -> Callable[[], None]:
    observers.append(observer)
    return lambda: observers.remove(observer)


def _bot(token: str, username: str, first_name: str) -> dict[str, Any]:
    """Make the `User` that `getMe` gives."""
    return {
        "id": int(token.partition(":")[0]),
        "is_bot": True,
        "first_name": first_name,
        "username": username,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
