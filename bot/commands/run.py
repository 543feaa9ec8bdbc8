"""`refrain run`: the bot."""

import argparse
import asyncio
import sys

from bot import app
from bot.settings import Settings, SettingsError
from bot.store import NewerSchema, StoreUnavailable
from bot.telegram.patience import TokenRefused
from bot.telegram.webhook import CannotListen, WebhookRefused


def command(settings: Settings, options: argparse.Namespace) -> int:
    """Run until a signal comes."""
    if options.no_work:
        raise SettingsError("--no-work needs workers, and workers need PostgreSQL: DATABASE_URL")
    try:
        asyncio.run(app.run(settings))
    except NewerSchema as error:
        detail = f"DATABASE_URL: its schema is newer than this program ({error})"
        raise SettingsError(detail) from None
    except TokenRefused as error:
        raise SettingsError("TELEGRAM_TOKEN: Telegram refuses it") from error
    except (CannotListen, WebhookRefused) as error:
        raise SettingsError(str(error)) from error
    except (StoreUnavailable, OSError) as error:
        print(f"refrain cannot start: {error}", file=sys.stderr)  # noqa: T201 - the one line
        return 1
    return 0
