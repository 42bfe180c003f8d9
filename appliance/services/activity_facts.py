"""What the audit logs say, as far as rules on suspicious activity look at it, some at a time."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate
from appliance.access.gate import open_to_everyone
from appliance.db import repository_rows
from appliance.db.activity import ActivityCursor
from appliance.db.audit_log import AuditBody, AuditFinding, AuditLeaf, AuditLog
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import EmailAddress, User
from appliance.domain.activity import Fact
from appliance.domain.audit_terms import MAPPED
from appliance.domain.identity import ActorKind, Method
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT, matches
from appliance.errors import ApplianceError
from appliance.git import foreign_authors
from appliance.git.ref_names import BRANCHES
from appliance.services import repository_facts

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore

AT_ONCE = 500
ACTORS = (str(ActorKind.USER), str(ActorKind.DEPLOY_KEY))
TOKENS = (str(Method.TOKEN), str(Method.JWT))
MOVES = ("git.pushed", "git.ref_changed")
ERASED = "privacy.erased"
MOVED = "moved"
WIDE_4, WIDE_6 = 16, 32
"""Networks as large as providers have them: an address changes often, a provider seldom."""


@dataclass(frozen=True)
class Push:
    """What a push did to one branch."""

    event: str
    repository_id: UUID
    ref: bytes
    before: str | None
    after: str
    is_protected: bool


@dataclass(frozen=True)
class Batch:
    """Some facts, and the place up to which there are no others."""

    place: int
    until: int
    newest: int
    rows: Sequence[Any]
    bodies: Mapping[tuple[int, int], dict[str, Any]]
    pushes: Sequence[Push]


@open_to_everyone(because="it gives a number that says nothing")
def place(work: UnitOfWork) -> ActivityCursor | None:
    """Up to where the logs were read; None before the first time."""
    return work.session.scalar(sa.select(ActivityCursor))


def following(work: UnitOfWork, *, at_once: int = AT_ONCE) -> Batch | None:
    """The next facts; None where there are none."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    cursor = place(work)
    begin = cursor.place if cursor else 0
    newest = repository_facts.newest(work)
    if cursor is not None and begin >= newest:
        return None
    query = (
        sa.select(
            *(AuditFinding.place, AuditFinding.log_id, AuditFinding.idx, AuditFinding.occurred_at),
            *(AuditFinding.action, AuditFinding.actor_type, AuditFinding.actor_ref),
            *(AuditFinding.target_ref, AuditFinding.method, AuditFinding.token_ref),
            *(AuditFinding.address, AuditFinding.outcome),
            *(AuditLog.name.label("log"), AuditLeaf.event_id),
        )
        .join(AuditLog, AuditLog.id == AuditFinding.log_id)
        .join(
            AuditLeaf,
            (AuditLeaf.log_id == AuditFinding.log_id) & (AuditLeaf.idx == AuditFinding.idx),
        )
        .where(
            AuditFinding.place > begin,
            AuditFinding.place <= newest,
            sa.or_(AuditFinding.actor_type.in_(ACTORS), AuditFinding.action == ERASED),
        )
        .order_by(AuditFinding.place)
        .limit(at_once)
    )
    rows = work.session.execute(query).all()
    until = rows[-1].place if len(rows) == at_once else newest
    bodies = _bodies(work, [row for row in rows if row.action in MOVES])
    return Batch(begin, until, newest, rows, bodies, _pushes(work, rows, bodies))


@open_to_everyone(because="who asks was asked by `following`, and nobody is told of it")
def authors(batch: Batch, *, repositories: RepositoryStore) -> dict[str, list[tuple[str, bool]]]:
    """By event: whose addresses the commits of a push bear, and whether they went to a protected
    branch. A repository that cannot be read says nothing.
    """
    moved: dict[UUID, set[bytes]] = {}
    for each in batch.pushes:
        moved.setdefault(each.repository_id, set()).add(each.ref)
    found: dict[str, list[tuple[str, bool]]] = {}
    for each in batch.pushes:
        folder = repositories.folder(each.repository_id)
        with suppress(ApplianceError):
            wrote = foreign_authors.of_push(
                folder, moved[each.repository_id], each.before, each.after
            )
            found.setdefault(each.event, []).extend((one, each.is_protected) for one in wrote)
    return found


