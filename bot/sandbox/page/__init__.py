"""The sandbox in the browser: a chat with the real bot, and what goes on behind it."""
