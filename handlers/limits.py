"""Why a person gets nothing more for now, and when it goes on."""

import math

from bot.i18n import Texts
from bot.store import Daily, DailyLimitReached

_IN_MINUTES = 90  # longer times are told in hours
_OFF = {Daily.TRACKS: "toast-off", Daily.RECORDINGS: "recordings-off"}


def day_is_over(say: Texts, reached: DailyLimitReached) -> str:
    """That a person has had what they may have in a day, and in how long it goes on."""
    if reached.seconds is None:
        return say.plain(_OFF[reached.what])
    minutes = max(1, math.ceil(reached.seconds / 60))
    hours = math.ceil(minutes / 60) if minutes > _IN_MINUTES else 0
    key = f"daily-limit-{reached.what}"
    return say.plain(key, count=reached.limit, hours=hours, minutes=minutes)


def too_many_unfinished(say: Texts, limit: int) -> str:
    """That a person has to wait for a track to arrive before the next begins."""
    return say.plain("toast-too-many", count=limit) if limit else say.plain("toast-off")
