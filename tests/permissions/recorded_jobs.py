"""What each job records when nobody has asked for it in that moment."""

from appliance.domain.jobs import Job
from tests.permissions import archive_doors, feed_doors

OF_SECRETS = (
    "secret_scan.bypass_decided secret_scan.bypass_requested secret_scan.push_blocked"
    " secret_scan.push_bypassed secret_scan.push_unscanned"
)
"""What any push may record of secrets in it."""

JOBS = {
    Job.IMPORT_REPOSITORY: "repo.imported repo.import_failed",
    Job.READ_ARCHIVE: (
        "repo.archive_import_cancelled repo.archive_import_failed repo.import_failed"
    ),
    Job.BRING_ARCHIVE: archive_doors.OF_JOB,
    Job.READ_FEED: feed_doors.READ_FEED,
    Job.MATCH_COMPONENTS: feed_doors.ALERTS,
    Job.READ_MANIFESTS: feed_doors.ALERTS,
    Job.FORK_REPOSITORY: "repo.imported repo.import_failed",
    Job.PURGE_REPOSITORY: "repo.purged",
    Job.CHECK_REPOSITORY: "git.ref_drifted repo.found_damaged repo.found_sound",
    Job.RECONCILE_PUSHES: (
        "git.pushed issue.closed merge.auto_disabled merge.merged repo.wiki_changed"
    ),
    Job.SYNCHRONISE_MIRROR: (
        f"{OF_SECRETS} "
        "branch_rule.bypassed git.push_refused git.pushed issue.closed merge.auto_disabled"
        " merge.merged repo.mirror_failed repo.mirror_pushed repo.wiki_changed"
    ),
    Job.FOLLOW_COMMITS: "issue.closed issue.referenced",
    Job.FOLLOW_PULLS: (
        f"{OF_SECRETS} "
        "branch_rule.bypassed git.push_refused git.pushed issue.closed merge.auto_disabled"
        " merge.auto_enabled merge.changed merge.closed merge.dequeued merge.failed"
        " merge.head_pushed merge.merged merge.queued repo.wiki_changed review.dismissed"
    ),
    Job.RUN_MERGE_QUEUES: (
        f"{OF_SECRETS} "
        "branch_rule.bypassed git.push_refused git.pushed issue.closed merge.auto_enabled"
        " merge.dequeued merge.failed merge.group_built merge.merged merge.auto_disabled"
        " repo.wiki_changed"
    ),
    Job.SCAN_PUSH: (
        "alert.dismissed alert.exploited alert.opened alert.reopened secret_scan.completed"
        " token.reported_leaked"
    ),
    Job.SCAN_HISTORY: (
        "alert.dismissed alert.exploited alert.opened alert.reopened secret_scan.completed"
        " token.reported_leaked"
    ),
    Job.SCAN_CHANGE: (
        "alert.dismissed alert.exploited alert.opened alert.reopened check.run_created"
        " secret_scan.completed token.reported_leaked"
    ),
    Job.READ_SUPPRESSIONS: "alert.dismissed alert.reopened alert.suppressions_changed",
    Job.SCAN_CODE: "alert.dismissed alert.exploited alert.fixed alert.opened alert.reopened",
    Job.SCAN_AGAIN: (
        "alert.dismissed alert.exploited alert.opened alert.reopened secret_scan.completed"
        " token.reported_leaked"
    ),
    Job.ASK_POLICIES: "check.run_created",
    Job.SWEEP_LFS: "lfs.swept",
    Job.SETTLE_PROVIDED_RIGHTS: (
        "org.member_added org.member_removed org.member_role_changed repo.role_withdrawn"
        " team.member_added team.member_removed user.role_changed"
    ),
    Job.ASK_PROVIDERS_AGAIN: (
        "auth.identity_changed org.member_added org.member_removed org.member_role_changed"
        " repo.role_withdrawn session.revoked team.member_added team.member_removed user.changed"
        " user.reinstated user.role_changed user.suspended"
    ),
    Job.SYNCHRONISE: (
        "auth.identity_changed auth.identity_linked group.synchronised"
        " group.synchronisation_refused org.member_added org.member_removed"
        " org.member_role_changed repo.role_withdrawn team.member_added"
        " team.member_removed user.changed user.created user.reinstated user.role_changed"
        " user.suspended"
    ),
    Job.END_TEMPORARY_RIGHTS: "role.access_ended role.access_expired",
    Job.TEND_REVIEWS: (
        "org.member_removed repo.role_withdrawn role.access_ended role.review_closed"
        " role.review_started role.right_removed role.right_reviewed team.member_removed"
        " user.role_changed user.suspended token.revoked"
        " token.approved token.approval_refused token.approval_revoked"
        " ssh_key.removed ssh_key.kept_out deploy_key.removed"
    ),
    Job.WATCH_ACTIVITY: "activity.detected",
    Job.END_DISMISSALS: "alert.dismissal_expired",
    Job.END_UNUSED: "deploy_key.removed ssh_key.removed token.expired scim.token_revoked",
    Job.SWEEP: "config.swept",
    Job.DELETE_MERGED_BRANCHES: (
        f"{OF_SECRETS} "
        "branch_rule.bypassed git.merged_branch_deleted git.push_refused git.pushed issue.closed"
        " merge.auto_disabled merge.merged repo.wiki_changed"
    ),
    Job.EXPORT_AUDIT_LOG: "audit.exported audit.export_failed",
    Job.PRUNE_AUDIT_LOG: "log.pruned",
    Job.STAMP_LOGS: "audit.stamped",
    Job.READ_METADATA: "auth.provider_changed",
}
JOBS_THAT_ONLY_MEASURE = {
    Job.COMPARE_FILES: "notes which files are nearly the same",
    Job.MEASURE_REPOSITORY: "notes how large a repository is",
    Job.MAINTAIN_REPOSITORY: "packs what is there; no ref and no object that one reaches changes",
}
