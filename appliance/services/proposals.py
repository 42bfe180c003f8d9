"""Acts that wait for a second administrator: shown, confirmed, refused, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import act_states as states
from appliance.access import gate
from appliance.db.proposals import ONLY_ROW, Proposal, SecondPersonRule
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.permissions import InstanceRole, Permission
from appliance.domain.second_person import Act, ProposalState, differences
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError, sentence
from appliance.security.sealing import Sealer
from appliance.services import (
    address_lists,
    factor_rules,
    group_rules,
    identity_providers,
    repository_bin,
    second_person,
    ssh_authorities,
    users,
)
from appliance.services.audit_log import pruning, streams, witnesses
from appliance.services.second_person import GUARDED, guarded

VERBS = (
    *(address_lists, factor_rules, group_rules, identity_providers, pruning, repository_bin),
    *(ssh_authorities, streams, users, witnesses),
)
"""Where the verbs stand that need two people: read, each of them is in `GUARDED`."""
LONGEST_REASON = 500
MOST_SHOWN = 100
FEWEST_ADMINISTRATORS = 2


@dataclass(frozen=True)
class Shown:
    """A proposal in words."""

    id: UUID
    act: Act
    subject: str
    proposer: str
    proposed_at: datetime
    expires_at: datetime
    state: ProposalState
    decided_by: str
    decided_at: datetime | None
    reason: str
    changes: list[tuple[str, str, str]]
    """What it changes: name, before, after."""
    is_own: bool
    """Whether the actor proposed it: they may withdraw it, and not confirm it."""


@dataclass(frozen=True)
class Tools:
    """What verbs are handed by a door, beside what was asked for."""

    sealer: Sealer
    tools: Any
    """For the audit log: its keys."""
    schemes: Any
    """Of addresses of witnesses."""


def listed(work: UnitOfWork, *, waiting: bool = False) -> list[Shown]:
    """Those that wait, and what became of the last others; newest first. For administrators."""
    gate.require(work, Permission.USERS_MANAGE)
    query = _query().order_by(
        (Proposal.state != ProposalState.WAITING).asc(), Proposal.proposed_at.desc()
    )
    if waiting:
        query = query.where(Proposal.state == ProposalState.WAITING)
    return [_shown(work, row) for row in work.session.execute(query.limit(MOST_SHOWN))]


def show(work: UnitOfWork, proposal_id: UUID) -> Shown:
    """One of them.

    Errors:
        HiddenError: there is none.
    """
    gate.require(work, Permission.USERS_MANAGE)
    row = work.session.execute(_query().where(Proposal.id == proposal_id)).first()
    if row is None:
        raise HiddenError(sentence("There is no such proposal."))
    return _shown(work, row)


def confirm(work: UnitOfWork, proposal_id: UUID, *, tools: Tools, now: datetime) -> ProposalState:
    """Let an act take effect that another administrator proposed, exactly as they did; gives
    whether it did, or counts no more.

    Errors:
        HiddenError: there is none.
        ConflictError: it waits no more, or it is not possible now.
        RefusedError: the actor proposed it, or a token confirms that may not.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    row = _waiting(work, proposal_id)
    _insist_on_second(work, row)
    if (why := _lapsed(work, row, now)) is not None:
        return why
    entry = GUARDED[row.act]
    arguments = entry.thaw(tools.sealer.unseal(row.arguments, second_person.place(row)))
    given = {"sealer": tools.sealer, "tools": tools.tools, "schemes": tools.schemes, "now": now}
    if entry.describe(work, arguments) != row.before:
        return _lapse(work, row, ProposalState.OVERTAKEN, "overtaken", now)
    work.is_confirmed = True
    taken = {name: given[name] for name in entry.takes() if name != "work"}
    entry.verb(work, **arguments, **taken)
    _decide(work, row, ProposalState.CONFIRMED, now)
    work.record(events.ActConfirmed(about=row.id, act=row.act, proposer_id=str(row.proposer_id)))
    return row.state


