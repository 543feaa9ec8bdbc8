"""How services that give tickets go wrong, by name; each stand-in says it in its own words."""

STATUSES = {
    400: "Bad request",
    401: "You did not pass a valid authentication token",
    402: "You have insufficient credit to run this model",
    403: "Forbidden",
    404: "The requested resource could not be found",
    418: "I'm a teapot",
    422: "Input validation failed",
    429: "Request was throttled. Your rate limit resets in ~7s.",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
}

REFUSED = frozenset(map(str, STATUSES))
"""Answers that say no before anything was done."""

BEFORE = frozenset({"reset", "hang"})
"""The connection goes wrong, and nothing was done."""

AFTER = frozenset({"reset-after", "hang-after", "500-after"})
"""It was done, and the answer is lost."""

UPLOAD = REFUSED | BEFORE | {"reset-after", "no-address", "not-json"}
GENERATE = REFUSED | BEFORE | AFTER | {"no-id", "not-json"}
POLL = REFUSED | BEFORE | {"not-json"}
CANCEL = REFUSED | BEFORE

NO_TRACK = frozenset({"failed", "sensitive", "invalid", "no-track"})
"""The service says that there will be no track, or gives no address of it."""

ADDRESS = frozenset(
    {"elsewhere", "private", "plain-http", "redirect-private", "redirect-elsewhere"}
)
"""The track is where nobody should go."""

BODY = frozenset({"gone", "too-big", "endless", "not-mp3", "undecodable", "cut", "empty"})
"""What is at the right address is no track."""

RESULT = NO_TRACK | ADDRESS | BODY | {"stuck", "unknown-status", "redirect"}
"""What becomes of a track that was promised; "redirect" is a good one."""
