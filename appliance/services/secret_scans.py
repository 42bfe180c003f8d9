"""Scans for secrets after the push, and of whole histories: every rule, every spelling, each once.

promise   with the push's intent
plan      what a push has moved, or that all of it is wanted; a job does it
look      reads what no scan with these rules has seen; no transaction is open meanwhile
Then `secret_alerts` notes what was found and seen, and `end` says what it came to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db import ref_ledger
from appliance.db.alerts import Scan, ScannedObject
from appliance.db.pushes import Push, PushedRef, PushState
from appliance.db.repositories import Repository
from appliance.db.rulesets import all_over
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.alerts import AlertKind, ScanCause, Verdict
from appliance.domain.identity import ActorKind
from appliance.domain.jobs import Job
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT
from appliance.errors import (
    ConflictError,
    DamagedError,
    TimeoutExceededError,
    UnavailableError,
    sentence,
)
from appliance.git import pushed_objects, stored_objects
from appliance.scanning.resident.wire import ALL, Question, digest_with
from appliance.services import secret_patterns, sightings
from appliance.services.sightings import NewScan

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.git.stored_objects import StoredObject
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.scanning.resident.wire import Hit, Skipped
    from appliance.services.pushes import Proposal, Terms

SCANNED_AFTER = timedelta(seconds=1)
"""A push that was accepted is settled by then, or nearly always."""
BESIDE = timedelta(hours=1)
"""Pushes so near to each other may not count on the other to be scanned."""
AT_ONCE = 2000
"""So many objects are looked at between two looks at the database."""
SECONDS = 600.0
OF_WIKI = "wiki"
"""The category of a scan of a wiki, whose alerts are its repository's."""


@dataclass(frozen=True)
class ScanPlan:
    """What is to be looked at."""

    repository_id: UUID
    home_id: UUID
    """Whose alerts they are: of a wiki its repository's."""
    organisation_id: UUID | None
    owner_id: UUID
    folder: Path
    cause: ScanCause
    tips: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    ref: str = ""
    is_protected: bool = False
    pushed_by: UUID | None = None
    own: tuple[Mapping[str, Any], ...] = ()
    """The patterns of the organisation."""


@dataclass(frozen=True)
class Portion:
    """What came of looking at some objects."""

    hits: tuple[Hit, ...]
    paths: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    objects: tuple[tuple[str, int], ...]
    size_bytes: int
    digest: str


@open_to_everyone(because="`pushes` has asked whether the actor may push")
def promise(
    work: UnitOfWork, repository: Repository, terms: Terms, proposal: Proposal, *, now: datetime
) -> None:
    """Let a push be looked through once it is settled."""
    gains = any(each.new_oid != NO_OBJECT for each in proposal.updates)
    if gains and work.rules.scanning.secrets:
        work.later(
            Job.SCAN_PUSH,
            about=repository.id,
            not_before=now + SCANNED_AFTER,
            push_id=str(terms.push_id),
        )


def request(work: UnitOfWork, path: str) -> UUID:
    """Have all of a repository looked through, as far as it was not with these rules.

    Gives the id of the job.

    Errors:
        HiddenError, RefusedError: there is none, or the actor may not.
        UnavailableError: no scanner runs here.
    """
    repository = fetch.repository(work, path, Permission.ALERT_REPORT)
    if not work.rules.scanning.secrets:
        raise UnavailableError(sentence("Nothing is scanned for secrets here."))
    return work.later(Job.SCAN_HISTORY, about=repository.id, repository_id=str(repository.id))


