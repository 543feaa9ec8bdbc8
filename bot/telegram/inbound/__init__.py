"""From Telegram to the handlers: polling or webhook, inbox, lanes and health."""
