"""What pages of pull requests record, and who may go there."""

from __future__ import annotations

from tests.permissions.issues import (
    HERE,
    OWN,
    READ,
    SIGNED_IN,
    SORTING,
    TRIAGE_SIGNED_IN,
)

ALL = f"{HERE}/pulls"
PULL = f"{ALL}/<int:number>"
OF_COMMENT = f"{PULL}/comments/<uuid:comment_id>"
ACTS = f"{PULL}/<any(lock, unlock, pin, unpin, follow, leave):verb>"
STATE = f"{PULL}/<any(draft, ready):verb>"
LISTS = {f"GET {ALL}": "admin.list_exported"}
CHANGES = {
    f"POST {ALL}": "issue.labels_changed merge.closed merge.reopened",
    f"POST {ALL}/new": f"merge.requested review.requested {SORTING}",
    f"POST {PULL}/comment": "issue.commented merge.closed merge.reopened",
    f"POST {PULL}/edit": "issue.changed",
    f"POST {PULL}/sort": SORTING,
    f"POST {ACTS}": (
        "issue.locked issue.unlocked issue.pinned issue.unpinned issue.followed issue.unfollowed"
    ),
    f"POST {PULL}/react": "issue.reacted issue.reaction_removed",
    f"POST {OF_COMMENT}/edit": "issue.comment_changed",
    f"POST {OF_COMMENT}/delete": "issue.comment_deleted",
    f"POST {OF_COMMENT}/react": "issue.reacted issue.reaction_removed",
    f"POST {STATE}": "merge.changed",
    f"POST {PULL}/target": "merge.changed",
    f"POST {PULL}/reviewers": "review.requested review.request_withdrawn",
}
PAGES = [
    (ALL, READ, {}, OWN),
    (f"{ALL}/new", SIGNED_IN, {}, OWN),
    (PULL, READ, {}, OWN),
    (f"{PULL}/commits", READ, {}, OWN),
    (f"{PULL}/patch-sets", READ, {}, OWN),
    (f"{PULL}/files", READ, {}, OWN),
    (f"{PULL}/edit", SIGNED_IN, {}, OWN),
    (f"{PULL}/edits", READ, {}, OWN),
]
FORMS = [
    (ALL, "..-++++.--+-+", {"act": "close", "chosen": "3"}, OWN),
    (f"{PULL}/comment", SIGNED_IN, {"body": "So it is."}, OWN),
    (f"{PULL}/edit", TRIAGE_SIGNED_IN, {"title": "Other", "body": "As it is."}, OWN),
    (f"{PULL}/sort", TRIAGE_SIGNED_IN, {"labels": "bug"}, OWN),
    (ACTS, TRIAGE_SIGNED_IN, {}, OWN),
    (f"{PULL}/react", SIGNED_IN, {"reaction": "heart", "given": "yes"}, OWN),
    (STATE, TRIAGE_SIGNED_IN, {}, OWN),
]
TESTS = "web/test_pull_pages.py"
ELSEWHERE = {
    ("POST", f"{ALL}/new"): TESTS,
    ("POST", f"{PULL}/target"): TESTS,
    ("POST", f"{PULL}/reviewers"): TESTS,
    **{("GET", f"{OF_COMMENT}/{page}"): TESTS for page in ("edit", "edits")},
    **{("POST", f"{OF_COMMENT}/{verb}"): TESTS for verb in ("edit", "delete", "react")},
}
PLACES = {"pulls/<int:number>": "pulls/3", "<any(draft, ready):verb>": "draft"}
RECORDED_ELSEWHERE = {
    f"POST {rule}": f"{TESTS}: branches have to differ, or something to be said first"
    for method, rule in ELSEWHERE
    if method == "POST"
}
