"""What stands before every request: only this page may ask, and the browser is kept in bounds."""

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

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

    A name that somebody else's DNS points here (rebinding) shows in `Host`; a page elsewhere
    shows in `Origin`. Both get 403.

    Args:
        names: Hosts under which the page may be asked for, without a port.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if urlsplit(f"//{request.host}").hostname not in names or _is_foreign(request):
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


def _is_foreign(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return True
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"} and not (
        request.method == "GET" and request.path == "/"
    )
