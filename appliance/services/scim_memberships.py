"""Who comes into a group of a SCIM client, and who leaves it, by what its changes say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import sentence
from appliance.federation import scim_members
from appliance.federation.scim_members import Change, Members
from appliance.services import scim_search

ASKED_AT_ONCE = 500


@open_to_everyone(because="the caller has fetched the group for its client")
def changed(
    work: UnitOfWork, row: ScimGroup, wanted: Sequence[Change]
) -> tuple[set[UUID], set[UUID]]:
    """Whom changes add, and whom they remove, when they are made one after the other.

    Errors:
        ScimError: somebody is added whom the client has not told of.
    """
    if not wanted:
        return set(), set()
    changes = [_by_ids(work, row, change) for change in wanted]
    before = _touched(work, row, changes)
    members = Members(before)
    for change in changes:
        members.apply(change)
    added, removed = members.now - before, before - members.now
    _insist_on_known(work, row, added)
    return added, removed


@open_to_everyone(because="the caller has fetched the group for its client")
def present(work: UnitOfWork, row: ScimGroup) -> set[UUID]:
    """Who is in a group."""
    query = sa.select(ScimMember.user_id).where(ScimMember.group_id == row.id)
    return set(work.session.scalars(query))


def in_turn(members: Iterable[UUID]) -> Iterable[list[UUID]]:
    """Some at a time: a question names only so many."""
    everyone = sorted(members)
    for start in range(0, len(everyone), ASKED_AT_ONCE):
        yield everyone[start : start + ASKED_AT_ONCE]


def _by_ids(work: UnitOfWork, row: ScimGroup, change: Change) -> Change:
    """The change, with the ids of those members whom it chooses."""
    if change.chosen is None:
        return change
    chosen = work.session.scalars(scim_search.members_chosen(work, row.id, change.chosen))
    return Change(scim_members.REMOVE, frozenset(chosen))


def _touched(work: UnitOfWork, row: ScimGroup, changes: Sequence[Change]) -> set[UUID]:
    """The members that changes can be about: to add one, the thousands that stay are not read."""
    if any(change.word == scim_members.SET for change in changes):
        return present(work, row)
    found: set[UUID] = set()
    for some in in_turn(frozenset().union(*(change.ids for change in changes))):
        query = sa.select(ScimMember.user_id).where(
            ScimMember.group_id == row.id, ScimMember.user_id.in_(some)
        )
        found |= set(work.session.scalars(query))
    return found


def _insist_on_known(work: UnitOfWork, row: ScimGroup, members: set[UUID]) -> None:
    known: set[UUID] = set()
    for some in in_turn(members):
        query = sa.select(ScimUser.id).where(
            ScimUser.id.in_(some),
            ScimUser.provider_id == row.provider_id,
            ScimUser.deleted_at.is_(None),
        )
        known |= set(work.session.scalars(query))
    unknown = next(iter(sorted(members - known)), None)
    if unknown is not None:
        raise ScimError(sentence("There is no user %(id)s.", id=unknown), ScimType.VALUE)
