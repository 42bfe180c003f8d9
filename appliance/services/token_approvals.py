"""Approvals of tokens by the owners of organisations: asked for, given, refused and taken back.

What a token may is not written into it: `identify` asks at each use who keeps it out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_credentials
from appliance.access.gate import open_to_everyone
from appliance.db import credential_rules
from appliance.db.credential_rules import LONGEST_REASON, CredentialRule, TokenApproval
from appliance.db.credentials import AccessToken, LastUse, TokenRepository
from appliance.db.organisations import Membership, Organisation
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.credentials import Approval, ApprovalState, Standing, needs_approval, standing
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, HiddenError, InvalidError, sentence

NEEDED = Permission.ORGANISATION_MEMBERS
ORDERS = {
    "asked": (TokenApproval.asked_at, TokenApproval.id),
    "state": (TokenApproval.state, TokenApproval.id),
}
DECISIONS = {
    ApprovalState.APPROVED: events.TokenApproved,
    ApprovalState.REFUSED: events.TokenRefused,
    ApprovalState.REVOKED: events.TokenApprovalRevoked,
}
FROM = {
    ApprovalState.APPROVED: frozenset(ApprovalState) - {ApprovalState.APPROVED},
    ApprovalState.REFUSED: frozenset({ApprovalState.PENDING}),
    ApprovalState.REVOKED: frozenset({ApprovalState.APPROVED}),
}
"""From which states a decision can be made."""


@dataclass(frozen=True)
class Asked:
    """What a token asks for, as owners of an organisation see it."""

    approval: TokenApproval
    token: AccessToken
    user: User
    repositories: tuple[str, ...]
    """Of the organisation's, those it was made for; empty where it is for all."""
    used_at: datetime | None
    is_too_long: bool
    """Whether it lives longer than the organisation allows: approved or not, it stays out."""


@dataclass(frozen=True)
class TokenStanding:
    """What a token is to one organisation, as its user sees it."""

    organisation: str
    standing: Standing
    answer: str = ""
    most_days: int | None = None


def ask(
    work: UnitOfWork, token_id: UUID, organisation: str, *, reason: str = "", now: datetime
) -> TokenApproval:
    """Ask the owners of an organisation to let a token in; who was refused may ask again.

    Errors:
        ConflictError: nothing is to be asked, or it is asked or approved already.
    """
    token = fetch_credentials.token(work, token_id)
    found = _asked_organisation(work, organisation)
    rule = credential_rules.rule_of(work.session, found.id)
    approval = rule.approval if rule else Approval.OFF
    said = _said(work, token.id, found.id)
    if said is None and not needs_approval(approval, all_repositories=token.all_repositories):
        raise ConflictError(
            sentence("%(name)s does not require approval of this token.", name=found.name)
        )
    if said is not None and said.state in {ApprovalState.PENDING, ApprovalState.APPROVED}:
        raise ConflictError(sentence("That was already requested or approved."))
    if token.revoked_at is not None:
        raise ConflictError(sentence("This token was revoked already."))
    return _ask(work, token, found.id, said, reason, now)


@open_to_everyone(because="whoever makes the token was asked, and it is theirs")
def ask_for_new(
    work: UnitOfWork, token: AccessToken, repositories: Iterable[UUID], reason: str, now: datetime
) -> None:
    """Ask for a token that was just made, of every organisation that wants it and is reached."""
    holder = work.session.get_one(User, token.user_id)
    reached: sa.Select[Any] = _memberships(holder)
    if not token.all_repositories:
        reached = sa.select(Repository.organisation_id).where(
            Repository.id.in_(list(repositories)), Repository.organisation_id.is_not(None)
        )
    rules = sa.select(CredentialRule).where(CredentialRule.organisation_id.in_(reached))
    for rule in work.session.scalars(rules):
        is_own = holder.owner_organisation_id == rule.organisation_id
        if not is_own and needs_approval(rule.approval, all_repositories=token.all_repositories):
            _ask(work, token, rule.organisation_id, None, reason, now)


