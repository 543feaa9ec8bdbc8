"""Keyboards under messages: which Telegram takes, and what it says of the others."""

from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.params import Params

_ACTIONS = (
    "callback_data",
    "url",
    "copy_text",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "web_app",
    "login_url",
    "pay",
)
_STYLES = frozenset({"primary", "success", "danger"})
_DATA_LIMIT = 64
_COPY_LIMIT = 256
_BUTTONS_LIMIT = 100


def inline_markup(params: Params) -> dict[str, Any] | None:
    """Read an inline keyboard; None for no keyboard or one of another kind.

    Raises:
        ApiError: As Telegram words it.
    """
    markup = params.json("reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be of type Array')
    kept = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > _BUTTONS_LIMIT:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def reply_keyboard(params: Params) -> dict[str, Any] | None:
    """Read a keyboard that is shown below the chat; None for an inline one or none."""
    markup = params.json("reply_markup")
    if not isinstance(markup, dict) or "inline_keyboard" in markup:
        return None
    if not markup.keys() & {"keyboard", "remove_keyboard", "force_reply"}:
        return None
    return markup


def _button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _unparsable("an inline keyboard button must be an Object")
    if not button.get("text"):
        raise _unparsable("inline keyboard button text must be non-empty")
    if button.get("style") and button["style"] not in _STYLES:
        raise _unparsable("invalid button style specified")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise _unparsable("text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= _DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    copied = button.get("copy_text")
    if copied is not None and not 1 <= len(str(copied.get("text", ""))) <= _COPY_LIMIT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return button


def _unparsable(detail: str) -> Exception:
    return bad_request(f"can't parse inline keyboard button: {detail}")
