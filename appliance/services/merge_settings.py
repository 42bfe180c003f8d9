"""How pull requests of a repository are merged: by which methods, and with which words."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db import pull_rows
from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import branch_health, events, merge_templates
from appliance.domain.git_operations import MergeMethod
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence
from appliance.services.pushes import insist_on_writable


@dataclass(frozen=True)
class Branches:
    """What becomes of merged branches; None: that is for others to say."""

    deletes: bool | None
    days: int | None


NEVER = Branches(deletes=False, days=0)


@dataclass(frozen=True)
class MergeSettings:
    """How it is; templates that nobody has set are the usual ones."""

    methods: tuple[MergeMethod, ...]
    """Those that may be used, the usual one first."""
    merge_title: str
    merge_body: str
    squash_title: str
    squash_body: str
    deletes_branches: bool
    allows_auto_merge: bool
    merged_branch_days: int
    """After how many days branches that were merged are deleted; 0: never."""
    own: Branches
    """What the repository says of branches itself."""
    usual_branches: Branches
    """What its organisation says."""

    @property
    def usual(self) -> MergeMethod:
        """The method where nobody says which."""
        return self.methods[0]


@dataclass(frozen=True)
class Wanted:
    """What is to be different; None leaves a thing as it is, an empty template is the usual one."""

    methods: tuple[MergeMethod, ...] | None = None
    merge_title: str | None = None
    merge_body: str | None = None
    squash_title: str | None = None
    squash_body: str | None = None
    deletes_branches: bool | None = None
    allows_auto_merge: bool | None = None
    merged_branch_days: int | None = None
    inherits: frozenset[str] = frozenset()
    """Which of `INHERITED` are to be as the organisation says."""


INHERITED = frozenset({"deletes_branches", "merged_branch_days"})
TEMPLATES = ("merge_title", "merge_body", "squash_title", "squash_body")
SWITCHES = ("deletes_branches", "allows_auto_merge")


def show(work: UnitOfWork, path: str) -> MergeSettings:
    """How pull requests of a repository are merged.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return of(work, repository)


def change(work: UnitOfWork, path: str, wanted: Wanted) -> MergeSettings:
    """Let them be merged otherwise.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: no method is left, or a template cannot be filled.
        ConflictError: the repository is archived.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_MAINTAIN)
    insist_on_writable(repository)
    row = pull_rows.merge_rules(work.session, repository.id)
    new = _checked(wanted)
    changed = sorted(name for name, value in new.items() if getattr(row, name) != value)
    if not changed:
        return of(work, repository)
    for name in changed:
        setattr(row, name, new[name])
    work.session.add(row)
    found = of(work, repository)
    work.record(
        events.MergeRulesChanged(
            about=repository.id,
            organisation_id=repository.organisation_id,
            changed=changed,
            methods=[str(each) for each in found.methods],
        )
    )
    return found


@open_to_everyone(because="whoever has a repository before them was asked whether they may read it")
def of(work: UnitOfWork, repository: Repository) -> MergeSettings:
    """The same of a repository that was fetched."""
    row = pull_rows.merge_rules(work.session, repository.id)
    own = Branches(row.deletes_branches, row.merged_branch_days)
    usual = _usual_branches(work, repository)
    return MergeSettings(
        tuple(MergeMethod(each) for each in row.methods) or tuple(MergeMethod),
        row.merge_title or merge_templates.MERGE_TITLE,
        row.merge_body or merge_templates.MERGE_BODY,
        row.squash_title or merge_templates.SQUASH_TITLE,
        row.squash_body or merge_templates.SQUASH_BODY,
        bool(usual.deletes if own.deletes is None else own.deletes),
        row.allows_auto_merge,
        (usual.days if own.days is None else own.days) or 0,
        own,
        usual,
    )


def _usual_branches(work: UnitOfWork, repository: Repository) -> Branches:
    if repository.organisation_id is None:
        return NEVER
    found = work.session.get(Organisation, repository.organisation_id)
    return NEVER if found is None else Branches(found.deletes_branches, found.merged_branch_days)


def _checked(wanted: Wanted) -> dict[str, object]:
    new: dict[str, object] = {}
    if wanted.methods is not None:
        if not wanted.methods:
            raise InvalidError.of("methods", sentence("Leave at least one method."))
        new["methods"] = [str(each) for each in dict.fromkeys(wanted.methods)]
    for name in TEMPLATES:
        template = getattr(wanted, name)
        if template is not None:
            new[name] = merge_templates.check(template, field=name)
    for name in SWITCHES:
        if getattr(wanted, name) is not None:
            new[name] = getattr(wanted, name)
    if wanted.merged_branch_days is not None:
        days = branch_health.check_days(wanted.merged_branch_days)
        new["merged_branch_days"] = days
    return new | dict.fromkeys(wanted.inherits & INHERITED)
