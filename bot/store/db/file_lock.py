"""A SQLite file belongs to one process at a time."""

from pathlib import Path

from filelock import FileLock, Timeout


class AlreadyOpen(Exception):
    """Another process has the SQLite file; the message is one line for the owner."""


class DatabaseLock:
    """A lock beside a SQLite file; the system releases it when the process dies.

    Args:
        database: The SQLite file.
    """

    def __init__(self, database: Path) -> None:
        self._lock = FileLock(f"{database}.lock", timeout=0, mode=0o600)

    def take(self) -> None:
        """Take the lock.

        Raises:
            AlreadyOpen: another process has it.
            OSError: it cannot be made.
        """
        try:
            self._lock.acquire()
        except Timeout:
            raise AlreadyOpen(
                "another refrain is at work on this SQLite file; stop it first, "
                "or use PostgreSQL for more than one"
            ) from None

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()
