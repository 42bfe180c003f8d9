"""Leave to push what looks like a secret: asked for, given or refused; who need not ask.

It is for one secret, one actor and one repository, works once, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_push_blocks, grants
from appliance.db.push_protection import PushBlock, SecretBypass, SecretExemption, SecretPolicy
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.domain.push_protection import LONGEST_COMMENT, BypassReason, BypassState
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services import push_blocks, push_protection

MOST_LISTED = 200


@dataclass(frozen=True)
class Blocked:
    """A secret that stopped somebody, and what was asked and decided of it."""

    repository: Repository
    block: PushBlock
    bypasses: Sequence[SecretBypass]
    is_own: bool
    may_decide: bool
    is_delegated: bool
    """Whether somebody else must approve a bypass."""

    @property
    def last(self) -> SecretBypass | None:
        """What was requested last."""
        return self.bypasses[-1] if self.bypasses else None


@dataclass(frozen=True)
class Policy:
    """How an organisation decides."""

    is_delegated: bool
    exempt: Sequence[tuple[str, str]]
    """Names of accounts that are never stopped, and why."""


def show(work: UnitOfWork, block_id: UUID) -> Blocked:
    """A secret that stopped somebody.

    Errors:
        HiddenError: there is none for this actor.
    """
    repository, block = fetch_push_blocks.block(work, block_id)
    return _blocked(work, repository, block)


def listed(work: UnitOfWork, path: str) -> list[Blocked]:
    """The secrets that stopped pushes to a repository, the last ones first: all of them for who
    decides, their own for others.

    Errors:
        HiddenError: there is no such repository for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    query = sa.select(PushBlock).where(PushBlock.repository_id == repository.id)
    if Permission.ALERT_SETTLE not in grants.on_repository(work, repository):
        query = query.where(PushBlock.actor_ref == work.actor.pseudonym)
    found = work.session.scalars(query.order_by(PushBlock.last_at.desc()).limit(MOST_LISTED))
    return [_blocked(work, repository, each) for each in found]


def request(
    work: UnitOfWork, block_id: UUID, reason: BypassReason, comment: str, *, now: datetime
) -> Blocked:
    """Ask for leave to push a secret. It is given at once where nobody has to be asked.

    Errors:
        HiddenError, RefusedError: it did not stop this actor, or they may not push there.
        ConflictError: a request waits already, or was approved.
    """
    repository, block = fetch_push_blocks.own_block(work, block_id)
    blocked = _blocked(work, repository, block)
    if blocked.last is not None:
        state = blocked.last.facts.at(now)
        if state in (BypassState.PENDING, BypassState.APPROVED):
            raise ConflictError(
                sentence("Your request waits for approval already.")
                if state is BypassState.PENDING
                else sentence("It is approved already. Push again.")
            )
    push_blocks.request(
        *(work, repository, block, reason, _short(comment)),
        is_delegated=blocked.is_delegated,
        now=now,
    )
    work.session.flush()  # It is among those that are shown.
    return _blocked(work, repository, block)


def decide(
    work: UnitOfWork, bypass_id: UUID, *, approves: bool, comment: str = "", now: datetime
) -> Blocked:
    """Approve or refuse a bypass that somebody else requested.

    Errors:
        HiddenError, RefusedError: the actor may not decide, or asked for it themselves.
        ConflictError: it waits for no decision any more.
    """
    repository, block, bypass = fetch_push_blocks.bypass(work, bypass_id)
    work.session.refresh(bypass, with_for_update=True)  # Two may decide at once.
    if bypass.facts.at(now) is not BypassState.PENDING:
        raise ConflictError(sentence("This request waits for no decision any more."))
    bypass.state = BypassState.APPROVED if approves else BypassState.REFUSED
    bypass.decided_at, bypass.decided_by_id = now, work.actor.id
    bypass.decision_comment = _short(comment)
    push_blocks.record_decision(work, repository, block, bypass, by_rule=False)
    return _blocked(work, repository, block)


def policy(work: UnitOfWork, name: str) -> Policy:
    """How an organisation decides about secrets in pushes.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    exempt = (
        sa.select(User.name, SecretExemption.reason)
        .join(User, User.id == SecretExemption.user_id)
        .where(SecretExemption.organisation_id == organisation.id)
        .order_by(User.name)
    )
    rows = [(row.name, row.reason) for row in work.session.execute(exempt)]
    return Policy(push_protection.is_delegated(work, organisation.id), rows)


def delegate(work: UnitOfWork, name: str, *, is_delegated: bool) -> None:
    """Say whether somebody else must approve bypasses in an organisation's repositories.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    query = sa.select(SecretPolicy).where(SecretPolicy.organisation_id == organisation.id)
    row = work.session.scalar(query)
    if (row is not None and row.is_delegated) == is_delegated:
        return
    if row is None:
        row = SecretPolicy(organisation_id=organisation.id)
        work.session.add(row)
    row.is_delegated = is_delegated
    work.record(
        events.SecretPolicyChanged(
            about=organisation.id, organisation_id=organisation.id, delegated=is_delegated
        )
    )


def exempt(work: UnitOfWork, name: str, account: str, *, reason: str, now: datetime) -> None:
    """Let a service account push secrets to an organisation's repositories.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        InvalidError: it is no service account, or no reason is given.
        ConflictError: it is exempt already.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    user = fetch.user(work, account, Permission.USERS_READ)
    if not user.is_machine:
        raise InvalidError.of("account", sentence("Only service accounts can be exempt."))
    if not reason.strip():
        raise InvalidError.of("reason", sentence("Say why it is exempt."))
    if _exemption(work, organisation.id, user.id) is not None:
        raise ConflictError(sentence("It is exempt already."))
    work.session.add(
        SecretExemption(
            organisation_id=organisation.id,
            user_id=user.id,
            reason=_short(reason),
            created_at=now,
        )
    )
    work.record(
        events.SecretPolicyChanged(
            about=organisation.id,
            organisation_id=organisation.id,
            exempted=str(user.id),
            reason=_short(reason),
        )
    )


def end_exemption(work: UnitOfWork, name: str, account: str) -> None:
    """Stop pushes of a service account for secrets again.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        NotFoundError: it is not exempt.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    user = fetch.user(work, account, Permission.USERS_READ)
    found = _exemption(work, organisation.id, user.id)
    if found is None:
        raise NotFoundError(sentence("It is not exempt."))
    work.session.delete(found)
    work.record(
        events.SecretPolicyChanged(
            about=organisation.id, organisation_id=organisation.id, no_longer_exempt=str(user.id)
        )
    )


def _exemption(work: UnitOfWork, organisation_id: UUID, user_id: UUID) -> SecretExemption | None:
    query = sa.select(SecretExemption).where(
        SecretExemption.organisation_id == organisation_id, SecretExemption.user_id == user_id
    )
    return work.session.scalar(query)


def _blocked(work: UnitOfWork, repository: Repository, block: PushBlock) -> Blocked:
    asked = sa.select(SecretBypass).where(SecretBypass.block_id == block.id)
    return Blocked(
        repository,
        block,
        list(work.session.scalars(asked.order_by(SecretBypass.requested_at, SecretBypass.id))),
        fetch_push_blocks.is_own(work, block),
        Permission.ALERT_SETTLE in grants.on_repository(work, repository),
        push_protection.is_delegated(work, repository.organisation_id),
    )


def _short(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST_COMMENT]
