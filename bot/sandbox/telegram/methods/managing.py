"""The methods about the bot itself, its chats and its files."""

from typing import Any

from bot.sandbox.telegram.errors import ApiError, bad_request
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import Data, TelegramState

_COMMANDS_LIMIT = 100
_COMMAND_LENGTH = 32
_DESCRIPTION_LENGTH = 256
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def get_me(state: TelegramState, _params: Params) -> Data:
    """Bot API `getMe`."""
    return state.me


def get_file(state: TelegramState, params: Params) -> Data:
    """Bot API `getFile`."""
    return state.files.describe(params.text("file_id"))


def set_webhook(state: TelegramState, params: Params) -> bool:
    """Bot API `setWebhook`; here plain http is taken too."""
    url = params.text("url")
    if url and not url.startswith(("http://", "https://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if params.flag("drop_pending_updates"):
        state.updates.clear()
    state.updates.allow(params.json("allowed_updates"))
    state.updates.webhook_url = url
    state.settings["webhook"] = {
        "secret": params.text("secret_token"),
        "max_connections": params.integer("max_connections", 40),
    }
    state.updates.end_poll("Conflict: terminated by setWebhook request")
    state.updates.arrived.set()
    return True


def delete_webhook(state: TelegramState, params: Params) -> bool:
    """Bot API `deleteWebhook`."""
    if params.flag("drop_pending_updates"):
        state.updates.clear()
    state.updates.webhook_url = ""
    state.settings.pop("webhook", None)
    return True


def get_webhook_info(state: TelegramState, _params: Params) -> Data:
    """Bot API `getWebhookInfo`."""
    updates = state.updates
    info: Data = {
        "url": updates.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(updates),
    }
    if updates.webhook_url:
        info["max_connections"] = state.settings["webhook"]["max_connections"]
        info |= state.settings["webhook"].get("trouble", {})
    if updates.allowed:
        info["allowed_updates"] = sorted(updates.allowed)
    return info


def set_my_commands(state: TelegramState, params: Params) -> bool:
    """Bot API `setMyCommands`."""
    commands: Any = params.json("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > _COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        name = str(command.get("command", "")).removeprefix("/")
        if not (
            1 <= len(name) <= _COMMAND_LENGTH
            and name.replace("_", "a").isalnum()
            and name.islower()
        ):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= _DESCRIPTION_LENGTH:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    state.settings[_scoped("commands", params)] = commands
    state.events.emit("commands", commands=commands)
    return True


def get_my_commands(state: TelegramState, params: Params) -> Any:
    """Bot API `getMyCommands`."""
    return state.settings.get(_scoped("commands", params), [])


def commands_shown(state: TelegramState, chat: Data, user: Data) -> list[Data]:
    """Give the commands that an app lists, the narrowest scope first (`BotCommandScope`)."""
    where, spoken = chat["id"], user.get("language_code", "")
    members = f"chat_member {where} {user['id']}"
    wide = "all_private_chats" if chat["type"] == "private" else "all_group_chats"
    for scope in (members, f"chat {where} ", f"{wide}  ", "default  "):
        for language in (spoken, ""):
            commands: list[Data] = state.settings.get(f"commands {scope} {language}", [])
            if commands:
                return commands
    return []


def delete_my_commands(state: TelegramState, params: Params) -> bool:
    """Bot API `deleteMyCommands`."""
    state.settings.pop(_scoped("commands", params), None)
    return True


def set_my_text(state: TelegramState, params: Params) -> bool:
    """Bot API `setMyName`, `setMyDescription`, `setMyShortDescription`."""
    for name, limit in _TEXT_LIMITS.items():
        if name in params.values:
            if len(params.text(name)) > limit:
                raise bad_request(f"BOT_{name.upper()}_TOO_LONG")
            state.settings[f"{name} {params.text('language_code')}"] = params.text(name)
    return True


def get_my_name(state: TelegramState, params: Params) -> Data:
    """Bot API `getMyName`."""
    return {"name": _my_text(state, params, "name") or state.bot["first_name"]}


def get_my_description(state: TelegramState, params: Params) -> Data:
    """Bot API `getMyDescription`."""
    return {"description": _my_text(state, params, "description")}


def get_my_short_description(state: TelegramState, params: Params) -> Data:
    """Bot API `getMyShortDescription`."""
    return {"short_description": _my_text(state, params, "short_description")}


def set_chat_menu_button(state: TelegramState, params: Params) -> bool:
    """Bot API `setChatMenuButton`."""
    state.settings[f"menu {params.text('chat_id')}"] = params.json("menu_button")
    return True


def get_chat_menu_button(state: TelegramState, params: Params) -> Any:
    """Bot API `getChatMenuButton`."""
    return state.settings.get(f"menu {params.text('chat_id')}") or {"type": "commands"}


def get_chat(state: TelegramState, params: Params) -> Data:
    """Bot API `getChat`."""
    chat = state.chat_for(params.values.get("chat_id"))
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
    return {
        **chat.data,
        "accent_color_id": chat.data["id"] % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts.split(), True),
    }


def get_chat_member(state: TelegramState, params: Params) -> Data:
    """Bot API `getChatMember`."""
    chat = state.chat_for(params.values.get("chat_id"))
    user_id = params.integer("user_id")
    user = state.bot if user_id == state.bot["id"] else state.users.get(user_id)
    if user is None:
        raise bad_request("invalid user_id specified")
    there = user_id in chat.members or (user is state.bot and not chat.left)
    return {"status": "member" if there else "left", "user": user}


def leave_chat(state: TelegramState, params: Params) -> bool:
    """Bot API `leaveChat`."""
    chat = state.open_chat(params.values.get("chat_id"))
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.left = True
    return True


def download(state: TelegramState, path: str) -> bytes:
    """Give the bytes at a path that `getFile` named.

    Raises:
        ApiError: There is nothing.
    """
    stored = state.files.at(path)
    if stored is None or stored.content is None:
        raise ApiError(404, "Not Found")
    return stored.content


def _scoped(what: str, params: Params) -> str:
    scope = params.json("scope") or {"type": "default"}
    where = " ".join(str(scope.get(name, "")) for name in ("type", "chat_id", "user_id"))
    return f"{what} {where} {params.text('language_code')}"


def _my_text(state: TelegramState, params: Params, name: str) -> str:
    language = params.text("language_code")
    text = state.settings.get(f"{name} {language}") or state.settings.get(f"{name} ")
    return str(text or "")
