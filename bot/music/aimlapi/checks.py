"""What a check finds out about AI/ML API: model, key, balance; nothing here costs or raises."""

from dataclasses import dataclass
from http import HTTPStatus

from yarl import URL

from bot.music._http import Http, Reply
from bot.music.aimlapi.faults import raise_for_status
from bot.music.aimlapi.wire import Balance, ModelList
from bot.music.errors import MusicError, OperatorFault, OperatorReason, PassingFault
from bot.music.ports import CheckResult
from bot.proxies import proxy_to

_WAIT = 20.0
_BALANCES = ("/v1/billing/balance", "/v2/billing")


def _models(reply: Reply) -> ModelList | None:
    return ModelList.parse(reply.body) if reply.good else raise_for_status(reply)


def _balance(reply: Reply) -> Balance | None:
    return Balance.parse(reply.body) if reply.good else raise_for_status(reply)


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """Asks the provider about itself.

    Attributes:
        http: The way there.
        model: The model that must be on the list.
        price_usd: What a track costs, about.
    """

    http: Http
    model: str
    price_usd: float

    async def run(self) -> list[CheckResult]:
        """Look at everything; each line stands for itself."""
        return [await self._offered(), *await self._account()]

    async def _offered(self) -> CheckResult:
        """Compare the public list, which needs no key (docs/facts/music-01.md, §0)."""
        try:
            sold = await self.http.request(
                "GET", "/v1/models", within=_WAIT, read=_models, with_key=False
            )
        except MusicError as error:
            detail = why(error, self.http.url, "AIMLAPI_URL")
            return CheckResult("music model", good=False, detail=detail)
        if sold is None:
            return CheckResult("music model", good=False, detail="the list cannot be read")
        if sold.offers(self.model):
            return CheckResult("music model", good=True, detail=f"{self.model} is offered")
        detail = f"{self.model} is not offered any more; choose another MUSIC_BACKEND"
        return _bad("model", detail, OperatorReason.WITHDRAWN)

    async def _account(self) -> list[CheckResult]:
        if not self.http.has_key:
            return [_bad("key", "AIMLAPI_KEY is not set", OperatorReason.KEY)]
        fault: MusicError | None = None
        for path in _BALANCES:
            try:
                balance = await self.http.request("GET", path, within=_WAIT, read=_balance)
            except MusicError as error:
                fault = error
                if isinstance(error, OperatorFault) and error.reason is OperatorReason.KEY:
                    break
                continue
            accepted = CheckResult("music key", good=True, detail="accepted")
            return [accepted, self._enough(balance or Balance())]
        return [_refused(fault, self.http.url)]

    def _enough(self, balance: Balance) -> CheckResult:
        left, unit = balance.current_balance, balance.currency or "USD"
        if left is None:
            return CheckResult("music balance", good=True, detail="not told by the provider")
        dollars = unit.upper() == "USD"
        good = left >= self.price_usd if dollars else left > 0
        tracks = f", about {int(left / self.price_usd)} tracks" if dollars and good else ""
        if not good:
            return _bad("balance", f"{left:.2f} {unit}: top it up", OperatorReason.BALANCE)
        return CheckResult("music balance", good=True, detail=f"{left:.2f} {unit}{tracks}")


def _bad(subject: str, detail: str, reason: OperatorReason) -> CheckResult:
    return CheckResult(f"music {subject}", good=False, detail=detail, reason=reason)


def why(error: MusicError | None, url: URL, setting: str) -> str:
    """One line for the owner on why a service could not be asked.

    Args:
        error: What came of asking.
        url: Where it was asked.
        setting: Which setting leads there.
    """
    where = url.with_user(None)
    if isinstance(error, PassingFault) and error.http is None:
        if proxy := proxy_to(str(url)):
            return f"{where} ({setting}) cannot be reached through {proxy}"
        return f"{where} cannot be reached; is {setting} right, and this machine online?"
    if isinstance(error, OperatorFault) and error.reason is OperatorReason.MAINTENANCE:
        return "under maintenance; look again later"
    if error is None or error.http is None:
        return f"{where} gave no whole answer; is {setting} right?"
    if error.http == HTTPStatus.NOT_FOUND:
        return f"{where} does not know what it was asked for; is {setting} right?"
    return f"{where} answered with HTTP {error.http}; look again later, or at {setting}"


def _refused(fault: MusicError | None, url: URL) -> CheckResult:
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.KEY:
        return _bad("key", "refused; AIMLAPI_KEY is not valid", OperatorReason.KEY)
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.WITHDRAWN:
        return CheckResult(
            "music key", good=True, detail="set; the provider offers no way to try it"
        )
    if isinstance(fault, OperatorFault) and fault.reason is OperatorReason.BALANCE:
        return _bad("balance", "out of credits; top it up", OperatorReason.BALANCE)
    return CheckResult("music key", good=False, detail=why(fault, url, "AIMLAPI_URL"))
