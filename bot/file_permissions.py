"""What is kept belongs to whoever runs the bot: nobody else on the machine can read it."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("refrain.sqlite3", "recordings", "made")
_POSIX = os.name == "posix"


def keep_private() -> None:
    """From now on, whatever this process makes is for its own user alone."""
    os.umask(OTHERS)


def open_to_others(path: Path) -> bool:
    """Whether others on this machine may read or change a file, or look into a folder."""
    try:
        return _POSIX and bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False


def private_folder(folder: Path) -> None:
    """Make a folder for its user alone, or take from others what they may do in it.

    A folder that holds anything else than Refrain's own things is left as it is: others may
    need their way through it. Refrain's own things in it are closed all the same.

    Args:
        folder: `DATA_DIR`.

    Raises:
        OSError: It cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inside = list(folder.iterdir())
    ours = [path for path in inside if path.name.startswith(_OURS)]
    close = [*_below(ours)]
    if len(ours) == len(inside):
        close.append(folder)
    for path in close:
        _close(path)
    if open_to_others(folder):
        log.warning(
            "DATA_DIR: others on this machine can look into %s; close it with chmod 700", folder
        )


def private_database(file: Path) -> None:
    """Take from others what they may do with a SQLite file and those that SQLite and we add."""
    for ending in ("", "-wal", "-shm", "-journal", ".lock"):
        _close(file.with_name(file.name + ending))


def _below(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from path.rglob("*")


def _close(path: Path) -> None:
    """Close one file or folder to others; links are not followed."""
    try:
        mode = path.lstat().st_mode
        if not _POSIX or stat.S_ISLNK(mode) or not mode & OTHERS:
            return
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except OSError as error:  # it is somebody else's, or gone
        if not isinstance(error, FileNotFoundError):
            log.warning("%s cannot be closed to others: %s", path, error.strerror)
