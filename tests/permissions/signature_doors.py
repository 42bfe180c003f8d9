"""Doors of signatures and pushes that the table cannot describe; each has tests of its own."""

from __future__ import annotations

PAGES = "web/test_x509_authorities.py"
PUSHES = "web/test_pushes.py"
AUTHORITIES = "/administration/signatures/authorities"
ONE = f"{AUTHORITIES}/<uuid:authority_id>"
PUSH = "/<owner>/<name>/pushes/<uuid:push_id>"
ELSEWHERE = {
    ("POST", AUTHORITIES): PAGES,
    ("POST", f"{ONE}/remove"): PAGES,
    ("POST", f"{ONE}/revocations"): PAGES,
    ("GET", PUSH): PUSHES,
    ("GET", f"{PUSH}/certificate"): PUSHES,
}
