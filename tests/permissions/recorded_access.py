"""What addresses about asking for access, and about reviewing it, record."""

from __future__ import annotations

GIVEN = "role.access_approved org.member_added repo.role_granted team.member_added"
ONE = "/settings/access-requests/<uuid:request_id>"
API = "/api/v1/access-requests/<uuid:id>"
REVIEW, OF_API = "/inbox/reviews/<uuid:review_id>", "/api/v1/reviews/<uuid:id>"
REVIEWED = (
    "role.right_reviewed org.member_removed repo.role_withdrawn role.access_ended"
    " team.member_removed user.role_changed"
)
OF_ACCESS = {
    "POST /settings/access-requests": "role.access_withdrawn",
    "POST /settings/access-requests/new": "role.access_requested",
    f"POST {ONE}/withdraw": "role.access_withdrawn",
    f"POST {ONE}/<any(approve, refuse, prolong, end):verb>": (
        f"{GIVEN} role.access_refused role.access_prolonged role.access_ended"
    ),
    "POST /inbox/access": f"{GIVEN} role.access_refused",
    "POST /<owner>/-/settings/access-requests": "role.access_rule_changed",
    "POST /<owner>/-/settings/access-requests/several": "role.access_ended",
    "POST /api/v1/user/access-requests": "role.access_requested",
    "DELETE /api/v1/user/access-requests/<uuid:id>": "role.access_withdrawn",
    f"POST {API}/approve": GIVEN,
    f"POST {API}/refuse": "role.access_refused",
    f"POST {API}/prolong": "role.access_prolonged",
    f"POST {API}/end": "role.access_ended",
    "PUT /api/v1/orgs/<org>/access-rule": "role.access_rule_changed",
    "POST /<owner>/-/reviews/new": "role.review_started",
    "POST /administration/reviews/new": "role.review_started",
    f"POST {REVIEW}": REVIEWED,
    f"POST {REVIEW}/<any(close, repeat):verb>": (
        f"{REVIEWED} role.review_closed role.review_started"
    ),
    "POST /api/v1/reviews": "role.review_started",
    f"POST {OF_API}/decisions": REVIEWED,
    f"POST {OF_API}/close": f"{REVIEWED} role.review_closed",
    f"POST {OF_API}/repeat": "role.review_started",
}
LISTS = {
    "GET /<owner>/-/reviews": "admin.list_exported",
    "GET /administration/reviews": "admin.list_exported",
    f"GET {REVIEW}": "admin.list_exported",
    "GET /settings/access-requests": "admin.list_exported",
    "GET /inbox/access": "admin.list_exported",
    "GET /<owner>/-/settings/access-requests": "admin.list_exported",
}
TESTS = "web/test_access_request_pages.py"
PAGES = (
    *(("GET", ONE), ("POST", f"{ONE}/withdraw"), ("POST", "/settings/access-requests")),
    ("POST", f"{ONE}/<any(approve, refuse, prolong, end):verb>"),
    *(("POST", "/<owner>/-/settings/access-requests"), ("POST", "/settings/access-requests/new")),
    *(("POST", "/inbox/access"), ("POST", "/<owner>/-/settings/access-requests/several")),
)
REVIEW_TESTS = "web/test_access_review_pages.py"
REVIEW_PAGES = (
    *(("GET", REVIEW), ("POST", REVIEW), ("GET", f"{REVIEW}/result.jsonl")),
    *(("POST", "/<owner>/-/reviews/new"), ("POST", "/administration/reviews/new")),
    ("POST", f"{REVIEW}/<any(close, repeat):verb>"),
)
"""What the form of the table of pages cannot say, and the tests that do."""
OF_ANYBODY = (
    "/settings/access-requests",
    "/settings/access-requests/new",
    "/inbox/access",
    "/inbox/reviews",
)
"""Pages that are there for everybody, each with what is theirs."""
ELSEWHERE = dict.fromkeys(PAGES, TESTS) | dict.fromkeys(REVIEW_PAGES, REVIEW_TESTS)
OF_REVIEWS = (
    *((each, "?++++++++++++") for each in OF_ANYBODY),
    ("/<owner>/-/settings/access-requests", "..--------+-+"),
    ("/<owner>/-/reviews", "..------+++++"),
    ("/<owner>/-/reviews/new", "..------+-+-+"),
    ("/administration/reviews", "?----------++"),
    ("/administration/reviews/new", "?-----------+"),
)
"""Pages of owners and officers, and who sees them."""
