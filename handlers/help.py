"""How it works."""

from telegram import Update
from telegram.ext import CommandHandler, ContextTypes

from handlers.deps import ONE_LINE, App, Deps, reply


def add(app: App, deps: Deps) -> None:
    """Answer /help."""

    async def explain(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        say = await deps.texts(update)
        await reply(update, say("help"))

    app.add_handler(CommandHandler("help", explain, filters=ONE_LINE))
