"""(b) /help while others work, (c) Create to delivered, (d) memory: on one bot with 200 tracks."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks import memory, processes, sounds
from benchmarks.music import LATENCY
from benchmarks.people import PATIENCE, Crowd, create, fill_in, rewrite, telegram
from bot.sandbox.telegram.api import Person, SeenMessage

ASK_EVERY = 0.05
AT_ONCE = 6
ASKER, PREPARER, CREATOR, FIRST = 1, 2, 3, 10_000


@dataclass
class Answers:
    """How long /help took, in seconds, and how late the sandbox was meanwhile."""

    seconds: list[float] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    preparing: float = 0.0
    took: float = 0.0


@dataclass
class Tracks:
    """What was measured; memory in MB, times in seconds."""

    tracks: int
    idle: Answers
    generating: Answers
    wave: Answers
    overheads: list[float]
    peak_at_rest: float | None
    peak_generating: float | None
    peak_wave: float | None
    children: float


class Gate:
    """The music API's, from here."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def turn(self, what: str) -> None:
        async with self._session.post(f"{self._url}/gate/{what}"):
            return

    async def has(self, what: str, count: int) -> None:
        """Wait until so many calls for a track are `held`, or so many `uploads` were made."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self._session.get(f"{self._url}/gate") as answer:
                    if (await answer.json())[what] >= count:
                        return
                await asyncio.sleep(0.2)


async def measure(
    tracks: int, creations: int, seconds: float, say: Callable[[str], None]
) -> Tracks:
    """Fill in `tracks` forms, then press Create on all of them.

    Args:
        tracks: How many are in flight at once.
        creations: How often (c) is taken.
        seconds: How long /help is asked while they are generated.
        say: Told of progress.
    """
    recording, long_recording = sounds.recording(), sounds.long_recording()
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(telegram())
        url = await stack.enter_async_context(processes.music(sounds.track()))
        folder = await stack.enter_async_context(processes.folder())
        bot = await stack.enter_async_context(
            processes.running(processes.REFRAIN, api, folder, AIMLAPI_URL=url)
        )
        gate = Gate(await stack.enter_async_context(aiohttp.ClientSession()), url)
        crowd, watch = Crowd(api), memory.Watch(bot.pid)
        asker = crowd.person(ASKER)
        await crowd.asks(asker)
        idle = await _asked(crowd, asker, asyncio.create_task(asyncio.sleep(seconds / 3)))
        overheads = await _overheads(crowd, recording, creations)
        say(f"{tracks} forms are filled in")
        people = [crowd.person(FIRST + number) for number in range(tracks)]
        previews = await _filled_in(people, recording)
        await gate.has("uploads", tracks + 1)
        bot.check()
        at_rest = memory.peak(bot.pid)
        watching = asyncio.create_task(watch.run())
        stack.callback(watching.cancel)
        say("Create")
        await gate.turn("shut")
        made = asyncio.gather(*(create(crowd, *pair) for pair in previews))
        await gate.has("held", tracks)
        say("generating")
        generating = await _while_preparing(crowd, asker, bot.pid, long_recording, seconds)
        peak_generating = memory.peak(bot.pid)
        say("the wave")
        await gate.turn("open")
        wave = await _asked(crowd, asker, made)
        bot.check()
        return Tracks(
            tracks,
            idle,
            generating,
            wave,
            overheads,
            at_rest,
            peak_generating,
            memory.peak(bot.pid),
            watch.most,
        )


async def _overheads(crowd: Crowd, recording: bytes, times: int) -> list[float]:
    """(c): Create to delivered less the API's own time, one track after another."""
    person, found = crowd.person(CREATOR), []
    preview = await fill_in(person, recording)
    for _ in range(times + 1):
        found.append(await create(crowd, person, preview) - LATENCY)
        track = await person.wait_for("audio", timeout=PATIENCE, after=0)
        preview = await rewrite(person, track)
    return found[1:]  # the first one waits for the upload


async def _filled_in(people: list[Person], recording: bytes) -> list[tuple[Person, SeenMessage]]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(person: Person) -> tuple[Person, SeenMessage]:
        async with places:
            return person, await fill_in(person, recording)

    return await asyncio.gather(*map(one, people))


async def _while_preparing(
    crowd: Crowd, asker: Person, pid: int, recording: bytes, seconds: float
) -> Answers:
    watch = memory.Watch(pid)
    async with _going(watch.run()), _going(_keep_preparing(crowd, pid, recording)):
        answers = await _asked(crowd, asker, asyncio.create_task(asyncio.sleep(seconds)))
    answers.preparing = watch.working
    return answers


async def _keep_preparing(crowd: Crowd, pid: int, recording: bytes) -> None:
    """Send one long recording after another: as soon as no child is at work."""
    person = crowd.person(PREPARER)
    while True:
        await person.send_audio(recording, "long.wav", "audio/wav", duration=595)
        await asyncio.sleep(1.0)
        while len(memory.children(pid)) > 1:  # noqa: ASYNC110 - another process has no events
            await asyncio.sleep(0.1)


async def _asked(crowd: Crowd, asker: Person, until: "asyncio.Future[Any]") -> Answers:
    """Ask for /help again and again until something has happened."""
    answers = Answers()
    crowd.lag.seconds.clear()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with _going(crowd.lag.run()):
        while not until.done():
            took = await crowd.asks(asker)
            answers.seconds.append(took)
            await asyncio.sleep(max(ASK_EVERY - took, 0.0))
    await until
    answers.took = loop.time() - begun
    answers.lag = list(crowd.lag.seconds)
    return answers


@asynccontextmanager
async def _going(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def p99(values: list[float]) -> float:
    """The value that one in a hundred exceeds; the largest of few."""
    return statistics.quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else 0.0
