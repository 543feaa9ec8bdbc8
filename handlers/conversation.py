"""The conversation: which callback answers what, at each step of a draft."""

import warnings
from functools import partial

from telegram.ext import (
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
)
from telegram.warnings import PTBUserWarning

from bot.draft_steps import DraftEvent, accepts
from bot.model import Step
from bot.telegram.outbound import keyboards
from bot.telegram.outbound.keyboards import pattern
from handlers import lyrics_input
from handlers.cancel import Cancel
from handlers.create import Create
from handlers.deps import ONE_LINE, App, Deps
from handlers.lyrics import Lyrics
from handlers.partner import Partner
from handlers.purpose import PurposeQuestion
from handlers.recording_input import RECORDING, REPLACED_BY_OTHER, REPLACED_RECORDING
from handlers.recordings import Recordings
from handlers.state_sync import synced
from handlers.tracks import Tracks
from handlers.unexpected import Unexpected


def build(deps: Deps) -> ConversationHandler[ContextTypes.DEFAULT_TYPE]:
    """The table of the conversation; the draft's row says at which step a person is."""
    safe = partial(synced, deps)
    recordings, lyrics, tracks = Recordings(deps), Lyrics(deps), Tracks(deps)
    partner, cancel = Partner(deps), Cancel(deps)
    about_words = pattern(
        keyboards.ADD_LYRICS, keyboards.REPLACE_LYRICS, keyboards.LEAVE_OUT_LYRICS
    )
    use_edited = pattern(keyboards.USE_EDITED_LYRICS)
    new_draft = pattern(keyboards.NEW_LYRICS, keyboards.NEW_RECORDING)
    buttons = {
        DraftEvent.PURPOSE_CHOSEN: (keyboards.PURPOSE, PurposeQuestion(deps).choose),
        DraftEvent.PARTNER_WANTED: (keyboards.PARTNER, partner.ask),
        DraftEvent.PARTNER_DECLINED: (keyboards.BACK, partner.decline),
        DraftEvent.TRACK_CREATED: (keyboards.CREATE, Create(deps).create),
        DraftEvent.DROPPED: (keyboards.DROP, cancel.button),
    }
    with warnings.catch_warnings():
        # Buttons and messages belong to one conversation: per_message must stay off.
        warnings.filterwarnings("ignore", r"If 'per_message=False'", PTBUserWarning)
        return ConversationHandler(
            name="create",
            persistent=True,
            allow_reentry=True,
            entry_points=[
                MessageHandler(lyrics_input.WORDS, safe(lyrics.receive)),
                MessageHandler(RECORDING, safe(recordings.sent)),
                MessageHandler(REPLACED_RECORDING, safe(recordings.replaced)),
                MessageHandler(REPLACED_BY_OTHER, safe(recordings.replaced_by_other)),
                MessageHandler(lyrics_input.EDITED_WORDS, safe(lyrics.edited)),
                CallbackQueryHandler(safe(lyrics.decide), about_words),
                CallbackQueryHandler(safe(lyrics.use_edited), use_edited),
                CallbackQueryHandler(safe(tracks.new_draft), new_draft),
            ],
            states={
                step: [
                    CallbackQueryHandler(safe(callback), pattern(button))
                    for event, (button, callback) in buttons.items()
                    if accepts(step, event)
                ]
                for step in Step
                if step is not Step.CLOSED
            },
            fallbacks=[
                CommandHandler("cancel", safe(cancel.command), filters=ONE_LINE),
                MessageHandler(lyrics_input.SLASHED, safe(lyrics.receive_slashed)),
            ],
        )


def add(app: App, deps: Deps) -> None:
    """Add the conversation, and what answers outside it."""
    unexpected = Unexpected(deps)
    app.add_handler(build(deps))
    app.add_handler(CommandHandler("cancel", Cancel(deps).command, filters=ONE_LINE))
    app.add_handler(MessageHandler(lyrics_input.SLASHED, Lyrics(deps).receive_slashed))
    app.add_handler(CallbackQueryHandler(unexpected.button))
    app.add_handler(MessageHandler(lyrics_input.OTHER, unexpected.message))
