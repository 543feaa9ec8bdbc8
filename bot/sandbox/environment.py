"""The environment of a bot: both stand-ins, and the bot as a process of its own between them."""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.sandbox.music.acestep import AceStepApi
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.music.replicate import ReplicateApi
from bot.sandbox.music.server import MusicServer
from bot.sandbox.telegram.api import TelegramApi, new_token

MUSIC_SERVERS: Mapping[str, tuple[Callable[..., MusicServer], str, str]] = {
    "aimlapi": (MusicApi, "AIMLAPI_KEY", "AIMLAPI_URL"),
    "replicate": (ReplicateApi, "REPLICATE_TOKEN", "REPLICATE_URL"),
    "aimlapi-cover": (MusicApi, "AIMLAPI_KEY", "AIMLAPI_URL"),
    "acestep": (AceStepApi, "ACESTEP_KEY", "ACESTEP_URL"),
}
"""The stand-in for each backend, and the settings that lead the bot there."""

_STOP = 10.0


class Environment:
    """Starts the outside world, then the bot; ends both.

    The bot runs in an empty directory and without the names in `unset`, so that neither a
    `.env` nor the environment of whoever tries it leads it out of the sandbox.

    Attributes:
        music_server: Makes the tracks.

    Args:
        settings: More settings for the bot, by name.
        unset: Environment variables that the bot must not see.
        latency: Seconds that a track takes.
        backend: Whose stand-in makes the tracks; see `MUSIC_SERVERS`.
        data: The bot's `DATA_DIR`; a temporary one if None.
    """

    OWNER = 1001

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        unset: Iterable[str] = (),
        latency: float = 5.0,
        backend: str = "aimlapi",
        data: Path | None = None,
    ) -> None:
        new_server, self._key, self._url = MUSIC_SERVERS[backend]
        self.telegram = TelegramApi(new_token())
        self.music_server: MusicServer = new_server(f"sandbox-{secrets.token_hex(16)}", latency)
        self._backend = backend
        self._settings = dict(settings or {})
        self._unset = frozenset(unset)
        self._folder = tempfile.TemporaryDirectory(prefix="refrain-", ignore_cleanup_errors=True)
        self.data = data or Path(self._folder.name) / "data"
        self.process: asyncio.subprocess.Process | None = None
        self._guests = {
            int(id_) for id_ in self._settings.pop("ALLOWED_USERS", "").split(",") if id_
        }

    async def __aenter__(self) -> Self:
        await self.telegram.start()
        await self.music_server.start()
        await self.start_bot()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop_bot()
        await self.music_server.aclose()
        await self.telegram.aclose()
        self._folder.cleanup()

    @property
    def music(self) -> MusicApi:
        """The stand-in for AI/ML API.

        Raises:
            TypeError: Another one makes the tracks.
        """
        if not isinstance(self.music_server, MusicApi):
            raise TypeError(type(self.music_server))
        return self.music_server

    def lets_in(self, person: int) -> bool:
        """Whether the bot may be used by somebody."""
        owner = self._settings.get("OWNER_ID") or str(self.OWNER)
        is_open = self._settings.get("ACCESS") == "open"
        return is_open or str(person) == owner or person in self._guests

    async def let_in(self, person: int) -> None:
        """Put somebody among those who may use the bot, and restart it if it runs."""
        self._guests.add(person)
        if self.process is not None:
            await self.restart_bot()

    async def start_bot(self) -> None:
        """Start the bot; it need not be ready when this returns."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._folder.name,
            env=self._variables(),
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def stop_bot(self) -> int | None:
        """End the bot as a service manager would.

        Returns:
            Its exit code, or None if it was not running.
        """
        process, self.process = self.process, None
        if process is None:
            return None
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), _STOP)
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def restart_bot(self) -> None:
        """Stop the bot and start it again on the same data."""
        await self.stop_bot()
        await self.start_bot()

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in self._unset}
        return kept | {
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "MUSIC_BACKEND": self._backend,
            self._key: self.music_server.key,
            self._url: self.music_server.url,
            "DATA_DIR": str(self.data),
            "OWNER_ID": str(self.OWNER),
            "ALLOWED_USERS": ",".join(map(str, sorted(self._guests))),
            "HTTP_PORT": "0",
            "LOG_LEVEL": "WARNING",
            "STOP_GRACE": "5",
            **self._settings,
        }
