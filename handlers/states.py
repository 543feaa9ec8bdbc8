"""Where a conversation stands, as PTB's table of states has it."""

from telegram.ext import ConversationHandler

from bot.model import Step
from bot.store import Draft

State = object
"""A `Step`, `ConversationHandler.END`, or None to stay."""


def state_of(draft: Draft) -> State:
    """The state that a draft's step is."""
    return ConversationHandler.END if draft.step is Step.CLOSED else draft.step


def step_after(draft: Draft, words: str | None) -> Step:
    """Which step a draft is in once it has these lyrics."""
    if draft.reference_id is None:
        return Step.RECORDING
    if draft.purpose is None:
        return Step.PURPOSE
    if draft.step is Step.PARTNER:
        return Step.PARTNER
    return Step.PREVIEW if words else Step.LYRICS
