"""Telegram's side of the bot: what comes in, what goes out, and how."""