def plan_push(work: UnitOfWork, push_id: UUID, *, repositories: RepositoryStore) -> ScanPlan | None:
    """What a push has brought; None where it moved nothing.

    Errors:
        RefusedError: only the appliance and administrators may.
        HiddenError: the repository is gone. ConflictError: the push is not settled yet.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    push = work.session.get(Push, push_id)
    if push is None:
        return None
    if push.state is not PushState.SETTLED:
        raise ConflictError(sentence("The push is not settled yet."))
    repository = fetch.repository_by_id(work, push.repository_id, Permission.REPOSITORY_READ)
    query = sa.select(PushedRef).where(PushedRef.push_id == push_id, PushedRef.moved.is_(True))
    moved = [each for each in work.session.scalars(query) if each.new_oid != NO_OBJECT]
    if not moved:
        return None
    beside = sa.select(PushedRef.ref).join(Push, Push.id == PushedRef.push_id)
    recent = beside.where(
        Push.repository_id == push.repository_id, Push.accepted_at > push.accepted_at - BESIDE
    )
    unsure = set(work.session.scalars(recent))
    ledger = ref_ledger.expected(work.session, push.repository_id)
    known = {oid for ref, oid in ledger.items() if ref not in unsure}
    known |= {each.old_oid for each in moved}
    rulesets = all_over(work.session, repository)
    protected = any(each.is_about(row.ref) for each in rulesets for row in moved)
    return ScanPlan(
        *_place(repository, repositories),
        ScanCause.PUSH,
        tuple(sorted({each.new_oid for each in moved})),
        tuple(sorted(known - {NO_OBJECT})),
        moved[0].ref.decode("utf-8", "replace"),
        protected or _is_default(repository, moved),
        push.actor_id if push.actor_kind == ActorKind.USER else None,
        secret_patterns.used_in(work, repository.id),
    )


def plan_history(
    work: UnitOfWork,
    repository_id: UUID,
    *,
    repositories: RepositoryStore,
    cause: ScanCause = ScanCause.HISTORY,
) -> ScanPlan:
    """All of a repository.

    Errors:
        RefusedError: only the appliance and administrators may. HiddenError: it is gone.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    repository = fetch.repository_by_id(work, repository_id, Permission.REPOSITORY_READ)
    own = secret_patterns.used_in(work, repository.id)
    return ScanPlan(*_place(repository, repositories), cause, is_protected=True, own=own)


