"""The sandbox's own routes; filled in below `/sandbox/`."""

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.sandbox.telegram_api import TelegramApi


class ControlRoutes:
    """Answers what stands under `/sandbox/`."""

    def __init__(self, api: "TelegramApi") -> None:
        self._api = api

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        return web.json_response({"error": f"nothing at {request.path}"}, status=404)
