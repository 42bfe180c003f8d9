"""What each door records: every address that changes something, every read that the policy names.

An address may record the actions of its row and, where it refuses or keeps, those of `REFUSALS`. A
test holds the tables against the routes and against the source; others do what the tables of
permissions say, and look at the log.
"""

from __future__ import annotations

from tests.permissions import (
    alert_doors,
    branch_doors,
    check_doors,
    hook_doors,
    issues,
    provider_doors,
    pull_pages,
    pulls,
    ruleset_doors,
    secret_doors,
    signature_doors,
    social,
)
from tests.permissions.recorded_access import LISTS as OF_ACCESS_LISTS
from tests.permissions.recorded_access import OF_ACCESS
from tests.permissions.recorded_factors import OF_FACTORS
from tests.permissions.recorded_machines import LISTS_OF_MACHINES, OF_MACHINES

REFUSALS = frozenset(
    {
        *("access.refused", "auth.assertion_refused", "auth.sign_in_refused"),
        "auth.second_factor_refused",
        *("admin.act_proposed", "admin.second_person_bypassed"),  # By the unit of work, anywhere.
        *("session.address_refused", "scim.address_refused"),
        "session.elevation_refused",
    }
)

PARKED = "<uuid:stream_id>/parked/<uuid:event_id>/<any(retry, skip):verb>"

