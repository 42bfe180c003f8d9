"""Every blueprint of the web door, in the order in which addresses are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.web import (
    audit_tiles,
    git_http,
    health,
    internal,
    lfs_http,
    oidc,
    saml,
    scanning_routes,
    scim,
)
from appliance.web.api import access as api_access
from appliance.web.api import access_requests as api_access_requests
from appliance.web.api import access_reviews as api_access_reviews
from appliance.web.api import address_lists as api_address_lists
from appliance.web.api import appliance_keys as api_appliance_keys
from appliance.web.api import archive_imports as api_archive_imports
from appliance.web.api import audit as api_audit
from appliance.web.api import audit_access as api_audit_access
from appliance.web.api import audit_anchors as api_audit_anchors
from appliance.web.api import audit_exports as api_audit_exports
from appliance.web.api import audit_proofs as api_audit_proofs
from appliance.web.api import audit_streams as api_audit_streams
from appliance.web.api import audit_witnesses as api_audit_witnesses
from appliance.web.api import auditors as api_auditors
from appliance.web.api import branch_health as api_branch_health
from appliance.web.api import branch_matrix as api_branch_matrix
from appliance.web.api import brought as api_brought
from appliance.web.api import checks as api_checks
from appliance.web.api import code_owners as api_code_owners
from appliance.web.api import commit_talk as api_commit_talk
from appliance.web.api import credentials as api_credentials
from appliance.web.api import deploy_keys as api_deploy_keys
from appliance.web.api import describe, pull_comments, pull_merges
from appliance.web.api import events as api_events
from appliance.web.api import factor_rules as api_factor_rules
from appliance.web.api import file_changes as api_file_changes
from appliance.web.api import files as api_files
from appliance.web.api import git_operations as api_git_operations
from appliance.web.api import history as api_history
from appliance.web.api import hooks as api_hooks
from appliance.web.api import identities as api_identities
from appliance.web.api import identity_providers as api_identity_providers
from appliance.web.api import impersonations as api_impersonations
from appliance.web.api import imports as api_imports
from appliance.web.api import instance_rulesets as api_instance_rulesets
from appliance.web.api import issue_comments as api_issue_comments
from appliance.web.api import issue_transfers as api_issue_transfers
from appliance.web.api import issues as api_issues
from appliance.web.api import labels as api_labels
from appliance.web.api import leaked_tokens as api_leaked_tokens
from appliance.web.api import merge_queues as api_merge_queues
from appliance.web.api import mirrors as api_mirrors
from appliance.web.api import notifications as api_notifications
from appliance.web.api import operations as api_operations
from appliance.web.api import organisation_hooks as api_organisation_hooks
from appliance.web.api import organisation_rulesets as api_organisation_rulesets
from appliance.web.api import organisations as api_organisations
from appliance.web.api import own_addresses as api_own_addresses
from appliance.web.api import person_access as api_person_access
from appliance.web.api import property_definitions as api_property_definitions
from appliance.web.api import proposals as api_proposals
from appliance.web.api import provider_syncs as api_provider_syncs
from appliance.web.api import pull_changes as api_pull_changes
from appliance.web.api import pulls as api_pulls
from appliance.web.api import pushes as api_pushes
from appliance.web.api import repositories as api_repositories
from appliance.web.api import repository_bin as api_repository_bin
from appliance.web.api import review_threads as api_review_threads
from appliance.web.api import reviews as api_reviews
from appliance.web.api import rulesets as api_rulesets
from appliance.web.api import saml_keys as api_saml_keys
from appliance.web.api import scim_tokens as api_scim_tokens
from appliance.web.api import search as api_search
from appliance.web.api import search_all as api_search_all
from appliance.web.api import second_factors as api_second_factors
from appliance.web.api import service_accounts as api_service_accounts
from appliance.web.api import session as api_session
from appliance.web.api import sessions as api_sessions
from appliance.web.api import signing_keys as api_signing_keys
from appliance.web.api import signing_rules as api_signing_rules
from appliance.web.api import social as api_social
from appliance.web.api import ssh_authorities as api_ssh_authorities
from appliance.web.api import stashes as api_stashes
from appliance.web.api import teams as api_teams
from appliance.web.api import token_rules as api_token_rules
from appliance.web.api import users as api_users
from appliance.web.api import wiki as api_wiki
from appliance.web.api import x509_authorities as api_x509_authorities
from appliance.web.api import x509_certificates as api_x509_certificates
from appliance.web.pages import (
    access_requests,
    access_reviews,
    access_rules,
    account,
    account_certificates,
    account_credentials,
    account_factors,
    account_signing_keys,
    address_lists,
    admin,
    admin_factors,
    admin_jobs,
    admin_providers,
    admin_provisioning,
    admin_signatures,
    admin_syncs,
    admin_users,
    archive_imports,
    archives,
    audit,
    audit_access,
    audit_exports,
    audit_integrity,
    audit_streams,
    auditors,
    blame,
    branch_cleanup,
    branch_matrix,
    branches,
    checks,
    code_owners,
    commit_talk,
    commits,
    compare,
    credentials,
    dashboard,
    directory_sign_in,
    files,
    finder,
    impersonation,
    inbox,
    issue,
    issue_comments,
    issue_labels,
    issue_milestones,
    issue_new,
    issues,
    jobs,
    keys_asked,
    locks,
    merge_queue,
    merge_settings,
    mirrors,
    new_repository,
    notification_settings,
    notifications,
    organisation_signatures,
    organisations,
    own_addresses,
    owners,
    person_access,
    person_factors,
    person_identities,
    proposals,
    provider_trial,
    pull,
    pull_changes,
    pull_conflicts,
    pull_copies,
    pull_files,
    pull_merge,
    pull_new,
    pull_patch_sets,
    pull_review,
    pulls,
    pushes,
    raw,
    repositories,
    repository_danger,
    repository_properties,
    repository_settings,
    repository_sharing,
    rulesets,
    saml_keys,
    search,
    search_all,
    second_step,
    service_accounts,
    sign_in,
    social,
    teams,
    token_rules,
    tree,
    watching,
    webhooks,
    wiki,
    wiki_editing,
)

if TYPE_CHECKING:
    from appliance.web.late_rules import Application

CONVERSATIONS = (
    *(issues, issue_new, issue, issue_comments, issue_labels, issue_milestones),
    *(pulls, pull_new, pull, pull_patch_sets, pull_files, pull_review, pull_changes),
    *(pull_merge, pull_conflicts, pull_copies, merge_settings, merge_queue),
)
API = (
    api_operations.api,
    api_session.api,
    api_leaked_tokens.api,
    api_service_accounts.api,
    api_token_rules.api,
    api_credentials.api,
    api_signing_keys.api,
    api_ssh_authorities.api,
    api_x509_authorities.api,
    api_x509_certificates.api,
    api_rulesets.api,
    api_code_owners.api,
    api_organisation_rulesets.api,
    api_instance_rulesets.api,
    api_property_definitions.api,
    api_signing_rules.api,
    api_appliance_keys.api,
    api_saml_keys.api,
    api_users.api,
    api_second_factors.api,
    api_sessions.api,
    api_impersonations.api,
    api_person_access.api,
    api_proposals.api,
    api_factor_rules.api,
    api_address_lists.api,
    api_access_requests.api,
    api_access_reviews.api,
    api_identities.api,
    api_identity_providers.api,
    api_scim_tokens.api,
    api_provider_syncs.api,
    api_organisations.api,
    api_teams.api,
    api_repositories.api,
    api_repository_bin.api,
    api_access.api,
    api_deploy_keys.api,
    api_hooks.api,
    api_organisation_hooks.api,
    api_merge_queues.api,
    api_mirrors.api,
    api_brought.api,
    api_issue_transfers.api,
    api_events.api,
    api_imports.api,
    api_archive_imports.api,
    api_files.api,
    api_file_changes.api,
    api_git_operations.api,
    api_stashes.api,
    api_history.api,
    api_pushes.api,
    api_search.api,
    api_search_all.api,
    api_checks.api,
    api_branch_matrix.api,
    api_branch_health.api,
    api_commit_talk.api,
    api_wiki.api,
    api_issues.api,
    api_pulls.api,
    api_pull_changes.api,
    pull_comments.api,
    pull_merges.api,
    api_reviews.api,
    api_review_threads.api,
    api_issue_comments.api,
    api_labels.api,
    api_notifications.api,
    api_social.api,
    api_own_addresses.api,
    api_audit.api,
    api_audit_access.api,
    api_auditors.api,
    api_audit_proofs.api,
    api_audit_exports.api,
    api_audit_streams.api,
    api_audit_witnesses.api,
    api_audit_anchors.api,
    *scanning_routes.API,
)

PEOPLE = (
    dashboard.pages,
    inbox.pages,
    notifications.pages,
    notification_settings.pages,
    account.pages,
    account_credentials.pages,
    account_factors.pages,
    account_signing_keys.pages,
    account_certificates.pages,
    search_all.pages,
    jobs.pages,
    admin.pages,
    admin_jobs.pages,
    admin_factors.pages,
    admin_users.pages,
    impersonation.pages,
    proposals.pages,
    admin_providers.pages,
    admin_provisioning.pages,
    admin_signatures.pages,
    person_factors.pages,
    saml_keys.pages,
    admin_syncs.pages,
    person_identities.pages,
    person_access.pages,
    provider_trial.pages,
    directory_sign_in.pages,
    audit.pages,
    audit_access.pages,
    audit_integrity.pages,
    audit_exports.pages,
    audit_streams.pages,
    auditors.pages,
    address_lists.pages,
    access_requests.pages,
    access_reviews.pages,
    access_rules.pages,
    service_accounts.pages,
    token_rules.pages,
    credentials.pages,
    organisations.pages,
    organisation_signatures.pages,
    teams.pages,
    new_repository.pages,
    archive_imports.pages,
    repository_settings.pages,
    code_owners.pages,
    repository_properties.pages,
    rulesets.pages,
    repository_sharing.pages,
    repository_danger.pages,
    webhooks.pages,
    mirrors.pages,
    *scanning_routes.PEOPLE,
    owners.pages,
)

REPOSITORIES = (
    repositories.pages,
    tree.pages,
    files.pages,
    raw.pages,
    blame.pages,
    commits.pages,
    commit_talk.pages,
    checks.pages,
    *scanning_routes.REPOSITORIES,
    wiki.pages,
    wiki_editing.pages,
    compare.pages,
    branches.pages,
    branch_matrix.pages,
    branch_cleanup.pages,
    pushes.pages,
    locks.pages,
    finder.pages,
    search.pages,
    *(each.pages for each in CONVERSATIONS),
    watching.pages,
    social.pages,
    own_addresses.pages,
    archives.pages,
)


def install(app: Application) -> None:
    """Put the pages, the API and the Git door into the application."""
    with app.all_at_once():
        app.register_blueprint(health.blueprint)
        app.register_blueprint(internal.blueprint)
        app.register_blueprint(git_http.blueprint)
        app.register_blueprint(lfs_http.blueprint)
        app.register_blueprint(audit_tiles.blueprint)
        app.register_blueprint(describe.blueprint)
        for area in API:
            app.register_api(area)
        app.register_blueprint(sign_in.pages)
        app.register_blueprint(second_step.pages)
        app.register_blueprint(keys_asked.pages)
        app.register_blueprint(oidc.blueprint)
        app.register_blueprint(saml.blueprint)
        app.register_blueprint(scim.blueprint)
        inbox.install(app)
        notifications.install(app)
        for pages in PEOPLE:
            app.register_blueprint(pages)
        # Repositories last: their addresses begin with any name at all.
        for pages in REPOSITORIES:
            app.register_blueprint(pages)
