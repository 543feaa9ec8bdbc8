"""The rooms of the simulated Bot API; `bot.sandbox.telegram.api` is the door."""
