"""(e) From the start of the process to its first getUpdates, and where the time goes."""

import asyncio
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass

from benchmarks import processes
from benchmarks.people import telegram
from bot.sandbox.telegram.server import Call

_LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|\s*(\S+)")


@dataclass(frozen=True)
class Starts:
    """Milliseconds, one for each round.

    Attributes:
        first: Refrain's, on an empty directory: the database is made.
        refrain: On an existing one.
        greeting: Of these, until getMe is called: imports and the store.
        imports: Milliseconds of importing, by the package they are spent in.
        echo_imports: The same of the echo bot.
    """

    first: list[float]
    refrain: list[float]
    greeting: list[float]
    echo: list[float]
    echo_greeting: list[float]
    imports: dict[str, float]
    echo_imports: dict[str, float]


async def measure(rounds: int) -> Starts:
    first, again, echo = [], [], []
    await _once(processes.ECHO, 1)  # bytecode and disk are warm for both
    await _once(processes.REFRAIN, 1)
    for _ in range(rounds):
        made, warm = await _once(processes.REFRAIN, 2)
        first.append(made)
        again.append(warm)
        echo += await _once(processes.ECHO, 1)
    return Starts(
        [polled for _, polled in first],
        [polled for _, polled in again],
        [greeted for greeted, _ in again],
        [polled for _, polled in echo],
        [greeted for greeted, _ in echo],
        await _imports("bot.commands.run"),
        await _imports("telegram.ext"),
    )


async def _once(arguments: tuple[str, ...], times: int) -> list[tuple[float, float]]:
    """Start a bot so many times on one directory: milliseconds to getMe and to getUpdates."""
    found = []
    async with processes.folder() as folder:
        for _ in range(times):
            async with telegram() as api:
                calls: dict[str, float] = {}
                polled = asyncio.Event()

                def heard(
                    call: Call, calls: dict[str, float] = calls, polled: asyncio.Event = polled
                ) -> None:
                    calls.setdefault(call.method, time.perf_counter() - call.ms / 1000)
                    if call.method == "getUpdates":
                        polled.set()

                api.on_call(heard)
                await api.person(1).send_text("/help")  # so that the first poll is answered
                begun = time.perf_counter()
                async with processes.running(arguments, api, folder) as bot:
                    await bot.lives_until(polled)
                found.append(
                    (
                        (calls["getMe"] - begun) * 1000,
                        (calls["getUpdates"] - begun) * 1000,
                    )
                )
    return found


async def _imports(module: str) -> dict[str, float]:
    """Milliseconds by top-level package, as `-X importtime` counts them, a little slower."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-c", f"import {module}"),
        cwd=processes.ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    spent: dict[str, float] = defaultdict(float)
    for alone, _, name in _LINE.findall(said.decode()):
        package = name.partition(".")[0]
        spent["stdlib" if package.lstrip("_") in _STDLIB else package] += int(alone) / 1000
    return dict(spent)


_STDLIB = frozenset(name.lstrip("_") for name in sys.stdlib_module_names) | {"encodings", "site"}
