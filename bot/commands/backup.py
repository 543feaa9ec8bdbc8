"""`refrain backup`: a copy of everything, while the bot is running."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from sqlalchemy.engine import make_url

from bot.i18n import texts
from bot.settings import Settings, SettingsError
from bot.store.db.backup import BackupFailed, backup


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Write the copy and say how large it is."""
    say = texts(None)
    if not settings.is_sqlite:
        raise SettingsError(say.plain("backup-postgresql"))
    database = Path(make_url(settings.database).database or "")
    try:
        size = backup(database, options.file)
    except BackupFailed as error:
        why = say.plain(f"backup-{error.reason}", path=str(error.path), why=error.why)
        print(why, file=sys.stderr)  # noqa: T201 - the one line that says what is wrong
        return 1
    megabytes = f"{size / 1e6:.1f}"
    Console().print(say.plain("backup-done", path=str(options.file), megabytes=megabytes))
    return 0
