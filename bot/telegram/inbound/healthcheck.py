"""`python -m bot.telegram.inbound.healthcheck`: ask /healthz where the bot listens.

Exit code 0: it is well. 1: it is not, or cannot be asked; one line says why.
"""

import ipaddress
import sys
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from bot.settings import Settings, SettingsError, load

_TIMEOUT = 8.0


def address(settings: Settings) -> str:
    """Where /healthz is asked for; on the loopback if it listens on every address."""
    host = settings.http_host
    try:
        listens = ipaddress.ip_address(host.strip("[]"))
    except ValueError:  # a name
        return f"http://{host}:{settings.http_port}/healthz"
    if listens.is_unspecified:
        listens = ipaddress.ip_address("127.0.0.1" if listens.version == 4 else "::1")  # noqa: PLR2004 - IPv4
    shown = f"[{listens}]" if listens.version == 6 else str(listens)  # noqa: PLR2004 - IPv6
    return f"http://{shown}:{settings.http_port}/healthz"


def main() -> int:
    """Ask once."""
    try:
        url = address(load())
        with build_opener(ProxyHandler({})).open(url, timeout=_TIMEOUT):
            return 0
    except SettingsError as error:
        why = str(error)
    except HTTPError as error:
        why = f"the bot is not well: {error.read(1000).decode(errors='replace')}"
    except OSError as error:
        why = f"the bot does not answer at {url}: {getattr(error, 'reason', error)}"
    print(why, file=sys.stderr)  # noqa: T201 - the one line that says what is wrong
    return 1


if __name__ == "__main__":
    sys.exit(main())
