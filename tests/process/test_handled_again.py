"""Every kind of update is handled again after a kill, and that changes nothing.

The bot dies at each of the calls that a handler makes, before it and after it, and once more
when all is said and the update is not yet marked as handled. Then it handles the update again.
Whoever has seen the answer goes on while it is dead, and that counts.
"""

import pytest

from bot.sandbox.telegram.api import Answer, Person, SeenMessage
from bot.telegram.inbound.dispatcher import Dispatcher
from tests.support.again_kit import Act, Case, Move, handled_again
from tests.support.bot_kit import (
    LYRICS,
    World,
    asked_purpose,
    chosen,
    created,
    delivered,
    newest,
    press,
    previewed,
    said,
    song,
)

NEW = "Evening falls\non every roof"
LONG = 60.0


def presses(button: str, *, new: bool = True) -> Move:
    """Press a button: one that came with the last answer, or an older one."""

    async def do(_: World, person: Person) -> Answer:
        return await press(person, button)

    return Move(do, button if new else "", at_once=not new)


def says(text: str) -> Move:
    async def do(_: World, person: Person) -> SeenMessage:
        return await person.send_text(text)

    return Move(do)


async def _record(_: World, person: Person) -> SeenMessage:
    return await person.send_audio(song(), duration=12)


async def _record_again(_: World, person: Person) -> SeenMessage:
    sent = next(message for message in person.messages if message.kind == "audio")
    return await person.send_again(sent.id)


async def _edit(_: World, person: Person) -> SeenMessage:
    words = [m for m in person.messages if not m.from_bot and m.kind == "text"]
    return await person.edit_text(words[-1].id, NEW)


async def _send_words_file(_: World, person: Person) -> SeenMessage:
    return await person.send_document(LYRICS.encode(), "words.txt", "text/plain")


async def _send_pdf(_: World, person: Person) -> SeenMessage:
    return await person.send_document(b"%PDF-1.7", "words.pdf", "application/pdf")


async def _send_zip(_: World, person: Person) -> SeenMessage:
    return await person.send_document(b"PK\3\4", "song.zip", "application/zip")


async def _send_too_big(_: World, person: Person) -> SeenMessage:
    return await person.send_audio(None, duration=60, file_size=30_000_000)


async def _send_sticker(_: World, person: Person) -> SeenMessage:
    return await person.send_sticker()


async def _press_old(_: World, person: Person) -> Answer | None:
    """Press what a phone may still show of the question before."""
    question = newest(person, ":song")
    action, draft, revision, purpose = question.buttons[0].data.split(":")
    old = f"{action}:{draft}:{int(revision) - 1}:{purpose}"
    return await person.press_forged(question.id, old, wait=LONG)


async def _press_nonsense(_: World, person: Person) -> Answer | None:
    return await person.press_forged(newest(person, ":song").id, "q:1:1", wait=LONG)


async def _unblock(_: World, person: Person) -> bool:
    await person.unblock()
    return True


records, edits, words_file = Move(_record), Move(_edit), Move(_send_words_file)


async def nothing(world: World, person: Person) -> None:
    """They have never met."""


async def blocked(_: World, person: Person) -> None:
    await person.send_text("/start")
    await person.wait_for("text")
    await person.block()


async def asked(_: World, person: Person) -> None:
    await asked_purpose(person)


async def asked_twice(_: World, person: Person) -> None:
    first = await asked_purpose(person)
    await person.send_audio(song(), duration=12)
    await person.wait_for(lambda m: m.id > first.id and said("purpose-question")(m))


def ready_for_words(purpose: str = "song") -> Act:
    async def do(_: World, person: Person) -> None:
        await asked_purpose(person)
        await chosen(person, purpose)

    return do


def looking(purpose: str = "song") -> Act:
    async def do(_: World, person: Person) -> None:
        await previewed(person, purpose)

    return do


async def with_words(_: World, person: Person) -> None:
    await person.send_text(LYRICS)
    await person.wait_for(said("send-recording"))


