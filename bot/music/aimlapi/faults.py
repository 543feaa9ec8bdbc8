"""Whose fault an answer is: the table of docs/facts/music-01.md, §3, as data.

A table is believed where the service itself has answered: its own JSON says so. What comes
without that is the word of a gateway, which knows nothing of what the service did meanwhile.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import NoReturn

from bot.music.aimlapi.wire import Envelope
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
from bot.untrusted import clamped

Verdict = UserReason | OperatorReason | type[MusicError]

NEVER: dict[int, UserReason] = {413: UserReason.TOO_LARGE, 415: UserReason.RECORDING}
"""What can never succeed for a call that carries a recording, whoever says it."""

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
"""By status of HTTP, in the service's own words; 504 says that an answer may have been paid."""

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

INVISIBLE = 1042
"""Too many invisible characters among the words: the same words without them may be taken."""

_SOONEST, _LATEST = 1.0, 3600.0  # seconds that a service may ask us to wait
_ERRORS = 400


def refuse(reply: Reply, *, carries: bool = False) -> NoReturn:
    """Raise what an answer outside of 2xx means.

    Args:
        reply: The answer.
        carries: Whether the call carried a recording.
    """
    told = Envelope.parse(reply.body) or Envelope()
    code = told.code
    if code is not None and code in BY_CODE:
        weigh(reply, told)
    if code is not None:  # 0 outside of a success is as odd as a number nobody knows
        raise _raised(reply, told, UnknownFault if code else Unanswered, code)
    if told.status_code != reply.status:
        raise gateway(reply, carries=carries)
    table = BY_STATUS | NEVER if carries else BY_STATUS
    raise _raised(reply, told, _by_status(reply.status, told, table), reply.status)


def gateway(reply: Reply, *, carries: bool = False) -> MusicError:
    """What it means that somebody before the service has answered.

    Args:
        reply: Outside of 2xx, and not the service's own.
        carries: Whether the call carried a recording.
    """
    detail = f"{described(reply)}, and not by the service itself"
    if not (carries and reply.status in NEVER):
        return Unanswered(detail, http=reply.status)
    fault = UserFault(NEVER[reply.status], detail, http=reply.status)
    fault.unbilled = False
    return fault


def weigh(reply: Reply, told: Envelope) -> None:
    """Raise what the envelope inside an answer means, unless it means success.

    Raises:
        MusicError: As the tables say; `UnknownFault` for what they don't hold.
    """
    code = told.code
    if code == 0:
        return
    if code is not None:
        raise _raised(reply, told, BY_CODE.get(code, UnknownFault), code)
    if told.status_code is not None and told.status_code >= _ERRORS:
        verdict = _by_status(told.status_code, told, BY_STATUS)
        raise _raised(reply, told, verdict, told.status_code)


def unusable(reply: Reply, told: Envelope, detail: str) -> BadAnswer:
    """Describe a success that is none."""
    return BadAnswer(detail, http=reply.status, request_id=_name(reply, told))


def described(reply: Reply, code: int | None = None) -> str:
    """An answer for the log, in our own words: what it says may quote lyrics or key."""
    phrase = f" {HTTPStatus(reply.status).phrase}" if reply.status in _KNOWN else ""
    said = f"HTTP {reply.status}{phrase}"
    return said if code in {None, reply.status} else f"{said}, code {code}"


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


@contextmanager
def about_the_recording() -> Iterator[None]:
    """While a recording alone is sent, whatever is refused as invalid is that recording."""
    try:
        yield
    except UserFault as fault:
        if fault.reason in {UserReason.INVALID, UserReason.SENSITIVE}:
            fault.reason = UserReason.RECORDING
        raise


def seconds(text: str) -> float | None:
    """Read `Retry-After` where it is a plain number; never less than a second."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return None
    return clamped(text, _SOONEST, _LATEST)


_KNOWN = frozenset(status.value for status in HTTPStatus)


def _by_status(status: int, told: Envelope, table: Mapping[int, Verdict]) -> Verdict:
    if status == 500 and "under maintenance" in (told.message or "").lower():  # noqa: PLR2004  a row of the table
        return OperatorReason.MAINTENANCE
    return table.get(status, UnknownFault)


def _raised(reply: Reply, told: Envelope, verdict: Verdict, code: int) -> MusicError:
    detail, named = described(reply, code), _name(reply, told)
    fault = fault_of(verdict, detail, code=code, http=reply.status, request_id=named)
    if isinstance(fault, PassingFault):
        fault.retry_after = seconds(reply.headers.get("Retry-After", ""))
    return fault


def _name(reply: Reply, told: Envelope) -> str | None:
    return reply.named(told.request_id) or reply.named(told.trace_id)
