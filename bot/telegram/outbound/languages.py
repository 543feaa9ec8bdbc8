"""Which language each person reads, remembered without asking the store every time."""

from bot.store import Store, StoreUnavailable

_MOST = 10_000


class Languages:
    """A bounded memory in front of the `users` table."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str | None] = {}

    async def note(self, user_id: int, language: str | None) -> None:
        """Remember a person; writes only what has changed."""
        if user_id in self._known and self._known[user_id] == language:
            return
        await self._store.users.seen(user_id, language)
        self._keep(user_id, language)

    async def of(self, user_id: int) -> str | None:
        """A person's language code; None if it is not known, or cannot be asked for now."""
        if user_id not in self._known:
            try:
                self._keep(user_id, await self._store.users.language(user_id))
            except StoreUnavailable:
                return None
        return self._known[user_id]

    def known(self, user_id: int) -> str | None:
        """The same, if it is remembered: for when the store cannot be asked."""
        return self._known.get(user_id)

    def _keep(self, user_id: int, language: str | None) -> None:
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[user_id] = language
