"""What happens to what people send."""

from telegram import Update
from telegram.ext import CommandHandler, ContextTypes

from handlers.deps import ONE_LINE, App, Deps, reply


def add(app: App, deps: Deps) -> None:
    """Answer /privacy."""

    async def explain(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        say = await deps.texts(update)
        recordings, tracks = deps.keep_days
        await reply(
            update, say("privacy", service=deps.service, recordings=recordings, tracks=tracks)
        )

    app.add_handler(CommandHandler("privacy", explain, filters=ONE_LINE))
