"""The rooms of the simulated Bot API; `bot.sandbox.telegram_api` is the door."""
