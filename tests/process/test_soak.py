"""People use the bot while every tenth call to or from it goes wrong; at the end nobody waits.

`SOAK_STEPS=1000 SOAK_SEED=7 pytest tests/process/test_soak.py -n 0` is the long one (`make soak`).
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from benchmarks.torture_people import track_of
from bot.backoff import Backoff
from bot.sandbox.telegram.api import Person, SeenMessage
from bot.sandbox.telegram.server import Call
from tests.support.bot_kit import LYRICS, World, said, song, until
from tests.support.proxy_kit import Proxy
from tests.support.soak_kit import ANSWER, Complaint, Visitor, draft_of, status_of
from tests.support.weather_kit import Weather, music_troubles, telegram_troubles, told

STEPS = int(os.environ.get("SOAK_STEPS", "160"))
WHOLE = "SOAK_STEPS" in os.environ
SEED = os.environ.get("SOAK_SEED", "1")
CROWD = 6
CAP = 2
SETTLED = 60.0
AFTER = 0
LATELY = 5

# What the suite holds whatever the clock says. The rest (a button that spins or stays, a status
# that nobody knows the number of) depends on how faults fall together on a busy machine: it is
# held by `make soak`.
_NEVER = {"ledger", "billed", "twice", "lost", "stuck", "unanswered", "unsettled", "log"}
_WAITING = {
    "status-queued",
    "status-generating",
    "status-generating-long",
    "status-stopping",
    "status-sending",
}
_UNFINISHED = {"queued", "generating", "made", "sending"}
_SENDABLE = {"unsure", "cancelled", "undeliverable"}
_ASKING = {"purpose", "preview", "partner"}


class Soak:
    """One run: a world, its weather, and the people in it.

    Attributes:
        complaints: Everything that was found wrong.
        arrived: By track, how often its audio came into a chat.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.complaints: list[Complaint] = []
        self.arrived: Counter[int] = Counter()
        self.telegram = Weather(f"{SEED} telegram", telegram_troubles, clear=True)
        self.music = Weather(f"{SEED} music", music_troubles, clear=True)
        world.telegram.on_call(self._heard)
        people = [world.telegram.person(1001 + number) for number in range(CROWD)]
        self.visitors = [
            Visitor(person, f"{SEED} {person.id}", self._not_answered, self.calm)
            for person in people
        ]

    def storm(self, *, rages: bool) -> None:
        """Let things go wrong, or no more."""
        self.telegram.clear = self.music.clear = not rages

    async def live(self, steps: int) -> None:
        """Let everybody do one thing after another until so many have been done."""
        numbers = count(1)

        async def one(visitor: Visitor) -> None:
            while (number := next(numbers)) <= steps:
                await visitor.step(number)

        await asyncio.gather(*map(one, self.visitors))

    def calm(self, user_id: int) -> bool:
        """Whether nothing that somebody did is still to be handled."""
        theirs = f'%"from": {{"id": {user_id},%'
        query = "SELECT 1 FROM inbox WHERE done_at IS NULL AND raw LIKE ?"
        return not self.world.telegram.pending_updates and not self.world.rows(query, theirs)

    def complain(self, check: str, text: str, person: int = 0) -> None:
        """Note what is wrong after the last step."""
        self.complaints.append(Complaint(check, AFTER, person, text))

    def _not_answered(self, complaint: Complaint) -> None:
        """Note it, with what had just gone wrong."""
        struck = f"{complaint.text}; had gone wrong: {told(self.telegram.struck[-LATELY:])}"
        self.complaints.append(replace(complaint, text=struck))

    def _heard(self, call: Call) -> None:
        if call.method == "sendAudio" and call.status == 200:
            self.arrived[track_of(call)] += 1


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are a tenth of what they are; waits that Telegram asks for are not."""
    quick = Backoff(first=0.05, longest=0.2, deadline=20)
    monkeypatch.setattr("bot.telegram.retry.BACKOFF", quick)


@pytest.mark.timeout(300 + 3 * STEPS)
async def test_nobody_is_left_waiting(outside: World) -> None:
    outside.music.latency = 0.3
    soak = Soak(outside)
    async with (
        Proxy(outside.telegram.url, soak.telegram.meet) as telegram,
        Proxy(outside.music.url, soak.music.meet) as music,
    ):
        await outside.start(
            telegram_api_url=telegram.url,
            aimlapi_url=music.url,
            generate_attempts=CAP,
            tracks_per_day=100_000,
            recordings_per_day=100_000,
        )
        soak.storm(rages=True)
        await soak.live(STEPS)
        soak.storm(rages=False)
        await _settled(soak)
        for check in (_nobody_waits, _every_draft_can_go_on, _no_dead_buttons):
            check(soak)
        _tracks(soak)
        await _all_can_go_on(soak)
        await outside.stop()
    _quiet_log(soak)
    assert not [each for each in soak.complaints if WHOLE or each.check in _NEVER], _report(soak)


def _report(soak: Soak) -> str:
    found = Counter(each.check for each in soak.complaints)
    lines = [f"seed {SEED}, {STEPS} steps: " + ", ".join(f"{n} {c}" for c, n in found.items())]
    lines += map(str, sorted(soak.complaints, key=lambda each: (each.check, each.step)))
    return "\n".join(lines)


async def _settled(soak: Soak) -> None:
    """Wait until the bot has nothing to do."""

    def quiet() -> bool:
        left = soak.world.rows("SELECT 1 FROM inbox WHERE done_at IS NULL")
        left += soak.world.rows("SELECT 1 FROM tracks WHERE told = 0")
        left += soak.world.rows(
            'SELECT 1 FROM "references" WHERE told = 0 AND status <> ?', "received"
        )
        return not left and not soak.world.telegram.pending_updates

    try:
        await until(quiet, SETTLED)
    except TimeoutError:
        for row in soak.world.rows("SELECT id, user_id, status FROM tracks WHERE told = 0"):
            soak.complain("unsettled", f"track {row['id']} is {row['status']}", row["user_id"])
        left = soak.world.rows("SELECT update_id FROM inbox WHERE done_at IS NULL")
        if left:
            soak.complain("unsettled", f"{len(left)} updates were never handled")


def _nobody_waits(soak: Soak) -> None:
    """The last word is the bot's, and no status message promises anything any more.

    A message whose sending was not confirmed in time cannot be edited: nobody knows its number.
    """
    unknown = {each.came for each in soak.telegram.struck if each.method == "sendMessage"}
    known = {row["panel_id"] for row in soak.world.rows("SELECT panel_id FROM tracks")}
    for visitor in soak.visitors:
        messages = visitor.person.messages
        for message in messages:
            waits = message.from_bot and status_of(message.text) in _WAITING
            if waits and message.id in known - unknown:
                soak.complain(
                    "waiting", f"message {message.id}: {message.text}", visitor.person.id
                )
        if messages and not messages[-1].from_bot and not _answered_by_edit(messages):
            last = messages[-1].line()
            soak.complain("waiting", f"the last word is theirs: {last}", visitor.person.id)


def _answered_by_edit(messages: list[SeenMessage]) -> bool:
    return any(m.from_bot and m.changed > messages[-1].changed for m in messages)


def _every_draft_can_go_on(soak: Soak) -> None:
    """Where a draft waits for a button, that button is in the chat."""
    asked = _waiting_words(soak)
    for row in soak.world.rows("SELECT id, user_id, revision, step FROM drafts"):
        if row["step"] not in _ASKING:
            continue
        live = [
            m
            for m, button in _draft_buttons(soak, row["user_id"])
            if button == (row["id"], row["revision"]) or button in asked
        ]
        if not live and not _refused(soak, row["user_id"]):
            text = f"draft {row['id']} stands at {row['step']}, and no button of it is in the chat"
            soak.complain("no way on", text, row["user_id"])


def _refused(soak: Soak, user_id: int) -> bool:
    """Whether the recording of a draft cannot be used, so that nothing is offered for it."""
    return bool(
        soak.world.rows(
            'SELECT 1 FROM drafts JOIN "references" r ON r.id IN (reference_id, partner_id)'
            " WHERE drafts.user_id = ? AND r.status = 'rejected'",
            user_id,
        )
    )


def _draft_buttons(soak: Soak, user_id: int) -> Iterator[tuple[SeenMessage, tuple[int, int]]]:
    for message in soak.world.telegram.person(user_id).messages:
        for button in message.buttons:
            if draft := draft_of(button):
                yield message, draft


def _waiting_words(soak: Soak) -> set[tuple[int, int]]:
    """Drafts with words that wait for an answer, each with the message that its buttons name."""
    return {
        (row["id"], json.loads(row["words"])["new"][-1][0])
        for row in soak.world.rows("SELECT id, words FROM drafts WHERE words IS NOT NULL")
        if json.loads(row["words"]).get("new")
    }


def _no_dead_buttons(soak: Soak) -> None:
    """No old panel has buttons; those whose removal went wrong are forgiven."""
    forgiven = {each.about for each in soak.telegram.struck}
    forgiven |= {each.came for each in soak.telegram.struck}
    drafts = soak.world.rows("SELECT id, revision FROM drafts WHERE step <> 'closed'")
    live = {(row["id"], row["revision"]) for row in drafts} | _waiting_words(soak)
    tracks = {row["id"]: row["status"] for row in soak.world.rows("SELECT id, status FROM tracks")}
    for visitor in soak.visitors:
        dead = {
            m.id: m for m, button in _draft_buttons(soak, visitor.person.id) if button not in live
        }
        for message in visitor.person.messages:
            for button in message.buttons:
                action, _, number = button.data.partition(":")
                status = tracks.get(int(number)) if action in "ks" else None
                if status and status not in (_UNFINISHED if action == "k" else _SENDABLE):
                    dead[message.id] = message
        for message in dead.values():
            if message.id not in forgiven:
                text = f"message {message.id}: {', '.join(message.button_texts)}"
                soak.complain("dead buttons", text, visitor.person.id)


def _tracks(soak: Soak) -> None:
    """No track costs too much, or comes twice, or is called delivered and is not there."""
    attempts = soak.world.rows(
        "SELECT track_id FROM attempts WHERE outcome IS NULL OR outcome <> 'refused'"
    )
    counted = Counter(row["track_id"] for row in attempts)
    billed = Counter(
        int((call.request_id or "-0-").split("-")[1])
        for call in soak.world.music.generated
        if call.billed
    )
    resends = Counter(number for visitor in soak.visitors for number in visitor.resends)
    for row in soak.world.rows("SELECT id, user_id, status FROM tracks"):
        number, person = row["id"], row["user_id"]
        if counted[number] > CAP:
            soak.complain("ledger", f"track {number}: {counted[number]} counted calls", person)
        if billed[number] > CAP:
            soak.complain("billed", f"track {number} was billed {billed[number]} times", person)
        if soak.arrived[number] > 1 + resends[number]:
            soak.complain("twice", f"track {number} came {soak.arrived[number]} times", person)
        if row["status"] == "delivered" and not soak.arrived[number]:
            soak.complain("lost", f"track {number} is called delivered and never came", person)


def _quiet_log(soak: Soak) -> None:
    """What was to be expected of a bad line is told in a line."""
    outside = soak.world
    outside.tracebacks = outside.log.count("Traceback")
    if outside.tracebacks:
        first = outside.log.partition("Traceback")[0].rstrip().rpartition("\n")[2]
        soak.complain("log", f"{outside.tracebacks} tracebacks; the first after: {first[:300]}")


async def _all_can_go_on(soak: Soak) -> None:
    """Under a clear sky everybody gets a track, wherever they stood."""

    async def one(person: Person) -> None:
        try:
            sent = await person.send_text("/cancel")
            await _below(person, sent, lambda message: message.kind == "text")
            sent = await person.send_audio(song(), duration=12)
            await _press(person, sent, ":song")
            asked = await _below(person, sent, _asks_for_more)
            if not any(button.data.startswith("c:") for button in asked.buttons):
                sent = await person.send_text(LYRICS)
            await _press(person, sent, "c:")
            await _below(person, sent, lambda message: message.kind == "audio")
        except TimeoutError:
            soak.complain("stuck", f"the chat ends:\n{person.transcript()[-1500:]}", person.id)

    await asyncio.gather(*(one(visitor.person) for visitor in soak.visitors))


async def _below(
    person: Person, sent: SeenMessage, fits: Callable[[SeenMessage], bool]
) -> SeenMessage:
    return await person.wait_for(lambda m: m.id > sent.id and fits(m), after=0, timeout=ANSWER)


def _asks_for_more(message: SeenMessage) -> bool:
    """Whether this is what follows the question about a recording: words, or a look."""
    return said("lyrics-question")(message) or said("preview")(message)


async def _press(person: Person, sent: SeenMessage, part: str) -> None:
    def offered(message: SeenMessage) -> list[str]:
        data = [button.data for button in message.buttons]
        return [each for each in data if each.startswith(part) or each.endswith(part)]

    message = await _below(person, sent, lambda message: bool(offered(message)))
    await person.press_forged(message.id, offered(message)[0], wait=ANSWER)
