"""From the bot to Telegram: messages, panels, keyboards, files and languages."""
