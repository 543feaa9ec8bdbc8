"""`refrain worker`: more workers for one bot."""

import argparse

from bot.settings import Settings, SettingsError


def command(settings: Settings, options: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Say why there cannot be one."""
    raise SettingsError("DATABASE_URL: workers need PostgreSQL; on SQLite one process does it all")
