"""What a check finds out about AI/ML API: model, key, balance; nothing here costs or raises."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from yarl import URL

from bot.music.aimlapi.faults import refuse
from bot.music.aimlapi.wire import Balance, ModelList
from bot.music.errors import MusicError, OperatorFault, OperatorReason, PassingFault
from bot.music.http import SMALL, Http, Reply
from bot.music.ports import Finding

_WAIT = 20.0
_BALANCES = ("/v1/billing/balance", "/v2/billing")


def _models(reply: Reply) -> ModelList | None:
    return ModelList.parse(reply.body) if reply.good else refuse(reply)


def _balance(reply: Reply) -> Balance | None:
    return Balance.parse(reply.body) if reply.good else refuse(reply)


@dataclass(frozen=True, slots=True)
class Health:
    """Asks the provider about itself.

    Attributes:
        http: The way there.
        model: The model that must be on the list.
        price_usd: What a track costs, about.
        headers: Gives the headers that hold the key, or None where no key is set.
    """

    http: Http
    model: str
    price_usd: float
    headers: Callable[[], dict[str, str] | None]

    async def look(self) -> list[Finding]:
        """Look at everything; each line stands for itself."""
        return [await self._offered(), *await self._account()]

    async def _offered(self) -> Finding:
        """Compare the public list, which needs no key (docs/facts/music-01.md, §0)."""
        try:
            sold = await self.http.request(
                "GET", "/v1/models", within=_WAIT, read=_models, limit=SMALL
            )
        except MusicError as error:
            detail = why(error, self.http.url, "AIMLAPI_URL")
            return Finding("music model", good=False, detail=detail)
        if sold is None:
            return Finding("music model", good=False, detail="the list cannot be read")
        if sold.offers(self.model):
            return Finding("music model", good=True, detail=f"{self.model} is offered")
        detail = f"{self.model} is not offered any more; choose another MUSIC_BACKEND"
        return _bad("model", detail, OperatorReason.WITHDRAWN)

    async def _account(self) -> list[Finding]:
        headers = self.headers()
        if headers is None:
            return [_bad("key", "AIMLAPI_KEY is not set", OperatorReason.KEY)]
        fault: MusicError | None = None
        for path in _BALANCES:
            try:
                balance = await self.http.request(
                    "GET", path, within=_WAIT, read=_balance, headers=headers
                )
            except MusicError as error:
                fault = error
                if isinstance(error, OperatorFault) and error.reason is OperatorReason.KEY:
                    break
                continue
            accepted = Finding("music key", good=True, detail="accepted")
            return [accepted, self._enough(balance or Balance())]
        return [_refused(fault, self.http.url)]

    def _enough(self, balance: Balance) -> Finding:
        left, unit = balance.current_balance, balance.currency or "USD"
        if left is None:
            return Finding("music balance", good=True, detail="not told by the provider")
        dollars = unit.upper() == "USD"
        good = left >= self.price_usd if dollars else left > 0
        tracks = f", about {int(left / self.price_usd)} tracks" if dollars and good else ""
        if not good:
            return _bad("balance", f"{left:.2f} {unit}: top it up", OperatorReason.BALANCE)
        return Finding("music balance", good=True, detail=f"{left:.2f} {unit}{tracks}")


def _bad(subject: str, detail: str, reason: OperatorReason) -> Finding:
    return Finding(f"music {subject}", good=False, detail=detail, reason=reason)


def why(error: MusicError | None, url: URL, setting: str) -> str:
    """One line for the owner on why a service could not be asked.

    Args:
        error: What came of asking.
        url: Where it was asked.
        setting: Which setting leads there.
    """
    where = url.with_user(None)
    if isinstance(error, PassingFault) and error.http is None:
        return f"{where} cannot be reached; is {setting} right, and this machine online?"
    if isinstance(error, OperatorFault) and error.reason is OperatorReason.MAINTENANCE:
        return "under maintenance; look again later"
    if error is None or error.http is None:
        return f"{where} gave no whole answer; is {setting} right?"
    if error.http == HTTPStatus.NOT_FOUND:
        return f"{where} does not know what it was asked for; is {setting} right?"
    return f"{where} answered with HTTP {error.http}; look again later, or at {setting}"


def _refused(fault: MusicError | None, url: URL) -> Finding:
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.KEY:
        return _bad("key", "refused; AIMLAPI_KEY is not valid", OperatorReason.KEY)
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.WITHDRAWN:
        return Finding("music key", good=True, detail="set; the provider offers no way to try it")
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.BALANCE:
        return _bad("balance", "out of credits; top it up", OperatorReason.BALANCE)
    return Finding("music key", good=False, detail=why(fault, url, "AIMLAPI_URL"))
