"""All that is looked at after a push to the default branch, where no push has moved it: the content
has come by an import or a fork, or another branch is the default one from now on.
"""

from __future__ import annotations

from appliance.access.gate import open_to_everyone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.jobs import Job
from appliance.git.ref_names import BRANCHES
from appliance.services import code_scans, file_comparisons, manifest_promises, suppressions


@open_to_everyone(because="whoever brings a repository, or changes it, was asked whether they may")
def promise(work: UnitOfWork, repository: Repository) -> None:
    """Let the default branch be looked at as if it had been pushed."""
    if repository.wiki_of_id is not None:
        return
    moved = {BRANCHES + repository.default_branch.encode()}
    manifest_promises.promise(work, repository, moved, pushed_by=None)
    code_scans.promise(work, repository, moved, pushed_by=None)
    file_comparisons.promise(work, repository, moved)
    suppressions.promise(work, repository, moved)


@open_to_everyone(because="whoever brings a repository was asked whether they may")
def promise_with_history(work: UnitOfWork, repository: Repository) -> None:
    """The same, and its whole history be looked through for secrets."""
    promise(work, repository)
    if work.rules.scanning.secrets:
        work.later(Job.SCAN_HISTORY, about=repository.id, repository_id=str(repository.id))
