"""The menu of commands that Telegram shows, and what it says about the bot."""

import logging

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.i18n import languages, texts

log = logging.getLogger(__name__)


async def announce(bot: Bot) -> None:
    """Tell Telegram the bot's commands and description, in every language there is."""
    names = ("start", "help", "cancel", "privacy")
    default, *_ = languages()
    for language in languages():
        say, code = texts(language), None if language == default else language
        commands = [BotCommand(name, say.plain(f"command-{name}")) for name in names]
        try:
            await bot.set_my_commands(commands, language_code=code)
            await bot.set_my_short_description(say.plain("about"), language_code=code)
        except TelegramError as error:
            log.info("the commands were not announced: %s", type(error).__name__)
