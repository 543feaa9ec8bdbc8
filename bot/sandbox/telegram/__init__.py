"""The simulated Bot API; `bot.sandbox.telegram.api` puts its parts together."""
