"""Patterns of secrets that organisations write themselves: tried, kept, used by the scanner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.push_protection import SecretPattern
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.alerts import Lane
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, DamagedError, InvalidError, NotFoundError, sentence
from appliance.git import pushed_objects, stored_objects
from appliance.scanning.resident.wire import ALL, Question
from appliance.scanning.secrets import masking, own_patterns, rules
from appliance.scanning.secrets.own_patterns import OwnPattern
from appliance.scanning.secrets.scanner import SecretScanner
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore
    from appliance.scanning.resident.tools import ScannerTools

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LONGEST_PATTERN, MOST_EXAMPLES = own_patterns.LONGEST_PATTERN, own_patterns.MOST_EXAMPLES
MOST_PATTERNS = 100
MOST_FILES = 5000
MOST_SHOWN = 100
SECONDS = 20.0
CURE = "Revoke it where it was made, and keep the new one outside of the repository."
OWN = Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """A pattern as somebody wrote it, and by which examples it is tried."""

    name: str
    pattern: str
    matches: Sequence[str]
    refuses: Sequence[str] = ()
    lane: Lane = Lane.REVIEW
    entropy: float = 0.0
    cure: str = ""


@dataclass(frozen=True)
class Place:
    """Where a pattern that is tried finds something. Values are not shown."""

    path: str
    line: int
    preview: str


@dataclass(frozen=True)
class TrialPlan:
    """What a pattern is tried on."""

    own: OWN
    folder: Path
    branch: str


def listed(work: UnitOfWork, name: str) -> list[SecretPattern]:
    """An organisation's own patterns, by name.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    query = sa.select(SecretPattern).where(SecretPattern.organisation_id == organisation.id)
    return list(work.session.scalars(query.order_by(SecretPattern.name)))


def add(work: UnitOfWork, name: str, draft: Draft, *, now: datetime) -> SecretPattern:
    """Use a pattern in an organisation's repositories from now on.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        InvalidError: the pattern is refused, and why. ConflictError: the name is taken.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    said = _tried(draft, organisation.name)
    there = {each.name for each in listed(work, name)}
    if draft.name in there:
        raise ConflictError(sentence("There is a pattern of this name already."))
    if len(there) >= MOST_PATTERNS:
        raise ConflictError(
            sentence("An organisation has at most %(most)s patterns.", most=MOST_PATTERNS)
        )
    row = SecretPattern(
        organisation_id=organisation.id,
        name=draft.name,
        pattern=said["pattern"],
        reach_bytes=said["reach_bytes"],
        entropy=draft.entropy,
        lane=draft.lane,
        cure=draft.cure.strip(),
        created_at=now,
        created_by_id=work.actor.id,
    )
    work.session.add(row)
    work.record(
        events.SecretPatternAdded(
            about=organisation.id,
            organisation_id=organisation.id,
            name=row.name,
            pattern=row.pattern,
            lane=row.lane.value,
        )
    )
    return row


def remove(work: UnitOfWork, name: str, pattern: str) -> None:
    """Use a pattern no more. Alerts that it led to stay.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        NotFoundError: there is no such pattern.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    found = next((each for each in listed(work, name) if each.name == pattern), None)
    if found is None:
        raise NotFoundError(sentence("There is no such pattern."))
    work.session.delete(found)
    work.record(
        events.SecretPatternRemoved(
            about=organisation.id, organisation_id=organisation.id, name=found.name
        )
    )


