"""Which proxy leads to an address: the environment's, without what `~/.netrc` may hold.

aiohttp's own way of reading the environment reads `.netrc` as well, fails on one it cannot read,
and sends a password from there to whoever is asked.
"""

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import BasicAuth
from aiohttp.helpers import strip_auth_from_url
from yarl import URL

_NAMES = ("http_proxy", "https_proxy", "all_proxy")


def proxy_for(url: URL) -> tuple[URL | None, BasicAuth | None]:
    """The proxy to an address and what it wants to be shown; None where there is none.

    HTTPS_PROXY or HTTP_PROXY by the address, else ALL_PROXY; never for what NO_PROXY names.
    """
    known = getproxies()
    named = known.get(url.scheme) or known.get("all")
    if not named or (url.host and proxy_bypass(url.host)):
        return None, None
    proxy = _read(named)
    return strip_auth_from_url(proxy) if proxy else (None, None)


def proxy_to(address: str) -> str:
    """The variable that names the proxy which leads to an address; "" where there is none."""
    parts = urlsplit(address)
    if parts.hostname and proxy_bypass(parts.hostname):
        return ""
    named = proxies_named()
    for kind in (parts.scheme, "all"):
        name, value = named.get(f"{kind}_proxy", ("", ""))
        if value:
            return name if kind_of(value) == "http" else ""
    return ""


def unusable() -> list[str]:
    """The environment variables that name a proxy which cannot be used, such as one of SOCKS."""
    return sorted(
        name
        for name, value in os.environ.items()
        if name.lower() in _NAMES and value.strip() and _read(value) is None
    )


def proxies_named() -> dict[str, tuple[str, str]]:
    """The environment's proxies, by lower-case name; the lower-case variable wins, as in curl."""
    named: dict[str, tuple[str, str]] = {}
    for kind in ("http_proxy", "https_proxy", "all_proxy"):
        variables = [n for n in (kind.upper(), kind) if os.environ.get(n, "").strip()]
        if variables:
            named[kind] = variables[0], os.environ[variables[-1]].strip()
    return named


def kind_of(proxy: str) -> str:
    """Of what kind a proxy is, by its address; "http" where that does not say."""
    return proxy.partition("://")[0].lower() if "://" in proxy else "http"


def _read(named: str) -> URL | None:
    """A proxy of HTTP; None for any other kind, and for what is no address."""
    try:
        proxy = URL(named.strip() if "://" in named else f"http://{named.strip()}")
    except ValueError:
        return None
    return proxy if proxy.scheme == "http" and proxy.host else None
