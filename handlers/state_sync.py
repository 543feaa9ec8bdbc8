"""Keeps PTB's conversation state in step with the draft, also when a callback fails."""

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
from handlers.deps import Deps
from handlers.prompts import Prompts
from handlers.states import State, state_of

log = logging.getLogger(__name__)

Callback = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, State]]

_REPAIR_TIMEOUT = 20.0
"""Seconds to read the draft, and to ask again, after a callback was cancelled at its deadline."""


def synced(deps: Deps, callback: Callback) -> Callback:
    """A callback after which PTB's state is the draft's step, however the callback ends.

    A callback commits the draft and then answers. When the answer fails or takes too long, PTB
    would stay in the previous state, and the buttons that did arrive would be stale.
    """

    @wraps(callback)
    async def run(update: Update, context: ContextTypes.DEFAULT_TYPE) -> State:
        begun = time.time()
        try:
            return await callback(update, context)
        except ApplicationHandlerStop:
            raise
        except asyncio.CancelledError:
            draft = await _committed(deps, update, begun) if _is_cut_off() else None
            if draft is None:  # the process stops, or the dispatcher says that it took too long
                raise
            log.warning("a handler was cut off after its commit; its question is asked again")
            try:
                await _ask_again(deps, update, draft)
            except Exception as error:  # noqa: BLE001 - the error handler logs it and tells the person
                await context.application.process_error(update, error)
            return state_of(draft)
        except Exception as error:  # noqa: BLE001 - as above
            await context.application.process_error(update, error)
            with suppress(StoreUnavailable):
                draft = await deps.draft(update)
                return state_of(draft) if draft else None
            return None

    return run


def _is_cut_off() -> bool:
    """Whether the running handler was cancelled for taking too long."""
    limit = handler_limit.get()
    return limit is not None and limit.expired()


async def _committed(deps: Deps, update: Update, since: float) -> Draft | None:
    """The draft as the callback left it; None if it did not change it."""
    with suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(_REPAIR_TIMEOUT):
            draft = await deps.draft(update)
            return draft if draft and draft.changed_at >= since else None
    return None


async def _ask_again(deps: Deps, update: Update, draft: Draft) -> None:
    """Ask for what the draft lacks; fail where nothing is left to ask of a message's sender.

    Raises:
        TookTooLong: The draft is closed, and the answer may not have been sent.
    """
    if draft.step is not Step.CLOSED:
        async with asyncio.timeout(_REPAIR_TIMEOUT):
            await Prompts(deps).ask(update, draft)
    elif update.message:
        raise TookTooLong
