"""Events about what is in repositories: pushes, fetches, large files."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome

__all__ = [
    "ArchiveDownloaded",
    "Fetched",
    "LfsFetched",
    "LfsLocked",
    "LfsStored",
    "LfsSwept",
    "LfsUnlocked",
    "MergedBranchDeleted",
    "MergedBranchRestored",
    "PushRefused",
    "Pushed",
    "RawDownloaded",
    "RefChanged",
    "RefDrifted",
    "StashDropped",
    "Stashed",
]


@dataclass(frozen=True, kw_only=True)
class Fetched(Event):
    """Somebody cloned or fetched."""

    kind = "git.fetched"
    target = "repo"
    is_read = True
    protocol: str


@dataclass(frozen=True, kw_only=True)
class Pushed(Event):
    """A push moved refs. `refs` has one [ref, old id, new id, outcome] for each.

    A push of many refs is several events, numbered from 1: `part` of `parts`.
    """

    kind = "git.pushed"
    target = "repo"
    push_id: str
    protocol: str
    refs: list[list[str]]
    settled_by: str
    part: int | None = None
    parts: int | None = None
    signature: str | None = None
    """What came of checking the certificate of a signed push."""
    signed_with: str | None = None
    """The key, as the certificate's signature names it."""
    signer_id: str | None = None
    certificate_digest: str | None = None
    """SHA-256 of the certificate, which is kept with the push."""
    operation: str | None = None
    """What was done without git: a merge, rebase, revert and the like."""
    sources: list[str] | None = None
    """The commits that it was done with; of many, the first hundred."""


@dataclass(frozen=True, kw_only=True)
class PushRefused(Event):
    """A push was refused before any ref moved. Of many refs and reasons, the first are named."""

    kind = "git.push_refused"
    target = "repo"
    outcome = Outcome.REFUSED
    protocol: str
    reasons: list[str]
    refs: list[list[str]]
    refs_in_all: int
    reasons_in_all: int


@dataclass(frozen=True, kw_only=True)
class RefChanged(Event):
    """A branch or tag was created, moved or deleted through the portal or the API."""

    kind = "git.ref_changed"
    target = "repo"
    ref: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MergedBranchDeleted(Event):
    """A merged branch was deleted, as a policy of so many days says."""

    kind = "git.merged_branch_deleted"
    target = "repo"
    branch: str
    commit: str
    days: int


@dataclass(frozen=True, kw_only=True)
class MergedBranchRestored(Event):
    """Somebody brought a branch back that a policy had deleted."""

    kind = "git.merged_branch_restored"
    target = "repo"
    branch: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class RefDrifted(Event):
    """A ref is not where the last recorded push left it."""

    kind = "git.ref_drifted"
    target = "repo"
    outcome = Outcome.FAILED
    ref: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Stashed(Event):
    """Somebody stashed changes to a branch."""

    kind = "git.stashed"
    target = "repo"
    stash_id: str
    branch: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class StashDropped(Event):
    """Somebody dropped a stash."""

    kind = "git.stash_dropped"
    target = "repo"
    stash_id: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class ArchiveDownloaded(Event):
    """Somebody downloaded a snapshot of the files."""

    kind = "git.archive_downloaded"
    target = "repo"
    is_read = True
    commit: str | None = None
    """Unknown over SSH, where git itself answers which one."""
    format: str | None = None
    protocol: str = "https"


@dataclass(frozen=True, kw_only=True)
class RawDownloaded(Event):
    """Somebody downloaded a file."""

    kind = "git.raw_downloaded"
    target = "repo"
    is_read = True
    path: str
    commit: str
    size_bytes: int | None


@dataclass(frozen=True, kw_only=True)
class LfsStored(Event):
    """A large file was stored."""

    kind = "lfs.stored"
    target = "repo"
    oid: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class LfsFetched(Event):
    """A large file was downloaded."""

    kind = "lfs.fetched"
    target = "repo"
    is_read = True
    oids: list[str]


@dataclass(frozen=True, kw_only=True)
class LfsLocked(Event):
    """A file was locked for others."""

    kind = "lfs.locked"
    target = "repo"
    path: str


@dataclass(frozen=True, kw_only=True)
class LfsUnlocked(Event):
    """A file's lock was released."""

    kind = "lfs.unlocked"
    target = "repo"
    path: str
    forced: bool


@dataclass(frozen=True, kw_only=True)
class LfsSwept(Event):
    """Unreferenced large files were removed."""

    kind = "lfs.swept"
    target = "instance"
    objects: int
    size_bytes: int
