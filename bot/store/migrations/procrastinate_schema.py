"""Procrastinate's tables, made and brought up to date by revisions of ours."""

from importlib.resources import files

from sqlalchemy import Connection, text

_KEY = "procrastinate"


def apply(connection: Connection) -> None:
    """Bring procrastinate's tables to the version that is installed.

    An empty database gets its whole schema; one that has it already gets the migrations since.
    Which one was the last is kept in `identity`, so that a revision added for a later version
    of procrastinate does nothing on a database that began with it.

    Args:
        connection: In the transaction of a revision; on PostgreSQL.
    """
    folder = files("procrastinate") / "sql"
    scripts = sorted(p.name for p in (folder / "migrations").iterdir() if p.name.endswith(".sql"))
    last = connection.scalar(text("SELECT value FROM identity WHERE key = :k"), {"k": _KEY})
    if last is None:
        _run(connection, (folder / "schema.sql").read_text(encoding="utf-8"))
    else:
        for name in (name for name in scripts if name > last):
            _run(connection, (folder / "migrations" / name).read_text(encoding="utf-8"))
    connection.execute(text("DELETE FROM identity WHERE key = :k"), {"k": _KEY})
    connection.execute(
        text("INSERT INTO identity (key, value) VALUES (:k, :v)"), {"k": _KEY, "v": scripts[-1]}
    )


def _run(connection: Connection, script: str) -> None:
    # The driver's own cursor takes several statements at once and reads no % in them.
    cursor = connection.connection.cursor()
    try:
        cursor.execute(script)
    finally:
        cursor.close()
