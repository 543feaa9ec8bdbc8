"""How the answers of an ACE-Step server are read (docs/facts/services.md, ACE-Step)."""

from typing import Annotated, Any, TypeVar

from bot.music.aimlapi.faults import NEVER, Verdict, described, fault_of, gateway, seconds
from bot.music.aimlapi.wire import Code, Loose, LooseCount, LooseId, Wire
from bot.music.errors import (
    BadAnswer,
    OperatorReason,
    PassingFault,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.http import Reply
from bot.untrusted import Untrustworthy, read_json

BY_STATUS: dict[int, Verdict] = {
    400: UserReason.INVALID,
    401: OperatorReason.KEY,
    403: OperatorReason.KEY,
    404: OperatorReason.WITHDRAWN,
    422: UserReason.INVALID,
    429: PassingFault,
    500: Unanswered,
    502: Unanswered,
    503: PassingFault,
    504: Unanswered,
    **NEVER,
}
"""By status of HTTP and of the envelope, in the server's own words.

A full queue answers 429, a server that is loading its model 503. Any other error in the middle of
a release may have left a task behind: it costs no money, but a GPU's minute.
"""

_GOOD = 200
_RUNNING, _DONE, _FAILED = 0, 1, 2

T = TypeVar("T")


class Answer(Wire):
    """The envelope, or how FastAPI says no."""

    data: Any = None
    code: Code = None
    error: Any = None
    detail: Any = None

    @property
    def refuses(self) -> bool:
        """Whether the server itself says no: what stands before it speaks another way."""
        return self.detail is not None or (self.code is not None and self.error is not None)


class Task(Wire):
    """What a release answers with."""

    task_id: LooseId = None


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
            told = read_json(self.result) if isinstance(self.result, str) else self.result
        except Untrustworthy as error:
            raise BadAnswer("the result cannot be read") from error
        first = told[0] if isinstance(told, list) and told else told
        file = first.get("file") if isinstance(first, dict) else None
        if not isinstance(file, str) or not file:
            raise BadAnswer("a success without a track")
        return file


class Standings(Wire):
    """How far the tasks are that were asked about."""

    tasks: list[Annotated[Standing | None, Loose]]


def answer_of(reply: Reply, *, carries: bool = False) -> Answer:
    """Read the envelope, or raise what it means.

    Args:
        reply: The answer.
        carries: Whether the call carried a recording.
    """
    told = Answer.parse(reply.body) or Answer()
    code = told.code if reply.good and told.code is not None else reply.status
    if reply.good and code in {0, reply.status, _GOOD}:
        return told
    if not reply.good and not told.refuses:
        raise gateway(reply, carries=carries)
    verdict = BY_STATUS.get(code, UnknownFault)
    fault = fault_of(verdict, described(reply, code), http=reply.status, code=code)
    if isinstance(fault, PassingFault):
        fault.retry_after = seconds(reply.headers.get("Retry-After", ""))
    raise fault


def task_of(reply: Reply) -> Task:
    """Read what a release answered with."""
    return Task.model_validate(_data(reply, dict, carries=True))


def standing_of(reply: Reply) -> Standing:
    """Read how far the one task is that was asked about.

    Raises:
        BadAnswer: The server does not know it, or cannot be asked about it.
    """
    try:
        found = Standings(tasks=_data(reply, list)).tasks
    except UserFault as fault:  # of the question, not of the words
        raise BadAnswer("the server cannot be asked", http=reply.status) from fault
    if not found or found[0] is None:
        raise BadAnswer("the server does not know the task any more", http=reply.status)
    return found[0]


def _data(reply: Reply, kind: type[T], *, carries: bool = False) -> T:
    data = answer_of(reply, carries=carries).data
    if not isinstance(data, kind):
        raise BadAnswer("the answer cannot be read", http=reply.status)
    return data
