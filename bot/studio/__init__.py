"""The use cases, between what people ask for and what is stored."""

from bot.studio.context import Context, Rules
from bot.studio.draft_view import Form, result_of, unsent
from bot.studio.lyrics_pieces import DraftLyrics, LyricsLimits, LyricsPiece, LyricsProblem
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
    "DraftLyrics",
    "FileGone",
    "Flooded",
    "Form",
    "Later",
    "LyricsLimits",
    "LyricsPiece",
    "LyricsProblem",
    "Missing",
    "OutOfReach",
    "Progress",
    "Rules",
    "Studio",
    "TooBig",
    "Unfit",
    "Unreachable",
    "result_of",
    "unsent",
]