def listed(
    work: UnitOfWork,
    organisation: str,
    *,
    state: ApprovalState | None = None,
    search: str = "",
    order: str = "-asked",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Asked]:
    """What tokens ask of an organisation, and what was said; latest first as a rule.

    `search` is a part of a user's name.
    """
    found = fetch.organisation(work, organisation, NEEDED)
    rule = credential_rules.rule_of(work.session, found.id)
    keys, is_descending = in_order(ORDERS, order)
    query = (
        sa.select(TokenApproval, AccessToken, User, LastUse.used_at)
        .join(AccessToken, AccessToken.id == TokenApproval.token_id)
        .join(User, User.id == AccessToken.user_id)
        .outerjoin(LastUse, LastUse.credential_id == AccessToken.id)
        .where(TokenApproval.organisation_id == found.id, AccessToken.revoked_at.is_(None))
    )
    if state is not None:
        query = query.where(TokenApproval.state == state)
    if search:
        query = query.where(User.name.icontains(search, autoescape=True))
    rows = page(
        work.session,
        query,
        *keys,
        make=lambda row: Asked(*row[:3], (), row[3], _is_too_long(rule, row[1])),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )
    paths = _paths(work, found.id, [each.token.id for each in rows.items])
    items = [
        dataclasses.replace(each, repositories=paths.get(each.token.id, ())) for each in rows.items
    ]
    return Page(items, rows.next)


def decide(
    work: UnitOfWork,
    organisation: str,
    approval_id: UUID,
    state: ApprovalState,
    *,
    answer: str = "",
    now: datetime,
) -> TokenApproval:
    """Approve what a token asks for, refuse it, or take an approval back; it counts at once.

    Errors:
        HiddenError: the organisation was asked nothing of this kind.
        InvalidError: that is no decision.
        ConflictError: that cannot be said of it now.
    """
    found = fetch.organisation(work, organisation, NEEDED)
    said = work.session.get(TokenApproval, approval_id)
    if said is None or said.organisation_id != found.id:
        raise HiddenError(sentence("%(name)s was asked nothing of this kind.", name=found.name))
    if state not in DECISIONS:
        raise InvalidError.of("state", "Approve, refuse or revoke.")
    if said.state not in FROM[state]:
        raise ConflictError(sentence("That is not possible: it has been decided otherwise."))
    _write(work, said, found.id, state, answer, now)
    return said


@open_to_everyone(because="whoever withholds a token from an organisation was asked")
def keep_out(work: UnitOfWork, token: AccessToken, organisation_id: UUID, *, now: datetime) -> None:
    """Keep a token out of an organisation, whether it was approved, asked for, or neither."""
    _say(work, token, organisation_id, ApprovalState.REVOKED, now)


@open_to_everyone(because="whoever sets the rule was asked, and shows the token doing so")
def let_in(work: UnitOfWork, token: AccessToken, organisation_id: UUID, *, now: datetime) -> None:
    """Let a token into an organisation that nobody has asked for."""
    _say(work, token, organisation_id, ApprovalState.APPROVED, now)


def _say(
    work: UnitOfWork,
    token: AccessToken,
    organisation_id: UUID,
    state: ApprovalState,
    now: datetime,
) -> None:
    said = _said(work, token.id, organisation_id)
    if said is None:
        said = TokenApproval(
            id=new_id(),
            token_id=token.id,
            organisation_id=organisation_id,
            reason="",
            asked_at=now,
        )
        work.session.add(said)
    if said.state is not state:
        _write(work, said, organisation_id, state, "", now)


@open_to_everyone(because="whoever lists tokens was asked whose they are")
def standings(
    work: UnitOfWork, tokens: Sequence[AccessToken], holder: User
) -> dict[UUID, list[TokenStanding]]:
    """What tokens of one user are to the organisations that have a rule and are reached by them."""
    token_ids = [each.id for each in tokens]
    chosen = _chosen(work, token_ids)
    belongs = set(work.session.scalars(_memberships(holder)))
    reached = belongs.union(*chosen.values())
    rules = work.session.execute(
        sa.select(CredentialRule, Organisation.name)
        .join(Organisation, Organisation.id == CredentialRule.organisation_id)
        .where(CredentialRule.organisation_id.in_(reached))
        .order_by(Organisation.name)
    ).all()
    said = {
        (each.token_id, each.organisation_id): each
        for each in work.session.scalars(
            sa.select(TokenApproval).where(TokenApproval.token_id.in_(token_ids))
        )
    }
    return {
        token.id: [
            _standing(token, holder, rule, name, said.get((token.id, rule.organisation_id)))
            for rule, name in rules
            if rule.organisation_id
            in (belongs if token.all_repositories else chosen.get(token.id, set()))
        ]
        for token in tokens
    }


