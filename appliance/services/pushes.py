"""Pushes, up to the moment at which refs move: may they, what is in them, and the durable intent.

    start    a door asks; gives the folder and a capability for git's hooks
    terms    the pre-receive hook asks; who is it, and do they still may
    inspect  what the push would do, read from the quarantine; no transaction is open meanwhile
    accept   the decision, with the intent or the refusal committed before git hears of it
    decide   terms and accept at once, where the process that began the push has inspected it

What moved in the end is the business of `push_settlement`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_wiki
from appliance.access.gate import open_to_everyone
from appliance.db.pushes import Push, PushedRef
from appliance.db.quotas import shortage
from appliance.db.repositories import Repository
from appliance.db.rulesets import all_over
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.events.parts import MOST_IN_A_PART, in_parts
from appliance.domain.git_operations import remembered
from appliance.domain.identity import Actor
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.protection import Movement, RefUpdate
from appliance.errors import ConflictError, HiddenError, UnauthenticatedError, sentence
from appliance.git import certificates, maintenance, transport
from appliance.git import inspect as inspection
from appliance.services import (
    delegation,
    policy_runs,
    push_blocks,
    push_certificates,
    push_protection,
    push_rules,
    push_scans,
    rule_looks,
)
from appliance.services.push_names import show, unusable
from appliance.services.push_scans import UNASKED, PushScan
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.domain.git_operations import Operation
    from appliance.domain.merge_facts import MergeFacts
    from appliance.git.certificates import Certificate
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.services.rule_looks import Examined, Wanted
    from appliance.settings import Settings
    from appliance.wiring import GitTools

NOT_A_PUSH = sentence("This push is unknown, or has already been answered.")
REASON_CHARACTERS = 500
NOTHING_CHANGED = sentence("Nothing was changed.")
# On the tables and built once: every push asks these, and mapped objects would take twice as long.
KNOWN = sa.select(Push.id).where(Push.id == sa.bindparam("push_id"))
ADD_PUSH = sa.insert(Push.__table__)  # type: ignore[arg-type]  # It is a table.
ADD_REFS = sa.insert(PushedRef.__table__)  # type: ignore[arg-type]  # The same.


@dataclass(frozen=True)
class Ticket:
    """A push that may begin: where, and what git's hooks carry."""

    repository_id: UUID
    path: str
    push_id: UUID
    folder: Path
    push: transport.Push
    limits: transport.TransferLimits


@dataclass(frozen=True)
class Terms:
    """Which push is asked about, and who pushes."""

    push_id: UUID
    repository_id: UUID
    folder: Path
    protocol: str
    actor: Actor


@dataclass(frozen=True)
class Proposal:
    """What a push would do, as far as git can tell."""

    updates: tuple[RefUpdate, ...]
    options: tuple[str, ...]
    size_bytes: int
    movements: tuple[Movement, ...]
    """One for each update; none where the names alone are reason enough to refuse."""
    problems: tuple[str, ...]
    certificate: Certificate | None = None
    """What came with it, where it was signed."""
    examined: Examined | None = None
    """What came of looking at what `Verdict.wanted` names."""
    operation: Operation | None = None
    """What it is, where it comes without git."""
    merge: MergeFacts | None = None
    """The pull request that it merges, as it is in the transaction that decides."""
    reason: str = ""
    """Why somebody goes past rules, where it comes without git."""
    scan: PushScan = UNASKED
    """What the scanner says of its secrets."""

    @property
    def bypass_reason(self) -> str:
        """Why somebody goes past rules; empty where they do not say."""
        start = f"{push_rules.BYPASS}="
        said = (each[len(start) :] for each in self.options if each.startswith(start))
        return (self.reason or next(said, "")).strip()[:REASON_CHARACTERS]


@dataclass(frozen=True)
class Verdict:
    """Whether refs may move, and what the person who pushes is told."""

    is_accepted: bool
    messages: tuple[str, ...] = ()
    wanted: Wanted | None = None
    """Not decided yet: ask again with what comes of looking at this."""


