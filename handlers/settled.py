"""Keeping PTB's idea of a conversation with the draft, also when a callback fails."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any

from telegram import Update
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.store import StoreUnavailable
from handlers.desk import Desk
from handlers.steps import State, state_of

Callback = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, State]]


def settled(desk: Desk, callback: Callback) -> Callback:
    """A callback after which the conversation stands where its draft does, come what may.

    A callback commits the draft and then answers. When the answer fails, PTB would stay in the
    state before, and the buttons that did arrive would be stale.
    """

    @wraps(callback)
    async def run(update: Update, context: ContextTypes.DEFAULT_TYPE) -> State:
        try:
            return await callback(update, context)
        except ApplicationHandlerStop:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the error handler has it
            await context.application.process_error(update, error)
            with suppress(StoreUnavailable):
                draft = await desk.draft(update)
                return state_of(draft) if draft else None
            return None

    return run
