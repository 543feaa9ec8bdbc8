"""The use cases, between what people ask for and what is stored."""

from bot.studio.context import Context, Rules
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
    Unreachable,
)
from bot.studio.studio import Studio, result_of
from bot.studio.words import Piece, Problem, Room, Words

__all__ = [
    "AnswerLost",
    "Context",
    "Courier",
    "FileGone",
    "Flooded",
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
    "Unreachable",
    "Words",
    "result_of",
]
