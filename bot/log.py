"""Logging: structlog over the standard library, secrets redacted at the root handler."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal

import structlog

_TOKEN = re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{30,}|(?<=/bot)\d+:[A-Za-z0-9_-]+")
_BEARER = re.compile(r"(?i)(bearer\s+|x-telegram-bot-api-secret-token:\s*)[^\s'\",]+")
_HIDDEN = "[secret]"
_NOISY = ("aiosqlite", "alembic", "httpcore", "httpx", "telegram")
_SILENT = ("procrastinate", "psycopg")  # a database that is away is told of by our own lines


class Redactor(logging.Formatter):
    """Wraps a formatter and takes secrets out of the finished line, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        known = {form for secret in secrets if secret for form in _forms(secret)}
        self._secrets = sorted(known, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets: those given, and whatever looks like one."""
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return _BEARER.sub(rf"\1{_HIDDEN}", _TOKEN.sub(_HIDDEN, line))


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it stands in a message, in a line of JSON, and as a value beside a message."""
    return secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]


def _text() -> structlog.dev.ConsoleRenderer:
    # The renderer's own tracebacks show local variables: lyrics, tokens, whole updates.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def set_up(level: str, form: Literal["text", "json"], secrets: Iterable[str]) -> None:
    """Send every log line of the process, ours and the libraries', through one handler.

    Args:
        level: The least level that is written.
        form: One line of text, or of JSON, per event.
        secrets: Values that must never be written.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.types.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [_text()]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redactor(formatter, secrets))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for silent in _SILENT:
        logging.getLogger(silent).setLevel(logging.CRITICAL)
