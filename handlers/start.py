"""First words, and a person who comes back."""

from telegram import ChatMember, Update
from telegram.ext import ChatMemberHandler, CommandHandler, ContextTypes

from handlers.deps import App, Deps, reply


class Start:
    """Says what the bot is, and delivers what could not be delivered before."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def greet(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /start."""
        say = await self._deps.texts(update)
        await reply(update, say("start"))
        if update.effective_user:
            await self._deps.studio.welcome_back(update.effective_user.id)

    async def returned(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Notice that a person has unblocked the bot."""
        change = update.my_chat_member
        if change and change.new_chat_member.status == ChatMember.MEMBER:
            await self._deps.studio.welcome_back(change.from_user.id)


def add(app: App, deps: Deps) -> None:
    """Answer /start."""
    start = Start(deps)
    app.add_handler(CommandHandler("start", start.greet))
    app.add_handler(ChatMemberHandler(start.returned, ChatMemberHandler.MY_CHAT_MEMBER))
