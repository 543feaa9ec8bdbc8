"""Who may ask the sandbox's servers: programs on this machine, never a page from elsewhere.

A browser lets any page send requests to 127.0.0.1. What such a page cannot hide: its own address
in `Origin`, that it is elsewhere in `Sec-Fetch-Site`, and, where its name was made to point here
meanwhile (DNS rebinding), that name in `Host`.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})

MOST_FAULTS = 100
"""How often a fault may be ordered at once from outside."""

_ELSEWHERE = frozenset({"cross-site", "same-site"})


def is_foreign(
    request: web.BaseRequest, names: Collection[str] = LOCAL, *, link: bool = False
) -> bool:
    """Whether a page of another server asks.

    Args:
        request: What came.
        names: Hosts under which this server may be asked for, without a port.
        link: Whether links from elsewhere may lead here.
    """
    origin = request.headers.get("Origin")
    try:
        host = urlsplit(f"//{request.host}").hostname
        asker = request.host if origin is None else urlsplit(origin).netloc
    except ValueError:  # brackets that hold no address
        return True
    elsewhere = request.headers.get("Sec-Fetch-Site") in _ELSEWHERE and not link
    return host not in names or asker != request.host or elsewhere


def few(times: object) -> int:
    """Read how often a fault is to happen.

    Raises:
        ValueError: Not that often, or it is no number.
    """
    if not isinstance(times, int | str) or not 0 <= int(times) <= MOST_FAULTS:
        raise ValueError(f"times: 0 to {MOST_FAULTS}")
    return int(times)
