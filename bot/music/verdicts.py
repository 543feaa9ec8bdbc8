"""Whose fault an answer is: the table of facts/music-01, §3, as data."""

import re
from typing import NoReturn

from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorFault,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.http import Reply
from bot.music.wire import Envelope

Verdict = UserReason | OperatorReason | type[MusicError]

BY_STATUS: dict[int, Verdict] = {
    400: UserReason.INVALID,
    401: OperatorReason.KEY,
    402: OperatorReason.BALANCE,
    403: OperatorReason.BALANCE,
    404: OperatorReason.WITHDRAWN,
    429: PassingFault,
    500: PassingFault,
    502: PassingFault,
    503: PassingFault,
    504: Unanswered,
}
"""By status of HTTP; 504 is a gateway that gave up waiting for an answer that may be paid."""

BY_CODE: dict[int, Verdict] = {
    1000: PassingFault,
    1001: PassingFault,
    1002: PassingFault,
    1004: OperatorReason.KEY,
    1008: OperatorReason.BALANCE,
    1013: PassingFault,
    1024: PassingFault,
    1026: UserReason.SENSITIVE,
    1027: UserReason.SENSITIVE,
    1033: PassingFault,
    1039: PassingFault,
    1041: PassingFault,
    1042: UserReason.INVALID,
    2013: UserReason.INVALID,
    2037: UserReason.VOICE_LENGTH,
    2038: OperatorReason.PLAN,
    2042: StaleUpload,
    2044: OperatorReason.PLAN,
    2045: PassingFault,
    2049: OperatorReason.KEY,
    2056: OperatorReason.PLAN,
    2061: OperatorReason.PLAN,
}
"""By `base_resp.status_code`, which comes inside a success of HTTP."""

_LONGEST_WAIT = 3600
_ERRORS = 400
_TITLE = re.compile(rb"<title>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)


def refuse(reply: Reply) -> NoReturn:
    """Raise what an answer outside of 2xx means."""
    told = Envelope.parse(reply.body) or Envelope()
    if told.base_resp and told.base_resp.status_code in BY_CODE:
        weigh(reply, told)
    _raise(reply, told, _by_status(reply.status, bytes(reply.body)), reply.status)


def weigh(reply: Reply, told: Envelope) -> None:
    """Raise what the envelope inside an answer means, unless it means success.

    Raises:
        MusicError: As the tables say; `UnknownFault` for what they don't hold.
    """
    code = told.base_resp.status_code if told.base_resp else None
    if code == 0:
        return
    if code is not None:
        verdict = BY_CODE.get(code, UnknownFault) if isinstance(code, int) else UnknownFault
        _raise(reply, told, verdict, code)
    if isinstance(told.status_code, int) and told.status_code >= _ERRORS:
        said = (told.message or "").encode(errors="replace")
        _raise(reply, told, _by_status(told.status_code, said), told.status_code)


def unusable(reply: Reply, told: Envelope, detail: str) -> BadAnswer:
    """Describe a success that is none."""
    return BadAnswer(detail, http=reply.status, request_id=told.request_id or told.trace_id)


def _by_status(status: int, said: bytes) -> Verdict:
    if status == 500 and b"under maintenance" in said.lower():  # noqa: PLR2004  a row of the table
        return OperatorReason.MAINTENANCE
    return BY_STATUS.get(status, UnknownFault)


def _raise(reply: Reply, told: Envelope, verdict: Verdict, code: int | str) -> NoReturn:
    said = (told.base_resp and told.base_resp.status_msg) or told.message or _title(reply.body)
    code = code if isinstance(code, int) else reply.quote(code)
    detail = f"HTTP {reply.status}, code {code}: {reply.quote(said)}"
    named = told.request_id or told.trace_id
    fault = fault_of(verdict, detail, code=code, http=reply.status, request_id=named)
    if isinstance(fault, PassingFault):
        fault.retry_after = seconds(reply.headers.get("Retry-After", ""))
    raise fault


def fault_of(verdict: Verdict, detail: str, **context: int | str | None) -> MusicError:
    """Make the error that a verdict stands for.

    Args:
        verdict: Of a table.
        detail: For the log.
        context: `http`, `code`, `request_id` (see `MusicError`).
    """
    if isinstance(verdict, UserReason):
        return UserFault(verdict, detail, **context)
    if isinstance(verdict, OperatorReason):
        return OperatorFault(verdict, detail, **context)
    return verdict(detail, **context)  # type: ignore[arg-type]  # the same keywords


def _title(body: bytes | bytearray) -> str:
    """The title of a gateway's page, which says what its body wraps in paragraphs."""
    found = _TITLE.search(body)
    return found[1].decode(errors="replace") if found else "nothing said"


def seconds(text: str) -> float | None:
    """Read `Retry-After` where it is a plain number."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII):
        return None
    return min(float(text), _LONGEST_WAIT)