CHANGES = {
    **alert_doors.CHANGES,
    **(provider_doors.CHANGES | hook_doors.CHANGES | check_doors.CHANGES | ruleset_doors.CHANGES),
    **OF_FACTORS,
    **OF_ACCESS,
    **OF_MACHINES,
    **signature_doors.RECORDED,
    **(issues.OF_ISSUES | pulls.CHANGES | pull_pages.CHANGES),
    "POST /auth/oidc/<provider>/backchannel-logout": "session.revoked",
    "POST /auth/saml/slo": "session.revoked",
    "POST /auth/saml/acs": (
        "auth.signed_in user.created auth.identity_linked session.elevated auth.provider_tested"
    ),
    "POST /<owner>/-/audit/auditors": "audit.auditor_granted",
    "POST /<owner>/-/audit/auditors/<uuid:grant_id>/revoke": "audit.auditor_revoked",
    "POST /<owner>/-/audit/exports": "audit.export_requested",
    "POST /<owner>/-/audit/searches": "audit.saved_search_created",
    "POST /<owner>/-/audit/searches/<uuid:search_id>/delete": "audit.saved_search_deleted",
    "POST /<owner>/-/audit/streams/<uuid:stream_id>": "audit.stream_changed",
    "POST /<owner>/-/audit/streams/<uuid:stream_id>/<any(pause, resume, test):verb>": (
        "audit.stream_paused audit.stream_resumed audit.stream_tested"
    ),
    "POST /<owner>/-/audit/streams/<uuid:stream_id>/delete": "audit.stream_deleted",
    f"POST /<owner>/-/audit/streams/{PARKED}": "audit.event_unparked",
    "POST /<owner>/-/audit/streams/new": "audit.stream_created",
    "POST /<owner>/-/members": "org.member_added org.member_role_changed",
    "POST /<owner>/-/members/<name>/remove": "org.member_removed repo.role_withdrawn",
    "POST /<owner>/-/members/several": (
        "org.member_removed org.member_role_changed repo.role_withdrawn"
    ),
    "POST /<owner>/-/new-team": "team.created",
    "POST /<owner>/-/settings": "org.changed",
    "POST /<owner>/-/settings/delete": "org.deleted",
    "POST /<owner>/-/settings/quota": "org.changed",
    "POST /<owner>/-/settings/rename": "org.renamed",
    "POST /<owner>/-/teams/<team>": "team.changed",
    "POST /<owner>/-/teams/<team>/delete": "team.deleted",
    "POST /<owner>/-/teams/<team>/members": "team.member_added",
    "POST /<owner>/-/teams/<team>/members/<name>/remove": "team.member_removed",
    "POST /<owner>/-/teams/<team>/members/several": "team.member_removed",
    "POST /<owner>/<name>/branches/delete": "branch_rule.bypassed git.push_refused git.pushed",
    "POST /<owner>/<name>/branches/several": "branch_rule.bypassed git.push_refused git.pushed",
    "POST /<owner>/<name>/export": "repo.exported",
    "POST /<owner>/<name>/fork": "repo.created repo.forked repo.imported",
    "POST /<owner>/<name>/git-receive-pack": (
        "branch_rule.bypassed git.push_refused git.pushed repo.wiki_changed"
    ),
    "POST /<owner>/<name>/info/lfs/locks": "lfs.locked",
    "POST /<owner>/<name>/info/lfs/locks/<lock_id>/unlock": "lfs.unlocked",
    "PUT /<owner>/<name>/info/lfs/objects/<oid>": "lfs.stored",
    "POST /<owner>/<name>/info/lfs/objects/batch": "lfs.fetched",
    "POST /<owner>/<name>/locks": "lfs.unlocked",
    "POST /<owner>/<name>/settings": "repo.changed repo.created",
    "POST /<owner>/<name>/settings/access": "repo.role_granted",
    "POST /<owner>/<name>/settings/access/withdraw": "repo.role_withdrawn",
    "POST /<owner>/<name>/settings/archive": "repo.archived repo.unarchived",
    "POST /<owner>/<name>/settings/branches": "branch_rule.set",
    "POST /<owner>/<name>/settings/branches/remove": "branch_rule.removed",
    "POST /<owner>/<name>/settings/delete": "repo.deleted",
    "POST /<owner>/<name>/settings/keys": "deploy_key.added",
    "POST /<owner>/<name>/settings/keys/<uuid:key_id>/remove": "deploy_key.removed",
    "POST /<owner>/<name>/settings/rename": "repo.renamed",
    "POST /<owner>/<name>/settings/transfer": "repo.role_withdrawn repo.transferred",
    "POST /<owner>/<name>/settings/visibility": "repo.visibility_changed",
    "POST /<owner>/<name>/tags/several": "branch_rule.bypassed git.push_refused git.pushed",
    "POST /administration/audit/auditors": "audit.auditor_granted",
    "POST /administration/audit/auditors/<uuid:grant_id>/revoke": "audit.auditor_revoked",
    "POST /administration/audit/exports": "audit.export_requested",
    "POST /administration/audit/searches": "audit.saved_search_created",
    "POST /administration/audit/searches/<uuid:search_id>/delete": "audit.saved_search_deleted",
    "POST /administration/audit/streams/<uuid:stream_id>": "audit.stream_changed",
    "POST /administration/audit/streams/<uuid:stream_id>/<any(pause, resume, test):verb>": (
        "audit.stream_paused audit.stream_resumed audit.stream_tested"
    ),
    "POST /administration/audit/streams/<uuid:stream_id>/delete": "audit.stream_deleted",
    f"POST /administration/audit/streams/{PARKED}": "audit.event_unparked",
    "POST /administration/audit/streams/new": "audit.stream_created",
    "POST /administration/jobs": "job.discarded job.retried",
    "POST /administration/jobs/<uuid:job_id>/cancel": "job.cancelled",
    "POST /administration/jobs/<uuid:job_id>/retry": "job.retried",
    "POST /administration/repositories/check": "repo.check_requested",
    "POST /administration/repositories/quota": "repo.changed",
    "POST /administration/saml-keys/<any(prepare, switch, retire):step>": (
        "saml_key.created saml_key.switched saml_key.removed"
    ),
    "POST /api/v1/admin/saml-keys/<step>": "saml_key.created saml_key.switched saml_key.removed",
    "POST /administration/users/<name>/identities": "auth.identity_linked",
    "POST /administration/identities/<uuid:identity_id>/unlink": (
        "auth.identity_unlinked session.revoked"
    ),
    "POST /settings/identities/<uuid:identity_id>/unlink": "auth.identity_unlinked session.revoked",
    "POST /administration/users": "user.reinstated user.suspended",
    "POST /administration/users/<name>/delete": "user.deleted",
    "POST /administration/users/<name>/end-sessions": "session.revoked",
    "POST /administration/users/<name>/reinstate": "user.reinstated",
    "POST /administration/users/<name>/rename": "user.renamed",
    "POST /administration/users/<name>/reset-link": "user.password_reset_issued",
    "POST /administration/users/<name>/role": "user.role_changed",
    "POST /administration/users/<name>/suspend": "user.suspended",
    "POST /administration/users/new": "user.created user.password_reset_issued",
    "POST /api/v1/users/<name>/identities": "auth.identity_linked",
    "DELETE /api/v1/identities/<uuid:id>": "auth.identity_unlinked session.revoked",
    "POST /api/v1/users/<name>/break-glass": "auth.break_glass_used",
    "POST /api/v1/audit/auditors": "audit.auditor_granted",
    "DELETE /api/v1/audit/auditors/<uuid:id>": "audit.auditor_revoked",
    "POST /api/v1/audit/exports": "audit.export_requested",
    "POST /api/v1/audit/streams": "audit.stream_created",
    "DELETE /api/v1/audit/streams/<uuid:id>": "audit.stream_deleted",
    "POST /api/v1/audit/anchors": "audit.stamped",
    "POST /api/v1/audit/cosignatures": "audit.cosignature_imported audit.witnessed",
    "PUT /api/v1/audit/quorum": "audit.quorum_changed",
    "POST /api/v1/audit/witnesses": "audit.witness_trusted",
    "DELETE /api/v1/audit/witnesses/<name>": "audit.witness_removed",
    "PATCH /api/v1/audit/streams/<uuid:id>": "audit.stream_changed",
    "POST /api/v1/audit/streams/<uuid:id>/parked/<uuid:event>/retry": "audit.event_unparked",
    "POST /api/v1/audit/streams/<uuid:id>/parked/<uuid:event>/skip": "audit.event_unparked",
    "POST /api/v1/audit/streams/<uuid:id>/pause": "audit.stream_paused",
    "POST /api/v1/audit/streams/<uuid:id>/replay": "audit.stream_changed",
    "POST /api/v1/audit/streams/<uuid:id>/resume": "audit.stream_resumed",
    "POST /api/v1/audit/streams/<uuid:id>/test": "audit.stream_tested",
    "POST /api/v1/auth/token": "token.jwt_issued",
    "DELETE /api/v1/bin/<uuid:id>": "repo.purged",
    "POST /api/v1/jobs/<uuid:id>/cancel": "job.cancelled",
    "POST /api/v1/jobs/<uuid:id>/discard": "job.discarded",
    "POST /api/v1/jobs/<uuid:id>/retry": "job.retried",
    "POST /api/v1/orgs": "org.created",
    "DELETE /api/v1/orgs/<org>": "org.deleted",
    "PATCH /api/v1/orgs/<org>": "org.changed org.renamed",
    "DELETE /api/v1/orgs/<org>/members/<name>": "org.member_removed repo.role_withdrawn",
    "PUT /api/v1/orgs/<org>/members/<name>": "org.member_added org.member_role_changed",
    "POST /api/v1/orgs/<org>/teams": "team.created",
    "DELETE /api/v1/orgs/<org>/teams/<team>": "team.deleted",
    "PATCH /api/v1/orgs/<org>/teams/<team>": "team.changed",
    "DELETE /api/v1/orgs/<org>/teams/<team>/members/<name>": "team.member_removed",
    "PUT /api/v1/orgs/<org>/teams/<team>/members/<name>": "team.member_added",
    "POST /api/v1/repos": "git.ref_changed repo.created",
    "DELETE /api/v1/repos/<owner>/<name>": "repo.deleted",
    "PATCH /api/v1/repos/<owner>/<name>": (
        "repo.archived repo.changed repo.created repo.renamed repo.unarchived "
        "repo.visibility_changed"
    ),
    "POST /api/v1/repos/<owner>/<name>/archive": "repo.archived repo.unarchived",
    "POST /api/v1/repos/<owner>/<name>/branches": (
        "branch_rule.bypassed git.push_refused git.pushed"
    ),
    "DELETE /api/v1/repos/<owner>/<name>/branches/<path:ref>": (
        "branch_rule.bypassed git.push_refused git.pushed"
    ),
    **branch_doors.RECORDED,
    "POST /api/v1/repos/<owner>/<name>/check": "repo.check_requested",
    "POST /api/v1/repos/<owner>/<name>/fork": "repo.created repo.forked repo.imported",
    "DELETE /api/v1/repos/<owner>/<name>/grants/<path:grantee>": "repo.role_withdrawn",
    "PUT /api/v1/repos/<owner>/<name>/grants/<path:grantee>": "repo.role_granted",
    "POST /api/v1/repos/<owner>/<name>/import": "repo.created repo.import_requested",
    "POST /api/v1/repos/<owner>/<name>/keys": "deploy_key.added",
    "DELETE /api/v1/repos/<owner>/<name>/keys/<uuid:id>": "deploy_key.removed",
    "POST /api/v1/repos/<owner>/<name>/move": "branch_rule.bypassed git.push_refused git.pushed",
    "DELETE /api/v1/repos/<owner>/<name>/protections": "branch_rule.removed",
    "PUT /api/v1/repos/<owner>/<name>/protections": "branch_rule.set",
    "DELETE /api/v1/repos/<owner>/<name>/remove/<path:tail>": (
        "branch_rule.bypassed git.push_refused git.pushed"
    ),
    "POST /api/v1/repos/<owner>/<name>/restore": "repo.restored",
    "POST /api/v1/repos/<owner>/<name>/tags": "branch_rule.bypassed git.push_refused git.pushed",
    "DELETE /api/v1/repos/<owner>/<name>/tags/<path:ref>": (
        "branch_rule.bypassed git.push_refused git.pushed"
    ),
    "POST /api/v1/repos/<owner>/<name>/transfer": "repo.role_withdrawn repo.transferred",
    "PUT /api/v1/repos/<owner>/<name>/write/<path:tail>": (
        "branch_rule.bypassed git.push_refused git.pushed"
    ),
    "POST /api/v1/ssh-authorities": "ssh_key.authority_trusted",
    "PUT /api/v1/ssh-authorities/<uuid:id>/revocations": "ssh_key.authority_changed",
    "DELETE /api/v1/ssh-authorities/<uuid:id>": "ssh_key.authority_removed",
    "POST /administration/signatures/authorities": "x509_authority.trusted",
    "POST /administration/signatures/authorities/<uuid:authority_id>/remove": (
        "x509_authority.removed"
    ),
    "POST /administration/signatures/authorities/<uuid:authority_id>/revocations": (
        "x509_authority.changed"
    ),
    "POST /api/v1/x509-authorities": "x509_authority.trusted",
    "PUT /api/v1/x509-authorities/<uuid:id>/revocations": "x509_authority.changed",
    "DELETE /api/v1/x509-authorities/<uuid:id>": "x509_authority.removed",
    "POST /api/v1/user/gpg-keys": "gpg_key.added gpg_key.changed",
    "DELETE /api/v1/user/gpg-keys/<uuid:id>": "gpg_key.removed",
    "POST /api/v1/user/keys": "ssh_key.added",
    "DELETE /api/v1/user/keys/<uuid:id>": "ssh_key.removed",
    "POST /api/v1/user/tokens": "token.created token.approval_requested",
    "DELETE /api/v1/user/tokens/<uuid:id>": "token.revoked",
    "POST /api/v1/users": "user.created",
    "DELETE /api/v1/users/<name>": "user.deleted",
    "PATCH /api/v1/users/<name>": (
        "user.changed user.reinstated user.renamed user.role_changed user.suspended"
    ),
    "POST /api/v1/users/<name>/password-reset": "user.password_reset_issued",
    "POST /confirm": "auth.recovery_code_used session.elevated",
    "POST /internal/lfs/authenticate": "auth.certificate_used",
    "POST /internal/pushes/accept": "branch_rule.bypassed git.push_refused",
    "POST /internal/pushes/confirm": "git.pushed repo.wiki_changed",
    "POST /internal/ssh/session": "auth.certificate_used git.archive_downloaded git.fetched",
    "POST /jobs/<uuid:job_id>/cancel": "job.cancelled",
    "POST /jobs/<uuid:job_id>/retry": "job.retried",
    "POST /new": "git.ref_changed repo.changed repo.created",
    "POST /new/import": "repo.created repo.import_requested",
    "POST /organisations/new": "org.created",
    "POST /reset/<secret>": "user.password_changed",
    "POST /settings": "user.changed",
    "POST /settings/bin": "repo.restored",
    "POST /settings/bin/several": "repo.restored",
    "POST /settings/email": "user.changed",
    "POST /settings/keys": "ssh_key.removed",
    "POST /settings/keys/<uuid:key_id>/remove": "ssh_key.removed",
    "POST /settings/gpg-keys/<uuid:key_id>/remove": "gpg_key.removed",
    "POST /settings/gpg-keys/new": "gpg_key.added gpg_key.changed",
    "POST /settings/keys/new": "ssh_key.added",
    "POST /settings/security": "session.revoked user.password_changed",
    "POST /settings/sessions": "session.revoked",
    "POST /settings/sessions/<uuid:session_id>/revoke": "session.revoked",
    "POST /settings/sessions/revoke-others": "session.revoked",
    "POST /settings/tokens": "token.revoked",
    "POST /settings/tokens/<uuid:token_id>/revoke": "token.revoked",
    "POST /settings/tokens/new": "token.created",
    "POST /auth/ldap/<provider>/login": (
        "auth.identity_changed auth.identity_linked auth.signed_in org.member_added "
        "org.member_removed org.member_role_changed session.elevated team.member_added "
        "team.member_removed user.changed user.created user.reinstated user.role_changed "
        "user.suspended"
    ),
    "POST /sign-in": "auth.break_glass_used auth.signed_in",
    "POST /sign-out": "auth.signed_out",
}
"""By method and rule, the actions that a change may record; it records at least one of them."""

