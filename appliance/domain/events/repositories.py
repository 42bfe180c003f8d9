"""Events about repositories as things one owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class RepositoryCreated(Event):
    """A repository was created."""

    kind = "repo.created"
    target = "repo"
    owner_id: str | None = None
    path: str
    visibility: str


@dataclass(frozen=True, kw_only=True)
class RepositoryForked(Event):
    """A repository was forked; `about` is the fork."""

    kind = "repo.forked"
    target = "repo"
    path: str
    parent_id: str


@dataclass(frozen=True, kw_only=True)
class RepositoryRenamed(Event):
    """A repository has another name; the old one redirects."""

    kind = "repo.renamed"
    target = "repo"
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RepositoryTransferred(Event):
    """A repository has another owner; the old path redirects."""

    kind = "repo.transferred"
    target = "repo"
    owner_id: str | None = None
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RepositoryChanged(Event):
    """A repository's settings were changed."""

    kind = "repo.changed"
    target = "repo"
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WikiChanged(Event):
    """A push, or an edit in the portal, moved the wiki of a repository; `git.pushed` says all."""

    kind = "repo.wiki_changed"
    target = "repo"
    push_id: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RepositoryVisibilityChanged(Event):
    """A repository can be seen by others than before."""

    kind = "repo.visibility_changed"
    target = "repo"
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RepositoryArchived(Event):
    """A repository became read-only for everyone."""

    kind = "repo.archived"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class RepositoryUnarchived(Event):
    """A repository can be written to again."""

    kind = "repo.unarchived"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class RepositoryDeleted(Event):
    """A repository was deleted and is in the bin."""

    kind = "repo.deleted"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class RepositoryRestored(Event):
    """A repository was restored from the bin."""

    kind = "repo.restored"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class RepositoryPurged(Event):
    """A repository was permanently deleted."""

    kind = "repo.purged"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    """A user or a team has a role on a repository."""

    kind = "repo.role_granted"
    target = "repo"
    grantee_type: str
    grantee_id: str
    before: str | None
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleWithdrawn(Event):
    """A user or a team no longer has a role on a repository."""

    kind = "repo.role_withdrawn"
    target = "repo"
    grantee_type: str
    grantee_id: str


@dataclass(frozen=True, kw_only=True)
class ProtectionSet(Event):
    """A rule for branches or tags was added or changed."""

    kind = "branch_rule.set"
    target = "repo"
    pattern: str
    push_role: str
    allow_force: bool
    allow_delete: bool
    signed_by: list[str] | None = None
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ProtectionRemoved(Event):
    """A rule for branches or tags was removed."""

    kind = "branch_rule.removed"
    target = "repo"
    pattern: str


@dataclass(frozen=True, kw_only=True)
class ProtectionBypassed(Event):
    """Somebody pushed to protected refs past their rules, as they may, and gave a reason in the
    push.
    """

    kind = "branch_rule.bypassed"
    target = "repo"
    push_id: str
    reasons: list[str]
    part: int | None = None
    parts: int | None = None
    rulesets: list[str] | None = None
    """The rulesets that they went past."""
    reason: str | None = personal(None)
    """Why, in their words."""


@dataclass(frozen=True, kw_only=True)
class ImportRequested(Event):
    """The import of a repository was requested."""

    kind = "repo.import_requested"
    target = "repo"
    path: str
    source: str = personal()


@dataclass(frozen=True, kw_only=True)
class RepositoryImported(Event):
    """A repository was imported, with all its refs."""

    kind = "repo.imported"
    target = "repo"
    refs: int
    lfs_objects: int


@dataclass(frozen=True, kw_only=True)
class ImportFailed(Event):
    """The import of a repository failed."""

    kind = "repo.import_failed"
    target = "repo"
    outcome = Outcome.FAILED
    reason: str


@dataclass(frozen=True, kw_only=True)
class RepositoryExported(Event):
    """Somebody exported a whole repository as a bundle."""

    kind = "repo.exported"
    target = "repo"
    is_read = True


@dataclass(frozen=True, kw_only=True)
class RepositoryCheckRequested(Event):
    """An administrator requested a check of a repository."""

    kind = "repo.check_requested"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class RepositoryFoundDamaged(Event):
    """A check found a repository damaged."""

    kind = "repo.found_damaged"
    target = "repo"
    outcome = Outcome.FAILED
    problems: int


@dataclass(frozen=True, kw_only=True)
class RepositoryFoundSound(Event):
    """A check found that a damaged repository is intact again."""

    kind = "repo.found_sound"
    target = "repo"
