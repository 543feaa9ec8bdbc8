"""The methods that change what is in a chat: edits, deletions, answers, reactions."""

from typing import Any

from bot.sandbox.telegram.entities import formatted
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.markup import inline_markup
from bot.sandbox.telegram.media import attach
from bot.sandbox.telegram.methods.sending import CAPTION_LIMIT, caption_content, text_content
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import Answer, Data, Message, TelegramState

ANSWER_LIMIT = 200
DELETE_LIMIT = 100
MEDIA = ("audio", "voice", "document", "photo", "video")
_EMOJI = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 "
    "🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 "
    "🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())
"""The emoji a bot may react with (Bot API, ReactionTypeEmoji)."""


def edit_message_text(state: TelegramState, params: Params) -> Data:
    """Bot API `editMessageText`."""
    content = text_content(params)
    message = _own_message(state, params)
    if "text" not in message.data:
        raise bad_request("there is no text in the message to edit")
    options = params.json("link_preview_options") or None
    more = {"entities": content.get("entities"), "link_preview_options": options}
    return _edited(state, message, params, {"text": content["text"], **more})


def edit_message_caption(state: TelegramState, params: Params) -> Data:
    """Bot API `editMessageCaption`."""
    content = caption_content(params)
    message = _own_message(state, params)
    if not any(name in message.data for name in MEDIA):
        raise bad_request("there is no caption in the message to edit")
    wanted = {name: content.get(name) for name in ("caption", "caption_entities")}
    return _edited(state, message, params, wanted)


def edit_message_reply_markup(state: TelegramState, params: Params) -> Data:
    """Bot API `editMessageReplyMarkup`."""
    return _edited(state, _own_message(state, params), params, {})


def edit_message_media(state: TelegramState, params: Params) -> Data:
    """Bot API `editMessageMedia`."""
    media = params.json("media")
    if not isinstance(media, dict) or media.get("type") not in MEDIA:
        raise bad_request("can't parse InputMedia: media not found")
    kind = media["type"]
    inner = Params({**media, kind: media.get("media")}, params.files)
    caption = caption_content(inner)
    message = _own_message(state, params)
    content: Data = dict.fromkeys((*MEDIA, "text", "entities", "caption", "caption_entities"))
    return _edited(state, message, params, {**content, **attach(state, inner, kind), **caption})


def delete_message(state: TelegramState, params: Params) -> bool:
    """Bot API `deleteMessage`."""
    chat = state.chat_for(params.values.get("chat_id"))
    message_id = params.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to delete not found")
    state.delete(chat, message_id)
    return True


def delete_messages(state: TelegramState, params: Params) -> bool:
    """Bot API `deleteMessages`; what isn't there is skipped."""
    chat = state.chat_for(params.values.get("chat_id"))
    wanted = params.json("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= DELETE_LIMIT:
        raise bad_request("message identifiers are not specified")
    for message_id in map(int, wanted):
        if message_id in chat.messages:
            state.delete(chat, message_id)
    return True


def answer_callback_query(state: TelegramState, params: Params) -> bool:
    """Bot API `answerCallbackQuery`."""
    text = params.text("text")
    if len(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    settle = state.queries.pop(params.text("callback_query_id"), None)
    if settle is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    settle(Answer(text, params.flag("show_alert"), params.text("url")))
    return True


def set_message_reaction(state: TelegramState, params: Params) -> bool:
    """Bot API `setMessageReaction`."""
    message = _message(state, params, "react")
    wanted: Any = params.json("reaction") or []
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in wanted:
        if reaction.get("type") != "emoji" or reaction.get("emoji") not in REACTIONS:
            raise bad_request("REACTION_INVALID")
    state.react(message, state.bot["id"], list(map(dict, wanted)))
    return True


def _message(state: TelegramState, params: Params, verb: str) -> Message:
    chat = state.open_chat(params.values.get("chat_id"))
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {verb} not found")
    return message


def _own_message(state: TelegramState, params: Params) -> Message:
    message = _message(state, params, "edit")
    if message.data["from"]["id"] != state.bot["id"]:
        raise bad_request("message can't be edited")
    return message


def _edited(state: TelegramState, message: Message, params: Params, content: Data) -> Data:
    wanted = {**content, "reply_markup": inline_markup(params)}
    if all(message.data.get(name) == value for name, value in wanted.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    return state.edit(message, wanted).data


def recaption(source: str) -> Data:
    """Make the fields of a caption a person writes."""
    text, entities = formatted(source[:CAPTION_LIMIT], "", None)
    return {"caption": text, "caption_entities": entities or None}