READS = {
    **LISTS_OF_MACHINES,
    **signature_doors.LISTS,
    "GET /<owner>/-/audit/access": "audit.access_read",
    "GET /administration/audit/access": "audit.access_read",
    "GET /api/v1/audit/access": "audit.access_read",
    **OF_ACCESS_LISTS,
    **(issues.ISSUE_LISTS | pull_pages.LISTS | alert_doors.LISTS),
    "GET /": "admin.list_exported",
    "GET /<owner>": "admin.list_exported",
    "GET /<owner>/-/audit": "audit.searched",
    "GET /<owner>/-/audit/events/<uuid:event_id>": "audit.event_read",
    "GET /<owner>/-/audit/events/<uuid:event_id>/proof": "audit.proved",
    "GET /<owner>/-/audit/exports/<uuid:export_id>/file": "audit.export_downloaded",
    "GET /<owner>/-/audit/checkpoint": "audit.state_read",
    "GET /<owner>/-/audit/integrity": "audit.state_read",
    "GET /<owner>/-/audit/newer": "audit.searched",
    "GET /<owner>/-/members": "admin.list_exported",
    "GET /<owner>/-/teams": "admin.list_exported",
    "GET /<owner>/-/teams/<team>": "admin.list_exported",
    "GET /<owner>/<name>/archive/<tail:tail>": "git.archive_downloaded",
    "GET /<owner>/<name>/branches": "admin.list_exported",
    "POST /<owner>/<name>/git-upload-pack": "git.fetched",
    "GET /<owner>/<name>/locks": "admin.list_exported",
    "GET /<owner>/<name>/raw/<tail:tail>": "git.raw_downloaded lfs.fetched",
    "GET /<owner>/<name>/tags": "admin.list_exported",
    "GET /administration/audit": "audit.searched",
    "GET /administration/audit/events/<uuid:event_id>": "audit.event_read",
    "GET /administration/audit/events/<uuid:event_id>/proof": "audit.proved",
    "GET /administration/audit/exports/<uuid:export_id>/file": "audit.export_downloaded",
    "GET /administration/audit/checkpoint": "audit.state_read",
    "GET /administration/audit/integrity": "audit.state_read",
    "GET /administration/audit/newer": "audit.searched",
    "GET /administration/audit/trust.json": "audit.trust_exported",
    "GET /administration/jobs": "admin.list_exported",
    "GET /administration/organisations": "admin.list_exported",
    "GET /administration/repositories": "admin.list_exported",
    "GET /administration/users": "admin.list_exported",
    "GET /api/v1/audit/events": "audit.searched",
    "GET /api/v1/audit/events/<uuid:id>": "audit.event_read",
    "GET /api/v1/audit/events/<uuid:id>/proof": "audit.proved",
    "GET /api/v1/audit/exports/<uuid:id>/download": "audit.export_downloaded",
    "GET /api/v1/audit/proof/inclusion": "audit.proved",
    "GET /api/v1/audit/trust": "audit.trust_exported",
    "GET /api/v1/repos/<owner>/<name>/archive/<path:tail>": "git.archive_downloaded",
    "GET /api/v1/repos/<owner>/<name>/export": "repo.exported",
    "GET /api/v1/repos/<owner>/<name>/sbom": "dep_scan.inventory_exported",
    "GET /api/v1/repos/<owner>/<name>/read/<path:tail>": "git.raw_downloaded",
    "GET /settings/bin": "admin.list_exported",
    "GET /settings/gpg-keys": "admin.list_exported",
    "GET /<owner>/<name>/pushes": "admin.list_exported",
    "GET /settings/keys": "admin.list_exported",
    "GET /settings/security": "admin.list_exported",
    "GET /settings/tokens": "admin.list_exported",
}
"""The same for what gives content or the log away."""

