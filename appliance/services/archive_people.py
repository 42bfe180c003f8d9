"""Who of an archive is which user here, as an administrator says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.archive_imports import Found
from appliance.errors import InvalidError, sentence


@open_to_everyone(because="whoever says who is who was asked")
def mapped(
    work: UnitOfWork, people: list[dict[str, Any]], said: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The people of an archive, with who they are said to be here.

    Errors:
        InvalidError: there is no such user, or nobody of that name in the archive.
    """
    wanted = {each for each in said.values() if each}
    query = sa.select(User.name).where(User.name.in_(wanted), User.state == UserState.ACTIVE)
    known = set(work.session.scalars(query))
    for name in sorted(wanted - known):
        raise InvalidError.of("people", sentence("There is nobody called %(name)s.", name=name))
    there = {each["there"] for each in people}
    for name in sorted(said.keys() - there):
        raise InvalidError.of(
            "people", sentence("%(name)s does not appear in the archive.", name=name)
        )
    return list(_corrected(people, said))


def _corrected(
    people: Iterable[dict[str, Any]], said: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for each in people:
        user = said.get(each["there"], each["user"])
        how = Found.CHOSEN if user else Found.NOBODY
        yield each if user == each["user"] else {**each, "user": user, "found": str(how)}