def try_on_text(work: UnitOfWork, name: str, draft: Draft, text: str) -> list[Place]:
    """What a pattern finds in a text. Nothing is kept.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        InvalidError: the pattern is refused, and why.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    rule = own_patterns.rule(_own(draft), organisation=organisation.name)
    data = text.encode()
    found = SecretScanner(rules.Ruleset((rule,))).scan(data).findings
    return [
        Place("", data.count(b"\n", 0, each.start) + 1, masking.masked(each.secret))
        for each in found[:MOST_SHOWN]
    ]


def plan_trial(
    work: UnitOfWork, name: str, draft: Draft, path: str, *, repositories: RepositoryStore
) -> TrialPlan:
    """Leave to try a pattern on a repository of the organisation.

    Errors:
        HiddenError, RefusedError: there is none, or the actor does not manage it.
        InvalidError: the pattern is refused, or the repository is of somebody else.
        UnavailableError: the repository has no content yet.
    """
    organisation = fetch.organisation(work, name, Permission.ORGANISATION_MANAGE)
    own = _tried(draft, organisation.name)
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    if repository.organisation_id != organisation.id:
        raise InvalidError.of(
            "repository", sentence("This repository does not belong to the organisation.")
        )
    return TrialPlan(own, ready_folder(repository, repositories), repository.default_branch)


@open_to_everyone(because="it reads the files that the plan names")
def try_on_repository(plan: TrialPlan, *, tools: ScannerTools) -> list[Place]:
    """What a pattern finds in the files of the default branch. Nothing is kept.

    Errors:
        ScannerDownError, DamagedError, TimeoutExceededError: it cannot be found out.
    """
    files = stored_objects.files_of(plan.folder, plan.branch, most=MOST_FILES)
    paths = {each.oid: each.path for each in files}
    if not paths:
        return []
    question = Question(
        key=tools.fingerprint_key.hex(),
        lane=ALL,
        paths=paths,
        own=(plan.own,),
        cpu_seconds=SECONDS,
    )
    with pushed_objects.some(plan.folder, None, paths) as speech:
        answer = tools.door.ask(question, speech.objects, seconds=SECONDS).answer()
        speech.insist_on_all(seconds=SECONDS)
    if any(not each.oid for each in answer.skipped):
        raise DamagedError("Git broke off in the middle.")
    hits = [each for each in answer.hits if each.rule == plan.own["id"]]
    places = [Place(paths.get(each.oid, ""), each.line, each.masked) for each in hits]
    return sorted(places, key=lambda each: (each.path, each.line))[:MOST_SHOWN]


@open_to_everyone(because="who may push to the repository, or scan it, has been asked")
def used_in(work: UnitOfWork, repository_id: UUID) -> tuple[OWN, ...]:
    """The patterns of whom a repository belongs to, for the scanner."""
    query = (
        sa.select(SecretPattern)
        .join(Repository, Repository.organisation_id == SecretPattern.organisation_id)
        .where(Repository.id == repository_id)
        .order_by(SecretPattern.name)
    )
    return tuple(_for_scanner(each) for each in work.session.scalars(query))


@open_to_everyone(because="only the scheduler asks; nobody is shown it")
def used_by_all(work: UnitOfWork) -> dict[UUID, tuple[OWN, ...]]:
    """The patterns of each organisation that has some."""
    found: dict[UUID, tuple[OWN, ...]] = {}
    for row in work.session.scalars(sa.select(SecretPattern).order_by(SecretPattern.name)):
        found[row.organisation_id] = (*found.get(row.organisation_id, ()), _for_scanner(row))
    return found


def _for_scanner(row: SecretPattern) -> OWN:
    return {
        "id": f"own-{row.name}",
        "title": row.name,
        "provider": "",
        "cure": row.cure or CURE,
        "lane": row.lane.value,
        "severity": rules.Severity.HIGH.value,
        "pattern": row.pattern,
        "reach_bytes": row.reach_bytes,
        "entropy": row.entropy,
    }


def _tried(draft: Draft, organisation: str) -> OWN:
    if NAME.fullmatch(draft.name) is None:
        raise InvalidError.of(
            "name", sentence("A name has 1 to 64 lower-case letters, digits and hyphens.")
        )
    made = own_patterns.rule(_own(draft), organisation=organisation)
    row = SecretPattern(name=draft.name, pattern=made.pattern, reach_bytes=made.reach_bytes)
    row.entropy, row.lane, row.cure = draft.entropy, draft.lane, draft.cure
    return _for_scanner(row)


def _own(draft: Draft) -> OwnPattern:
    return OwnPattern(
        name=draft.name,
        expression=draft.pattern,
        matches=[each for each in draft.matches if each],
        refuses=[each for each in draft.refuses if each],
        lane=rules.Lane(draft.lane.value),
        entropy=draft.entropy,
    )