def refuse(work: UnitOfWork, proposal_id: UUID, *, reason: str, now: datetime) -> None:
    """Let an act of another administrator come to nothing.

    Errors:
        HiddenError, ConflictError, RefusedError: as for `confirm`.
        InvalidError: the reason is too long.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    row = _waiting(work, proposal_id)
    _insist_on_second(work, row)
    if len(reason) > LONGEST_REASON:
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    row.reason = reason.strip()
    _decide(work, row, ProposalState.REFUSED, now)
    work.record(
        events.ActRefused(
            about=row.id, act=row.act, proposer_id=str(row.proposer_id), reason=row.reason
        )
    )


def withdraw(work: UnitOfWork, proposal_id: UUID, *, now: datetime) -> None:
    """Take back what one proposed.

    Errors:
        HiddenError, ConflictError: as for `confirm`.
        RefusedError: somebody else proposed it.
    """
    gate.require(work, Permission.USERS_MANAGE)
    row = _waiting(work, proposal_id)
    if row.proposer_id != work.actor.id:
        raise RefusedError(sentence("Only its proposer can withdraw it. You can refuse it."))
    _decide(work, row, ProposalState.WITHDRAWN, now)
    work.record(events.ActWithdrawn(about=row.id, act=row.act))


def require_two(work: UnitOfWork, *, now: datetime) -> None:
    """Let what matters most need two administrators from now on.

    Errors:
        ConflictError: it does already, or there is nobody who could confirm anything.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    if second_person.since(work) is not None:
        raise ConflictError(sentence("Two people are already required."))
    administrators = sa.select(sa.func.count(User.id)).where(
        User.instance_role == InstanceRole.ADMINISTRATOR,
        User.state == UserState.ACTIVE,
        User.is_machine.is_(False),
    )
    if (work.session.scalar(administrators) or 0) < FEWEST_ADMINISTRATORS:
        raise ConflictError(
            sentence("You are the only administrator: nobody could confirm anything.")
        )
    work.session.add(SecondPersonRule(id=ONLY_ROW, since=now))
    work.record(events.SecondPersonRequired())


@guarded(Act.RULE_RELEASE, states.rule)
def release(work: UnitOfWork) -> None:
    """Let one administrator alone do everything again: this needs two people, the last time.

    Errors:
        ConflictError: two people are not needed.
    """
    gate.require(work, Permission.USERS_MANAGE, sensitive=True)
    row = work.session.get(SecondPersonRule, ONLY_ROW)
    if row is None:
        raise ConflictError(sentence("Two people are not required."))
    work.session.delete(row)
    work.record(events.SecondPersonNotRequired())


def required_since(work: UnitOfWork) -> datetime | None:
    """Since when two people are needed; None while they are not. For administrators."""
    gate.require(work, Permission.USERS_MANAGE)
    return second_person.since(work)


def settle(work: UnitOfWork, *, now: datetime) -> int:
    """Let those come to nothing that waited too long, or whose proposer is barred; how many."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    rows = work.session.scalars(
        sa.select(Proposal).where(Proposal.state == ProposalState.WAITING)
    ).all()
    return sum(_lapsed(work, row, now) is not None for row in rows)


def _query() -> Any:
    proposer, decider = orm.aliased(User), orm.aliased(User)
    return (
        sa.select(Proposal, proposer.name, decider.name)
        .join(proposer, proposer.id == Proposal.proposer_id)
        .outerjoin(decider, decider.id == Proposal.decided_by_id)
    )


def _shown(work: UnitOfWork, found: Any) -> Shown:
    row, proposer, decider = found
    return Shown(
        id=row.id,
        act=Act(row.act),
        subject=row.subject,
        proposer=proposer,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        state=row.state,
        decided_by=decider or "",
        decided_at=row.decided_at,
        reason=row.reason,
        changes=[each for each in differences(row.before, row.after) if each[0]],
        is_own=row.proposer_id == work.actor.id,
    )


def _waiting(work: UnitOfWork, proposal_id: UUID) -> Proposal:
    row = work.session.get(Proposal, proposal_id, with_for_update=True)
    if row is None:
        raise HiddenError(sentence("There is no such proposal."))
    if row.state is not ProposalState.WAITING:
        raise ConflictError(sentence("This proposal is no longer open."))
    return row


def _insist_on_second(work: UnitOfWork, row: Proposal) -> None:
    """Go on only if the actor is another person, and here as one."""
    gate.insist_on_oneself(work)
    if row.proposer_id == work.actor.id:
        raise RefusedError(sentence("You proposed it: another administrator must confirm it."))
    by_person = work.actor.origin.method in {Method.SESSION, Method.CONSOLE}
    if not by_person and not work.rules.access.tokens_confirm:
        raise RefusedError(sentence("A person confirms that in the portal, not a token."))
    if work.session.get_one(User, work.actor.id).is_machine:
        raise RefusedError(sentence("A person confirms that, not a service account."))


def _lapsed(work: UnitOfWork, row: Proposal, now: datetime) -> ProposalState | None:
    """Let a proposal come to nothing that counts no more; None where it still counts."""
    proposer = work.session.get_one(User, row.proposer_id)
    if now >= row.expires_at:
        return _lapse(work, row, ProposalState.EXPIRED, "expired", now)
    is_administrator = proposer.instance_role is InstanceRole.ADMINISTRATOR
    if not (is_administrator and proposer.is_active):
        return _lapse(work, row, ProposalState.OVERTAKEN, "barred", now)
    return None


def _lapse(
    work: UnitOfWork, row: Proposal, state: ProposalState, why: str, now: datetime
) -> ProposalState:
    row.state, row.decided_at = state, now
    work.record(events.ActLapsed(about=row.id, act=row.act, why=why))
    return state


def _decide(work: UnitOfWork, row: Proposal, state: ProposalState, now: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at = state, work.actor.id, now
