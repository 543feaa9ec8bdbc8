"""What happens to what people send."""

from telegram import Update
from telegram.ext import CommandHandler, ContextTypes

from handlers.deps import ALONE, App, Desk, reply


def add(app: App, desk: Desk) -> None:
    """Answer /privacy."""

    async def explain(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        say = await desk.texts(update)
        recordings, tracks = desk.keep_days
        await reply(
            update, say("privacy", service=desk.service, recordings=recordings, tracks=tracks)
        )

    app.add_handler(CommandHandler("privacy", explain, filters=ALONE))
