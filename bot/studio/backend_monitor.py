"""Watching the music services: model offered? key good? balance? At start and every hour."""

import asyncio
import logging

from bot.music import CheckResult, MusicBackend
from bot.studio.context import Context

log = logging.getLogger(__name__)

_EVERY = 3600.0
_DAY = 86_400.0


class Watch:
    """Steers the chain by what checks find, before a person meets it."""

    def __init__(self, context: Context) -> None:
        self._c = context

    async def run(self) -> None:
        """Look now and every hour; a look that fails is no reason to stop."""
        while True:
            for backend in self._c.music:
                try:
                    await self._look(backend)
                except Exception:
                    log.exception("%s could not be checked", backend.name)
            await asyncio.sleep(_EVERY)

    async def _look(self, backend: MusicBackend) -> None:
        """Pass a backend over whose owner must act, and come back to one that is good again.

        A service that cannot be asked at the moment stays as it is.
        """
        findings = await backend.check()
        bad = _certainly_bad(findings)
        if bad is not None and bad.reason is not None:
            log.warning("%s: %s: %s", backend.name, bad.subject, bad.detail)
            await self._c.down(backend, bad.reason, _DAY)
        elif all(finding.good for finding in findings) and await self._c.up(backend, look=True):
            log.info("%s can be used again", backend.name)


def _certainly_bad(findings: list[CheckResult]) -> CheckResult | None:
    return next((finding for finding in findings if finding.reason is not None), None)
