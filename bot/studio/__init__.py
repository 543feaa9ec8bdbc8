"""The use cases, between what people ask for and what is stored."""

from bot.studio.context import Context, Rules
from bot.studio.forms import Form, result_of, unsent
from bot.studio.ports import (
    AnswerLost,
    Courier,
    FileGone,
    Later,
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
    "Form",
    "Later",
    "Progress",
    "Rules",
    "Studio",
    "TooBig",
    "Unfit",
    "Unreachable",
    "result_of",
    "unsent",
]
