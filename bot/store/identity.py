"""Which bot a database belongs to: file ids are good for one bot alone."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.db.database import Database
from bot.store.schema import identity

_BOT = "bot"


async def belongs_to(database: Database, bot_id: str) -> bool:
    """Whether a database is this bot's; an ownerless one becomes so.

    Args:
        database: Open.
        bot_id: The part of the bot's token that is no secret.
    """
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    async with database.write() as connection:
        statement = insert(identity).values(key=_BOT, value=bot_id)
        await connection.execute(statement.on_conflict_do_nothing())
        owner = await connection.scalar(select(identity.c.value).where(identity.c.key == _BOT))
    return bool(owner == bot_id)
