"""What stands before every request: only this page may ask, and the browser is kept in bounds."""

from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.origins import is_foreign

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self' ws://{host}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def guard(names: Collection[str]) -> Middleware:
    """Make the middleware that refuses foreign pages.

    They get 403; but a link from anywhere may lead to the page itself.

    Args:
        names: Hosts under which the page may be asked for, without a port.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        link = request.method == "GET" and request.path == "/"
        if is_foreign(request, names, link=link):
            return web.json_response({"error": "foreign"}, status=403)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.json_response({"error": error.reason}, status=error.status)
        if not response.prepared:
            response.headers.update(_HEADERS)
            policy = _POLICY.format(host=request.host)
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return guarded
