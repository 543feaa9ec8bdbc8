"""How music-01 at AI/ML API goes wrong: all of docs/facts/music-01.md, §3, by name."""

from binascii import hexlify
from dataclasses import dataclass
from typing import Any

CODES = {
    1000: "unknown error",
    1001: "request timeout",
    1002: "rate limit",
    1004: "not authorized",
    1008: "insufficient balance",
    1013: "internal service error",
    1024: "internal error",
    1026: "input new_sensitive",
    1027: "output new_sensitive",
    1033: "downstream service error",
    1039: "token limit",
    1041: "conn limit",
    1042: "invisible character ratio limit",
    2013: "invalid params, lyrics is required",
    2037: "voice duration too short or too long",
    2038: "no permission for voice cloning",
    2042: "you don't have access to this voice_id",
    2044: "no right to use this model",
    2045: "rate growth limit",
    2049: "invalid api key",
    2056: "usage limit exceeded",
    2061: "your current token plan does not support this model",
    9999: "a code that nobody has documented",
}

STATUSES = {
    400: "Body validation error",
    401: "Invalid API key",
    402: "You've run out of credits",
    403: "You've run out of credits. Please top up your balance",
    404: "Cannot POST: model not found",
    418: "I'm a teapot",
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}

BEFORE = frozenset({"reset", "hang"})
"""The connection goes wrong; nothing was done and nothing charged."""

AFTER = frozenset({"reset-after", "hang-after", "504-after", "cut-body", "slow-body", "big-body"})
"""The work is done and charged, and no whole answer comes."""

AUDIO = frozenset({"audio-odd", "audio-not-hex", "audio-not-mp3", "audio-undecodable"})
"""A success of HTTP and of the provider, charged, whose audio is none."""

EMPTY = frozenset({"data-null", "audio-null", "audio-empty", "in-progress", "empty-200"})
"""The same, without audio."""

ADDRESS = frozenset({"audio-url", "audio-url-elsewhere", "audio-url-gone"})
"""The same, with an address instead of audio; the first one is a good one."""

SILENT = EMPTY | ADDRESS
"""What brings no hexadecimal text along."""

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_PLAIN_NAMES = {
    "maintenance",
    "text-status",
    "retry-after",
    "html-200",
    *(f"html-{status}" for status in STATUSES),
    *map(str, STATUSES),
    *map(str, CODES),
}

UPLOAD = frozenset({*_PLAIN_NAMES, *BEFORE, "reset-after", "no-ids", "empty-200"})
GENERATE = frozenset({*_PLAIN_NAMES, *BEFORE, *AFTER, *AUDIO, *EMPTY, *ADDRESS})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no.

    Attributes:
        status: Of HTTP.
        message: For a problem body, where there is one.
        body: Instead of a problem body: JSON, or a page.
        as_text: Whether the problem's `statusCode` is text.
        headers: Beside the usual ones.
    """

    status: int
    message: str = ""
    body: dict[str, Any] | str | None = None
    as_text: bool = False
    headers: tuple[tuple[str, str], ...] = ()


_SPECIAL = {
    "maintenance": Refusal(500, "The model is under maintenance, please try again later"),
    "text-status": Refusal(429, STATUSES[429], as_text=True),
    "retry-after": Refusal(429, STATUSES[429], headers=(("Retry-After", "7"),)),
}


def refusal(name: str) -> Refusal | None:
    """Say what a fault answers, unless it does something else than answer."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name.startswith("html-"):
        status = int(name.removeprefix("html-"))
        return Refusal(status, body=_HTML.format(f"{status} {STATUSES.get(status, 'OK')}"))
    number = int(name) if name.isdecimal() else 0
    if number in STATUSES:
        return Refusal(number, STATUSES[number])
    return Refusal(200, body=verdict(number)) if number in CODES else None


def verdict(code: int, message: str | None = None) -> dict[str, Any]:
    """Say no the way the provider behind the gateway does: inside a success of HTTP."""
    base_resp = {"status_code": code, "status_msg": message or CODES[code]}
    return {"data": None, "base_resp": base_resp}


def spoil(name: str, track: bytes) -> bytes:
    """Turn a track into hexadecimal text that is not one.

    Args:
        name: One of `AUDIO`.
        track: The MP3.
    """
    digits = hexlify(track)
    if name == "audio-odd":
        return digits[:-1]
    if name == "audio-not-hex":
        middle = len(digits) // 2
        return digits[:middle] + b"z" + digits[middle + 1 :]
    if name == "audio-not-mp3":
        return hexlify(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(1000))
    return hexlify(b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"not a frame " * 500)
