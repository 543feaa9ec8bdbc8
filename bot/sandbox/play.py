"""One whole conversation, played by a person who knows what they want."""

from bot.sandbox.telegram_api import Person, SeenMessage

_ASKED = 30.0
_MADE = 330.0


class Interrupted(Exception):
    """The bot did not do what the play expects; the transcript shows what it did."""


async def play(
    person: Person, recording: bytes, name: str, purpose: str, lyrics: str
) -> SeenMessage:
    """Send a recording, say what it is, type the lyrics, press Create, wait for the track.

    Args:
        person: Who plays.
        recording: Bytes of any audio file.
        name: Its file name; an `.ogg` or `.oga` goes as a voice note, as from the app.
        purpose: song, voice or instrumental.
        lyrics: As typed.

    Returns:
        The message with the track.

    Raises:
        Interrupted: the bot asked for something else, or nothing came in time.
    """
    if name.lower().endswith((".ogg", ".oga", ".opus")):
        sent = await person.send_voice(recording, duration=0)
    else:
        sent = await person.send_document(recording, name)
    question = await _next(person, sent.id, f":{purpose}")
    await person.press(_button(question, f":{purpose}") or "", message_id=question.id)
    asked = await _next(person, question.id, None)
    words = await person.send_text(lyrics)
    preview = await _next(person, max(asked.id, words.id), "c:")
    await person.press(_button(preview, "c:") or "", message_id=preview.id)
    try:
        return await person.wait_for("audio", timeout=_MADE)
    except TimeoutError:
        raise Interrupted from None


async def _next(person: Person, after: int, data: str | None) -> SeenMessage:
    """The next message of the bot; with `data`, the next with such a button.

    A button never comes when the bot has something else to say, so that is shown at once.
    """

    def wanted(message: SeenMessage) -> bool:
        return message.id > after and (data is None or _button(message, data) is not None)

    try:
        return await person.wait_for(wanted, after=0, timeout=_ASKED)
    except TimeoutError:
        raise Interrupted from None


def _button(message: SeenMessage, part: str) -> str | None:
    return next(
        (b.data for b in message.buttons if b.data.startswith(part) or b.data.endswith(part)), None
    )
