"""Waking the studio's work. The row decides; a wake only says "look at it", and may come twice."""

from bot.jobs.local import LocalJobs
from bot.jobs.ports import Jobs, Kind, Work

__all__ = ["Jobs", "Kind", "LocalJobs", "Work"]
