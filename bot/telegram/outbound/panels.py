"""The panel of a draft: what it says and offers, a pure function of the draft and its recordings.

Handlers send it, the messenger edits it when a recording has been heard; both say the same.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from telegram import Bot
from telegram.error import TelegramError

from bot.audio import Limits
from bot.i18n import Html, Texts
from bot.model import Flaw, Hint, Purpose, Step
from bot.music import Abilities, Likeness
from bot.store import Draft, Recording
from bot.studio import DraftLyrics, DraftView, result_of
from bot.telegram.outbound import keyboards
from bot.telegram.outbound.lyrics_panels import Panel, about_words, clipped

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that whatever tidies up old messages may take."""

_ORDER = (Purpose.VOICE, Purpose.SONG, Purpose.INSTRUMENTAL)


def panel(view: DraftView, say: Texts) -> Panel:
    """What a draft says and offers now; nothing for a recording that cannot be used."""
    if bad := view.refused:
        if view.refusal_known:
            return _instead(view, bad, say)
        return _refusal(view, bad, say)
    asked = about_words(view.draft, view.lyrics_limits, say) or _question(view, say)
    return Panel(_with(asked.text, view.hint, say), asked.buttons)


def chosen(view: DraftView, message_id: int, say: Texts) -> str:
    """What the question about a recording turns into once it is answered."""
    purpose = view.draft.purpose or Purpose.SONG
    text = say(
        "purpose-chosen", purpose=say.plain(f"purpose-{purpose}"), result=_result(view, say)
    )
    return _with(text, view.hint_in({message_id}), say)


def _with(text: str, warning: tuple[Recording, Hint] | None, say: Texts) -> str:
    """A text, and what is doubtful about a recording below it."""
    if warning is None:
        return text
    recording, hint = warning
    return f"{text}\n\n{say(f'hint-{hint}', seconds=round(recording.seconds or 0))}"


def refusal(flaw: Flaw, limits: Limits, say: Texts, *, kept: bool, owner_told: bool) -> str:
    """Why a recording cannot be used, and that words are kept where there are any."""
    least, most = int(limits.shortest), round(limits.longest / 60)
    problem = say(f"recording-{flaw}", least=least, most=most, owner=owner_told)
    return f"{problem} {say('lyrics-kept')}" if kept else problem


async def retire(bot: Bot, chat_id: int, message_ids: Iterable[int | None]) -> None:
    """Take the buttons off messages, as far as that goes; never raises, never takes long."""
    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for message_id in message_ids:
                if message_id is not None:
                    await _retire(bot, chat_id, message_id)


async def _retire(bot: Bot, chat_id: int, message_id: int) -> None:
    try:
        await bot.edit_message_reply_markup(chat_id, message_id)
    except TelegramError as error:  # none left, or the message is gone: the usual cases
        log.debug("the buttons of an old message stay: %s", type(error).__name__)


def _refusal(view: DraftView, bad: Recording, say: Texts) -> Panel:
    draft = view.draft
    flaw = bad.reason or Flaw.UNREADABLE
    text = refusal(flaw, view.limits, say, kept=bool(draft.lyrics), owner_told=view.owner_told)
    if bad.id != draft.partner_id:
        return Panel(text, None)
    return Panel(text, keyboards.partner(draft, say))


def _instead(view: DraftView, bad: Recording, say: Texts) -> Panel:
    """Take words, and ask for a recording in the place of one that cannot be used."""
    draft = view.draft
    if asked := about_words(draft, view.lyrics_limits, say):
        return asked
    if bad.id == draft.partner_id:
        wanted = _partner_wanted(draft, say)
        return Panel(f"{say('lyrics-kept')} {wanted}", keyboards.partner(draft, say))
    return Panel(say("send-recording" if draft.lyrics else "send-recording-first"), None)


def _partner_wanted(draft: Draft, say: Texts) -> str:
    return say("send-beat" if draft.purpose is Purpose.VOICE else "send-voice")


def _question(view: DraftView, say: Texts) -> Panel:
    draft, can = view.draft, view.abilities
    match draft.step:
        case Step.PURPOSE:
            offered = tuple(purpose for purpose in _ORDER if purpose in can.purposes)
            return Panel(_about(view, offered, say), keyboards.purposes(draft, offered, say))
        case Step.LYRICS:
            return Panel(_words(view, say), None)
        case Step.PREVIEW:
            buttons = keyboards.preview(draft, pairs=can.pairs, texts=say)
            return Panel(_preview(view, say), buttons)
        case Step.PARTNER:
            return Panel(_partner_wanted(draft, say), keyboards.partner(draft, say))
        case _:
            return Panel(say("send-recording" if draft.lyrics else "send-recording-first"), None)


def _about(view: DraftView, offered: tuple[Purpose, ...], say: Texts) -> str:
    """Ask what a recording is, with what each answer brings from the service in use."""
    lines = [
        say(
            "purpose-line",
            purpose=say.plain(f"purpose-{purpose}"),
            result=_brings(purpose, view.abilities, say),
        )
        for purpose in offered
    ]
    parts = [say("purpose-question", lines=Html("\n".join(lines)))]
    if not view.knows_privacy:
        parts.append(say("purpose-privacy"))
    if view.draft.lyrics or DraftLyrics.of(view.draft).pending:
        parts.append(say("lyrics-kept"))
    return "\n\n".join(parts)


def _words(view: DraftView, say: Texts) -> str:
    """Ask for words, and say why where nobody will sing them."""
    advice, most = min(view.lyrics_advice, view.lyrics_limits.most), view.lyrics_limits.most
    length = say("lyrics-length" if advice < most else "lyrics-limit", advice=advice, max=most)
    unsung = result_of(view.draft) is Purpose.INSTRUMENTAL
    question = say("lyrics-question-unsung" if unsung else "lyrics-question", length=length)
    refused = DraftLyrics.of(view.draft).refused
    if not refused:
        return question
    return f"{question}\n\n{say('lyrics-refused', lyrics=clipped(refused))}"


def _preview(view: DraftView, say: Texts) -> str:
    words = view.draft.lyrics or ""
    return say(
        "preview",
        result=_result(view, say),
        style=view.abilities.style or "no",
        length=view.abilities.track_seconds,
        count=len(words),
        max=view.lyrics_limits.most,
        advice=len(words) > view.lyrics_advice,
        lyrics=words,
    )


def _result(view: DraftView, say: Texts) -> str:
    """What will come back."""
    if view.draft.partner_id:
        return say.plain("result-pair")
    return _brings(result_of(view.draft), view.abilities, say)


def _brings(purpose: Purpose, can: Abilities, say: Texts) -> str:
    """What a recording of this kind brings back, as the service in use makes it."""
    alike = purpose is not Purpose.SONG or can.likeness is Likeness.VOICE
    return say.plain(f"result-{purpose}" if alike else f"result-song-{can.likeness}")
