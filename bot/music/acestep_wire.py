"""What an ACE-Step server says, and how its answers are read (facts: backends, acestep)."""

import json
from typing import Annotated, Any, TypeVar

from bot.music.errors import (
    BadAnswer,
    OperatorReason,
    PassingFault,
    UnknownFault,
    UserReason,
)
from bot.music.http import Reply
from bot.music.verdicts import Verdict, fault_of, seconds
from bot.music.wire import Loose, LooseCount, LooseText, Wire

BY_STATUS: dict[int, Verdict] = {
    400: UserReason.INVALID,
    401: OperatorReason.KEY,
    403: OperatorReason.KEY,
    404: OperatorReason.WITHDRAWN,
    413: UserReason.INVALID,
    422: UserReason.INVALID,
    429: PassingFault,
    500: PassingFault,
    502: PassingFault,
    503: PassingFault,
    504: PassingFault,
}
"""By status of HTTP and of the envelope; a full queue answers 429, and nothing costs money."""

_GOOD = 200
_RUNNING, _DONE, _FAILED = 0, 1, 2

T = TypeVar("T")


class Answer(Wire):
    """The envelope, or how FastAPI says no."""

    data: Any = None
    code: LooseCount = None
    error: Any = None
    detail: Any = None


class Task(Wire):
    """What a release answers with."""

    task_id: LooseText = None


class Standing(Wire):
    """How far a task is; `result` is JSON inside JSON."""

    status: LooseCount = None
    result: Any = None

    def track(self) -> str | None:
        """Where the track is on the server; None while it is being made.

        Raises:
            BadAnswer: There will be none.
        """
        if self.status == _FAILED:
            raise BadAnswer("the server could not make the track")
        if self.status != _DONE:
            return None
        try:
            told = json.loads(self.result) if isinstance(self.result, str) else self.result
        except ValueError as error:
            raise BadAnswer("the result cannot be read") from error
        first = told[0] if isinstance(told, list) and told else told
        file = first.get("file") if isinstance(first, dict) else None
        if not isinstance(file, str) or not file:
            raise BadAnswer("a success without a track")
        return file


class Standings(Wire):
    """How far the tasks are that were asked about."""

    tasks: list[Annotated[Standing | None, Loose]]


def answer_of(reply: Reply) -> Answer:
    """Read the envelope, or raise what it means."""
    told = Answer.parse(reply.body) or Answer()
    code = told.code if reply.good and told.code is not None else reply.status
    if reply.good and code in {0, reply.status, _GOOD}:
        return told
    said = reply.quote(str(told.detail or told.error or "nothing said"))
    verdict = BY_STATUS.get(code, UnknownFault)
    fault = fault_of(verdict, f"HTTP {reply.status}: {said}", http=reply.status, code=code)
    if isinstance(fault, PassingFault):
        fault.retry_after = seconds(reply.headers.get("Retry-After", ""))
    raise fault


def task_of(reply: Reply) -> Task:
    """Read what a release answered with."""
    return Task.model_validate(_data(reply, dict))


def standing_of(reply: Reply) -> Standing:
    """Read how far the one task is that was asked about.

    Raises:
        BadAnswer: The server does not know it.
    """
    found = Standings(tasks=_data(reply, list)).tasks
    if not found or found[0] is None:
        raise BadAnswer("the server does not know the task any more", http=reply.status)
    return found[0]


def _data(reply: Reply, kind: type[T]) -> T:
    data = answer_of(reply).data
    if not isinstance(data, kind):
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return data