NOTHING = {
    **(provider_doors.NOTHING | pulls.RECORDS_NOTHING | pull_pages.RECORDS_NOTHING),
    **(social.NOTHING | check_doors.RECORDS_NOTHING | ruleset_doors.NOTHING),
    "POST /internal/ssh/still": "asks whether a key would be let in; nothing is given away",
    "POST /internal/ssh/certificate": "tells the SSH servers whom a certificate lets in",
    "POST /internal/ssh/keys": "tells sshd which key is whose",
    "POST /settings/factors/key/asked": "says what a key is to sign; the answer is recorded",
    "POST /confirm/key/asked": "says what a key is to sign; the answer is recorded",
    "POST /sign-in/factor/key/asked": "says what a key is to sign; the answer is recorded",
    "POST /sign-in/key/asked": "says what a key is to sign; the answer is recorded",
    "POST /language": "sets a cookie",
    "POST /theme": "sets a cookie",
    "POST /<owner>/<name>/info/lfs/locks/verify": "lists locks; a POST because of its body",
    "POST /<owner>/<name>/info/lfs/verify": "looks whether a file is there",
}
"""Neither changes anything nor gives anything away, and why it is no GET."""

AT_THE_CONSOLE = {
    "audit export": "audit.export_requested audit.exported",
    "audit reconcile": "audit.reconciled git.ref_drifted",
    "audit verify": "audit.verified audit.found_broken",
    "audit prune": "log.pruned",
    "audit recover": "log.continued",
    "audit rotate-key": "log.key_rotated",
}
"""Commands that act by themselves; all others ask the API, or start processes."""

