"""A copy of the SQLite file, taken while the bot is running."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkstemp
from typing import Literal


class BackupFailed(Exception):
    """There is no copy.

    Args:
        reason: What the owner is told (`backup-…` in the texts).
        path: What it is about.
        why: What the system says, where it says something.
    """

    def __init__(
        self,
        reason: Literal["missing", "folder", "failed", "damaged"],
        path: Path,
        why: object = "",
    ) -> None:
        super().__init__(f"{reason}: {path}: {why}")
        self.reason = reason
        self.path = path
        self.why = str(why)


def backup(database: Path, into: Path) -> int:
    """Copy a SQLite database by its online backup; `into` appears whole or not at all.

    Args:
        database: The file the bot uses, running or not.
        into: Where the copy goes; replaced if it exists.

    Returns:
        The size of the copy in bytes.

    Raises:
        BackupFailed: there is nothing to copy, it cannot be written, or the copy is damaged.
    """
    if not database.is_file():
        raise BackupFailed("missing", database)
    try:
        number, name = mkstemp(prefix=f".{into.name}.", dir=into.parent)
    except OSError as error:
        raise BackupFailed("folder", into.parent, error.strerror) from error
    os.close(number)
    part = Path(name)
    try:
        _copy(database, part)
        part.replace(into)
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed("failed", database, error) from error
    finally:
        part.unlink(missing_ok=True)
    return into.stat().st_size


def _copy(database: Path, part: Path) -> None:
    with (
        closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(part)) as copy,
    ):
        # Unlike a copy page by page, this holds nothing of what was deleted, and does not begin
        # anew whenever the bot writes.
        source.execute("VACUUM INTO ?", (str(part),))
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise BackupFailed("damaged", database)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, complete in itself
    with part.open("rb") as written:
        os.fsync(written.fileno())
