"""Statements that are built once: to build one anew each time takes as long as to run it.

What is given at each execution is a parameter: those that a condition names, and the values of
columns to be set, by the columns' names.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Update, or_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate


def one_of(column: Column[str], words: Collection[str]) -> ColumnElement[bool]:
    """Whether a column holds one of a few words; an `IN` would be written anew each time."""
    return or_(*(column == word for word in sorted(words)))


async def changed(
    connection: AsyncConnection, statement: ReturningUpdate[Any], **parameters: Any
) -> Row[Any] | None:
    """Change the row that is as expected; gives it as it is now, None if there was none."""
    row: Row[Any] | None = (await connection.execute(statement, parameters)).first()
    return row


async def moved(connection: AsyncConnection, statement: Update, **parameters: Any) -> bool:
    """Whether exactly one row was as expected and has been changed."""
    result = await connection.execute(statement, parameters)
    return bool(result.rowcount == 1)
