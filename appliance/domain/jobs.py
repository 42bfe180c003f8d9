"""Every kind of job, by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Job(StrEnum):
    """Work that is promised in a transaction and done after it."""

    IMPORT_REPOSITORY = "repo.import"
    READ_ARCHIVE = "archive.read"
    BRING_ARCHIVE = "archive.bring"
    FORK_REPOSITORY = "repo.fork"
    SYNCHRONISE_MIRROR = "repo.mirror"
    MAINTAIN_REPOSITORY = "repo.maintain"
    CHECK_REPOSITORY = "repo.check"
    MEASURE_REPOSITORY = "repo.measure"
    DELETE_MERGED_BRANCHES = "repo.delete_merged_branches"
    FOLLOW_COMMITS = "issue.follow_commits"
    FOLLOW_PULLS = "merge.follow"
    RUN_MERGE_QUEUES = "merge.run_queues"
    ASK_POLICIES = "push.ask_policies"
    READ_FEED = "feed.read"
    MATCH_COMPONENTS = "scan.match"
    READ_MANIFESTS = "scan.manifests"
    SCAN_PUSH = "push.scan"
    SCAN_HISTORY = "repo.scan"
    SCAN_CODE = "scan.code"
    SCAN_CHANGE = "scan.change"
    SCAN_AGAIN = "scan.again"
    COMPARE_FILES = "scan.duplicates"
    READ_SUPPRESSIONS = "scan.suppressions"
    PURGE_REPOSITORY = "repo.purge"
    SWEEP_LFS = "lfs.sweep"
    RECONCILE_PUSHES = "push.reconcile"
    EXPORT_AUDIT_LOG = "audit.export"
    PRUNE_AUDIT_LOG = "audit.prune"
    STAMP_LOGS = "audit.stamp"
    SETTLE_PROVIDED_RIGHTS = "provider.settle"
    SYNCHRONISE = "provider.sync"
    READ_METADATA = "provider.metadata"
    ASK_PROVIDERS_AGAIN = "provider.ask_again"
    END_TEMPORARY_RIGHTS = "access.tidy"
    TEND_REVIEWS = "review.tend"
    END_UNUSED = "credential.end_unused"
    WATCH_ACTIVITY = "activity.watch"
    END_DISMISSALS = "alert.end_dismissals"
    SWEEP = "instance.sweep"


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobRule:
    """How a kind of job is run."""

    attempts: int
    timeout_seconds: int
    title: str
    is_upkeep: bool = False
    """Nobody waits for it: it comes after all that somebody asked for."""


# Retries wait 10 s, 40 s, 90 s ...: attempt squared times this.
RETRY_BASE_SECONDS = 10

RULES: dict[Job, JobRule] = {
    Job.IMPORT_REPOSITORY: JobRule(3, 6 * 3600, "Import a repository"),
    Job.READ_ARCHIVE: JobRule(5, 6 * 3600, "Read an archive of another system"),
    Job.BRING_ARCHIVE: JobRule(10, 24 * 3600, "Import an archive of another system"),
    Job.FORK_REPOSITORY: JobRule(3, 3600, "Fork a repository"),
    Job.SYNCHRONISE_MIRROR: JobRule(1, 6 * 3600, "Synchronise a mirror"),
    Job.MAINTAIN_REPOSITORY: JobRule(2, 3 * 3600, "Maintain a repository", is_upkeep=True),
    Job.CHECK_REPOSITORY: JobRule(2, 3 * 3600, "Check a repository for damage", is_upkeep=True),
    Job.MEASURE_REPOSITORY: JobRule(3, 900, "Measure a repository"),
    Job.DELETE_MERGED_BRANCHES: JobRule(
        2, 3600, "Delete merged branches, as a policy says", is_upkeep=True
    ),
    Job.FOLLOW_COMMITS: JobRule(3, 900, "Update issues from commit messages"),
    Job.FOLLOW_PULLS: JobRule(5, 1800, "Update pull requests after a push"),
    Job.RUN_MERGE_QUEUES: JobRule(5, 1800, "Test and merge what stands in merge queues"),
    Job.ASK_POLICIES: JobRule(5, 900, "Check policies after a push"),
    Job.READ_FEED: JobRule(3, 2 * 3600, "Check and read a feed of advisories"),
    Job.MATCH_COMPONENTS: JobRule(5, 2 * 3600, "Compare components with advisories"),
    Job.READ_MANIFESTS: JobRule(3, 900, "Read what a repository depends on"),
    Job.SCAN_PUSH: JobRule(8, 3600, "Look for secrets in what was pushed"),
    Job.SCAN_HISTORY: JobRule(5, 24 * 3600, "Look for secrets in a repository"),
    Job.SCAN_CHANGE: JobRule(8, 2 * 3600, "Scan what a pull request would bring"),
    Job.SCAN_CODE: JobRule(3, 2 * 3600, "Look for weaknesses in code"),
    Job.SCAN_AGAIN: JobRule(
        3, 24 * 3600, "Look for secrets once more, with new rules", is_upkeep=True
    ),
    Job.READ_SUPPRESSIONS: JobRule(5, 900, "Read what a repository wants no alerts of"),
    Job.COMPARE_FILES: JobRule(3, 6 * 3600, "Compare files", is_upkeep=True),
    Job.PURGE_REPOSITORY: JobRule(5, 3600, "Remove a repository from disk"),
    Job.SWEEP_LFS: JobRule(2, 3600, "Remove unreferenced large files"),
    Job.RECONCILE_PUSHES: JobRule(3, 900, "Complete interrupted pushes"),
    Job.EXPORT_AUDIT_LOG: JobRule(3, 6 * 3600, "Export the audit log"),
    Job.PRUNE_AUDIT_LOG: JobRule(
        2, 6 * 3600, "Remove old content of the audit log", is_upkeep=True
    ),
    Job.STAMP_LOGS: JobRule(5, 900, "Time-stamp the audit logs"),
    Job.SETTLE_PROVIDED_RIGHTS: JobRule(5, 3600, "Apply group mappings"),
    Job.SYNCHRONISE: JobRule(5, 2 * 3600, "Synchronise with a directory"),
    Job.READ_METADATA: JobRule(3, 900, "Read the metadata of identity providers"),
    Job.ASK_PROVIDERS_AGAIN: JobRule(2, 1800, "Check users with OpenID providers"),
    Job.END_TEMPORARY_RIGHTS: JobRule(3, 900, "End temporary access"),
    Job.TEND_REVIEWS: JobRule(3, 1800, "Start and close access reviews"),
    Job.WATCH_ACTIVITY: JobRule(5, 3600, "Look for suspicious activity", is_upkeep=True),
    Job.END_UNUSED: JobRule(3, 1800, "Expire unused tokens and keys", is_upkeep=True),
    Job.END_DISMISSALS: JobRule(3, 900, "Reopen alerts with expired dismissals", is_upkeep=True),
    Job.SWEEP: JobRule(2, 900, "Clean up"),
}


def retry_delay_seconds(attempt: int) -> int:
    """How long to wait after the given attempt (1 for the first) has failed."""
    return RETRY_BASE_SECONDS * attempt * attempt
