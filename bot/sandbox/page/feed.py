"""What the open pages hear, as it happens."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, web

from bot.sandbox.page.serialize import serialize
from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.state import TelegramState

News = dict[str, Any]

_BEHIND = 5_000
"""Unsent news after which a page is let go: it comes back by itself and gets all anew."""

_HEARTBEAT = 20.0


class Feed:
    """Tells every open page what happens.

    Args:
        state: Whose messages are told of.
    """

    def __init__(self, state: TelegramState) -> None:
        self._state = state
        self._pages: dict[web.WebSocketResponse, asyncio.Queue[News | Event]] = {}

    def event(self, event: Event) -> None:
        """Pass on what happened in a chat."""
        self._pass_on(event)

    def tell(self, kind: str, **news: Any) -> None:
        """Pass on what happened elsewhere."""
        self._pass_on({"kind": kind, **news})

    async def serve(
        self, request: web.Request, first: Callable[[], News]
    ) -> web.WebSocketResponse:
        """Serve one page until it is closed.

        Args:
            request: The upgrade.
            first: Makes all there is to know at the moment.
        """
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=1024)
        await socket.prepare(request)
        queue: asyncio.Queue[News | Event] = asyncio.Queue(_BEHIND)
        self._pages[socket] = queue
        queue.put_nowait(first())
        sending = asyncio.create_task(self._send(socket, queue))
        try:
            async for _ in socket:
                continue  # a page only listens here
        finally:
            self._pages.pop(socket, None)
            sending.cancel()
            await asyncio.wait([sending])
        return socket

    async def aclose(self) -> None:
        """Send every page away."""
        for socket in list(self._pages):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def _pass_on(self, news: News | Event) -> None:
        for socket, queue in list(self._pages.items()):
            try:
                queue.put_nowait(news)
            except asyncio.QueueFull:
                del self._pages[socket]

    async def _send(
        self, socket: web.WebSocketResponse, queue: asyncio.Queue[News | Event]
    ) -> None:
        with suppress(ConnectionError):
            while socket in self._pages or not queue.empty():
                item = await queue.get()
                news = self._news_of(item) if isinstance(item, Event) else item
                if news is not None:
                    await socket.send_json(news)
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    def _news_of(self, event: Event) -> News | None:
        """Make news of an event, with the message as it looks by now."""
        chat = self._state.chats.get(event.chat_id or 0)
        if event.kind in {"message", "edited", "reaction"}:
            message = chat.messages.get(event.message_id or 0) if chat else None
            return {"kind": "message", "message": serialize(message)} if message else None
        if event.kind == "deleted":
            return {"kind": "deleted", "chat": event.chat_id, "id": event.message_id}
        if event.kind == "action":
            return {"kind": "action", "chat": event.chat_id, "action": event.data["action"]}
        if event.kind in {"blocked", "unblocked"}:
            return {"kind": "blocked", "chat": event.chat_id, "on": event.kind == "blocked"}
        return None