BY_ITSELF = {
    **(hook_doors.BY_ITSELF | secret_doors.BY_ITSELF),
    "alert.exploited": "a scan, of what it knows more of",
    "alert.fixed": "a scan, of what it sees no more",
    "alert.opened": "a scan",
    "alert.reopened": "a scan, of what it sees again",
    "audit.event_parked": "the thread that sends streams",
    "audit.heartbeat": "every process that writes to a log",
    "audit.row_set_aside": "the sequencer, of what somebody else put into the queue",
    "audit.node_started": "every process that writes to a log",
    "audit.reads_policy_changed": "the start",
    "audit.stream_failed": "the thread that sends streams",
    "audit.stream_missed": "the thread that sends streams",
    "audit.witness_failed": "the thread that asks witnesses",
    "audit.witness_refused": "the thread that asks witnesses",
    "audit.witnessed": "the thread that asks witnesses",
    "config.started": "the start",
    "job.died": "the worker, whatever the job",
    "privacy.erased": "erasing, which has a verb and no door yet",
}
"""Actions that nobody asks for through a door, and what records them."""

GIT = {
    "https ls-remote": "",
    "https clone": "git.fetched",
    "https push": "git.pushed",
    "https push protected": "git.pushed",
    "ssh ls-remote": "git.fetched",
    "ssh push": "git.pushed",
    "ssh push protected": "git.pushed",
    "ssh archive": "git.archive_downloaded",
    "lfs lock": "lfs.locked",
}
"""By door and operation of the table of git, what an owner's leaves. Over SSH nobody can tell
whether a client will fetch anything, so that it could is recorded."""