def begin(work: UnitOfWork, plan: ScanPlan, digest: str, *, now: datetime) -> UUID:
    """Note that a scan begins; gives its id.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    home = fetch.repository_by_id(work, plan.home_id, Permission.ALERT_REPORT)
    new = NewScan(
        AlertKind.SECRET,
        plan.cause,
        category="" if plan.repository_id == plan.home_id else OF_WIKI,
        ref=plan.ref,
        from_commit=plan.known[0] if plan.known else "",
        to_commit=plan.tips[0] if plan.tips else "",
        ruleset=digest,
    )
    return sightings.begin_scan(work, home, new, now=now).id


@open_to_everyone(because="it is a name for rules, and says nothing of anything")
def digest(plan: ScanPlan, *, tools: ScannerTools) -> str:
    """Of the rules by which the plan is looked through.

    Errors:
        ScannerDownError: nobody is there.
    """
    return digest_with(tools.door.greet().digest, plan.own)


@open_to_everyone(because="it reads the objects that the plan names")
def portions(plan: ScanPlan) -> Iterator[list[StoredObject]]:
    """What is to be looked at, some at a time.

    Errors:
        TimeoutExceededError, DamagedError: while iterating.
    """
    whole = plan.cause is not ScanCause.PUSH
    found = stored_objects.reached(plan.folder, plan.tips, known=plan.known, everything=whole)
    while some := list(islice(found, AT_ONCE)):
        yield some


@open_to_everyone(because="it says of ids alone whether they were looked at")
def unseen(work: UnitOfWork, some: Sequence[StoredObject], digest: str) -> list[StoredObject]:
    """Those that no scan with these rules has looked at, in any repository."""
    query = sa.select(ScannedObject.object_id).where(
        ScannedObject.ruleset == digest,
        ScannedObject.verdict == Verdict.CLEAN,
        ScannedObject.object_id.in_([each.oid for each in some]),
    )
    seen = set(work.session.scalars(query))
    return [each for each in some if each.oid not in seen]


@open_to_everyone(because="it reads the objects that the plan names")
def look(plan: ScanPlan, some: Sequence[StoredObject], *, tools: ScannerTools) -> Portion:
    """What the scanner says of some objects; of fewer at once, where they hold more than it tells.

    Errors:
        ScannerDownError, DamagedError: nothing is known of them.
    """
    portion, is_all = _looked(plan, some, tools)
    if is_all or len(some) == 1:
        return portion
    half = len(some) // 2
    first = look(plan, some[:half], tools=tools)
    rest = look(plan, some[half:], tools=tools)
    return Portion(
        first.hits + rest.hits,
        portion.paths,
        first.skipped + rest.skipped,
        first.objects + rest.objects,
        first.size_bytes + rest.size_bytes,
        rest.digest,
    )


def _looked(
    plan: ScanPlan, some: Sequence[StoredObject], tools: ScannerTools
) -> tuple[Portion, bool]:
    paths = {each.oid: each.path for each in some}
    question = Question(
        key=tools.fingerprint_key.hex(),
        lane=ALL,
        is_deep=True,
        paths={oid: path for oid, path in paths.items() if path},
        own=plan.own,
        with_tokens=True,
        cpu_seconds=SECONDS,
    )
    with pushed_objects.some(plan.folder, None, paths) as speech:
        asked = tools.door.ask(question, speech.objects, seconds=SECONDS)
        answer = asked.answer()
        speech.insist_on_all(seconds=SECONDS)
    if any(not each.oid for each in answer.skipped):
        raise DamagedError("Git broke off in the middle.")
    said = answer.hits, paths, answer.skipped, answer.objects, answer.size_bytes, answer.digest
    return Portion(*said), answer.is_complete


@open_to_everyone(because="it reads the objects that the plan names")
def commits_of(plan: ScanPlan, portion: Portion) -> dict[str, str]:
    """Which commit brought each file in which something was found."""
    oids = {each.oid for each in portion.hits if each.kind == "blob"}
    if not oids:
        return {}
    whole = plan.cause is not ScanCause.PUSH
    with suppress(TimeoutExceededError, DamagedError):
        return stored_objects.commits_of(plan.folder, plan.tips, plan.known, oids, everything=whole)
    return {}  # They are for people, and a long history has no end.


@dataclass
class Sum:
    """What a scan came to. Its state grows with each portion."""

    objects: int = 0
    size_bytes: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)

    def add(self, portion: Portion) -> None:
        """One more portion."""
        self.objects += len(portion.objects)
        self.size_bytes += portion.size_bytes
        self.skipped += [
            {"object": each.oid, "path": portion.paths.get(each.oid, ""), "why": each.why}
            for each in portion.skipped
        ]


def end(work: UnitOfWork, plan: ScanPlan, scan_id: UUID, total: Sum, *, now: datetime) -> None:
    """Note that a scan has ended.

    Errors:
        HiddenError, RefusedError: only the appliance may say what scans found.
    """
    home = fetch.repository_by_id(work, plan.home_id, Permission.ALERT_REPORT)
    scan = work.session.get_one(Scan, scan_id)
    sightings.end_scan(
        *(work, home, scan),
        size_bytes=total.size_bytes,
        objects=total.objects,
        skipped=total.skipped,
        now=now,
    )
    work.record(
        events.SecretScanCompleted(
            about=home.id,
            organisation_id=home.organisation_id,
            scope=plan.cause.value,
            objects=total.objects,
            found=scan.found,
            skipped=len(total.skipped),
            rules=scan.ruleset,
        )
    )


def _place(
    repository: Repository, repositories: RepositoryStore
) -> tuple[UUID, UUID, UUID | None, UUID, Path]:
    return (
        repository.id,
        repository.wiki_of_id or repository.id,
        repository.organisation_id,
        repository.owner_id,
        repositories.folder(repository.id),
    )


def _is_default(repository: Repository, moved: Iterable[PushedRef]) -> bool:
    name = b"refs/heads/" + repository.default_branch.encode()
    return any(each.ref == name for each in moved)
