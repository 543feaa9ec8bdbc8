"""What looks wrong around the settings although every one of them is usable."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from bot import settings
from bot.file_permissions import open_to_others
from bot.i18n import texts
from bot.proxies import kind_of, proxies_named
from bot.settings import Settings

_ALIKE = 0.8  # of 1: TELEGRAM_BOT_TOKEN is as near as that to TELEGRAM_TOKEN, LOG_FILE to none
_ALIKE_IN_FILE = 0.6  # whatever stands in .env was meant for somebody near
_OTHERS = ("POSTGRES_", "COMPOSE_", "DOCKER_", "PYTHON", "PTB_", "LC_", "SSL_", "OPENBLAS_")
"""How names begin that others read: compose.yaml, Python, libraries."""

_KNOWN = {"TZ", "LANG", "PATH", "HOME", "USER", "UID", "GID", "NETRC"}
_ALIASES = {
    "BOT_TOKEN": "TELEGRAM_TOKEN",
    "TOKEN": "TELEGRAM_TOKEN",
    "ADMIN_ID": "OWNER_ID",
    "PORT": "HTTP_PORT",
    "HOST": "HTTP_HOST",
}
"""What other bots call their settings."""


def all_of_them() -> list[str]:
    """Everything there is to remark, a line each that names what it is about."""
    return [*misspelt(), *_copied(), *_file(), *_proxies()]


def misspelt() -> Iterator[str]:
    """Names that look like a setting's and are none."""
    say = texts(None)
    names = [name.upper() for name in Settings.model_fields]
    for place, values in settings.values_by_source().items():
        in_file = place == settings.ENV_FILE.name
        for name in sorted(values.keys() - set(names)):
            if name in _KNOWN or name.startswith(_OTHERS) or name.endswith("_PROXY"):
                continue
            meant = _meant(name, names, _ALIKE_IN_FILE if in_file else _ALIKE, in_file=in_file)
            if meant:
                yield say.plain("check-misspelt", name=name, place=place, meant=meant)
            elif in_file:
                yield say.plain("check-unknown", name=name, place=place)


def _meant(name: str, names: list[str], alike: float, *, in_file: bool) -> str:
    if in_file and name in _ALIASES:
        return _ALIASES[name]
    plain = name.replace("_", "")
    likeness = {
        known: max(
            SequenceMatcher(None, known, name, autojunk=False).ratio(),
            SequenceMatcher(None, known.replace("_", ""), plain, autojunk=False).ratio(),
        )
        for known in names
    }
    best = max(likeness, key=likeness.__getitem__)
    return best if likeness[best] >= alike else ""


def _copied() -> Iterator[str]:
    """Settings that were given with quotes, white space or "Bearer", and are used without."""
    seen: dict[str, str] = {}
    for values in reversed(list(settings.values_by_source().values())):  # the environment wins
        seen |= values
    for name in Settings.model_fields:
        value = seen.get(name.upper(), "")
        if settings.is_trimmed(name) and settings.trimmed(value) != value:
            yield texts(None).plain("check-trimmed", name=name.upper())


def _file() -> Iterator[str]:
    if open_to_others(settings.ENV_FILE):
        yield texts(None).plain("check-env-open")


def _proxies() -> Iterator[str]:
    """Proxies of a kind that cannot be used."""
    for name, value in proxies_named().values():
        if (kind := kind_of(value)) != "http":
            yield texts(None).plain("check-proxy", name=name, kind=kind)
