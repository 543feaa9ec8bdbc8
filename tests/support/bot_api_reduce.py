"""Writes tests/support/bot_api.txt anew from a copy of the published Bot API reference as data.

    python -m tests.support.bot_api_reduce REFERENCE.json > tests/support/bot_api.txt

Only names, types, what is required, constants that tell subtypes apart, and limits of length are
kept, and only of the methods below and the types that can be reached from them.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

METHODS = [
    "answerCallbackQuery", "answerGuestQuery", "answerInlineQuery", "deleteMessage",
    "deleteMessages", "deleteMyCommands", "deleteWebhook", "editMessageCaption",
    "editMessageMedia", "editMessageReplyMarkup", "editMessageText", "getChat", "getChatMember",
    "getChatMenuButton", "getFile", "getMe", "getMyCommands", "getMyDescription", "getMyName",
    "getMyShortDescription", "getUpdates", "getWebhookInfo", "leaveChat",
    "savePreparedInlineMessage", "sendAudio", "sendChatAction", "sendDocument", "sendMessage",
    "sendMessageDraft", "sendPhoto", "sendVoice", "setChatMenuButton", "setMessageReaction",
    "setMyCommands", "setMyDescription", "setMyName", "setMyShortDescription", "setWebhook",
]  # fmt: skip
ROOTS = ["Update", "InlineQueryResultCachedAudio", "InlineQueryResultArticle"]
_SIMPLE = {"Integer", "Float", "Boolean", "String", "InputFile"}


def reduced(reference: dict[str, Any]) -> str:
    """The reduced form, as text: a block for each method and type, a line for each field."""
    lines, wanted = [f"# {reference['version']}, reduced by tests/support/bot_api_reduce.py"], []
    for name in METHODS:
        method = reference["methods"].get(name)
        if method:
            lines.append(f"method {name} -> {'|'.join(method['returns'])}")
            lines += _fields(method)
            wanted += _mentioned(method)
    kept: dict[str, None] = {}
    wanted += ROOTS
    while wanted:
        name = wanted.pop()
        if name in kept or name in _SIMPLE:
            continue
        kept[name] = None
        described = reference["types"][name]
        wanted += _mentioned(described)
    for name in sorted(kept):
        described = reference["types"][name]
        subtypes = described.get("subtypes")
        lines.append(f"type {name}" + (f" = {'|'.join(subtypes)}" if subtypes else ""))
        lines += _fields(described)
    return "\n".join(lines) + "\n"


def _fields(described: dict[str, Any]) -> list[str]:
    return [
        f"  {field['name']}{'!' if field['required'] else ''} {'|'.join(field['types'])}"
        + _constant(field["description"])
        + _limit(field)
        for field in described.get("fields", ())
    ]


def _constant(description: str) -> str:
    """The value that a field of a subtype always has."""
    _, always, constant = description.partition("always ")
    constant = constant.strip('."“” ')
    return f" = {constant}" if always and constant and " " not in constant else ""


def _limit(field: dict[str, Any]) -> str:
    """How long a text may be; what is counted after its markup is read cannot be checked here."""
    found = re.search(r"(\d+)-(\d+) (characters|bytes)", field["description"])
    if found is None or "String" not in field["types"] or "entities" in field["description"]:
        return ""
    return f" [{found[1]}-{found[2]} {found[3]}]"


def _mentioned(described: dict[str, Any]) -> list[str]:
    types = [each for field in described.get("fields", ()) for each in field["types"]]
    types += described.get("returns", []) + described.get("subtypes", [])
    return [re.sub(r"^(Array of )+", "", each) for each in types]


if __name__ == "__main__":
    sys.stdout.write(reduced(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
