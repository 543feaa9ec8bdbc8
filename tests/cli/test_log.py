"""Secrets stay out of every line, whichever way they got near it."""

import base64
import contextlib
import io
import json
import logging
import re
from typing import Any, Literal
from urllib.parse import quote, quote_plus, unquote

import pytest
from pydantic import SecretStr

from bot import log
from bot.settings import Settings

SECRET = 'quo"ted\\and-sp\u00e4t'
KEY = "sk-0a/9Zb+8Yc=7Xd&6We%5Vf4Ug3"
TOKEN = "123456789:AAsandboxsandboxsandboxsandboxsand0"
FORMS: list[Literal["text", "json"]] = ["text", "json"]


@pytest.fixture(params=FORMS)
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a process writes to its standard error."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.set_up("DEBUG", request.param, [SECRET, f"{KEY} ", TOKEN, ""])
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


HALF = TOKEN.partition(":")[2]
DISGUISES = {
    "in an address": quote(KEY, safe=""),
    "in an address of lower case": quote(KEY, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "in a form": quote_plus(KEY),
    "in an address inside an address": quote(quote(KEY, safe=""), safe=""),
    "in JSON inside JSON": json.dumps(json.dumps({"key": KEY + SECRET})),
    "the token in an address": f"https://api/bot{quote(TOKEN, safe='')}/getMe",
    "the half that is the secret": f"token of 123456789 ends in {HALF}",
    "the half in an address": f"?token={quote(HALF)}",
    "basic auth": base64.b64encode(f"me:{KEY}".encode()).decode(),
    "basic auth of a longer name": base64.b64encode(f"somebody:{KEY}".encode()).decode(),
    "the token in Base64": base64.b64encode(TOKEN.encode()).decode(),
    "for an address": base64.urlsafe_b64encode(f"a:{KEY}".encode()).decode(),
    "cut off": f"the service says {KEY[:17]}",
    "cut off at its beginning": f"…{HALF[-15:]} is wrong",
    "wrapped": f"{HALF[:17]}\n    {HALF[17:]}",
    "in two strings": f"'{KEY[:14]}' '{KEY[14:]}'",
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_in_disguise(lines: io.StringIO, disguise: str) -> None:
    logging.getLogger("any").warning("before %s after", DISGUISES[disguise])
    text = _shown(lines)
    assert "[secret]" in text
    assert "before" in text
    assert "after" in text
    assert left_of(text, KEY) + left_of(text, TOKEN) == []


def left_of(text: str, secret: str) -> list[str]:
    """Every piece of a secret that can still be read, as it is or decoded."""
    seen = [text, unquote(unquote(text)), text.replace("\\", "")]
    for word in re.findall(r"[\w+/=-]{12,}", text):
        with contextlib.suppress(ValueError):
            padded = word.translate(str.maketrans("-_", "+/")) + "=" * (-len(word) % 4)
            seen.append(base64.b64decode(padded).decode("latin-1"))
    half = secret.rpartition(":")[2]
    pieces = {half[i : i + 12] for i in range(len(half) - 11)}
    return [piece for piece in pieces if any(piece in each for each in seen)]


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Basic bWU6c2VjcmV0",
        "{'Authorization': 'Key abc.def-123'}",
        '"authorization": "Token abc.def-123"',
        "X-Api-Key: abc.def-123",
    ],
)
def test_headers_of_every_scheme(lines: io.StringIO, header: str) -> None:
    logging.getLogger("any").warning("sent %s to it", header)
    text = _shown(lines)
    assert "bWU6" not in text
    assert "abc.def" not in text
    assert "to it" in text


def test_what_is_no_secret_stays(lines: io.StringIO) -> None:
    plain = "bot 123456789 says that 0123456789012345 of sandbox words stay at https://example.org"
    logging.getLogger("any").warning(plain)
    assert plain in lines.getvalue()


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


def test_passwords_in_addresses_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:hush%21@proxy.example:3128")
    settings = Settings(_env_file=None, acestep_url="http://us:quiet@127.0.0.1:8001")
    assert {"quiet", "hush!", "hush%21"} <= set(settings.secrets())
