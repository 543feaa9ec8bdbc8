"""Alembic's revisions; run by `bot.store.db.migrate`."""
