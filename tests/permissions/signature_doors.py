"""Doors of signatures and pushes that the table cannot describe, each with tests of its own; and
what those of organisations and people record.
"""

from __future__ import annotations

ADMINISTRATION = "web/test_x509_authorities.py"
PUSHES = "web/test_pushes.py"
AUTHORITIES = "/administration/signatures/authorities"
ONE = f"{AUTHORITIES}/<uuid:authority_id>"
PUSH = "/<owner>/<name>/pushes/<uuid:push_id>"
ORGANISATION = "/<owner>/-/settings/signatures"
THERE = "web/test_organisation_signatures.py"
CERTIFICATES = "web/test_x509_certificates.py"
PAGES = (
    ("/settings/certificates", "?++++++++++++"),
    ("/settings/certificates/new", "?++++++++++++"),
    (ORGANISATION, "?.--------+-+"),
)
ELSEWHERE = {
    ("POST", f"{ORGANISATION}/rules"): THERE,
    ("POST", f"{ORGANISATION}/rules/remove"): THERE,
    ("POST", f"{ORGANISATION}/authorities"): THERE,
    ("POST", f"{ORGANISATION}/authorities/<uuid:authority_id>/remove"): THERE,
    ("POST", f"{ORGANISATION}/authorities/<uuid:authority_id>/revocations"): THERE,
    ("POST", "/settings/certificates/new"): CERTIFICATES,
    ("POST", "/settings/certificates/<uuid:certificate_id>/remove"): CERTIFICATES,
    ("POST", AUTHORITIES): ADMINISTRATION,
    ("POST", f"{ONE}/remove"): ADMINISTRATION,
    ("POST", f"{ONE}/revocations"): ADMINISTRATION,
    ("GET", PUSH): PUSHES,
    ("GET", f"{PUSH}/certificate"): PUSHES,
}
OF_API, OF_PEOPLE = "/api/v1/orgs/<org>", "/api/v1/user/x509-certificates"
RECORDED = {
    f"POST {OF_API}/x509-authorities": "x509_authority.trusted",
    f"PUT {OF_API}/x509-authorities/<uuid:id>/revocations": "x509_authority.changed",
    f"DELETE {OF_API}/x509-authorities/<uuid:id>": "x509_authority.removed",
    f"PUT {OF_API}/signing-rules": "org.signing_rule_set",
    f"DELETE {OF_API}/signing-rules": "org.signing_rule_removed",
    f"POST {ORGANISATION}/authorities": "x509_authority.trusted",
    f"POST {ORGANISATION}/authorities/<uuid:authority_id>/remove": "x509_authority.removed",
    f"POST {ORGANISATION}/authorities/<uuid:authority_id>/revocations": "x509_authority.changed",
    f"POST {ORGANISATION}/rules": "org.signing_rule_set",
    f"POST {ORGANISATION}/rules/remove": "org.signing_rule_removed",
    f"POST {OF_PEOPLE}": "x509_certificate.added",
    f"DELETE {OF_PEOPLE}/<uuid:id>": "x509_certificate.removed",
    "POST /settings/certificates/new": "x509_certificate.added",
    "POST /settings/certificates/<uuid:certificate_id>/remove": "x509_certificate.removed",
}
LISTS = {"GET /settings/certificates": "admin.list_exported"}
