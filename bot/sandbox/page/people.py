"""The people of the page: an owner, a guest, and a group with both of them in it."""

from bot.sandbox.telegram.api import Group, Person, TelegramApi

OWNER, GUEST = 1001, 1002


class People:
    """The people a visitor can be, and the chats they have.

    Args:
        telegram: Where they live; the bot is its only other inhabitant.
    """

    def __init__(self, telegram: TelegramApi) -> None:
        self._telegram = telegram
        ada = telegram.person(OWNER, "Ada", username="ada")
        ben = telegram.person(GUEST, "Ben", username="ben")
        self.group = telegram.group("Rehearsal room", [ada, ben])

    @property
    def people(self) -> list[dict[str, object]]:
        """Who there is: id, name, language and part (owner or guest)."""
        return [
            {
                "id": person.id,
                "name": person.user["first_name"],
                "language": person.user.get("language_code", ""),
                "part": "owner" if person.id == OWNER else "guest",
            }
            for person in map(self._telegram.known_person, (OWNER, GUEST))
        ]

    @property
    def chats(self) -> list[dict[str, object]]:
        """Where they talk: id, title, and the ids of who sees it."""
        private: list[dict[str, object]] = [
            {"id": person, "title": self._telegram.state.bot["first_name"], "members": [person]}
            for person in (OWNER, GUEST)
        ]
        return [
            *private,
            {"id": self.group.id, "title": self.group.title, "members": [OWNER, GUEST]},
        ]

    def find(self, person: int, chat: int) -> tuple[Person, Group | None]:
        """Find a person and the group they write to; None stands for their private chat.

        Raises:
            LookupError: There is no such person, or no such chat for them.
        """
        if chat == self.group.id:
            return self._telegram.known_person(person), self.group
        if chat != person:
            raise LookupError(f"{person} is not in {chat}")
        return self._telegram.known_person(person), None
