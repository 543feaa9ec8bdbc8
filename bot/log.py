"""Logging: structlog over the standard library, secrets redacted at the root handler."""

import base64
import html
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Literal
from urllib.parse import quote, quote_plus

import structlog

_COLON = r"(?::|%3[Aa]|\\u003[aA])"
_TOKEN = re.compile(rf"\b\d{{5,}}{_COLON}[A-Za-z0-9_-]{{30,}}|(?<=/bot)\d+{_COLON}[A-Za-z0-9_-]+")
_HEADER = re.compile(
    r"(?i)(bearer\s+"
    r"|(?:x-telegram-bot-api-secret-token|x-api-key)[\\'\"]*\s*[:=]\s*[\\'\"]*"
    r"|\bauthorization[\\'\"]*\s*[:=]\s*[\\'\"]*(?:(?:bearer|basic|digest|key|token)\s+)?)"
    r"[^\s'\",}\\]+"
)
_HIDDEN = "[secret]"
_PIECE = 12
"""Characters of a secret in a row that give it away; an error's text may hold a cut-off one."""

_NOISY = ("aiosqlite", "alembic", "httpcore", "httpx", "telegram")
_SILENT = (
    "procrastinate",  # a database that is away is told of by our own lines
    "psycopg",
    "aiohttp.client",  # says at each request, with its address, that a proxy is of no use
)


class Redactor(logging.Formatter):
    """Wraps a formatter and takes secrets out of the finished line, tracebacks included.

    A secret is found in every form that it may take on the way: in JSON, as `repr`, in an
    address, in Base64; and where only a piece of it is left, as in a text that was cut or wrapped.

    Args:
        inner: Makes the line.
        secrets: What must not be in it. Of an address the whole is hidden, not each piece:
            what is secret in one stands in `secrets` by itself.
    """

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        known = {secret.strip() for secret in secrets} - {""}
        forms = {form for secret in known for form in _forms(secret)}
        self._whole = sorted(forms, key=len, reverse=True)
        self._pieces = {
            form[start : start + _PIECE]
            for form in {f for secret in known if "://" not in secret for f in _forms(secret)}
            for start in range(len(form) - _PIECE + 1)
            if not form[start : start + _PIECE].isdigit()  # a bot's id is no secret
        }

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets: those given, and whatever looks like one."""
        line = self._inner.format(record)
        for form in self._whole:
            line = line.replace(form, _HIDDEN)
        return _HEADER.sub(rf"\1{_HIDDEN}", _TOKEN.sub(_HIDDEN, self._without_pieces(line)))

    def _without_pieces(self, line: str) -> str:
        shown, done, hidden_to = [], 0, -1
        for start in range(len(line) - _PIECE + 1):
            if line[start : start + _PIECE] not in self._pieces:
                continue
            if start > hidden_to:
                shown += [line[done:start], _HIDDEN]
            done = hidden_to = start + _PIECE
        return "".join([*shown, line[done:]])


def _forms(secret: str) -> set[str]:
    """A secret as it may stand in a line; of a bot's token also the half that is the secret."""
    half = re.fullmatch(r"\d{5,}:(.+)", secret)
    forms = {secret, half[1]} if half else {secret}
    for _ in range(2):  # JSON inside JSON, an address inside an address
        forms |= {
            changed
            for form in forms
            for changed in (
                json.dumps(form)[1:-1],
                json.dumps(form, ensure_ascii=False)[1:-1],
                repr(form)[1:-1],
                quote(form, safe=""),
                quote(form),
                quote_plus(form),
                html.escape(form),
            )
        }
    lower = {re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in forms}
    return forms | lower | set(_base64(secret)) | (set(_base64(half[1])) if half else set())


def _base64(secret: str) -> Iterator[str]:
    """What a secret looks like in Base64, wherever it begins among the bytes beside it."""
    raw = secret.encode()
    for before in range(3):
        bits = 8 * before
        coded = base64.b64encode(b"\0" * before + raw).rstrip(b"=").decode()
        whole = coded[-(-bits // 6) : (bits + 8 * len(raw)) // 6]
        if len(whole) >= _PIECE:
            yield from {whole, whole.replace("+", "-").replace("/", "_")}


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
