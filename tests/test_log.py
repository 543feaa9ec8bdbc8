"""Secrets stay out of every line, whichever way they got near it."""

import io
import json
import logging
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from bot import log
from bot.settings import Settings

SECRET = 'quo"ted\\and-sp\u00e4t'
TOKEN = "123456789:AAsandboxsandboxsandboxsandboxsand0"
FORMS: list[Literal["text", "json"]] = ["text", "json"]


@pytest.fixture(params=FORMS)
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a process writes to its standard error."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.set_up("DEBUG", request.param, [SECRET, ""])
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def _shown(lines: io.StringIO) -> str:
    text = lines.getvalue()
    assert text.strip()
    for form in (SECRET, json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1], TOKEN):
        assert form not in text
    return text


def test_in_a_message_and_its_arguments(lines: io.StringIO) -> None:
    logging.getLogger("any").warning("said %s to %s", SECRET, TOKEN)
    assert _shown(lines).count("[secret]") == 2


def test_beside_a_message(lines: io.StringIO) -> None:
    logging.getLogger("any").warning("beside", extra={"detail": f"<{SECRET}>"})
    assert "[secret]" in _shown(lines)


def test_in_addresses_and_headers(lines: io.StringIO) -> None:
    short = "77:short"
    logging.getLogger("any").warning(
        "POST https://api.telegram.org/bot%s/getMe Authorization: Bearer %s", short, "abc.def"
    )
    text = _shown(lines)
    assert short not in text
    assert "abc.def" not in text
    assert "getMe" in text


def test_in_a_chain_of_tracebacks(lines: io.StringIO) -> None:
    def inner() -> None:
        raise ValueError(f"inner {TOKEN}")

    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise RuntimeError(f"outer {TOKEN}") from error

    try:
        outer()
    except RuntimeError:
        logging.getLogger("any").exception("failed")
    text = _shown(lines)
    assert "Traceback" in text
    assert text.count("[secret]") == 2


def test_every_line_of_json_is_one_object(lines: io.StringIO) -> None:
    logging.getLogger("any").warning("two\nlines", extra={"track": 7})
    first = lines.getvalue().splitlines()[0]
    if first.startswith("{"):
        told = json.loads(first)
        assert (told["event"], told["track"], told["level"]) == ("two\nlines", 7, "warning")
    else:
        assert "track=7" in lines.getvalue()


def test_what_is_secret() -> None:
    settings = Settings(
        _env_file=None,
        telegram_token=SecretStr(TOKEN),
        database_url=SecretStr("postgresql://me:p%40ss@db/refrain"),
    )
    assert {TOKEN, "p%40ss", "p@ss"} <= set(settings.secrets())
