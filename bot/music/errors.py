"""The one tree of what can go wrong with a music service.

Errors are for logs and decisions; what a person reads is chosen from `bot.i18n`. Their texts
are our own words and the service's numbers: what a service says may quote the lyrics.
"""

from enum import StrEnum


class UserReason(StrEnum):
    """What the person who asked can change."""

    SENSITIVE = "sensitive"
    INVALID = "invalid"
    VOICE_LENGTH = "voice-length"
    RECORDING = "recording-refused"
    TOO_LARGE = "too-large"


class OperatorReason(StrEnum):
    """What only the owner of the bot can mend; maintenance is mended by the service itself."""

    KEY = "key"
    BALANCE = "balance"
    WITHDRAWN = "withdrawn"
    PLAN = "plan"
    MAINTENANCE = "maintenance"


class MusicError(Exception):
    """Anything that went wrong between us and a music service.

    Args:
        detail: For the log; never shown to a person, and nothing that the service said.
        http: Status of the answer, if one came.
        code: The provider's own number, if one came.
        request_id: The provider's name for the call, if one came.

    Attributes:
        cost_usd: What the call cost all the same, where the provider says so.
        unbilled: Whether the service itself said no in a way that is documented to cost
            nothing. Whatever else ends a paid call counts as one that may have been billed.
    """

    cost_usd: float | None = None
    unbilled: bool = False

    def __init__(
        self,
        detail: str,
        *,
        http: int | None = None,
        code: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.http = http
        self.code = code
        self.request_id = request_id


class PassingFault(MusicError):
    """The service said no for now; certainly unbilled; worth another try after a while.

    Attributes:
        retry_after: Seconds the service asks us to wait, where it says so.
    """

    unbilled = True
    retry_after: float | None = None


class Unanswered(MusicError):
    """The call was sent and the service did not answer it: it may have been billed.

    What a gateway says is no answer of the service: nothing came, or somebody else spoke.
    """


class Unready(MusicError):
    """There is a ticket, and its track is not there in time; its ticket stays good."""


class BadAnswer(MusicError):
    """The service said yes, but what came is not a track: it may have been billed."""


class UserFault(MusicError):
    """What the person sent was refused.

    Args:
        reason: What to change.
    """

    unbilled = True

    def __init__(self, reason: UserReason, detail: str, **context: int | str | None) -> None:
        super().__init__(detail, **context)  # type: ignore[arg-type]  # the same keywords
        self.reason = reason


class StaleUpload(MusicError):
    """The service no longer knows the recording; upload it again once. Unbilled."""

    unbilled = True


class OperatorFault(MusicError):
    """Nothing will work until the owner acts; unbilled.

    Args:
        reason: What the owner must mend.
    """

    unbilled = True

    def __init__(self, reason: OperatorReason, detail: str, **context: int | str | None) -> None:
        super().__init__(detail, **context)  # type: ignore[arg-type]  # the same keywords
        self.reason = reason


class UnknownFault(MusicError):
    """An answer that no table knows: one retry, then failure; it may have been billed."""