@open_to_everyone(because="who asks was asked by `following`, and nobody is told of it")
def facts(
    work: UnitOfWork, batch: Batch, wrote: Mapping[str, Sequence[tuple[str, bool]]]
) -> list[Fact]:
    """The facts of a batch, in their order."""
    people = _people(work, {row.actor_ref for row in batch.rows})
    owners = _owners(work, {fold(one) for each in wrote.values() for one, _ in each})
    return [
        Fact(
            event=str(row.event_id),
            log=row.log,
            at=row.occurred_at,
            action=row.action,
            actor=row.actor_ref,
            is_machine=row.actor_type != ActorKind.USER or people.get(row.actor_ref, False),
            target=row.target_ref,
            token=row.token_ref if row.method in TOKENS else "",
            network=_network(row.address),
            deleted_refs=_deleted(batch.bodies.get((row.log_id, row.idx), {})),
            **_foreign(row.actor_ref, wrote.get(str(row.event_id), ()), owners),
        )
        for row in batch.rows
        if row.action != ERASED and row.outcome == "success"
    ]


def _bodies(work: UnitOfWork, rows: Sequence[Any]) -> dict[tuple[int, int], dict[str, Any]]:
    found = {}
    for log_id in sorted({row.log_id for row in rows}):
        indexes = [row.idx for row in rows if row.log_id == log_id]
        query = sa.select(AuditBody.idx, AuditBody.body).where(
            AuditBody.log_id == log_id, AuditBody.idx.in_(indexes)
        )
        for idx, body in work.session.execute(query):
            with suppress(ValueError, RecursionError):
                said = json.loads(body)
                found[log_id, idx] = said if isinstance(said, dict) else {}
    return found


def _moves(body: Mapping[str, Any]) -> list[list[str]]:
    if "ref" in body:
        return [[body["ref"], body["before"], body["after"], MOVED]]
    return [each for each in body.get("refs") or [] if each[3] == MOVED]


def _deleted(body: Mapping[str, Any]) -> int:
    return sum(after == NO_OBJECT for _ref, _before, after, _outcome in _moves(body))


def _pushes(
    work: UnitOfWork, rows: Sequence[Any], bodies: Mapping[tuple[int, int], dict[str, Any]]
) -> list[Push]:
    """Pushes with git: what the portal merges or rebases bears others' names by right."""
    by_git = [
        row
        for row in rows
        if row.action == "git.pushed"
        and row.actor_type == ActorKind.USER
        and not bodies.get((row.log_id, row.idx), {}).get("operation")
    ]
    ids = {UUID(row.target_ref) for row in by_git}
    known = {
        each.id: each
        for each in work.session.scalars(
            sa.select(Repository).where(Repository.id.in_(ids), Repository.wiki_of_id.is_(None))
        )
    }
    patterns = {
        each: [rule.pattern for rule in repository_rows.protections(work.session, each)]
        for each in known
    }
    found = []
    for row in by_git:
        repository = known.get(UUID(row.target_ref))
        for ref, before, after, _ in _moves(bodies.get((row.log_id, row.idx), {})):
            name = ref.encode()
            if repository is None or after == NO_OBJECT or not name.startswith(BRANCHES):
                continue
            is_default = name == BRANCHES + repository.default_branch.encode()
            is_protected = is_default or any(
                matches(each, name) for each in patterns[repository.id]
            )
            old = None if before == NO_OBJECT else before
            found.append(Push(str(row.event_id), repository.id, name, old, after, is_protected))
    return found


def _people(work: UnitOfWork, references: set[str]) -> dict[str, bool]:
    """Of users by their pseudonyms, whether they are machines."""
    query = sa.select(User.pseudonym, User.is_machine).where(User.pseudonym.in_(references))
    return {row.pseudonym: row.is_machine for row in work.session.execute(query)}


def _owners(work: UnitOfWork, addresses: Iterable[str]) -> dict[str, str]:
    query = (
        sa.select(EmailAddress.address_key, User.pseudonym)
        .join(User, User.id == EmailAddress.user_id)
        .where(EmailAddress.address_key.in_(addresses), User.is_machine.is_(False))
    )
    return {row.address_key: row.pseudonym for row in work.session.execute(query)}


def _foreign(
    actor: str, wrote: Sequence[tuple[str, bool]], owners: Mapping[str, str]
) -> dict[str, int]:
    """How many commits of a push another user of this appliance has written."""
    others = [is_protected for one, is_protected in wrote if owners.get(fold(one), actor) != actor]
    return {"foreign": len(others), "foreign_protected": sum(others)}


def _network(address: bytes | None) -> str:
    if not address:
        return ""
    if address.startswith(MAPPED):
        four = ipaddress.IPv4Address(address[len(MAPPED) :])
        return str(ipaddress.ip_network(f"{four}/{WIDE_4}", strict=False))
    return str(ipaddress.ip_network(f"{ipaddress.IPv6Address(address)}/{WIDE_6}", strict=False))
