"""What jobs are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from appliance.domain.jobs import Job

JOBS = {
    Job.IMPORT_REPOSITORY: _("Import a repository"),
    Job.READ_ARCHIVE: _("Read an archive of another system"),
    Job.BRING_ARCHIVE: _("Import an archive of another system"),
    Job.FORK_REPOSITORY: _("Fork a repository"),
    Job.MAINTAIN_REPOSITORY: _("Maintain a repository"),
    Job.DELETE_MERGED_BRANCHES: _("Delete merged branches"),
    Job.CHECK_REPOSITORY: _("Check a repository for damage"),
    Job.MEASURE_REPOSITORY: _("Measure a repository"),
    Job.ASK_POLICIES: _("Check policies after a push"),
    Job.FOLLOW_COMMITS: _("Update issues from commit messages"),
    Job.FOLLOW_PULLS: _("Update pull requests after a push"),
    Job.RUN_MERGE_QUEUES: _("Process merge queues"),
    Job.SYNCHRONISE_MIRROR: _("Synchronise a mirror"),
    Job.PURGE_REPOSITORY: _("Remove a repository from disk"),
    Job.SWEEP_LFS: _("Remove unreferenced large files"),
    Job.RECONCILE_PUSHES: _("Complete interrupted pushes"),
    Job.EXPORT_AUDIT_LOG: _("Export the audit log"),
    Job.PRUNE_AUDIT_LOG: _("Remove old content of the audit log"),
    Job.STAMP_LOGS: _("Time-stamp the audit logs"),
    Job.SETTLE_PROVIDED_RIGHTS: _("Apply group mappings"),
    Job.SYNCHRONISE: _("Synchronise with a directory"),
    Job.READ_METADATA: _("Read the metadata of identity providers"),
    Job.ASK_PROVIDERS_AGAIN: _("Check users with OpenID providers"),
    Job.END_TEMPORARY_RIGHTS: _("End temporary access"),
    Job.TEND_REVIEWS: _("Start and close access reviews"),
    Job.WATCH_ACTIVITY: _("Look for suspicious activity"),
    Job.END_DISMISSALS: _("Reopen alerts with expired dismissals"),
    Job.END_UNUSED: _("Expire unused tokens and keys"),
    Job.READ_FEED: _("Check a feed of advisories"),
    Job.MATCH_COMPONENTS: _("Compare components with advisories"),
    Job.READ_MANIFESTS: _("Read the dependencies of a repository"),
    Job.SCAN_PUSH: _("Scan a push for secrets"),
    Job.SCAN_HISTORY: _("Scan a repository for secrets"),
    Job.SCAN_AGAIN: _("Scan for secrets again, with new rules"),
    Job.SCAN_CHANGE: _("Scan a pull request"),
    Job.SCAN_CODE: _("Scan code for weaknesses"),
    Job.READ_SUPPRESSIONS: _("Read suppressions of alerts"),
    Job.COMPARE_FILES: _("Compare files"),
    Job.SWEEP: _("Clean up"),
}
