"""A draft's step as the state of PTB's conversation."""

from telegram.ext import ConversationHandler

from bot.model import Step
from bot.store import Draft

State = object
"""A `Step`, `ConversationHandler.END`, or None to stay."""


def state_of(draft: Draft) -> State:
    """The state in which a draft's step is asked."""
    return ConversationHandler.END if draft.step is Step.CLOSED else draft.step
