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

__all__ = [
    "AnswerLost",
    "Context",
    "Courier",
    "FileGone",
    "Flooded",
    "Later",
    "Missing",
    "OutOfReach",
    "Progress",
    "Rules",
    "Studio",
    "TooBig",
    "Unreachable",
    "result_of",
]
