"""The doors of identity providers and of SCIM: what each records, and which tests say who may."""

from __future__ import annotations

SCIM = (
    *((method, "/Users") for method in ("GET", "POST")),
    *((method, "/Users/<identifier>") for method in ("GET", "PUT", "PATCH", "DELETE")),
    *((method, "/Groups") for method in ("GET", "POST")),
    *((method, "/Groups/<identifier>") for method in ("GET", "PUT", "PATCH", "DELETE")),
    *(("POST", "/Users/.search"), ("POST", "/Groups/.search"), ("POST", "/.search")),
    *(("POST", "/Bulk"), ("GET", "/ServiceProviderConfig")),
    ("GET", "/<any(Schemas, ResourceTypes):kind>"),
    ("GET", "/<any(Schemas, ResourceTypes):kind>/<identifier>"),
    *(
        (method, rule)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for rule in ("/Me", "/", "/<path:rest>")
    ),
)
"""A door of its own, with credentials of its own."""
ELSEWHERE = {
    **{
        (method, f"/administration/providers/<name>/provisioning{rule}"): "web/test_scim_tokens.py"
        for method, rule in (
            *(("GET", ""), ("POST", "/tokens"), ("POST", "/tokens/<uuid:token_id>/revoke")),
        )
    },
    **{(method, f"/scim/v2{rule}"): "web/test_scim_doors.py" for method, rule in SCIM},
    ("GET", "/auth/saml/login"): "web/test_saml.py",
    ("GET", "/auth/saml/metadata"): "web/test_saml.py",
    ("GET", "/auth/saml/slo"): "web/test_saml_logout.py",
    ("POST", "/auth/saml/slo"): "web/test_saml_logout_by_form.py",
    ("POST", "/auth/saml/acs"): "web/test_saml_attacks.py",
    ("GET", "/auth/oidc/<provider>/login"): "web/test_oidc.py",
    ("GET", "/auth/oidc/<provider>/callback"): "web/test_oidc.py",
    ("GET", "/auth/oidc/<provider>/jwks"): "web/test_oidc.py",
    ("POST", "/auth/oidc/<provider>/backchannel-logout"): "web/test_oidc_logout.py",
    ("GET", "/auth/oidc/<provider>/frontchannel-logout"): "web/test_oidc_logout.py",
}
CHANGES = {
    "POST /administration/providers/<name>": "auth.provider_changed",
    "POST /administration/providers/<name>/<any(enable, disable):verb>": "auth.provider_changed",
    "POST /administration/providers/<name>/delete": (
        "auth.provider_deleted org.member_removed team.member_removed user.role_changed"
    ),
    "POST /administration/providers/<name>/first": "auth.provider_changed",
    "POST /administration/providers/<name>/test": "auth.provider_tested",
    "POST /administration/providers/<name>/try": "saml_key.created",
    "POST /administration/providers/<name>/rules": "group.mapped",
    "POST /administration/providers/<name>/rules/<uuid:rule_id>/remove": "group.unmapped",
    "POST /administration/providers/new": "auth.provider_created",
    "POST /administration/providers/<name>/syncs": "group.synchronisation_requested",
    "POST /administration/providers/<name>/syncs/<uuid:run_id>/confirm": (
        "group.synchronisation_confirmed"
    ),
    "POST /api/v1/admin/identity-providers": "auth.provider_created",
    "PUT /api/v1/admin/identity-providers": "auth.provider_changed",
    "PATCH /api/v1/admin/identity-providers/<name>": "auth.provider_changed",
    "DELETE /api/v1/admin/identity-providers/<name>": (
        "auth.provider_deleted org.member_removed team.member_removed user.role_changed"
    ),
    "POST /api/v1/admin/identity-providers/<name>/test": "auth.provider_tested",
    "POST /api/v1/admin/identity-providers/<name>/syncs": "group.synchronisation_requested",
    "POST /api/v1/admin/identity-providers/<name>/syncs/<uuid:id>/confirm": (
        "group.synchronisation_confirmed"
    ),
    "POST /api/v1/admin/identity-providers/<name>/rules": "group.mapped",
    "DELETE /api/v1/admin/identity-providers/<name>/rules/<uuid:id>": "group.unmapped",
    "POST /scim/v2/Users": (
        "scim.user_created user.created auth.identity_linked user.suspended user.reinstated"
    ),
    "PUT /scim/v2/Users/<identifier>": "scim.user_changed user.suspended user.reinstated",
    "PATCH /scim/v2/Users/<identifier>": "scim.user_changed user.suspended user.reinstated",
    "DELETE /scim/v2/Users/<identifier>": "scim.user_deleted user.suspended team.member_removed",
    "POST /scim/v2/Groups": "scim.group_created scim.group_changed team.member_added",
    "PUT /scim/v2/Groups/<identifier>": "scim.group_changed team.member_added team.member_removed",
    "PATCH /scim/v2/Groups/<identifier>": "scim.group_changed team.member_added",
    "DELETE /scim/v2/Groups/<identifier>": "scim.group_deleted team.member_removed",
    "POST /scim/v2/Bulk": "scim.user_created scim.user_changed scim.group_created",
    "POST /administration/providers/<name>/provisioning/tokens": "scim.token_created",
    "POST /administration/providers/<name>/provisioning/tokens/<uuid:token_id>/revoke": (
        "scim.token_revoked"
    ),
    "POST /api/v1/admin/identity-providers/<name>/tokens": "scim.token_created",
    "DELETE /api/v1/admin/identity-providers/<name>/tokens/<uuid:id>": "scim.token_revoked",
}
NOTHING = {
    **{
        f"{method} /scim/v2{rest}": "there is nothing, and it says so"
        for method in ("POST", "PUT", "PATCH", "DELETE")
        for rest in ("/", "/<path:rest>", "/Me")
    },
    **{
        f"POST /scim/v2{rest}/.search": "lists; a POST because of its body"
        for rest in ("", "/Users", "/Groups")
    },
}
