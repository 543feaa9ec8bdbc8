"""The methods that put messages into a chat."""

from typing import Any

from bot.sandbox.telegram.entities import formatted
from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.markup import inline_markup, reply_keyboard
from bot.sandbox.telegram.media import attach
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import Chat, Data, TelegramState

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

CHAT_ACTIONS = frozenset(
    {
        "typing",
        "choose_sticker",
        "find_location",
        "record_video",
        "record_video_note",
        "record_voice",
        "upload_document",
        "upload_photo",
        "upload_video",
        "upload_video_note",
        "upload_voice",
    }
)


def send_message(state: TelegramState, params: Params) -> Data:
    """Bot API `sendMessage`."""
    chat = state.open_chat(params.values.get("chat_id"))
    content = text_content(params)
    options = params.json("link_preview_options")
    if options:
        content["link_preview_options"] = options
    return _post(state, chat, params, content)


def send_audio(state: TelegramState, params: Params) -> Data:
    """Bot API `sendAudio`."""
    return _send_media(state, params, "audio")


def send_voice(state: TelegramState, params: Params) -> Data:
    """Bot API `sendVoice`."""
    return _send_media(state, params, "voice")


def send_document(state: TelegramState, params: Params) -> Data:
    """Bot API `sendDocument`."""
    return _send_media(state, params, "document")


def send_photo(state: TelegramState, params: Params) -> Data:
    """Bot API `sendPhoto`."""
    return _send_media(state, params, "photo")


def send_chat_action(state: TelegramState, params: Params) -> bool:
    """Bot API `sendChatAction`."""
    chat = state.open_chat(params.values.get("chat_id"))
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    _thread(chat, params)
    state.events.emit("action", chat.data["id"], action=action)
    return True


def text_content(params: Params) -> Data:
    """Make `text` and `entities` of a message.

    Raises:
        ApiError: Empty, too long, or its markup doesn't parse.
    """
    text, entities = formatted(
        params.text("text"), params.text("parse_mode"), params.json("entities")
    )
    if not text.strip():
        raise bad_request("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": text, "entities": entities} if entities else {"text": text}


def caption_content(params: Params) -> Data:
    """Make `caption` and `caption_entities`; empty where there is no caption.

    Raises:
        ApiError: Too long, or its markup doesn't parse.
    """
    caption = params.text("caption")
    if not caption:
        return {}
    text, entities = formatted(caption, params.text("parse_mode"), params.json("caption_entities"))
    if len(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return {"caption": text, "caption_entities": entities} if entities else {"caption": text}


def _send_media(state: TelegramState, params: Params, kind: str) -> Data:
    chat = state.open_chat(params.values.get("chat_id"))
    caption = caption_content(params)
    inline_markup(params)
    return _post(state, chat, params, {**attach(state, params, kind), **caption})


def _post(state: TelegramState, chat: Chat, params: Params, content: Data) -> Data:
    content |= {**_reply(chat, params), **_thread(chat, params)}
    markup = inline_markup(params)
    if markup:
        content["reply_markup"] = markup
    if params.flag("protect_content"):
        content["has_protected_content"] = True
    keyboard = reply_keyboard(params)
    message = state.add_message(chat, state.bot, content)
    if keyboard:
        message.keyboard = keyboard
    return message.data


def _reply(chat: Chat, params: Params) -> Data:
    asked: Any = params.json("reply_parameters")
    if not isinstance(asked, dict):
        return {}
    replied = chat.messages.get(int(asked.get("message_id") or 0))
    if replied is None:
        if asked.get("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    return {"reply_to_message": without_reply(replied.data)}


def _thread(chat: Chat, params: Params) -> Data:
    """Say which topic a message belongs to.

    Raises:
        ApiError: The chat has no such topic.
    """
    topic = params.integer("message_thread_id")
    if not topic:
        return {}
    if topic not in chat.topics:
        raise bad_request("message thread not found")
    return in_topic(topic)


def in_topic(topic: int) -> Data:
    """Make the fields of a message in a topic."""
    return {"message_thread_id": topic, "is_topic_message": True}


def without_reply(data: Data) -> Data:
    """Give a message as it is quoted: what it answered itself is left out."""
    return {name: value for name, value in data.items() if name != "reply_to_message"}