def _standing(
    token: AccessToken,
    holder: User,
    rule: CredentialRule,
    name: str,
    said: TokenApproval | None,
) -> TokenStanding:
    is_to_it = standing(
        rule.approval,
        rule.most_days,
        said.state if said else None,
        was_decided=said is not None and said.decided_at is not None,
        all_repositories=token.all_repositories,
        lives_days=token.lifetime_days,
        is_own_machine=holder.owner_organisation_id == rule.organisation_id,
    )
    return TokenStanding(name, is_to_it, said.answer if said else "", rule.most_days)


def _memberships(holder: User) -> sa.Select[UUID]:
    return sa.select(Membership.organisation_id).where(Membership.user_id == holder.id)


def _chosen(work: UnitOfWork, token_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """The organisations of the repositories that each token was made for."""
    rows = work.session.execute(
        sa.select(TokenRepository.token_id, Repository.organisation_id)
        .join(Repository, Repository.id == TokenRepository.repository_id)
        .where(TokenRepository.token_id.in_(token_ids), Repository.organisation_id.is_not(None))
    )
    found: dict[UUID, set[UUID]] = {}
    for token_id, organisation_id in rows:
        if organisation_id is not None:
            found.setdefault(token_id, set()).add(organisation_id)
    return found


def _asked_organisation(work: UnitOfWork, name: str) -> Organisation:
    """The organisation, also while it keeps the very token out with which this is asked."""
    asking = work.actor
    work.actor = dataclasses.replace(asking, withheld_organisations=frozenset())
    try:
        return fetch.organisation(work, name, Permission.ORGANISATION_READ)
    finally:
        work.actor = asking


def _said(work: UnitOfWork, token_id: UUID, organisation_id: UUID) -> TokenApproval | None:
    return work.session.scalar(
        sa.select(TokenApproval).where(
            TokenApproval.token_id == token_id, TokenApproval.organisation_id == organisation_id
        )
    )


def _ask(
    work: UnitOfWork,
    token: AccessToken,
    organisation_id: UUID,
    said: TokenApproval | None,
    reason: str,
    now: datetime,
) -> TokenApproval:
    if said is None:
        said = TokenApproval(id=new_id(), token_id=token.id, organisation_id=organisation_id)
        work.session.add(said)
    said.state, said.reason, said.asked_at = ApprovalState.PENDING, reason[:LONGEST_REASON], now
    said.answer = ""
    work.record(
        events.TokenApprovalRequested(
            about=token.id,
            organisation_id=organisation_id,
            user_id=str(token.user_id),
            reason=said.reason or None,
        )
    )
    return said


def _write(
    work: UnitOfWork,
    said: TokenApproval,
    organisation_id: UUID,
    state: ApprovalState,
    answer: str,
    now: datetime,
) -> None:
    credential_rules.ensure_rule(work.session, organisation_id)
    said.state, said.answer = state, answer[:LONGEST_REASON]
    said.decided_at, said.decided_by_id = now, work.actor.id
    token = work.session.get_one(AccessToken, said.token_id)
    work.record(
        DECISIONS[state](
            about=token.id,
            organisation_id=organisation_id,
            user_id=str(token.user_id),
            reason=said.answer or None,
        )
    )


def _is_too_long(rule: CredentialRule | None, token: AccessToken) -> bool:
    if rule is None or rule.most_days is None:
        return False
    return token.lifetime_days is None or token.lifetime_days > rule.most_days


def _paths(
    work: UnitOfWork, organisation_id: UUID, token_ids: list[UUID]
) -> dict[UUID, tuple[str, ...]]:
    rows = work.session.execute(
        sa.select(TokenRepository.token_id, Repository)
        .join(Repository, Repository.id == TokenRepository.repository_id)
        .where(
            TokenRepository.token_id.in_(token_ids), Repository.organisation_id == organisation_id
        )
        .order_by(Repository.name_key)
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for token_id, repository in rows:
        found[token_id] = (*found.get(token_id, ()), repository.path)
    return found
