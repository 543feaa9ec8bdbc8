"""Keeping PTB's idea of a conversation with the draft, also when a callback fails."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any

from telegram import Update
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.model import Step
from bot.store import Draft, StoreUnavailable
from bot.telegram.inbound.dispatcher import TookTooLong
from bot.telegram.retry import handler_limit
from handlers.deps import Desk
from handlers.prompts import Panels
from handlers.states import State, state_of

log = logging.getLogger(__name__)

Callback = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, State]]

_AT_LAST = 20.0
"""Seconds for what is left to do after a callback was cut off at its deadline."""


def settled(desk: Desk, callback: Callback) -> Callback:
    """A callback after which the conversation stands where its draft does, come what may.

    A callback commits the draft and then answers. When the answer fails or takes too long, PTB
    would stay in the state before, and the buttons that did arrive would be stale.
    """

    @wraps(callback)
    async def run(update: Update, context: ContextTypes.DEFAULT_TYPE) -> State:
        begun = time.time()
        try:
            return await callback(update, context)
        except ApplicationHandlerStop:
            raise
        except asyncio.CancelledError:
            draft = await _committed(desk, update, begun) if _is_cut_off() else None
            if draft is None:  # the process stops, or nothing came of it: it is told elsewhere
                raise
            log.warning("a handler was cut off after its commit; what it asks is asked again")
            try:
                await _say_at_last(desk, update, draft)
            except Exception as error:  # noqa: BLE001 - whatever it is, the error handler has it
                await context.application.process_error(update, error)
            return state_of(draft)
        except Exception as error:  # noqa: BLE001 - as above
            await context.application.process_error(update, error)
            with suppress(StoreUnavailable):
                draft = await desk.draft(update)
                return state_of(draft) if draft else None
            return None

    return run


def _is_cut_off() -> bool:
    """Whether the running handler was cancelled for taking too long."""
    limit = handler_limit.get()
    return limit is not None and limit.expired()


async def _committed(desk: Desk, update: Update, since: float) -> Draft | None:
    """The draft as the callback left it; None if it did not change it."""
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(_AT_LAST):
            draft = await desk.draft(update)
            return draft if draft and draft.changed_at >= since else None
    return None


async def _say_at_last(desk: Desk, update: Update, draft: Draft) -> None:
    """Ask what the draft lacks; where nothing is left to ask, a message is not left unanswered.

    Raises:
        TookTooLong: The draft is closed, and nobody can tell whether that was said.
    """
    if draft.step is not Step.CLOSED:
        async with asyncio.timeout(_AT_LAST):
            await Panels(desk).ask(update, draft)
    elif update.message:
        raise TookTooLong
