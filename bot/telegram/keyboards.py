"""Buttons, and what their data means: a letter, and what it is about."""

from collections.abc import Iterable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.model import Failure, Purpose
from bot.store import Draft, Track
from bot.texts import Texts

PURPOSE = "p"
CREATE = "c"
DROP = "x"
PARTNER = "m"
TAKE = "t"
REWRITE = "w"
CANCEL = "k"
SEND_AGAIN = "s"
BACK = "b"
REPLACE = "r"

_OF_DRAFTS = (PURPOSE, CREATE, DROP, PARTNER, BACK)

# What helps comes first; what fails in the same way again is not offered.
_AFTER: dict[str, tuple[str, ...]] = {
    Failure.SENSITIVE: (REWRITE,),
    Failure.INVALID: (REWRITE, TAKE),
    Failure.RECORDING: (REPLACE, TAKE),
    Failure.VOICE_LENGTH: (REPLACE,),
}
_LABELS = {TAKE: "button-retry", REWRITE: "button-rewrite", REPLACE: "button-replace"}


def pattern(*actions: str) -> str:
    """A regular expression for the data of these buttons; its numbers fit into 64 bits."""
    return rf"^[{''.join(actions)}](:[0-9]{{1,18}}){{1,2}}(:[a-z]+)?$"


def of_draft(data: str) -> bool:
    """Whether a button with this data belongs to a draft, and not to a track."""
    return data.startswith(_OF_DRAFTS)


def purposes(draft: Draft, offered: tuple[Purpose, ...], texts: Texts) -> InlineKeyboardMarkup:
    """One button for each purpose that the music service accepts."""
    return _rows(
        (texts.plain(f"purpose-{purpose}"), f"{_of(PURPOSE, draft)}:{purpose}", None)
        for purpose in offered
    )


def preview(draft: Draft, *, pairs: bool, texts: Texts) -> InlineKeyboardMarkup:
    """Create, Cancel, and a partner for a voice or a beat that stands alone."""
    buttons: list[tuple[str, str, str | None]] = [
        (texts.plain("button-create"), _of(CREATE, draft), "success")
    ]
    if pairs and draft.partner_id is None and draft.purpose is not Purpose.SONG:
        key = "button-add-beat" if draft.purpose is Purpose.VOICE else "button-add-voice"
        buttons.append((texts.plain(key), _of(PARTNER, draft), None))
    buttons.append((texts.plain("button-cancel"), _of(DROP, draft), None))
    return _rows(buttons)


def partner(draft: Draft, texts: Texts) -> InlineKeyboardMarkup:
    """While the other half is asked for: go on without it."""
    return _rows([(texts.plain("button-back"), _of(BACK, draft), None)])


def working(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under a status message: stop it."""
    return _rows([(texts.plain("button-cancel"), f"{CANCEL}:{track.id}", None)])


def finished(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under a track: what to do next."""
    return _row(
        (texts.plain("button-take"), f"{TAKE}:{track.id}", None),
        (texts.plain("button-rewrite"), f"{REWRITE}:{track.id}", None),
    )


def failed(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under a track that was not made: what can help, the likeliest first."""
    first, *others = _AFTER.get(track.reason or "", (TAKE, REWRITE))
    return _row(
        (texts.plain(_LABELS[first]), f"{first}:{track.id}", "primary"),
        *((texts.plain(_LABELS[each]), f"{each}:{track.id}", None) for each in others),
    )


def kept(track: Track, texts: Texts, key: str) -> InlineKeyboardMarkup:
    """Under a track that waits to be sent."""
    return _rows([(texts.plain(key), f"{SEND_AGAIN}:{track.id}", "primary")])


def _of(action: str, draft: Draft) -> str:
    return f"{action}:{draft.id}:{draft.revision}"


def _button(text: str, data: str, style: str | None) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data, style=style)


def _row(*buttons: tuple[str, str, str | None]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[_button(*button) for button in buttons]])


def _rows(buttons: Iterable[tuple[str, str, str | None]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[_button(*button)] for button in buttons])
