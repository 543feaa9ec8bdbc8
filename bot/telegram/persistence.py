"""PTB's view of the conversations: filled from the drafts, never written."""

from typing import Any

from telegram.ext import BasePersistence, PersistenceInput

from bot.store import Store

_NOTHING = PersistenceInput(bot_data=False, chat_data=False, user_data=False, callback_data=False)


class DraftPersistence(BasePersistence[Any, Any, Any]):
    """Where every conversation stands, by the draft rows, which are the only truth.

    PTB reports a failed write of its own persistence to the log and forgets the key; so
    nothing is written here, and handlers commit the draft before they answer.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store_data=_NOTHING)
        self._store = store

    async def get_conversations(self, name: str) -> dict[Any, Any]:  # noqa: ARG002 - there is one
        """Step by (chat id, user id)."""
        return dict(await self._store.drafts.steps())

    async def update_conversation(self, name: str, key: Any, new_state: object | None) -> None:
        """The draft row has it already."""

    async def flush(self) -> None:
        """Nothing waits to be written."""

    async def get_user_data(self) -> dict[int, Any]:
        """None is kept."""
        return {}

    async def get_chat_data(self) -> dict[int, Any]:
        """None is kept."""
        return {}

    async def get_bot_data(self) -> Any:
        """None is kept."""
        return {}

    async def get_callback_data(self) -> None:
        """None is kept."""

    async def update_user_data(self, user_id: int, data: Any) -> None:
        """None is kept."""

    async def update_chat_data(self, chat_id: int, data: Any) -> None:
        """None is kept."""

    async def update_bot_data(self, data: Any) -> None:
        """None is kept."""

    async def update_callback_data(self, data: Any) -> None:
        """None is kept."""

    async def drop_chat_data(self, chat_id: int) -> None:
        """None is kept."""

    async def drop_user_data(self, user_id: int) -> None:
        """None is kept."""

    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        """None is kept."""

    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        """None is kept."""

    async def refresh_bot_data(self, bot_data: Any) -> None:
        """None is kept."""
