"""How it works."""

from telegram import Update
from telegram.ext import CommandHandler, ContextTypes

from handlers.deps import ALONE, App, Desk, reply


def add(app: App, desk: Desk) -> None:
    """Answer /help."""

    async def explain(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        say = await desk.texts(update)
        await reply(update, say("help"))

    app.add_handler(CommandHandler("help", explain, filters=ALONE))
