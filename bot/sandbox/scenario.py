"""One whole conversation, from the recording to the track, without anybody at the keyboard."""

from dataclasses import dataclass, field

from bot.sandbox.telegram.api import Person, SeenMessage

_ASKED = 30.0
_HINTED = 8.0
_MADE = 330.0
_ENDED = ("t:", "w:", "o:", "s:")  # the buttons under a track, or where one was not made or sent


class Interrupted(Exception):
    """The bot did not do what comes next in the conversation; the transcript shows what it did."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to send.

    Attributes:
        data: Bytes of any audio file.
        name: Its name; an `.ogg` or `.oga` goes as a voice note, as from the app.
    """

    data: bytes = field(repr=False)
    name: str

    async def sent_by(self, person: Person) -> SeenMessage:
        """Send it."""
        if self.name.lower().endswith((".ogg", ".oga", ".opus")):
            return await person.send_voice(self.data, duration=0)
        return await person.send_document(self.data, self.name)


async def play(
    person: Person,
    recording: Recording,
    purpose: str,
    lyrics: str,
    partner: Recording | None = None,
) -> SeenMessage:
    """Send a recording, say what it is, type the lyrics, press Create, wait for the track.

    Args:
        person: Whose chat with the bot it is.
        recording: What the track is made from.
        purpose: song, voice or instrumental.
        lyrics: As typed.
        partner: What a voice or a beat is paired with, if anything.

    Returns:
        The message with the track.

    Raises:
        Interrupted: the bot asked for something else, or nothing came in time.
    """
    sent = await recording.sent_by(person)
    question = await _next(person, sent.id, f":{purpose}")
    await _press(person, question, f":{purpose}")
    asked = await _next(person, question.id, None)
    words = await person.send_text(lyrics)
    preview = await _next(person, max(asked.id, words.id), "c:")
    if partner is not None:
        asking = await _next(person, question.id, "m:")
        await _press(person, asking, "m:")
        asked = await _next(person, asking.id, None)
        sent = await partner.sent_by(person)
        preview = await _next(person, max(asked.id, sent.id), "c:")
    await _press(person, preview, "c:")
    await _begun(person, preview.id)

    def ended(message: SeenMessage) -> bool:
        refused = message.id > preview.id and message.reply_to in {None, preview.id}
        return refused or any(_button(message, letter) for letter in _ENDED)

    try:
        end = await person.wait_for(ended, timeout=_MADE)
    except TimeoutError:
        raise Interrupted from None
    if end.kind != "audio":
        raise Interrupted
    return end


async def _press(person: Person, message: SeenMessage, part: str) -> None:
    """Press a button that was seen; meanwhile its message may have changed."""
    try:
        await person.press(_button(message, part) or "", message_id=message.id)
    except LookupError:
        raise Interrupted from None


async def _begun(person: Person, preview_id: int) -> None:
    """Wait until Create has had its effect; a recording just found to be of no use has none."""

    def answered(message: SeenMessage) -> bool:
        return message.id > preview_id or (
            message.id == preview_id and _button(message, "c:") is None
        )

    try:
        shown = await person.wait_for(answered, after=0, timeout=_ASKED)
    except TimeoutError:
        raise Interrupted from None
    if shown.id == preview_id and not shown.buttons:
        raise Interrupted


async def _next(person: Person, after: int, data: str | None) -> SeenMessage:
    """The next message of the bot; with `data`, the next with such a button.

    A hint may come before the question; but a button that is not there soon after the bot has
    said something never comes.
    """

    def is_new(message: SeenMessage) -> bool:
        return message.id > after

    def wanted(message: SeenMessage) -> bool:
        return is_new(message) and (data is None or _button(message, data) is not None)

    try:
        first = await person.wait_for(is_new, after=0, timeout=_ASKED)
        if wanted(first):
            return first
        return await person.wait_for(wanted, after=0, timeout=_HINTED)
    except TimeoutError:
        raise Interrupted from None


def _button(message: SeenMessage, part: str) -> str | None:
    return next(
        (b.data for b in message.buttons if b.data.startswith(part) or b.data.endswith(part)), None
    )
