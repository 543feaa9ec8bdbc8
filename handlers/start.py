"""First words, and a person who comes back."""

from telegram import ChatMember, Update
from telegram.ext import ChatMemberHandler, CommandHandler, ContextTypes

from handlers.deps import App, Desk, reply


class Start:
    """Says what the bot is, and delivers what could not be delivered before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def greet(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /start."""
        say = await self._desk.texts(update)
        await reply(update, say("start"))
        if update.effective_user:
            await self._desk.studio.welcome_back(update.effective_user.id)

    async def returned(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Notice that a person has unblocked the bot."""
        change = update.my_chat_member
        if change and change.new_chat_member.status == ChatMember.MEMBER:
            await self._desk.studio.welcome_back(change.from_user.id)


def add(app: App, desk: Desk) -> None:
    """Answer /start."""
    start = Start(desk)
    app.add_handler(CommandHandler("start", start.greet))
    app.add_handler(ChatMemberHandler(start.returned, ChatMemberHandler.MY_CHAT_MEMBER))
