"""Kill the bot at every point of handling an update, start it again, and compare.

Many people do the same at once, and for each the bot is held at another of its calls of
Telegram: before it, or after the deed with the answer still on its way. In that moment the data
directory is copied, as a power cut would leave it, and a new bot starts on the copy. One person
is left undisturbed: the control.
"""

import asyncio
import json
import re
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.telegram.api import Answer, Person
from bot.sandbox.telegram.server import Call
from tests.support.bot_kit import World, key_of, tracks, until
from tests.support.proxy_kit import Answered, Asked, Dropped, Forward, Proxy
from tests.support.soak_kit import STALE, draft_of, status_of

LONG = 30.0
HOURS = 60.0
MOST_CALLS = 5
"""A handler makes no more calls; what comes later is news of a track."""

Act = Callable[[World, Person], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody does.

    Attributes:
        do: Does it; gives the answer to a press.
        button: The button it needs, as the beginning or the end of its data; one that came with
            the answer to the last move.
        at_once: Whether they need not have seen that answer.
    """

    do: Act
    button: str = ""
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """An update that is handled twice.

    Attributes:
        before: Brings a person to where they make their move.
        act: The move; the bot is killed while it handles that.
        then: The next one, made as soon as the answer is seen: also while the bot is dead.
        making: Whether no track comes back before the kill.
    """

    before: Act
    act: Move
    then: Move | None = None
    making: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """When the bot dies, by its calls about one person.

    Attributes:
        calls: That go through before.
        done: Whether the next one still arrives.
    """

    calls: int
    done: bool

    def __str__(self) -> str:
        if self == UNMARKED:
            return "killed before the update was marked as handled"
        return f"killed {'after' if self.done else 'before'} call {self.calls + 1}"


UNMARKED = Kill(1_000_000, done=False)


def kills(calls: int) -> list[Kill]:
    """Every point of a handler that makes so many calls."""
    numbers = range(min(calls, MOST_CALLS))
    return [*(Kill(number, done) for number in numbers for done in (False, True)), UNMARKED]


class Gate:
    """Passes calls of Telegram on, each person's up to their kill; `meet` is for a `Proxy`.

    Attributes:
        kills: When to hold whose calls.
        held: Whose calls are held.
        calls: How many were made about whom.
        updates: Raw updates of each person, by id.
    """

    def __init__(self) -> None:
        self.kills: dict[int, Kill] = {}
        self.held: set[int] = set()
        self.calls: Counter[int] = Counter()
        self.updates: dict[int, dict[int, str]] = defaultdict(dict)
        self._pressed: dict[str, int] = {}
        self._dead = asyncio.Event()

    def die(self) -> None:
        """Let nothing through any more."""
        self._dead.set()

    def revive(self) -> None:
        """Let everything through again."""
        self._dead = asyncio.Event()
        self.kills.clear()

    async def meet(self, asked: Asked, forward: Forward) -> Answered:
        """Pass a call on, or hold it until the bot is dead."""
        if self._dead.is_set():
            raise Dropped
        if asked.method == "getUpdates":
            answered = await forward()
            for update in answered.result or ():
                self._note(update)
            return answered
        person = self._person(asked)
        if person is None:
            return await forward()
        number, kill = self.calls[person], self.kills.get(person, UNMARKED)
        self.calls[person] += 1
        if number < kill.calls:
            return await forward()
        self.held.add(person)
        if kill.done and number == kill.calls:
            await forward()
        await self._dead.wait()
        raise Dropped

    def _person(self, asked: Asked) -> int | None:
        if asked.method == "answerCallbackQuery":
            return self._pressed.get(asked.params.get("callback_query_id", ""))
        return asked.number("chat_id")

    def _note(self, update: dict[str, Any]) -> None:
        content = next(value for name, value in update.items() if name != "update_id")
        self.updates[content["from"]["id"]][update["update_id"]] = json.dumps(update)
        if "callback_query" in update:
            self._pressed[content["id"]] = content["from"]["id"]


class Subject:
    """Somebody who makes the moves of a case.

    Args:
        world: Where.
        person: Who.
        kill: When the bot dies for them; None for the control.
    """

    def __init__(self, world: World, person: Person, kill: Kill | None) -> None:
        self.person = person
        self.kill = kill
        self._world = world
        self._moves: list[asyncio.Task[object]] = []
        self._revision = self._mark = self._calls = 0

    def move(self, move: Move) -> None:
        """Begin a move; its answer is waited for by `answers`."""
        if not self._moves:
            self._revision = self._draft().get("revision", 0)
            self._calls = len(self._world.telegram.calls)
        self._mark = self._world.telegram.events.number
        self._moves.append(asyncio.create_task(_done(move.do(self._world, self.person))))

    def go_on(self, move: Move) -> bool:
        """Make the next move, if the answer to the last one is there, with the button for it."""
        news = [m for m in self.person.history(after=self._mark) if m.from_bot]
        data = [button.data for message in news for button in message.buttons]
        offered = any(d.startswith(move.button) or d.endswith(move.button) for d in data)
        ready = move.at_once or (offered if move.button else bool(news))
        if ready:
            self.move(move)
        return ready

    async def answers(self) -> list[str | None]:
        """What was said to each press: None if nothing was, "" to what is no press."""
        given = await asyncio.gather(*self._moves)
        return [_toast(each) for each in given]

    def draft(self) -> dict[str, object]:
        """What stands in the draft, and by how many revisions it has moved."""
        row = self._draft()
        return {
            "revisions": row.get("revision", 0) - self._revision,
            "recording": bool(row.get("reference_id")),
            "partner": bool(row.get("partner_id")),
            **{name: row.get(name) for name in ("step", "purpose", "lyrics")},
        }

    def tracks(self) -> list[str]:
        """How far each track of theirs has come."""
        query = "SELECT status FROM tracks WHERE user_id = ? ORDER BY id"
        return [row["status"] for row in self._world.rows(query, self.person.id)]

    def audio(self) -> int:
        """How many tracks came into the chat."""
        return len(tracks(self.person))

    def sent(self) -> Counter[str]:
        """What new messages said since the first move; news of tracks left out."""
        return Counter(_plain(call) for call in self._said() if call.method == "sendMessage")

    def shown(self) -> set[str]:
        """What any message has said since, edited ones included."""
        return set(map(_plain, self._said()))

    def dead(self) -> int:
        """How many messages have buttons of a draft that do nothing any more."""
        row = self._draft()
        live = (row.get("id"), row.get("revision")) if row.get("step") != "closed" else None
        return sum(
            any(found != live for found in map(draft_of, message.buttons) if found)
            for message in self.person.messages
        )

    def _said(self) -> Iterable[Call]:
        for call in list(self._world.telegram.calls)[self._calls :]:
            theirs = str(call.params.get("chat_id")) == str(self.person.id)
            text = call.params.get("text")
            if theirs and text and call.status != 0 and not status_of(text):
                yield call

    def _draft(self) -> dict[str, Any]:
        found = self._world.rows("SELECT * FROM drafts WHERE user_id = ?", self.person.id)
        return dict(found[0]) if found else {}


async def _done(move: Awaitable[object]) -> object:
    """The answer to a move; of a press that is not answered, None."""
    try:
        return await move
    except AssertionError:
        return None


def _toast(given: object) -> str | None:
    if isinstance(given, Answer):
        return given.text
    return "" if given else None


def _plain(call: Call) -> str:
    return re.sub(r"\d+", "N", str(call.params["text"]))


def _copied(source: str, to: str) -> None:
    """Copy a file, unless the bot has just dropped it."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, to)


def snapshot(data: Path, to: Path, unmarked: dict[int, str]) -> None:
    """Copy a bot's data as a power cut would leave it.

    Args:
        data: Its directory; the bot may be at it.
        to: Where the copy goes.
        unmarked: Raw updates whose rows are put back to where they were before the mark.
    """
    shutil.copytree(
        data, to, ignore=shutil.ignore_patterns("refrain.sqlite3*"), copy_function=_copied
    )
    name = "refrain.sqlite3"
    with (
        closing(sqlite3.connect(data / name, timeout=10)) as source,
        closing(sqlite3.connect(to / name)) as copy,
    ):
        source.backup(copy)
        with copy:
            copy.executemany(
                "UPDATE inbox SET done_at = NULL, raw = ? WHERE update_id = ?",
                [(raw, update_id) for update_id, raw in unmarked.items()],
            )


async def handled_again(world: World, case: Case) -> list[str]:
    """Play a case; gives everything in which somebody differs from the control."""
    gate = Gate()
    world.music.upload_latency = 0.0
    async with Proxy(world.telegram.url, gate.meet) as proxy:
        await world.start(
            telegram_api_url=proxy.url,
            tracks_per_day=100_000,
            recordings_per_day=100_000,
            generate_timeout=2 * HOURS,  # a call that nobody answers is cut off by the kill alone
        )
        control = Subject(world, world.telegram.person(1001), None)
        await _acted(world, gate, case, [control])
        await until(lambda: _at_rest(world), LONG)
        subjects = [
            Subject(world, world.telegram.person(1002 + number), kill)
            for number, kill in enumerate(kills(gate.calls[control.person.id]))
        ]
        unmarked = await _acted(world, gate, case, subjects)
        await _killed(world, gate, unmarked)
        await _revived(world, gate, case.then, [control, *subjects])
        return await _compared(control, subjects)


async def _acted(world: World, gate: Gate, case: Case, people: list[Subject]) -> dict[int, str]:
    """Bring everybody to their move, and the bot as far with it as it is let.

    Returns:
        The raw updates of the moves, by id.
    """
    world.music.latency = HOURS if case.making else 0.0
    await asyncio.gather(*(case.before(world, each.person) for each in people))
    await world.quiet()
    await until(lambda: _at_rest(world), LONG)
    world.music.latency = HOURS
    before = {each.person.id: len(gate.updates[each.person.id]) for each in people}
    gate.calls.clear()
    gate.kills = {each.person.id: each.kill for each in people if each.kill}
    for each in people:
        each.move(case.act)
    updates: dict[int, str] = {}

    def as_far_as_let() -> bool:
        for person, known in before.items():
            new = list(gate.updates[person].items())[known:]
            updates.update(new)
            if not new or not (person in gate.held or _marked(world, [i for i, _ in new])):
                return False
        return True

    await until(as_far_as_let, LONG)
    return updates


def _at_rest(world: World) -> bool:
    """Whether every track has ended, or waits for a call that has arrived at the music service.

    Else its news would come later for one than for another, and what goes wrong on order for
    others would hit this one.
    """
    ending = world.rows("SELECT 1 FROM tracks WHERE status <> 'generating' AND told = 0")
    generating = world.rows("SELECT 1 FROM tracks WHERE status = 'generating'")
    called = world.rows("SELECT 1 FROM attempts WHERE outcome IS NULL")
    asked = world.rows("SELECT 1 FROM attempts")
    arrived = len(asked) == len(world.music.generated)
    return not ending and len(generating) == len(called) and arrived


def _marked(world: World, update_ids: list[int]) -> bool:
    """Whether updates are there and marked as handled."""
    marks = {r["update_id"]: r["done_at"] for r in world.rows("SELECT * FROM inbox")}
    return all(marks.get(update_id) for update_id in update_ids)


async def _killed(world: World, gate: Gate, unmarked: dict[int, str]) -> None:
    """Kill the bot; what it leaves is a copy of its data as of now."""
    copy = world.data.with_name(f"{world.data.name}-copy")
    await asyncio.to_thread(snapshot, world.data, copy, unmarked)
    gate.die()
    await world.stop()
    world.tracebacks = world.log.count("Traceback")  # a dying bot may say what it likes
    world.data = copy


async def _revived(world: World, gate: Gate, then: Move | None, people: list[Subject]) -> None:
    """Let whoever sees an answer go on, start the bot, and let everybody else go on."""
    late = [each for each in people if then and not each.go_on(then)]
    gate.revive()
    world.music.latency = 0.0
    await world.start()

    def all_gone_on() -> bool:
        late[:] = [each for each in late if then and not each.go_on(then)]
        return not late

    try:
        await until(all_gone_on, LONG)
    except TimeoutError:
        if late[0].kill is None:
            raise  # the case is wrong: not even the undisturbed one can go on
    await asyncio.gather(*(each.answers() for each in people))
    await world.quiet()
    await until(lambda: not world.rows("SELECT 1 FROM tracks WHERE told = 0"), LONG)


async def _compared(control: Subject, subjects: list[Subject]) -> list[str]:
    wrong = []
    expected = await control.answers()
    if STALE in expected[1:]:
        wrong.append("undisturbed: the next move is called one from before")
    for subject in subjects:
        given = await subject.answers()
        found = _differences(control, subject)
        if len(given) < len(expected):
            found.append("sees nothing to go on with")
        for move, wanted, got in zip(("the move", "the next"), expected, given, strict=False):
            if got is None:
                found.append(f"{move} was never answered")
            elif got != wanted and not key_of(got, "toast-running"):
                found.append(f"{move} is told {got!r} instead of {wanted!r}")
        wrong += [f"{subject.kill}: {each}" for each in found]
    return wrong


def _differences(control: Subject, subject: Subject) -> list[str]:
    """What became of somebody otherwise than of the control.

    A track that was being sent at the kill is unsure, and shown so: it may have come or not.
    """
    wanted, got = control.draft(), subject.draft()
    found = [f"{n} {got[n]!r} instead of {wanted[n]!r}" for n in wanted if got[n] != wanted[n]]
    tracks, doubtful = subject.tracks(), "unsure" in subject.tracks()
    if [_sure(each) for each in tracks] != [_sure(each) for each in control.tracks()]:
        found.append(f"tracks {tracks} instead of {control.tracks()}")
    came, due = subject.audio(), control.audio()
    if came > due or (came < due and not doubtful):
        found.append(f"{came} tracks came instead of {due}")
    again = subject.sent() - control.sent()
    if again.total() > 1:
        found.append(f"said again: {dict(again)}")
    if not doubtful:
        found += [f"says {text!r}" for text in subject.shown() - control.shown()]
    found += [f"never says {text!r}" for text in control.sent() - subject.sent()]
    if subject.dead() > control.dead() + again.total():  # nobody knows the first of two
        found.append(f"{subject.dead()} messages have dead buttons instead of {control.dead()}")
    return found


def _sure(status: str) -> str:
    return "delivered" if status == "unsure" else status
