"""What addresses about machines, their tokens and their keys record."""

from __future__ import annotations

EVERY_END = (
    "token.revoked ssh_key.removed deploy_key.removed scim.token_revoked gpg_key.removed"
    " ssh_key.authority_removed x509_certificate.removed"
)
EVERY_END_THERE = (
    "token.revoked ssh_key.removed ssh_key.kept_out deploy_key.removed token.approval_revoked"
)
OF_MACHINES = {
    "POST /api/v1/credentials/revoke": "token.reported_leaked",
    "DELETE /api/v1/credentials/<kind>/<uuid:id>": EVERY_END,
    "POST /administration/credentials": EVERY_END,
    "DELETE /api/v1/orgs/<org>/credentials/<kind>/<uuid:id>": EVERY_END_THERE,
    "POST /<owner>/-/credentials": EVERY_END_THERE,
    "PUT /api/v1/orgs/<org>/token-rule": "org.credential_rule_changed token.approved",
    "PATCH /api/v1/orgs/<org>/token-approvals/<uuid:id>": (
        "token.approved token.approval_refused token.approval_revoked"
    ),
    "POST /api/v1/user/tokens/<uuid:id>/approvals": "token.approval_requested",
    "POST /settings/tokens/<uuid:token_id>/ask": "token.approval_requested",
    "POST /<owner>/-/settings/tokens": "org.credential_rule_changed",
    "POST /<owner>/-/settings/tokens/<uuid:approval_id>": (
        "token.approved token.approval_refused token.approval_revoked"
    ),
    "POST /<owner>/-/settings/tokens/several": "token.approved token.approval_refused",
    "POST /api/v1/service-accounts": "user.service_account_created",
    "POST /api/v1/orgs/<org>/service-accounts": "user.service_account_created org.member_added",
    "PATCH /api/v1/service-accounts/<name>": (
        "user.changed user.reinstated user.renamed user.suspended"
    ),
    "DELETE /api/v1/service-accounts/<name>": "user.deleted",
    "POST /administration/service-accounts": "user.service_account_created",
    "POST /administration/service-accounts/several": "user.suspended user.reinstated",
    "POST /<owner>/-/settings/service-accounts": "user.service_account_created org.member_added",
    "POST /<owner>/-/settings/service-accounts/several": "user.suspended user.reinstated",
    "POST /accounts/<name>/tokens": "token.created",
    "POST /accounts/<name>/tokens/<uuid:token_id>/revoke": "token.revoked",
    "POST /accounts/<name>/keys": "ssh_key.added",
    "POST /accounts/<name>/keys/<uuid:key_id>/remove": "ssh_key.removed",
    "POST /accounts/<name>/<any(suspend, reinstate):verb>": "user.suspended user.reinstated",
    "POST /accounts/<name>/delete": "user.deleted",
}
LISTS_OF_MACHINES = dict.fromkeys(
    (
        *("GET /administration/service-accounts", "GET /<owner>/-/settings/service-accounts"),
        *("GET /administration/credentials", "GET /<owner>/-/credentials"),
        "GET /<owner>/-/settings/tokens",
    ),
    "admin.list_exported",
)
