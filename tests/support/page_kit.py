"""Asking the page as a browser would, without one."""

import io
import json
from typing import Any

import aiohttp

from bot.sandbox.page.server import Page

ADA, BEN = 1001, 1002
HERE = {"person": ADA, "chat": ADA}


class Visitor:
    """Asks the page as a browser would."""

    def __init__(self, page: Page, session: aiohttp.ClientSession) -> None:
        self.page = page
        self.session = session
        self.telegram = page.environment.telegram

    async def act(self, name: str, /, **body: Any) -> tuple[int, Any]:
        async with self.session.post(f"{self.page.url}/act/{name}", json=body) as answer:
            return answer.status, await answer.json()

    async def send(self, kind: str, content: bytes, name: str = "it.mp3") -> tuple[int, Any]:
        form = aiohttp.FormData()
        form.add_field("about", json.dumps({**HERE, "kind": kind}))
        form.add_field("file", io.BytesIO(content), filename=name, content_type="audio/mpeg")
        async with self.session.post(f"{self.page.url}/act/file", data=form) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.get(f"{self.page.url}{path}", headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    @property
    def last(self) -> Any:
        return self.telegram.known_person(ADA).messages[-1]
