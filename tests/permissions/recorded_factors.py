"""What addresses about second factors, and from where people may come, record."""

from __future__ import annotations

OF_FACTORS = {
    "POST /administration/proposals": (
        "admin.second_person_required admin.second_person_not_required"
    ),
    "PUT /api/v1/admin/two-people": (
        "admin.second_person_required admin.second_person_not_required"
    ),
    "POST /administration/proposals/<uuid:proposal_id>/confirm": (
        "admin.act_confirmed admin.act_lapsed"
    ),
    "POST /administration/proposals/<uuid:proposal_id>/refuse": "admin.act_refused",
    "POST /administration/proposals/<uuid:proposal_id>/withdraw": "admin.act_withdrawn",
    "POST /api/v1/admin/proposals/<uuid:id>/confirm": "admin.act_confirmed admin.act_lapsed",
    "POST /api/v1/admin/proposals/<uuid:id>/refuse": "admin.act_refused",
    "POST /api/v1/admin/proposals/<uuid:id>/withdraw": "admin.act_withdrawn",
    "POST /administration/users/<name>/impersonate": "session.impersonation_started",
    "POST /impersonation/end": "session.impersonation_ended",
    "POST /administration/impersonations/<uuid:impersonation_id>/stop": (
        "session.impersonation_ended"
    ),
    "DELETE /api/v1/admin/impersonations/<uuid:id>": "session.impersonation_ended",
    "POST /settings/sessions/everywhere": "session.revoked token.revoked",
    "POST /api/v1/users/<name>/sign-out": "session.revoked token.revoked",
    "DELETE /api/v1/sessions/<uuid:id>": "session.revoked",
    "POST /administration/users/<name>/factors/reset": "auth.second_factors_reset",
    "POST /api/v1/users/<name>/second-factors/reset": "auth.second_factors_reset",
    "POST /settings/factors/app": "auth.recovery_codes_made auth.second_factor_added",
    "POST /settings/factors/key": "auth.recovery_codes_made auth.second_factor_added",
    "POST /sign-in/key": "auth.break_glass_used auth.signed_in",
    "POST /administration/second-factors": "auth.second_factor_required",
    "POST /administration/second-factors/<uuid:rule_id>/remove": (
        "auth.second_factor_not_required"
    ),
    "POST /api/v1/admin/factor-rules": "auth.second_factor_required",
    "DELETE /api/v1/admin/factor-rules/<uuid:id>": "auth.second_factor_not_required",
    "POST /administration/addresses": "auth.address_list_changed",
    "POST /<owner>/-/settings/addresses": "auth.address_list_changed",
    "PUT /api/v1/admin/address-list": "auth.address_list_changed",
    "PUT /api/v1/orgs/<org>/address-list": "auth.address_list_changed",
    "POST /settings/factors/codes": "auth.recovery_codes_made",
    "POST /settings/factors/<uuid:factor_id>/remove": "auth.second_factor_removed",
    "POST /sign-in/factor": ("auth.break_glass_used auth.recovery_code_used auth.signed_in"),
}
