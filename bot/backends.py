"""The music services that the settings name, each with its account."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from bot import music
from bot.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Account:
    """How one service is reached.

    Attributes:
        key: None where none is set.
        key_setting: The setting that holds a key without which it cannot be used, if there is one.
        url: Of the service.
        style: What the model is told, where it follows a style; None for its default.
    """

    key: SecretStr | None
    key_setting: str | None
    url: str
    style: str | None = None


def accounts(settings: Settings) -> dict[str, Account]:
    """The account of every service there is."""
    aimlapi = Account(settings.aimlapi_key, "AIMLAPI_KEY", settings.aimlapi_url)
    return {
        "aimlapi": aimlapi,
        "replicate": Account(settings.replicate_token, "REPLICATE_TOKEN", settings.replicate_url),
        "aimlapi-cover": Account(
            aimlapi.key, aimlapi.key_setting, aimlapi.url, style=settings.cover_prompt
        ),
        "acestep": Account(
            settings.acestep_key, None, settings.acestep_url, style=settings.acestep_prompt
        ),
    }


def titles_and_keys(services: music.Failover) -> dict[str, tuple[str, str]]:
    """By the name of each service, its title and the setting that holds its key."""
    keys = {"aimlapi-cover": "AIMLAPI_KEY", "replicate": "REPLICATE_TOKEN"}
    return {
        service.name: (service.title, keys.get(service.name, f"{service.name.upper()}_KEY"))
        for service in services
    }


@asynccontextmanager
async def music_services(
    settings: Settings, time_scale: float = 1.0
) -> AsyncIterator[music.Failover]:
    """The music services that the settings name, in their order.

    Args:
        settings: Name them and their accounts.
        time_scale: A factor on their pauses; tests use a small one.

    Raises:
        SettingsError: there is no such service, it is named twice, it lacks its key, or its
            address cannot be used.
    """
    names, known = settings.music_backend, accounts(settings)
    if not names or len(set(names)) < len(names) or not known.keys() >= set(names):
        raise SettingsError(f"MUSIC_BACKEND: one or several of {', '.join(music.BACKENDS)}")
    for name in names:
        if known[name].key is None and known[name].key_setting:
            raise SettingsError(f"{known[name].key_setting}: is needed to make tracks with {name}")
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        # Without trust_env: it would put a password from ~/.netrc in the place of the key.
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        failover = music.Failover(
            [_service(settings, session, name, known[name], time_scale) for name in names]
        )
        stack.push_async_callback(failover.aclose)
        yield failover


def _service(
    settings: Settings,
    session: aiohttp.ClientSession,
    name: str,
    account: Account,
    time_scale: float,
) -> music.MusicBackend:
    """A backend with its account.

    Raises:
        SettingsError: its address cannot be used.
    """
    try:
        return music.backend(
            name,
            session,
            key=account.key or SecretStr(""),
            url=account.url,
            upload_timeout=settings.upload_timeout,
            generate_timeout=settings.generate_timeout,
            style=account.style,
            data_uri=settings.cover_data_uri,
            time_scale=time_scale,
        )
    except ValueError as error:
        setting = f"{name.partition('-')[0].upper()}_URL"
        raise SettingsError(f"{setting}: {error}") from None
