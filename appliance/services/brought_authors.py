"""Who elsewhere is who here, for texts that are brought in.

Whose a text is, only administrators say, as others could put words into somebody's mouth. Without
them, and for people who are not known here, a note above the text says who wrote it, and when; and
`@name` in a text speaks of nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appliance.db.users import User
from appliance.domain.brought_words import attributed

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork

LONGEST_NAME = 100


class Authors:
    """Who is who. Its state is which users those are, and who was found to be nobody here."""

    def __init__(self, work: UnitOfWork, people: Mapping[str, str]) -> None:
        rows = work.session.execute(
            sa.select(User.name, User.id).where(User.name.in_(set(people.values())))
        )
        ids = {row.name: row.id for row in rows}
        self._users = {there: ids[here] for there, here in people.items() if here in ids}
        self._spoken = {there.lower(): here for there, here in people.items() if here in ids}
        self.unknown: set[str] = set()

    def user(self, name: str) -> UUID | None:
        """Who somebody elsewhere is here, if anybody."""
        if name and name not in self._users:
            self.unknown.add(name)
        return self._users.get(name)

    def signed(self, author: str, body: str, at: str, about: str = "") -> str:
        """A text with what is to stand above it: who wrote it, where that is no user here."""
        note = ""
        if self.user(author) is None:
            who = "".join(each for each in author if each.isalnum() or each in "-_. ")
            note = f"> *{who[:LONGEST_NAME] or 'Somebody'} wrote on {moment(at):%Y-%m-%d}:*"
        above = "\n\n".join(filter(None, (note, about)))
        return attributed(body, above, self._spoken)


def moment(text: str) -> datetime:
    """A time that the door has looked at."""
    return datetime.fromisoformat(text)
