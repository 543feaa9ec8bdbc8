"""The one tree of what can go wrong with a music service.

Errors are for logs and decisions; what a person reads is chosen from `bot.texts`.
"""

from enum import StrEnum


class UserReason(StrEnum):
    """What the person who asked can change."""

    SENSITIVE = "sensitive"
    INVALID = "invalid"
    VOICE_LENGTH = "voice-length"


class OperatorReason(StrEnum):
    """What only the owner of the bot can mend."""

    KEY = "key"
    BALANCE = "balance"
    WITHDRAWN = "withdrawn"
    PLAN = "plan"
    MAINTENANCE = "maintenance"


class MusicError(Exception):
    """Anything that went wrong between us and a music service.

    Args:
        detail: For the log; never shown to a person.
        http: Status of the answer, if one came.
        code: The provider's own code, if one came.
        request_id: The provider's name for the call, if one came.

    Attributes:
        cost_usd: What the call cost all the same, where the provider says so.
    """

    cost_usd: float | None = None

    def __init__(
        self,
        detail: str,
        *,
        http: int | None = None,
        code: int | str | None = None,
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

    retry_after: float | None = None


class Unanswered(MusicError):
    """The call was sent and no answer came: it may have been billed."""


class Unready(MusicError):
    """The track was promised and is not there in time; its ticket stays good."""


class BadAnswer(MusicError):
    """The service said yes, but what came is not a track: it may have been billed."""


class UserFault(MusicError):
    """The service refused what the person sent; unbilled.

    Args:
        reason: What to change.
    """

    def __init__(self, reason: UserReason, detail: str, **context: int | str | None) -> None:
        super().__init__(detail, **context)  # type: ignore[arg-type]  # the same keywords
        self.reason = reason


class StaleUpload(MusicError):
    """The service no longer knows the recording; upload it again once. Unbilled."""


class OperatorFault(MusicError):
    """Nothing will work until the owner acts; unbilled.

    Args:
        reason: What the owner must mend.
    """

    def __init__(self, reason: OperatorReason, detail: str, **context: int | str | None) -> None:
        super().__init__(detail, **context)  # type: ignore[arg-type]  # the same keywords
        self.reason = reason


class UnknownFault(MusicError):
    """An answer that no table knows; unbilled as far as documented. One retry, then failure."""