def start(work: UnitOfWork, path: str, *, protocol: str, tools: GitTools, now: datetime) -> Ticket:
    """Leave to push to a repository, for as long as one transfer may take.

    `protocol` is `https` or `ssh`.

    Errors:
        HiddenError, RefusedError: the actor may not.
        MovedError: it has another path now.
        ConflictError, UnavailableError: it is archived, or has no content yet.
    """
    repository = fetch_wiki.or_repository(work, path, Permission.REPOSITORY_WRITE)
    insist_on_writable(repository)
    folder = ready_folder(repository, tools.repositories)
    maintenance.unlock(folder)
    rules, push_id = work.rules.limits, new_id()
    facts = {
        "push": push_id.hex,
        "repository": repository.id.hex,
        "protocol": protocol,
        **delegation.hand_on(work.actor),
    }
    expires_at = now + timedelta(seconds=2 * rules.transfer_seconds)
    capability = tools.pushes.issue(facts, expires_at=expires_at)
    return Ticket(
        repository_id=repository.id,
        path=repository.path,
        push_id=push_id,
        folder=folder,
        push=transport.Push(
            capability,
            tools.web_socket,
            tools.home,
            certificates.seed_of(tools.nonce_key, repository.id),
        ),
        limits=transfer_limits(work.rules),
    )


def again(work: UnitOfWork, repository_id: UUID) -> None:
    """Go on only if a repository that is being pushed to may still be written.

    Errors:
        HiddenError, RefusedError: it may not.
    """
    fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_WRITE)


@open_to_everyone(because="the capability says who asks; the repository is fetched in their name")
def terms(work: UnitOfWork, capability: str, *, tools: GitTools, now: datetime) -> Terms:
    """Which push a hook asks about, if it may go on.

    Errors:
        UnauthenticatedError: the capability is none of ours, or its credential no longer stands.
        HiddenError, RefusedError, ConflictError, UnavailableError: as for `start`.
    """
    return _terms(work, capability, tools=tools, now=now)[0]


def inspect(
    folder: Path,
    updates: Sequence[RefUpdate],
    *,
    quarantine: Mapping[str, str],
    options: Sequence[str],
    certificate: Mapping[str, str] | None = None,
    rules: Settings,
    scanner: ScannerTools,
) -> Proposal:
    """What the push to the repository in `folder` would do. Reads objects and may take a while.

    Errors:
        InvalidError: what is told of the quarantine is not of this repository.
        DamagedError, TimeoutExceededError: the objects cannot be read, or not in time.
    """
    limits = rules.limits
    updates, options = tuple(updates), tuple(options)
    problems = unusable(updates, most=limits.refs_per_push)
    if problems:
        return Proposal(updates, options, 0, (), problems)
    place = inspection.Quarantine.parse(folder, quarantine)
    bounds = inspection.InspectionLimits(
        file_size_bytes=limits.file_size_bytes,
        path_depth=limits.path_depth,
        path_bytes=limits.path_bytes,
    )
    with push_scans.looking(folder, place, updates, tools=scanner, rules=rules) as look:
        found = inspection.inspect(folder, place, updates, bounds)
        scan = look.outcome()
    problems = push_rules.over_limits(found, rules)
    brought = push_certificates.read(folder, certificate, place) if certificate else None
    return Proposal(
        *(updates, options, found.size_bytes, found.movements, problems, brought), scan=scan
    )


def accept(work: UnitOfWork, terms: Terms, proposal: Proposal, *, now: datetime) -> Verdict:
    """Decide. An accepted push is an intent that outlives a crash; a refused one is an event.

    Errors:
        HiddenError, RefusedError, ConflictError: the actor may no longer push here.
    """
    repository = fetch.repository_by_id(work, terms.repository_id, Permission.REPOSITORY_WRITE)
    _insist_it_takes_pushes(repository)
    return _decided(work, repository, terms, proposal, now=now)


@open_to_everyone(because="the capability says who asks; the repository is fetched in their name")
def decide(
    work: UnitOfWork, capability: str, proposal: Proposal, *, tools: GitTools, now: datetime
) -> Verdict:
    """`terms` and `accept` in one transaction, with everything about the actor looked at anew.

    Errors:
        UnauthenticatedError, HiddenError, RefusedError, ConflictError, UnavailableError: as both.
    """
    terms, repository = _terms(work, capability, tools=tools, now=now)
    return _decided(work, repository, terms, proposal, now=now)


def insist_on_writable(repository: Repository) -> None:
    """Go on only if the repository takes changes.

    Errors:
        ConflictError: it is archived.
    """
    if repository.archived_at is not None:
        raise ConflictError(
            sentence("%(path)s is archived. Unarchive it first.", path=repository.path)
        )


def transfer_limits(rules: Settings) -> transport.TransferLimits:
    """How long and how much one transfer may be."""
    return transport.TransferLimits(
        push_size_bytes=rules.limits.push_size_bytes,
        transfer_seconds=rules.limits.transfer_seconds,
    )


