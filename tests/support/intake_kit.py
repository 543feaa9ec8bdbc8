"""A dispatcher on a real store, with handlers that write down what they see."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from telegram import Bot, Update

from bot.sandbox.telegram.api import DEFAULT_TOKEN
from bot.store import Store
from bot.store.inbox import Inbox
from bot.telegram.inbound.dispatcher import Dispatcher, Handle
from bot.telegram.request import AiohttpRequest

TOKEN = DEFAULT_TOKEN


def message(update_id: int, text: str = "hello", *, chat: int = 1, user: int = 1) -> Any:
    return {
        "update_id": update_id,
        "message": {
            "message_id": update_id,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private", "first_name": "Ada"},
            "from": {"id": user, "is_bot": False, "first_name": "Ada"},
            "text": text,
        },
    }


def a_bot(url: str = "http://127.0.0.1:9", token: str = TOKEN) -> Bot:
    return Bot(
        token,
        base_url=f"{url}/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
    )


class Handler:
    """Writes down the text of what it handles; a text with a gate waits for it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.seen: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, update: Update) -> None:
        text = (update.effective_message.text if update.effective_message else None) or "-"
        self.begun.append(text)
        if text in self.gates:
            await self.gates[text].wait()
        if text == "raise":
            raise RuntimeError("a handler's bug")
        self.seen.append(text)

    def gate(self, text: str) -> asyncio.Event:
        return self.gates.setdefault(text, asyncio.Event())


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is watched has no event
            await asyncio.sleep(0.005)


def path_of(folder: Path) -> Path:
    return folder / "refrain.sqlite3"


def opened(folder: Path) -> AbstractAsyncContextManager[Store]:
    @asynccontextmanager
    async def store() -> AsyncIterator[Store]:
        found = await Store.open(f"sqlite+aiosqlite:///{path_of(folder)}")
        try:
            yield found
        finally:
            await found.aclose()

    return store()


@asynccontextmanager
async def at_work(
    inbox: Inbox, process: Handle, overflow: Handle | None = None, **options: Any
) -> AsyncIterator[Dispatcher]:
    """A dispatcher that is running; it is killed when the block ends, not drained."""
    dispatcher = Dispatcher(inbox, a_bot(), process, overflow or Handler(), **options)
    await dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(grace=0)


def open_rows(folder: Path) -> list[int]:
    with sqlite3.connect(path_of(folder)) as database:
        rows = database.execute("SELECT update_id FROM inbox WHERE done_at IS NULL ORDER BY 1")
        return [row[0] for row in rows]


@contextmanager
def broken(folder: Path) -> Iterator[None]:
    """While inside, nothing new goes into the inbox."""
    trigger = "CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'full'); END"
    _do(folder, trigger)
    try:
        yield
    finally:
        _do(folder, "DROP TRIGGER full")


@contextmanager
def renamed(folder: Path) -> Iterator[None]:
    """While inside, there is no inbox at all."""
    _do(folder, "ALTER TABLE inbox RENAME TO away")
    try:
        yield
    finally:
        _do(folder, "ALTER TABLE away RENAME TO inbox")


def _do(folder: Path, statement: str) -> None:
    database = sqlite3.connect(path_of(folder), timeout=10)
    try:
        with database:
            database.execute(statement)
    finally:
        database.close()
