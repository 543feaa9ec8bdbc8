"""The use cases, between what people ask for and what is stored."""

from bot.studio.backend_choice import BackendChoice
from bot.studio.claim_renewal import ClaimRenewal
from bot.studio.context import Context, Rules
from bot.studio.draft_view import DraftView, result_of, unsent
from bot.studio.lyrics_pieces import DraftLyrics, LyricsLimits, LyricsPiece, LyricsProblem
from bot.studio.owner_notices import OwnerNotices
from bot.studio.ports import (
    AnswerLost,
    FileGone,
    Flooded,
    Later,
    Messenger,
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
    "BackendChoice",
    "ClaimRenewal",
    "Context",
    "DraftLyrics",
    "DraftView",
    "FileGone",
    "Flooded",
    "Later",
    "LyricsLimits",
    "LyricsPiece",
    "LyricsProblem",
    "Messenger",
    "Missing",
    "OutOfReach",
    "OwnerNotices",
    "Progress",
    "Rules",
    "Studio",
    "TooBig",
    "Unfit",
    "Unreachable",
    "result_of",
    "unsent",
]
