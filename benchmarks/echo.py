"""The measure: an echo bot of stock python-telegram-bot, everything at its defaults."""

import os
from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message:
        await update.message.reply_text(update.message.text or "")


def main() -> None:
    builder: Any = Application.builder().token(os.environ["TELEGRAM_TOKEN"])
    app = builder.base_url(f"{os.environ['TELEGRAM_API_URL']}/bot").build()
    app.add_handler(MessageHandler(filters.ALL, echo))
    app.run_polling()


if __name__ == "__main__":
    main()
