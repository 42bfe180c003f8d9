"""Promising to read manifests: after a push to a branch that counts, and once for all others."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db import repository_rows
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.jobs import Job
from appliance.domain.protection import matches
from appliance.git.ref_names import BRANCHES
from appliance.services import repository_promises


@open_to_everyone(because="only what was pushed already leads here")
def promise(
    work: UnitOfWork, repository: Repository, moved: Collection[bytes], *, pushed_by: UUID | None
) -> None:
    """Let the manifests be read, if the default branch or a protected one has moved.

    A job that waits already will see what is so when it begins.
    """
    branches = [ref for ref in moved if ref.startswith(BRANCHES)]
    if not branches or not _counts(work, repository, branches):
        return
    promise_one(work, repository.id, pushed_by=pushed_by)


@open_to_everyone(because="it is only promised to look at what is there already")
def promise_one(work: UnitOfWork, repository_id: UUID, *, pushed_by: UUID | None = None) -> None:
    """Let the manifests of a repository be read, unless a job waits already."""
    repository_promises.once(work, Job.READ_MANIFESTS, repository_id, pushed_by=pushed_by)


def _counts(work: UnitOfWork, repository: Repository, branches: Collection[bytes]) -> bool:
    if BRANCHES + repository.default_branch.encode() in branches:
        return True
    rules = repository_rows.protections(work.session, repository.id)
    return any(matches(rule.pattern, ref) for rule in rules for ref in branches)
