"""Alembic's revisions; run by `bot.store.migrate`."""
