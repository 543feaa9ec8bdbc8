"""Refusals, in Telegram's own words."""


class ApiError(Exception):
    """An answer with `"ok": false`.

    Args:
        code: HTTP status, and `error_code` in the answer.
        description: What Telegram says.
        retry_after: Seconds, with a 429.
    """

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


def bad_request(text: str) -> ApiError:
    """A 400, with the prefix every 400 has."""
    return ApiError(400, f"Bad Request: {text}")


def flooded(seconds: int) -> ApiError:
    """A 429 that says when to come back."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
