"""People who use the stand-in for Telegram: what they do and what they see."""