async def with_words_and_asked(world: World, person: Person) -> None:
    await with_words(world, person)
    await asked_purpose(person)


async def adding_music(_: World, person: Person) -> None:
    await previewed(person, "voice")
    await press(person, "m:")
    await person.wait_for(said("send-beat"))


async def making(_: World, person: Person) -> None:
    await created(person)


async def making_and_beginning(_: World, person: Person) -> None:
    await created(person)
    await asked_purpose(person)


async def having(_: World, person: Person) -> None:
    await delivered(person)
    await person.wait_for(said("status-delivered"), after=0)


async def failed(world: World, person: Person) -> None:
    for _ in range(2):
        world.music.fail("audio-empty")
    await created(person)
    await person.wait_for(said("failed-upstream"), after=0, timeout=LONG)


async def unsure(world: World, person: Person) -> None:
    world.telegram.fail("sendAudio", "lost")
    await created(person)
    await person.wait_for(said("status-unsure"), after=0, timeout=LONG)


CASES = {
    "/start": Case(nothing, says("/start")),
    "/help": Case(nothing, says("/help")),
    "/privacy": Case(nothing, says("/privacy")),
    "/cancel, nothing to cancel": Case(nothing, says("/cancel")),
    "/cancel, a draft": Case(looking(), says("/cancel")),
    "/cancel, a draft beside a track": Case(making_and_beginning, says("/cancel"), making=True),
    "/cancel, a track": Case(making, says("/cancel"), making=True),
    "a recording": Case(nothing, records, presses(":song")),
    "a recording, after the words": Case(with_words, records, presses(":song")),
    "a recording, instead of another": Case(looking(), records, presses(":voice")),
    "a recording, once more": Case(asked, Move(_record_again), presses(":song", new=False)),
    "a recording, as the other half": Case(adding_music, records, presses("c:")),
    "a recording, too big": Case(asked, Move(_send_too_big), presses(":song", new=False)),
    "no recording": Case(nothing, Move(_send_zip)),
    "what it is": Case(asked, presses(":song"), says(LYRICS)),
    "words": Case(ready_for_words(), says(LYRICS), presses("c:")),
    "words, before the recording": Case(nothing, says(LYRICS), records),
    "words, too early": Case(asked, says(LYRICS), presses(":song")),
    "words, once more": Case(looking(), says(NEW)),
    "words, too long": Case(ready_for_words(), says("la la la " * 100), says(LYRICS)),
    "words, none": Case(ready_for_words(), says("…"), says(LYRICS)),
    "words, edited": Case(looking(), edits, presses("c:")),
    "words, edited too early": Case(with_words_and_asked, edits, presses(":song", new=False)),
    "words, in a file": Case(ready_for_words(), words_file, presses("c:")),
    "no words": Case(ready_for_words(), Move(_send_pdf), says(LYRICS)),
    "a sticker for words": Case(ready_for_words(), Move(_send_sticker), says(LYRICS)),
    "Create": Case(looking(), presses("c:")),
    "Cancel, under the preview": Case(looking(), presses("x:")),
    "Add music": Case(looking("voice"), presses("m:"), records),
    "Go on without it": Case(adding_music, presses("b:"), presses("c:")),
    "Another take": Case(having, presses("t:")),
    "New lyrics": Case(having, presses("w:"), says(NEW)),
    "Try again": Case(failed, presses("t:")),
    "Cancel, in the making": Case(making, presses("k:"), making=True),
    "Send it again": Case(unsure, presses("s:")),
    "an old button": Case(asked_twice, Move(_press_old)),
    "a button that nobody made": Case(asked, Move(_press_nonsense)),
    "small talk": Case(having, says("thanks!")),
    "coming back": Case(blocked, Move(_unblock)),
}


@pytest.mark.parametrize("name", CASES)
async def test_handled_again(outside: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.bot_kit.PATIENCE", LONG)
    # Who is killed waits for nobody.
    monkeypatch.setattr(Dispatcher.stop, "__defaults__", (0.1,))
    wrong = await handled_again(outside, CASES[name])
    assert not wrong, "\n".join([name, *wrong])
