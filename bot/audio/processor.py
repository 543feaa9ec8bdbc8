"""Audio work for the event loop: prepares recordings and inspects tracks in child processes."""

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.audio.isolation import runners
from bot.audio.limits import Limits
from bot.audio.models import Inspected, Prepared, Unusable
from bot.model import Flaw, Hint


class AudioProcessor:
    """Runs audio work in child processes; one owner, `aclose` ends them.

    Each job has a process of its own that lives no longer than the job: it may use 45 s of
    processor time (90 s once a recording is known to be usable), 400 MB of memory and `deadline`
    seconds in all. At most `at_once` of them (default: one more than there are cores, three at
    least) are at work; preparing leaves one of these to inspecting, which somebody is waiting
    for. So a long preparation leaves room for a short one even where there is one core.
    """

    def __init__(self, *, at_once: int | None = None, deadline: float = 240.0) -> None:
        places = at_once or max(os.cpu_count() or 1, 2) + 1
        self._places = asyncio.Semaphore(places)
        self._preparing = asyncio.Semaphore(max(places - 1, 1))
        self._deadline = deadline
        self._workers = runners.best(deadline)

    async def warm(self) -> None:
        """Get ready for the first job, which would otherwise wait 0.3 s; may be skipped.

        Raises:
            ChildProcessError: no process could be started.
        """
        await self._workers.warm()

    async def prepare(self, source: Path, into: Path, limits: Limits) -> Prepared:
        """Measure a recording and make the MP3 of it that the music API takes.

        `into` appears complete or not at all.

        Raises:
            Unusable: with the flaw that makes it so.
            OSError: a file could not be read or written, or no process be started.
        """
        with _part_file(into) as part:
            job = {"source": str(source), "into": str(part), "limits": asdict(limits)}
            async with self._preparing:
                measured, _ = await self._run({"do": "prepare"} | job)
            measured["hints"] = tuple(map(Hint, measured["hints"]))
            part.replace(into)
            return Prepared(**measured)

    async def to_mono(self, prepared: Path, into: Path) -> None:
        """Make of a prepared recording what is sent as a voice: one channel.

        `into` appears complete or not at all.

        Raises:
            Unusable: it does not decode.
            OSError: a file could not be read or written, or no process be started.
        """
        with _part_file(into) as part:
            await self._run({"do": "to_mono", "source": str(prepared), "into": str(part)})
            part.replace(into)

    async def inspect(self, track: Path) -> Inspected:
        """Decode a finished track in full, and draw its cover.

        Raises:
            Unusable: `UNREADABLE`, when it does not decode.
            OSError: the file could not be read, or no process be started.
        """
        inspected, cover = await self._run({"do": "inspect", "source": str(track)})
        inspected["waveform"] = tuple(inspected["waveform"])
        return Inspected(cover=cover, **inspected)

    async def aclose(self) -> None:
        """End every process."""
        await self._workers.aclose()

    async def _run(self, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with self._places:
            try:
                async with asyncio.timeout(self._deadline):
                    answer = await self._workers.do(json.dumps(job).encode())
            except TimeoutError as error:
                detail = f"not done in {self._deadline:g} s"
                raise Unusable(Flaw.UNREADABLE, detail) from error
        line, _, attached = answer.partition(b"\n")
        if not line:
            raise Unusable(Flaw.UNREADABLE, "its process died")
        result = json.loads(line)
        if "flaw" in result:
            raise Unusable(Flaw(result["flaw"]), result["detail"])
        if "errno" in result:
            raise OSError(result["errno"], result["detail"])
        return result, attached


@contextmanager
def _part_file(into: Path) -> Iterator[Path]:
    """Lend an empty file beside `into`, and clear it away.

    A child only ever writes over it and never creates one, so a child that is being killed
    leaves nothing behind.
    """
    number, name = tempfile.mkstemp(prefix=f".{into.name}.", suffix=".part", dir=into.parent)
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