def _terms(
    work: UnitOfWork, capability: str, *, tools: GitTools, now: datetime
) -> tuple[Terms, Repository]:
    facts = tools.pushes.check(capability, now=now)
    actor = delegation.take_back(work, facts, now=now)
    push_id = delegation.identifier(facts, "push")
    repository_id = delegation.identifier(facts, "repository")
    if push_id is None or repository_id is None:
        raise UnauthenticatedError(NOT_A_PUSH)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_WRITE)
    _insist_it_takes_pushes(repository)
    terms = Terms(
        push_id=push_id,
        repository_id=repository_id,
        folder=ready_folder(repository, tools.repositories),
        protocol=str(facts["protocol"]),
        actor=actor,
    )
    return terms, repository


def _decided(
    work: UnitOfWork, repository: Repository, terms: Terms, proposal: Proposal, *, now: datetime
) -> Verdict:
    if work.rows(KNOWN, {"push_id": terms.push_id}).first() is not None:
        raise ConflictError(NOT_A_PUSH)
    reasons = list(proposal.problems) or _over_quota(work, repository, proposal)
    rules = [] if reasons else all_over(work.session, repository)
    moment = push_rules.moment_of(terms)
    wanted = rule_looks.wanted(rules, proposal.updates, repository.organisation_id, moment)
    if wanted.is_anything and (proposal.examined is None or proposal.examined.wanted != wanted):
        _insist_on_first_look(proposal)
        return Verdict(is_accepted=False, wanted=wanted)
    broken = push_rules.judged(work, repository, terms, proposal, rules, now=now)
    push_rules.keep_findings(
        work, repository, terms, (each for each in broken if each.is_dry), now=now
    )
    guarded = [each for each in broken if not each.is_dry]
    if guarded and push_rules.bypasses(proposal, guarded):
        push_rules.record_bypass(work, repository, terms, proposal, guarded)
        guarded = []
    secrets = push_protection.judged(work, repository, proposal, rules, now=now)
    if reasons or guarded or secrets.refuses:
        said = [*reasons, *push_rules.messages(guarded), *push_rules.ways_past(proposal, guarded)]
        said += secrets.said
        push_blocks.keep(work, repository, terms, secrets, now=now)
        return _refuse(work, repository, terms, proposal, said)
    push_blocks.let_through(work, repository, terms, proposal, secrets, now=now)
    _intend(work, repository, terms, proposal, now=now)
    policy_runs.promise(work, repository, terms, proposal, rules, now=now)
    return Verdict(is_accepted=True)


def _insist_it_takes_pushes(repository: Repository) -> None:
    if repository.deleted_at is not None:
        raise HiddenError(sentence("There is no repository %(path)s.", path=repository.path))
    insist_on_writable(repository)


def _over_quota(work: UnitOfWork, repository: Repository, proposal: Proposal) -> list[str]:
    if not proposal.size_bytes:
        return []  # Deleting and moving refs is always possible, or nobody could make room.
    lacking = shortage(work.session, repository, proposal.size_bytes, limits=work.rules.limits)
    return [] if lacking is None else [lacking]


def _insist_on_first_look(proposal: Proposal) -> None:
    if proposal.examined is not None:
        raise ConflictError(
            sentence("The rules of this repository have changed in the meantime. Push again.")
        )


def _refuse(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    reasons: list[str],
) -> Verdict:
    work.record(
        events.PushRefused(
            about=repository.id,
            organisation_id=repository.organisation_id,
            protocol=terms.protocol,
            reasons=in_parts(reasons)[0].items,
            reasons_in_all=len(reasons),
            refs=in_parts(
                [show(each.ref), each.old_oid, each.new_oid]
                for each in proposal.updates[:MOST_IN_A_PART]
            )[0].items,
            refs_in_all=len(proposal.updates),
        )
    )
    return Verdict(is_accepted=False, messages=(*reasons, NOTHING_CHANGED))


def _intend(
    work: UnitOfWork, repository: Repository, terms: Terms, proposal: Proposal, *, now: datetime
) -> None:
    """Remember what git is about to do; its event comes after it, so it must be possible now."""
    work.insist_on_log()
    push = {
        "id": terms.push_id,
        "repository_id": terms.repository_id,
        **delegation.remembered(work.actor),
        "protocol": terms.protocol,
        "size_bytes": proposal.size_bytes,
        "accepted_at": now,
        **push_certificates.judged(work, repository, proposal.certificate, now=now),
        **remembered(proposal.operation),
    }
    rows = [
        {
            "id": new_id(),
            "push_id": terms.push_id,
            "ref": each.ref,
            "old_oid": each.old_oid,
            "new_oid": each.new_oid,
            "movement": movement.value,
        }
        for each, movement in zip(proposal.updates, proposal.movements, strict=True)
    ]
    work.rows(ADD_PUSH, push)
    work.session.connection().execute(ADD_REFS, rows)
