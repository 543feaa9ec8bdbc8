"""Checking the music services at start and every hour: model offered? key good? balance?"""

import asyncio
import logging

from bot.music import MusicBackend
from bot.studio.context import Context

log = logging.getLogger(__name__)

_EVERY = 3600.0
_DAY = 86_400.0


class BackendMonitor:
    """Marks backends as down or up by what their checks find, before a person meets it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Check now and every hour; a check that fails is no reason to stop."""
        while True:
            for backend in self._context.music:
                try:
                    await self._check(backend)
                except Exception:
                    log.exception("%s could not be checked", backend.name)
            await asyncio.sleep(_EVERY)

    async def _check(self, backend: MusicBackend) -> None:
        """Pass a backend over whose owner must act, and come back to one that is good again.

        A service that cannot be asked at the moment stays as it is.
        """
        backends, findings = self._context.backends, await backend.check()
        for finding in findings:
            if finding.reason is not None:
                log.warning("%s: %s: %s", backend.name, finding.subject, finding.detail)
                await backends.mark_down(backend, finding.reason, _DAY)
                return
        good = all(finding.good for finding in findings)
        if good and await backends.mark_up(backend, told_before=True):
            log.info("%s can be used again", backend.name)
