"""Doors for acting as somebody else and for two people, which have tests of their own."""

from __future__ import annotations

IMPERSONATION = "web/test_impersonation.py"
PROPOSALS = "web/test_proposal_pages.py"
PLACE = "/administration/proposals"
ELSEWHERE = {
    ("GET", "/<owner>/-/members/<name>/access"): "web/test_person_access.py",
    ("POST", "/administration/users/<name>/impersonate"): IMPERSONATION,
    ("POST", "/impersonation/end"): IMPERSONATION,
    ("POST", "/administration/impersonations/<uuid:impersonation_id>/stop"): IMPERSONATION,
    ("POST", PLACE): PROPOSALS,
    ("GET", f"{PLACE}/<uuid:proposal_id>"): PROPOSALS,
    **{
        ("POST", f"{PLACE}/<uuid:proposal_id>/{verb}"): PROPOSALS
        for verb in ("confirm", "refuse", "withdraw")
    },
}
