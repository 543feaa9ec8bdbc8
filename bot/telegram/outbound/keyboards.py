"""Buttons, and what their data means: a letter, and what it is about."""

from collections.abc import Iterable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.i18n import Texts
from bot.model import BY_WORDS, Failure, Purpose
from bot.store import Draft, Track

PURPOSE = "p"
CREATE = "c"
DROP = "x"
PARTNER = "m"
TAKE = "t"
NEW_LYRICS = "w"
CANCEL = "k"
SEND_AGAIN = "s"
BACK = "b"
ADD_LYRICS = "a"
REPLACE_LYRICS = "i"
LEAVE_OUT_LYRICS = "n"
USE_EDITED_LYRICS = "e"
NEW_RECORDING = "o"

_OF_DRAFTS = (PURPOSE, CREATE, DROP, PARTNER, BACK, ADD_LYRICS, REPLACE_LYRICS, LEAVE_OUT_LYRICS)

# What helps comes first; what certainly fails in the same way again is not offered: our own
# verdict on a recording stays, a service's is asked for anew by trying again.
_AFTER: dict[str, tuple[str, ...]] = {
    Failure.SENSITIVE: (NEW_LYRICS,),
    Failure.INVALID: (NEW_LYRICS, TAKE),
    Failure.RECORDING: (NEW_RECORDING,),
    Failure.RECORDING_REFUSED: (NEW_RECORDING, TAKE),
    Failure.TOO_LARGE: (NEW_RECORDING, TAKE),
    Failure.VOICE_LENGTH: (NEW_RECORDING,),
    Failure.OPERATOR: (TAKE,),
    Failure.WITHDRAWN: (TAKE,),
    Failure.MAINTENANCE: (TAKE,),
    Failure.TROUBLE: (TAKE,),
    Failure.UPSTREAM: (TAKE, NEW_LYRICS),
    Failure.TIMEOUT: (TAKE, NEW_LYRICS),
}
_LABELS = {TAKE: "button-retry", NEW_LYRICS: "button-new-lyrics", NEW_RECORDING: "button-replace"}
_LABELS_AFTER_WORDS = _LABELS | {NEW_LYRICS: "button-change-words"}


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
        (texts.plain("button-new-lyrics"), f"{NEW_LYRICS}:{track.id}", None),
    )


def failed(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under a track that was not made: what can help, the likeliest first."""
    first, *others = _AFTER[track.reason or Failure.UPSTREAM]
    labels = _LABELS_AFTER_WORDS if track.reason in BY_WORDS else _LABELS
    return _row(
        (texts.plain(labels[first]), f"{first}:{track.id}", "primary"),
        *((texts.plain(labels[action]), f"{action}:{track.id}", None) for action in others),
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


def add_or_replace_lyrics(
    draft_id: int, message_id: int, *, fits: bool, texts: Texts
) -> InlineKeyboardMarkup:
    """Under words that came after the lyrics: what they are for."""
    about = f"{draft_id}:{message_id}"
    buttons = [
        (texts.plain("button-replace-words"), f"{REPLACE_LYRICS}:{about}", None),
        (texts.plain("button-leave-words"), f"{LEAVE_OUT_LYRICS}:{about}", None),
    ]
    if fits:
        buttons.insert(0, (texts.plain("button-add-words"), f"{ADD_LYRICS}:{about}", None))
    return InlineKeyboardMarkup([[_button(*button) for button in buttons]])


def use_as_lyrics(draft_id: int, message_id: int, texts: Texts) -> InlineKeyboardMarkup:
    """Under words that may be none of a song."""
    about = f"{draft_id}:{message_id}"
    return _row(
        (texts.plain("button-use-words"), f"{REPLACE_LYRICS}:{about}", None),
        (texts.plain("button-no-words"), f"{LEAVE_OUT_LYRICS}:{about}", None),
    )


def keep_old_lyrics(draft_id: int, message_id: int, texts: Texts) -> InlineKeyboardMarkup:
    """Under words that do not fit, while there are others that do."""
    about = f"{draft_id}:{message_id}"
    return _rows([(texts.plain("button-keep-words"), f"{LEAVE_OUT_LYRICS}:{about}", None)])


def new_lyrics(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under the answer to an edit of an earlier track's words: ask for its new ones."""
    return _rows([(texts.plain("button-new-lyrics"), f"{NEW_LYRICS}:{track.id}", "primary")])


def use_edited_lyrics(track: Track, texts: Texts) -> InlineKeyboardMarkup:
    """Under the answer to an edit that came after Create."""
    return _rows(
        [(texts.plain("button-use-edited"), f"{USE_EDITED_LYRICS}:{track.id}", "primary")]
    )
