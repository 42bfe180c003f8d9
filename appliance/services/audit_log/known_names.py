"""What somebody who reads audit logs may know by its name of today.

Whoever reads every log knows everything. All others know what they may see anyway, and what belongs
to an organisation whose whole log is theirs to read. What else there is has no name for them: it is
found, and shown, as what never was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate, grants, log_reach, visible
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.credentials import AccessToken
from appliance.db.organisations import Organisation, Team
from appliance.db.owner_names import has_no_name
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.audit_terms import is_id
from appliance.domain.identity import ActorKind
from appliance.domain.permissions import Permission

Condition = sa.ColumnElement[bool]


@gate.open_to_everyone(because="it is what the others of this module ask first")
def knows_all(work: UnitOfWork) -> bool:
    """Whether every log is the actor's to read; the appliance writes for those who read theirs."""
    is_appliance = work.actor.kind is ActorKind.APPLIANCE
    is_kept_out = bool(work.actor.withheld_organisations)
    reads_all = Permission.AUDIT_READ in grants.on_instance(work.actor) and not is_kept_out
    return is_appliance or reads_all


@gate.open_to_everyone(because="it narrows a question, and asks none")
def repositories(work: UnitOfWork) -> Condition:
    """The repositories that have a name for the actor."""
    if knows_all(work):
        return sa.true()
    seen = visible.repositories(work).with_only_columns(Repository.id)
    return sa.or_(Repository.id.in_(seen), Repository.organisation_id.in_(_whole(work)))


@gate.open_to_everyone(because="it narrows a question, and asks none")
def organisations(work: UnitOfWork) -> Condition:
    """The organisations that have one; that of a log which is read in part is known, too."""
    if knows_all(work):
        return sa.true()
    seen = visible.organisations(work).with_only_columns(Organisation.id)
    given = [UUID(name) for name in log_reach.logs(work) if name != INSTANCE_LOG]
    return sa.or_(Organisation.id.in_(seen), Organisation.id.in_([*_whole(work), *given]))


@gate.open_to_everyone(because="it narrows a question, and asks none")
def teams(work: UnitOfWork) -> Condition:
    """The teams that have one."""
    if knows_all(work):
        return sa.true()
    belongs = visible.own_organisations(work)
    return sa.or_(Team.organisation_id.in_(belongs), Team.organisation_id.in_(_whole(work)))


@gate.open_to_everyone(because="it narrows a question, and asks none")
def users(work: UnitOfWork) -> Condition:
    """The users that have one."""
    if knows_all(work):
        return sa.true()
    return User.id.in_(visible.users(work).with_only_columns(User.id))


@gate.open_to_everyone(because="it narrows a question, and asks none")
def tokens(work: UnitOfWork) -> Condition:
    """The tokens that have one: one's own."""
    return sa.true() if knows_all(work) else AccessToken.user_id == work.actor.id


@gate.open_to_everyone(because="whoever shows events has asked, and hands in what they hold")
def of_actors(work: UnitOfWork, pseudonyms: Iterable[str]) -> dict[str, str]:
    """The names of the users among some pseudonyms: a log tells who acted in it."""
    rows = work.session.execute(
        sa.select(User.pseudonym, User.name).where(
            User.pseudonym.in_(sorted(pseudonyms)), User.state != UserState.DELETED
        )
    )
    return {row.pseudonym: row.name for row in rows}


@gate.open_to_everyone(because="whoever shows events has asked, and hands in what they hold")
def of_things(work: UnitOfWork, references: Iterable[str]) -> dict[str, str]:
    """The names of the users, organisations, teams and repositories among some ids."""
    wanted = [UUID(each) for each in references if is_id(each)]
    found: list[Any] = []
    for table, known in (
        (User, sa.true()),  # Whom something was done to, a log tells as well.
        (Organisation, organisations(work)),
        (Team, teams(work)),
    ):
        query = sa.select(table).where(table.id.in_(wanted), known)
        found += work.session.scalars(query)
    names = {str(each.id): each.name for each in found if not has_no_name(each.name)}
    query = sa.select(Repository).where(Repository.id.in_(wanted), repositories(work))
    paths = {str(each.id): each.path for each in work.session.scalars(query)}
    return names | {key: path for key, path in paths.items() if not has_no_name(path)}


def _whole(work: UnitOfWork) -> list[UUID]:
    """The organisations whose whole log the actor may read."""
    given = {name: log_reach.granted(work, name) for name in log_reach.logs(work)}
    whole = [
        UUID(name)
        for name, part in given.items()
        if part is not None and part.is_whole and name != INSTANCE_LOG
    ]
    return [*fetch_log.of_roles(work), *whole]
