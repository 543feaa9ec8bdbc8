"""What Replicate sends, and whose fault it is (docs/facts/services.md, Replicate)."""

import re
from datetime import datetime
from typing import Annotated, Any, NoReturn

from pydantic import Field

from bot.music.aimlapi.faults import BY_CODE, NEVER, Verdict, described, fault_of, gateway, seconds
from bot.music.aimlapi.wire import Loose, LooseAddress, LooseId, LooseText, Wire
from bot.music.errors import (
    BadAnswer,
    MusicError,
    OperatorReason,
    PassingFault,
    StaleUpload,
    Unanswered,
    UnknownFault,
    UserFault,
    UserReason,
)
from bot.music.http import Reply

BY_STATUS: dict[int, Verdict] = {
    400: UserReason.INVALID,
    401: OperatorReason.KEY,
    402: OperatorReason.BALANCE,
    403: OperatorReason.KEY,
    404: OperatorReason.WITHDRAWN,
    422: UserReason.INVALID,
    429: PassingFault,
}
"""By status of HTTP: these created nothing. A 5xx may have, so it counts as no answer."""

_SERVER = 500
_GONE = 404
_RESETS = re.compile(r"resets in ~?(\d{1,5}(?:\.\d{1,3})?)\s*s")
_CODE = re.compile(r"\b(1\d{3}|2\d{3})\b")
_STALE = re.compile(
    r"\b(404|410|expired|not found|download)\b.*\bfiles?\b|\bfiles?\b.*\bexpired", re.IGNORECASE
)
_ENDED = frozenset({"failed", "canceled", "aborted"})

Moment = Annotated[datetime | None, Loose]


class Urls(Wire):
    """Where something is."""

    get: LooseAddress = Field(default=None, repr=False)


class File(Wire):
    """A recording that was uploaded."""

    urls: Annotated[Urls | None, Loose] = None
    expires_at: Moment = None


class Prediction(Wire):
    """A track that was asked for."""

    id: LooseId = None
    model: LooseText = None
    input: Annotated[dict[str, Any] | None, Loose] = Field(default=None, repr=False)
    output: Any = Field(default=None, repr=False)
    error: Any = None
    status: LooseText = None
    created_at: Moment = None
    started_at: Moment = None
    data_removed: Annotated[bool | None, Loose] = None

    def track(self) -> str | None:
        """Where the track is; None while it is being made.

        Raises:
            MusicError: There will be none.
        """
        if self.status in _ENDED:
            raise self._end()
        if self.status != "succeeded":
            return None
        if self.data_removed:
            raise BadAnswer("the track has been removed", request_id=self.id)
        first = self.output[0] if isinstance(self.output, list) and self.output else self.output
        if not isinstance(first, str) or not first:
            raise BadAnswer("a success without a track", request_id=self.id)
        return first

    def _end(self) -> MusicError:
        said = self.error if isinstance(self.error, str) else ""
        codes = (int(code) for code in _CODE.findall(said))
        theirs = next((c for c in codes if isinstance(BY_CODE.get(c), UserReason)), None)
        detail = f"the prediction ended as {self.status}"  # its error may quote the lyrics
        return fault_of(self._verdict(said, theirs), detail, code=theirs, request_id=self.id)

    def _verdict(self, said: str, code: int | None) -> Verdict:
        if "(E005)" in said:
            return UserReason.SENSITIVE
        if code is not None:
            return BY_CODE[code]
        if "invalid params" in said:
            return UserReason.INVALID
        if _STALE.search(said):
            return StaleUpload
        begun = self.status == "failed" or self.started_at is not None
        return BadAnswer if begun else UnknownFault  # what never ran was not billed


class Predictions(Wire):
    """The latest predictions, the newest first."""

    results: list[Annotated[Prediction | None, Loose]]


class Problem(Wire):
    """How it says no."""

    title: LooseText = None
    detail: LooseText = None
    cloudflare_error: Any = None

    @property
    def own(self) -> bool:
        """Whether Replicate itself says it: a gateway has no detail, or names itself."""
        return bool(self.detail) and not self.cloudflare_error


def refuse(reply: Reply, *, carries: bool = False, about_ticket: bool = False) -> NoReturn:
    """Raise what an answer outside of 2xx means.

    Args:
        reply: The answer.
        carries: Whether the call carried a recording.
        about_ticket: Whether a prediction was asked about by its id.
    """
    told = Problem.parse(reply.body) or Problem()
    if not told.own:
        raise gateway(reply, carries=carries)
    if about_ticket and reply.status == _GONE:
        raise BadAnswer("the prediction is not known any more", http=reply.status)
    default = Unanswered if reply.status >= _SERVER else UnknownFault
    table = BY_STATUS | NEVER if carries else BY_STATUS
    fault = fault_of(table.get(reply.status, default), described(reply), http=reply.status)
    if about_ticket and isinstance(fault, UserFault):  # of the question, not of the words
        raise BadAnswer(str(fault), http=reply.status)
    if isinstance(fault, PassingFault):
        fault.retry_after = _resets(reply, told.detail or "")
    raise fault


def _resets(reply: Reply, said: str) -> float | None:
    """When the limit is lifted: in words, else in a header, else not told."""
    words = _RESETS.search(said)
    headers = (reply.headers.get(name, "") for name in ("Retry-After", "ratelimit-reset"))
    told = (seconds(text) for text in (words[1] if words else "", *headers))
    return next((each for each in told if each is not None), None)
