"""(a) Updates answered per second: 300 chats, each sends /help again once it is answered."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks import processes
from benchmarks.people import Crowd, telegram
from bot.sandbox.telegram.api import Person

CHATS = 300


@dataclass(frozen=True)
class Rates:
    """Answers a second, one for each round."""

    refrain: list[float]
    echo: list[float]


async def measure(rounds: int, seconds: float) -> Rates:
    async with AsyncExitStack() as stack:
        crowds, programs = [], []
        for arguments in (processes.REFRAIN, processes.ECHO):
            api = await stack.enter_async_context(telegram())
            folder = await stack.enter_async_context(processes.folder())
            crowds.append(Crowd(api))
            programs.append(
                await stack.enter_async_context(processes.running(arguments, api, folder))
            )
        rates: tuple[list[float], list[float]] = ([], [])
        for crowd, program in zip(crowds, programs, strict=True):
            await crowd.asks(crowd.person(1))
            await _round(crowd, 1.0)  # everybody is known, every path is warm
            program.check()
        for number in range(rounds):
            for which in (0, 1) if number % 2 else (1, 0):
                rates[which].append(await _round(crowds[which], seconds))
        return Rates(*rates)


async def _round(crowd: Crowd, seconds: float) -> float:
    people = [crowd.person(1000 + number) for number in range(CHATS)]
    begun = time.perf_counter()
    end = begun + seconds
    answered = await asyncio.gather(*(_one(crowd, person, end) for person in people))
    return sum(answered) / (time.perf_counter() - begun)  # the last answers take their time too


async def _one(crowd: Crowd, person: Person, end: float) -> int:
    """Ask until the end, and wait for the last answer; gives how many came."""
    count = 0
    while time.perf_counter() < end:
        await crowd.asks(person)
        count += 1
    return count
