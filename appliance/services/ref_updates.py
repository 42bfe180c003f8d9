"""Branches, tags and files changed without a push: by the portal and the API.

They go the way of a push, so that the same rules hold and no ref moves unrecorded:

    plan      may they; gives the terms
    draft     git makes the objects, signed by the appliance, and says which ref would move (below)
    propose   what that move is, in the words of the rules
    accept    `pushes.accept`: the decision, with the intent committed
    carry_out git moves the ref, by compare-and-swap
    settle    `push_settlement.settle_own`
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import fetch, fetch_wiki
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.domain.protection import NO_OBJECT, RefUpdate
from appliance.git import maintenance, ref_changes, write
from appliance.git.commits import Person
from appliance.git.ref_changes import RefChange
from appliance.git.ref_names import BRANCHES, TAGS
from appliance.git.write import Change, Expect, Move, Put, Remove, Written
from appliance.services import authors, push_rules, pushes, secret_patterns
from appliance.services.pushes import Proposal, Terms
from appliance.services.repositories import ready_folder

if TYPE_CHECKING:
    from appliance.db.repositories import Repository
    from appliance.domain.git_operations import Operation
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.security.commit_signing import CommitSigner
    from appliance.settings import Settings
    from appliance.wiring import GitTools

__all__ = ["Expect", "Move", "Put", "RefChange", "Remove", "Written"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A change that may begin, and as whom it is written."""

    terms: Terms
    author: Person
    signer: CommitSigner
    scanner: ScannerTools


def plan(work: UnitOfWork, path: str, *, tools: GitTools, now: datetime) -> Plan:
    """Leave to change a repository without a push.

    Errors:
        HiddenError, RefusedError: the actor may not.
        ConflictError, UnavailableError: it is archived, or has no content yet.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_WRITE)
    return _leave(work, repository, tools=tools, now=now)


def wiki_plan(work: UnitOfWork, path: str, *, tools: GitTools, now: datetime) -> Plan:
    """The same for the wiki of a repository.

    Errors:
        HiddenError, RefusedError, ConflictError, UnavailableError: as for `plan`.
        NotFoundError: it has no wiki.
    """
    wiki = fetch_wiki.of(work, path, Permission.REPOSITORY_WRITE)
    return _leave(work, wiki, tools=tools, now=now)


def _leave(work: UnitOfWork, repository: Repository, *, tools: GitTools, now: datetime) -> Plan:
    pushes.insist_on_writable(repository)
    folder = ready_folder(repository, tools.repositories)
    maintenance.unlock(folder)
    terms = Terms(new_id(), repository.id, folder, push_rules.WITHOUT_GIT, work.actor)
    scanner = tools.scanner.with_own(secret_patterns.used_in(work, repository.id))
    return Plan(terms, authors.of_actor(work, now=now), tools.signer, scanner)


def draft_files(
    plan: Plan,
    branch: bytes,
    changes: Sequence[Change],
    *,
    message: bytes,
    expected_head: str | None,
    start: str | None = None,
) -> Written:
    """A commit with these changes to files; see `git.write.draft_files` for the errors."""
    return write.draft_files(
        plan.terms.folder,
        branch,
        changes,
        message=message,
        author=plan.author,
        expected_head=expected_head,
        start=start,
        sign=plan.signer.sign,
    )


def size_bytes(changes: Sequence[Change]) -> int:
    """How many bytes new content has, before git packs it."""
    return sum(len(each.content) for each in changes if isinstance(each, Put))


def draft_branch(plan: Plan, name: bytes, commit: str) -> RefChange:
    """A new branch."""
    return ref_changes.draft_branch(plan.terms.folder, name, commit)


def draft_tag(plan: Plan, name: bytes, commit: str, *, message: bytes | None) -> RefChange:
    """A new tag; annotated if there is a message."""
    return ref_changes.draft_tag(
        plan.terms.folder, name, commit, message=message, tagger=plan.author, sign=plan.signer.sign
    )


def draft_branch_deletion(plan: Plan, name: bytes, *, expected: str | None) -> RefChange:
    """A branch less."""
    return ref_changes.draft_delete(plan.terms.folder, BRANCHES + name, expected=expected)


def draft_tag_deletion(plan: Plan, name: bytes, *, expected: str | None) -> RefChange:
    """A tag less."""
    return ref_changes.draft_delete(plan.terms.folder, TAGS + name, expected=expected)


def propose(
    plan: Plan, change: RefChange, *, rules: Settings, operation: Operation | None = None
) -> Proposal:
    """What the change is, in the words of the rules for pushes, and by which operation.

    Errors:
        DamagedError, TimeoutExceededError: the repository cannot be read, or not in time.
    """
    update = RefUpdate(change.name, change.old or NO_OBJECT, change.new or NO_OBJECT)
    found = pushes.inspect(
        plan.terms.folder,
        [update],
        quarantine={},
        options=(),
        rules=rules,
        scanner=plan.scanner,
    )
    return dataclasses.replace(found, operation=operation)


def carry_out(plan: Plan, change: RefChange) -> None:
    """Move the ref, if it is still where it was.

    Errors:
        PreconditionError: it is not. ConflictError: the name is taken.
    """
    ref_changes.change(plan.terms.folder, [change])
