"""Faults for the next calls, made on purpose, and Telegram's flood limits."""

import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal, get_args

from bot.sandbox.telegram.errors import ApiError, bad_request, flooded

Kind = Literal[
    "401", "403", "404", "413", "429", "500", "502", "unavailable", "answer",
    "reset", "lost", "hang", "timeout",
]  # fmt: skip
"""A number: refused with this status, without effect. `unavailable`: what `getFile` says of a file
that it can't give at the moment. `answer`: nothing happens, and the answer is whatever `body` and
`status` say. `reset`: the connection drops before anything happens. `lost`: it happens, then the
connection drops. `hang`: nothing happens and no answer comes. `timeout`: it happens, and no answer
comes."""

AFTER = frozenset({"lost", "timeout"})
"""What happens all the same, though the bot gets no answer."""

SILENT = frozenset({"reset", "lost", "hang", "timeout"})
"""What gives no answer."""

UNAVAILABLE = "wrong file_id or the file is temporarily unavailable"

_DESCRIPTIONS = {
    "401": "Unauthorized",
    "403": "Forbidden: bot was blocked by the user",
    "404": "Not Found",
    "413": "Request Entity Too Large",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
}


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next calls of a method.

    Args:
        method: Its name, `file` for downloads, `*` for every method except `getUpdates`.
        kind: What happens.
        times: How often; it counts down.
        retry_after: Seconds, for a 429.
        skip: How many calls pass unharmed first.
        body: Of an `answer`.
        status: Of an `answer`.
    """

    method: str
    kind: Kind
    times: int = 1
    retry_after: int = 1
    skip: int = 0
    body: str | bytes = ""
    status: int = 200

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown fault {self.kind!r}; there are {', '.join(get_args(Kind))}")

    def hits(self, method: str) -> bool:
        """Whether it strikes this call; counts it if so."""
        everything = self.method == "*" and method not in {"getupdates", "file"}
        if not everything and self.method.lower() != method:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    def refusal(self) -> ApiError:
        """Make the answer of the kinds that answer."""
        if self.kind == "429":
            return flooded(self.retry_after)
        if self.kind == "unavailable":
            return bad_request(UNAVAILABLE)
        return ApiError(int(self.kind), _DESCRIPTIONS[self.kind])


class Faults:
    """The faults that have not struck yet."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a fault happen."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Cancel all of them."""
        self._waiting.clear()

    def waiting(self) -> list[str]:
        """Tell what is still to happen, a line for each."""
        return [f"{fault.method}: {fault.kind} x{fault.times}" for fault in self._waiting]

    def next(self, method: str) -> Fault | None:
        """Take the fault of a call, its name in lower case."""
        if not self._waiting:
            return None
        for fault in self._waiting:
            if fault.hits(method):
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


class Rates:
    """Telegram's flood limits: 30 messages/s, about 1/s in a chat, 20/min in a group.

    A chat may burst; the numbers are the documented ones (docs/facts/telegram.md, Limits).
    """

    BURST = 5
    OVERALL = 30
    GROUP = 20

    def __init__(self) -> None:
        self._overall: deque[float] = deque()
        self._chats: defaultdict[int, deque[float]] = defaultdict(deque)

    def take(self, chat_id: int) -> None:
        """Count a message.

        Raises:
            ApiError: 429; it is not counted.
        """
        now = time.monotonic()
        limit, window = (self.GROUP, 60.0) if chat_id < 0 else (self.BURST, float(self.BURST))
        for sent, most, seconds in (
            (self._overall, self.OVERALL, 1.0),
            (self._chats[chat_id], limit, window),
        ):
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) >= most:
                raise flooded(max(1, round(sent[0] + seconds - now)))
        self._overall.append(now)
        self._chats[chat_id].append(now)
