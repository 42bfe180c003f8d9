"""Which act an action is, by its last word; and the actions of which more is said than that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.events.categories import IDENTITY
from appliance.domain.events.outside import OTHER
from appliance.domain.events.words import Act, Retention, Severity, Viewer

WORDS: dict[Act, str] = {
    Act.CREATE: "added asked built created forked found granted issued opened placed registered"
    " requested set stashed stored submitted trusted made completed linked reported mapped reacted"
    " followed watched starred brought",
    Act.READ: "downloaded fetched read used",
    Act.UPDATE: "acknowledged applied approved assigned bypassed changed committed confirmed"
    " continued damaged dismissed drifted exempted locked prioritised promoted pushed queued"
    " rebased prolonged renamed resolved restored reviewed rotated settled switched synchronised"
    " unlocked merged reverted finished defined retried reopened reinstated redelivered pinned",
    Act.DELETE: "deleted dequeued discarded disposed dropped erased pruned purged removed revoked"
    " swept unlinked unmapped withdrawn destroyed unpinned unfollowed unwatched unstarred",
    Act.MOVE: "moved transferred",
    Act.ENABLE: "activated enabled published unarchived resumed recovered",
    Act.DISABLE: "archived disabled suspended paused",
    Act.SEARCH: "searched",
    Act.EXPORT: "exported",
    Act.IMPORT: "imported mirrored uploaded",
    Act.START: "elevated in started signed_in",
    Act.END: "cancelled closed died ended expired out stopped released",
    Act.NOTE: "blocked compared continuing failed heartbeat notified parked proved refused"
    " rehearsed simulated sound stamped verified witnessed evaluated tested leaked commented"
    " exceeded broken assessed referenced",
}
ACT_OF: dict[str, Act] = {word: act for act, words in WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class More:
    """What differs from the usual for one action."""

    act: Act | None = None
    severity: Severity | None = None
    retention: Retention | None = None
    ocsf: tuple[int, int] | None = None
    """Class and activity."""
    ecs: tuple[str, ...] | None = None
    controls: tuple[str, ...] | None = None
    viewers: frozenset[Viewer] | None = None
    is_awaited: bool = False


LOW, MEDIUM, HIGH, CRITICAL = tuple(Severity)[1:]
NOTICE = Severity.INFORMATIONAL
OPERATION, ACCESS = Retention.OPERATION, Retention.ACCESS
LOG_ONLY = frozenset({Viewer.LOG})
PRIVILEGED = ("pci:7.2.5", "pci:10.2.1.2", "nist:AC-2", "nist:AC-6(9)", "iso:A.5.18", "iso:A.8.2")
READING = ("nist:AC-3", "nist:AU-12", "iso:A.8.3", "iso:A.8.4")
TAKEN_OUT = ("nist:AC-3", "nist:AU-12", "iso:A.8.4", "iso:A.8.12")
LEAVING = ("pci:8.2.5", "pci:10.2.1.5", "nist:AC-2", "nist:PS-4", "iso:A.5.18")
LOGGING = ("pci:10.2.1.6", "nist:AU-9", "nist:AU-12", "iso:A.8.15")
TWO_PEOPLE = ("nist:AC-3(2)", "nist:AC-5", "iso:A.5.3", "iso:A.8.2")
FAILURE = ("pci:10.7.2", "nist:AU-5", "iso:A.8.16")
MEMBER_IN, MEMBER_OUT, MEMBER_ROLE = (3006, 3), (3006, 4), (3006, 12)
ROLE_IN, ROLE_OUT = (3007, 16), (3007, 17)
CREDENTIAL_IN, CREDENTIAL_OUT = (3007, 18), (3007, 19)
LOCKED_FILE = ("nist:CM-3", "iso:A.8.4")
READ = More(severity=NOTICE, retention=ACCESS, controls=READING)
EXPORT = More(act=Act.EXPORT, severity=LOW, retention=ACCESS, controls=TAKEN_OUT)
LOOK = More(ocsf=(6001, 2), severity=NOTICE, controls=("pci:10.2.1.3", "nist:AU-6", "nist:AU-9(4)"))
MORE: Mapping[str, More] = {
    "access.refused": More(act=Act.NOTE),
    "activity.alert_assigned": More(act=Act.UPDATE, severity=NOTICE),
    "activity.alert_commented": More(act=Act.UPDATE, severity=NOTICE),
    "activity.alert_dismissed": More(act=Act.END),
    "activity.detected": More(act=Act.CREATE, severity=HIGH),
    "activity.alert_reopened": More(act=Act.UPDATE),
    "activity.exemption_added": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "activity.exemption_removed": More(ocsf=(3004, 3), ecs=("configuration",)),
    "alert.assigned": More(severity=NOTICE),
    "alert.commented": More(act=Act.UPDATE, severity=NOTICE),
    "alert.dismissal_refused": More(act=Act.UPDATE),
    "alert.dismissed": More(act=Act.END, severity=MEDIUM),
    "alert.exploited": More(act=Act.UPDATE, severity=HIGH),
    "alert.fixed": More(act=Act.END, severity=NOTICE),
    "alert.opened": More(severity=MEDIUM),
    "alert.policy_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "alert.licence_policy_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "alert.report_uploaded": More(act=Act.END, severity=NOTICE, ocsf=(6007, 2)),
    "alert.revoked": More(act=Act.END),
    "alert.suppressions_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "alert.secret_shown": More(act=Act.READ, severity=HIGH, retention=ACCESS),
    "alert.vex_uploaded": More(act=Act.END, severity=MEDIUM, ocsf=(6007, 2)),
    "audit.access_read": LOOK,
    "audit.auditor_granted": More(severity=HIGH, ocsf=ROLE_IN, ecs=("iam",), controls=PRIVILEGED),
    "audit.auditor_revoked": More(
        severity=MEDIUM, ocsf=ROLE_OUT, ecs=("iam",), controls=PRIVILEGED
    ),
    "audit.event_parked": More(severity=HIGH, controls=FAILURE),
    "audit.event_read": LOOK,
    "audit.event_unparked": More(act=Act.NOTE, severity=MEDIUM, controls=LOGGING),
    "audit.export_downloaded": More(act=Act.EXPORT, severity=MEDIUM),
    "audit.export_failed": More(severity=MEDIUM, controls=FAILURE),
    "audit.export_requested": More(act=Act.EXPORT, severity=MEDIUM),
    "audit.exported": More(severity=MEDIUM),
    "audit.found_broken": More(severity=CRITICAL, controls=("pci:10.3.4", "nist:SI-7", *FAILURE)),
    "audit.heartbeat": More(severity=NOTICE, controls=FAILURE, viewers=LOG_ONLY),
    "audit.node_started": More(severity=NOTICE, controls=LOGGING, viewers=LOG_ONLY),
    "audit.proved": LOOK,
    "audit.reads_policy_changed": More(severity=HIGH, controls=LOGGING),
    "audit.reconciled": More(act=Act.NOTE, controls=("pci:11.5.2", "nist:SI-7", "iso:A.8.15")),
    "audit.row_set_aside": More(
        act=Act.NOTE, severity=CRITICAL, controls=("pci:10.3.4", "nist:SI-7", *FAILURE)
    ),
    "audit.saved_search_created": More(ocsf=(6001, 1), severity=NOTICE),
    "audit.saved_search_deleted": More(ocsf=(6001, 4), severity=NOTICE),
    "audit.searched": More(
        ocsf=(6001, 5), severity=NOTICE, controls=("pci:10.2.1.3", "nist:AU-6", "nist:AU-7")
    ),
    "audit.stamped": More(severity=NOTICE, controls=("nist:AU-8", "nist:AU-10", "iso:A.8.17")),
    "audit.state_read": LOOK,
    "audit.stream_changed": More(severity=HIGH, controls=LOGGING),
    "audit.stream_created": More(severity=MEDIUM, controls=LOGGING),
    "audit.stream_deleted": More(act=Act.DISABLE, severity=HIGH, controls=LOGGING),
    "audit.stream_failed": More(severity=HIGH, controls=FAILURE),
    "audit.stream_missed": More(act=Act.NOTE, severity=HIGH, controls=FAILURE),
    "audit.stream_paused": More(severity=HIGH, controls=LOGGING),
    "audit.stream_resumed": More(severity=MEDIUM, controls=LOGGING),
    "audit.trust_exported": More(severity=LOW, controls=("nist:AU-10", "nist:SC-12")),
    "audit.verified": More(severity=NOTICE, controls=("pci:10.3.4", "nist:AU-9(3)", "nist:SI-7")),
    "audit.quorum_changed": More(severity=HIGH, controls=LOGGING),
    "audit.witness_failed": More(severity=HIGH, controls=FAILURE),
    "audit.witness_refused": More(severity=CRITICAL, controls=("nist:AU-9(3)", "nist:SI-7")),
    "audit.witness_removed": More(act=Act.DISABLE, severity=HIGH, controls=LOGGING),
    "audit.witness_trusted": More(severity=MEDIUM, controls=LOGGING),
    "audit.witnessed": More(severity=NOTICE, controls=("nist:AU-9(3)", "nist:AU-10")),
    "admin.act_confirmed": More(act=Act.UPDATE, severity=HIGH, controls=TWO_PEOPLE),
    "admin.act_lapsed": More(act=Act.NOTE, severity=LOW, controls=TWO_PEOPLE),
    "admin.act_proposed": More(act=Act.CREATE, severity=MEDIUM, controls=TWO_PEOPLE),
    "admin.act_refused": More(severity=MEDIUM, controls=TWO_PEOPLE),
    "admin.act_withdrawn": More(severity=LOW, controls=TWO_PEOPLE),
    "admin.list_exported": EXPORT,
    "admin.second_person_bypassed": More(severity=CRITICAL, controls=TWO_PEOPLE),
    "admin.second_person_not_required": More(
        act=Act.DISABLE, severity=CRITICAL, controls=TWO_PEOPLE
    ),
    "admin.second_person_required": More(act=Act.ENABLE, severity=HIGH, controls=TWO_PEOPLE),
    "admin.secret_exported": More(act=Act.EXPORT, severity=CRITICAL, is_awaited=True),
    "admin.secret_rotated": More(
        severity=HIGH, is_awaited=True, controls=("pci:3.7.4", "nist:SC-12", "iso:A.8.24")
    ),
    "auth.address_list_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "auth.break_glass_used": More(
        severity=CRITICAL, ocsf=(3002, 1), act=Act.START, controls=("nist:AC-2(2)", "iso:A.8.2")
    ),
    "auth.identity_changed": More(severity=LOW, ocsf=(3007, 99), ecs=("iam",), controls=IDENTITY),
    "auth.identity_linked": More(severity=MEDIUM, ocsf=(3007, 18), ecs=("iam",), controls=IDENTITY),
    "auth.identity_unlinked": More(
        severity=MEDIUM, ocsf=(3007, 19), ecs=("iam",), controls=IDENTITY
    ),
    "auth.provider_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "auth.provider_created": More(severity=HIGH, ocsf=(3004, 1), ecs=("configuration",)),
    "auth.provider_deleted": More(severity=HIGH, ocsf=(3004, 4), ecs=("configuration",)),
    "auth.recovery_code_used": More(act=Act.START, severity=MEDIUM, ocsf=(3002, 1)),
    "auth.recovery_codes_made": More(ocsf=(3007, 12), controls=("pci:8.4.2", "nist:IA-5")),
    "auth.second_factor_added": More(ocsf=(3007, 12), controls=("pci:8.4.2", "nist:IA-2(1)")),
    "auth.second_factor_not_required": More(
        act=Act.DISABLE, severity=HIGH, ocsf=(3004, 4), ecs=("configuration",)
    ),
    "auth.second_factor_required": More(
        act=Act.ENABLE, severity=HIGH, ocsf=(3004, 1), ecs=("configuration",)
    ),
    "auth.second_factor_removed": More(
        severity=HIGH, ocsf=(3007, 13), controls=("pci:8.4.2", "nist:IA-2(1)")
    ),
    "auth.second_factor_refused": More(severity=MEDIUM, ocsf=(3002, 1)),
    "auth.second_factors_reset": More(
        act=Act.DISABLE,
        severity=CRITICAL,
        ocsf=(3007, 13),
        controls=("pci:8.4.2", "nist:IA-2(1)", "nist:AC-6(9)"),
    ),
    "auth.sign_in_refused": More(severity=MEDIUM, ocsf=(3002, 1)),
    "auth.signed_in": More(controls=("pci:10.2.1.1", "nist:IA-2", "iso:A.8.5")),
    "backup.failed": More(severity=HIGH),
    "backup.restored": More(severity=CRITICAL),
    "backup.deleted": More(severity=HIGH, controls=("nist:CP-9", "nist:MP-6", "iso:A.8.10")),
    "branch_rule.bypassed": More(severity=HIGH),
    "config.drifted": More(act=Act.NOTE, severity=HIGH),
    "config.started": More(severity=NOTICE, ocsf=(6002, 3), controls=LOGGING),
    "config.stopped": More(severity=NOTICE, ocsf=(6002, 4), controls=LOGGING),
    "config.swept": More(severity=NOTICE, retention=OPERATION),
    "config.upgraded": More(act=Act.UPDATE, severity=MEDIUM, ocsf=(6002, 8)),
    "dataset.prepared": More(act=Act.UPDATE),
    "dep_scan.completed": More(act=Act.END, severity=NOTICE, ocsf=(6007, 2)),
    "dep_scan.feed_brought": More(ocsf=(3004, OTHER), ecs=("configuration",)),
    "dep_scan.feed_discarded": More(ocsf=(3004, OTHER), ecs=("configuration",)),
    "dep_scan.feed_keys_changed": More(severity=HIGH, ocsf=(3004, 3), ecs=("configuration",)),
    "dep_scan.feed_restored": More(severity=MEDIUM, ocsf=(3004, 3), ecs=("configuration",)),
    "dep_scan.feed_imported": More(ocsf=(3004, 3), ecs=("configuration",)),
    "dep_scan.feed_refused": More(severity=HIGH, ocsf=(3004, OTHER), ecs=("configuration",)),
    "dep_scan.inventory_removed": More(act=Act.END, severity=MEDIUM, ocsf=(6001, 4)),
    "dep_scan.inventory_uploaded": More(severity=NOTICE, ocsf=(6001, 1)),
    "dep_scan.inventory_exported": More(severity=NOTICE, retention=ACCESS, ocsf=(6001, 7)),
    "deploy_key.added": More(ocsf=CREDENTIAL_IN),
    "deploy_key.removed": More(ocsf=CREDENTIAL_OUT),
    "git.archive_downloaded": More(
        act=Act.EXPORT, severity=NOTICE, retention=ACCESS, controls=READING
    ),
    "git.attic_read": More(severity=MEDIUM, retention=ACCESS, controls=READING),
    "git.fetched": READ,
    "git.kept_back": More(act=Act.MOVE),
    "git.raw_downloaded": READ,
    "git.history_rewritten": More(act=Act.UPDATE, severity=HIGH),
    "git.push_refused": More(severity=LOW),
    "git.ref_drifted": More(severity=HIGH, controls=("pci:11.5.2", "nist:SI-7", "iso:A.8.16")),
    "gpg_key.added": More(ocsf=CREDENTIAL_IN),
    "gpg_key.removed": More(ocsf=CREDENTIAL_OUT),
    "group.member_added": More(ocsf=MEMBER_IN),
    "group.member_removed": More(ocsf=MEMBER_OUT),
    "group.synchronisation_confirmed": More(severity=HIGH),
    "group.synchronisation_refused": More(severity=HIGH, controls=FAILURE),
    "hold.deletion_refused": More(severity=MEDIUM, viewers=LOG_ONLY),
    "hold.exported": More(severity=HIGH, controls=("nist:AU-10", "iso:A.5.28")),
    "hold.placed": More(viewers=LOG_ONLY),
    "hold.released": More(is_awaited=True),
    "job.died": More(severity=MEDIUM),
    "lfs.fetched": READ,
    "lfs.locked": More(act=Act.UPDATE, controls=LOCKED_FILE),
    "lfs.swept": More(controls=("nist:SI-12", "iso:A.8.10")),
    "log.continued": More(act=Act.START, severity=CRITICAL, controls=("pci:10.2.1.6", "nist:AU-9")),
    "log.key_rotated": More(controls=("pci:3.7.4", "nist:SC-12", "iso:A.8.24")),
    "log.pruned": More(controls=("pci:10.5.1", "nist:AU-11", "iso:A.5.33", "iso:A.8.10")),
    "merge.merged": More(severity=LOW, act=Act.UPDATE),
    "model.downloaded": EXPORT,
    "model.used": More(severity=NOTICE, retention=OPERATION),
    "org.deleted": More(severity=HIGH, controls=("pci:10.2.1.7", "nist:AC-2", "iso:A.8.10")),
    "org.member_added": More(ocsf=MEMBER_IN),
    "org.member_removed": More(ocsf=MEMBER_OUT, controls=LEAVING),
    "org.member_role_changed": More(severity=HIGH, ocsf=MEMBER_ROLE, controls=PRIVILEGED),
    "privacy.erased": More(severity=HIGH, controls=("nist:SI-12", "iso:A.5.34", "iso:A.8.10")),
    "repo.deleted": More(severity=MEDIUM, controls=("pci:10.2.1.7", "nist:CM-3", "iso:A.8.10")),
    "repo.exported": EXPORT,
    "repo.found_damaged": More(
        act=Act.NOTE, severity=HIGH, controls=("nist:SI-7", "nist:CP-10", "iso:A.8.16")
    ),
    "repo.purged": More(severity=HIGH, controls=("pci:10.2.1.7", "nist:MP-6", "iso:A.8.10")),
    "repo.restored": More(act=Act.RESUME, severity=MEDIUM),
    "repo.role_granted": More(severity=MEDIUM, ocsf=ROLE_IN, ecs=("iam",), controls=PRIVILEGED),
    "repo.role_withdrawn": More(severity=MEDIUM, ocsf=ROLE_OUT, ecs=("iam",), controls=LEAVING),
    "repo.transferred": More(severity=MEDIUM),
    "repo.starred": More(severity=NOTICE),
    "repo.unstarred": More(severity=NOTICE),
    "repo.unwatched": More(severity=NOTICE),
    "repo.visibility_changed": More(
        act=Act.SHARE, severity=HIGH, controls=("nist:AC-3", "iso:A.8.3", "iso:A.8.4")
    ),
    "repo.watched": More(severity=NOTICE),
    "retention.bypassed": More(severity=CRITICAL, is_awaited=True),
    "role.access_approved": More(severity=MEDIUM, ocsf=ROLE_IN, controls=PRIVILEGED),
    "role.access_ended": More(act=Act.END, ocsf=ROLE_OUT, controls=LEAVING),
    "role.access_prolonged": More(severity=MEDIUM, ocsf=ROLE_IN, controls=PRIVILEGED),
    # Who asked may not learn from it whether there is such a thing.
    "role.access_requested": More(viewers=LOG_ONLY),
    "role.review_closed": More(act=Act.END, severity=LOW),
    "role.review_started": More(act=Act.START, severity=LOW),
    "role.right_removed": More(act=Act.NOTE, severity=LOW),
    "role.right_reviewed": More(act=Act.UPDATE, controls=PRIVILEGED),
    "secret_scan.completed": More(act=Act.END, severity=NOTICE, ocsf=(6007, 2)),
    "secret_scan.bypass_decided": More(act=Act.UPDATE),
    "secret_scan.bypass_requested": More(act=Act.NOTE),
    "secret_scan.push_bypassed": More(severity=HIGH),
    "secret_scan.push_unscanned": More(act=Act.NOTE, severity=HIGH),
    "session.elevated": More(ocsf=(3003, 1), controls=("nist:AC-6(9)", "nist:IA-11", "iso:A.8.2")),
    "scim.address_refused": More(severity=LOW, ocsf=(3002, OTHER), controls=IDENTITY),
    "session.elevation_refused": More(severity=MEDIUM, ocsf=(3003, OTHER)),
    "session.impersonation_started": More(
        severity=CRITICAL, ocsf=(3002, 7), controls=("pci:10.2.1.2", "nist:AC-6(9)", "iso:A.8.2")
    ),
    "session.revoked": More(act=Act.END),
    "ssh_key.added": More(ocsf=CREDENTIAL_IN),
    "ssh_key.kept_out": More(act=Act.DISABLE, ocsf=CREDENTIAL_OUT),
    "ssh_key.removed": More(ocsf=CREDENTIAL_OUT),
    "team.member_added": More(ocsf=MEMBER_IN),
    "team.member_removed": More(ocsf=MEMBER_OUT),
    "token.created": More(ocsf=CREDENTIAL_IN),
    "token.expired": More(ocsf=CREDENTIAL_OUT),
    "token.jwt_issued": More(severity=NOTICE, ocsf=(3002, 3), retention=ACCESS),
    "token.reported_leaked": More(severity=CRITICAL, controls=("nist:IA-5(7)", "iso:A.8.12")),
    "token.revoked": More(ocsf=CREDENTIAL_OUT),
    "user.deleted": More(severity=HIGH, controls=LEAVING),
    "user.password_changed": More(ocsf=(3007, 8), controls=("pci:8.3.5", "nist:IA-5")),
    "user.password_reset_issued": More(
        severity=HIGH, ocsf=(3007, 9), controls=("pci:8.3.3", "nist:IA-5")
    ),
    "user.reinstated": More(act=Act.ENABLE, controls=("pci:8.2.4", "nist:AC-2(4)")),
    "user.role_changed": More(severity=HIGH, ocsf=ROLE_IN, controls=PRIVILEGED),
    "user.suspended": More(severity=HIGH, controls=LEAVING),
}
