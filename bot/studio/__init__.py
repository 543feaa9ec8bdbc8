"""The use cases, between what people ask for and what is stored."""

from bot.studio.context import Context, Rules
from bot.studio.draft_view import Form, result_of, unsent
from bot.studio.lyrics_pieces import Piece, Problem, Room, Words
from bot.studio.ports import (
    AnswerLost,
    Courier,
    FileGone,
    Flooded,
    Later,
    Missing,
    OutOfReach,
    Progress,
    TooBig,
    Unfit,
    Unreachable,
)
from bot.studio.studio import Studio

__all__ = [
    "AnswerLost",
    "Context",
    "Courier",
    "FileGone",
    "Flooded",
    "Form",
    "Later",
    "Missing",
    "OutOfReach",
    "Piece",
    "Problem",
    "Progress",
    "Room",
    "Rules",
    "Studio",
    "TooBig",
    "Unfit",
    "Unreachable",
    "Words",
    "result_of",
    "unsent",
]
