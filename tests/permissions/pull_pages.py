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

FOLLOWED = "merge.head_pushed merge.auto_disabled merge.dequeued"
ALL = f"{HERE}/pulls"
PULL = f"{ALL}/<int:number>"
OF_COMMENT = f"{PULL}/comments/<uuid:comment_id>"
ACTS = f"{PULL}/<any(lock, unlock, pin, unpin, follow, leave):verb>"
THREAD = f"{PULL}/threads/<uuid:thread_id>"
SAID = f"{PULL}/<any(drafts, said):kind>/<uuid:said_id>"
STATE = f"{PULL}/<any(draft, ready):verb>"
MADE_ANEW = (
    f"branch_rule.bypassed git.push_refused git.pushed merge.requested review.requested {SORTING}"
)
MAINTAIN = "..---++.--+-+"
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
    f"POST {PULL}/threads": "review.comment_added",
    f"POST {THREAD}/reply": ("review.comment_added review.thread_resolved review.thread_reopened"),
    f"POST {PULL}/reviews": "review.submitted",
    f"POST {PULL}/reviews/<uuid:review_id>/dismiss": "review.dismissed",
    f"POST {SAID}/edit": "review.comment_changed",
    f"POST {SAID}/delete": "review.comment_deleted",
    f"POST {PULL}/said/<uuid:said_id>/react": "issue.reacted issue.reaction_removed",
    f"POST {PULL}/suggestions": (
        f"branch_rule.bypassed git.push_refused git.pushed {FOLLOWED} review.comment_changed "
        "review.thread_resolved"
    ),
    f"POST {PULL}/merge": (
        "branch_rule.bypassed git.push_refused git.pushed merge.merged merge.auto_enabled "
        "merge.auto_disabled issue.closed merge.queued"
    ),
    f"POST {PULL}/auto-merge/stop": "merge.auto_disabled",
    f"POST {HERE}/settings/merging": "merge.rules_changed",
    f"POST {HERE}/merge-queue": "merge.queue_changed",
    f"POST {HERE}/merge-queue/close": "merge.queue_closed merge.dequeued",
    f"POST {PULL}/queue": "merge.dequeued merge.prioritised",
    f"POST {PULL}/revert": MADE_ANEW,
    f"POST {PULL}/backport": MADE_ANEW,
    f"POST {PULL}/conflicts": f"branch_rule.bypassed git.push_refused git.pushed {FOLLOWED}",
    f"POST {PULL}/update": f"branch_rule.bypassed git.push_refused git.pushed {FOLLOWED}",
}
PAGES = [
    (ALL, READ, {}, OWN),
    (f"{ALL}/new", SIGNED_IN, {}, OWN),
    (PULL, READ, {}, OWN),
    (f"{PULL}/commits", READ, {}, OWN),
    (f"{PULL}/patch-sets", READ, {}, OWN),
    (f"{PULL}/files", READ, {}, OWN),
    (f"{PULL}/checks", READ, {}, OWN),
    (f"{HERE}/settings/merging", MAINTAIN, {}, OWN),
    (f"{HERE}/merge-queue", READ, {}, OWN),
    (f"{PULL}/conflicts", READ, {}, OWN),
    (f"{PULL}/edit", SIGNED_IN, {}, OWN),
    (f"{PULL}/edits", READ, {}, OWN),
]
FORMS = [
    (ALL, "..-++++.--+-+", {"act": "close", "chosen": "3"}, OWN),
    (f"{HERE}/settings/merging", MAINTAIN, {"usual": "squash", "methods": "merge"}, OWN),
    (f"{HERE}/merge-queue", MAINTAIN, {}, OWN),
    (f"{PULL}/comment", SIGNED_IN, {"body": "So it is."}, OWN),
    (f"{PULL}/edit", TRIAGE_SIGNED_IN, {"title": "Other", "body": "As it is."}, OWN),
    (f"{PULL}/sort", TRIAGE_SIGNED_IN, {"labels": "bug"}, OWN),
    (ACTS, TRIAGE_SIGNED_IN, {}, OWN),
    (f"{PULL}/react", SIGNED_IN, {"reaction": "heart", "given": "yes"}, OWN),
    (STATE, TRIAGE_SIGNED_IN, {}, OWN),
    (f"{PULL}/threads", SIGNED_IN, {"path": "src/one", "line": "1", "body": "So."}, OWN),
    (f"{PULL}/reviews", SIGNED_IN, {"body": "So it is."}, OWN),
]
TESTS = "web/test_pull_pages.py"
REVIEWS = "web/test_pull_review.py"
MERGES = "web/test_pull_merge_pages.py"
QUEUES = "web/test_merge_queue_pages.py"
ELSEWHERE = {
    ("POST", f"{HERE}/merge-queue/close"): QUEUES,
    ("POST", f"{PULL}/queue"): QUEUES,
    ("POST", f"{ALL}/new"): TESTS,
    ("POST", f"{PULL}/target"): TESTS,
    ("POST", f"{PULL}/reviewers"): TESTS,
    **{
        ("POST", f"{PULL}/{verb}"): MERGES
        for verb in ("merge", "auto-merge/stop", "revert", "backport", "conflicts", "update")
    },
    ("GET", f"{PULL}/threads/new"): REVIEWS,
    ("GET", THREAD): REVIEWS,
    ("POST", f"{THREAD}/reply"): REVIEWS,
    ("POST", f"{PULL}/reviews/<uuid:review_id>/dismiss"): REVIEWS,
    ("GET", f"{SAID}/edit"): REVIEWS,
    ("POST", f"{SAID}/edit"): REVIEWS,
    ("POST", f"{SAID}/delete"): REVIEWS,
    ("POST", f"{PULL}/said/<uuid:said_id>/react"): REVIEWS,
    ("POST", f"{PULL}/drafts/discard"): REVIEWS,
    ("POST", f"{PULL}/viewed"): REVIEWS,
    ("POST", f"{PULL}/suggestions"): REVIEWS,
    **{("GET", f"{OF_COMMENT}/{page}"): TESTS for page in ("edit", "edits")},
    **{("POST", f"{OF_COMMENT}/{verb}"): TESTS for verb in ("edit", "delete", "react")},
}
PLACES = {"pulls/<int:number>": "pulls/3", "<any(draft, ready):verb>": "draft"}
RECORDS_NOTHING = {
    f"POST {PULL}/drafts/discard": "a note of one's own is no event until it is said",
    f"POST {PULL}/viewed": "a mark for oneself",
}
RECORDED_ELSEWHERE = {
    f"POST {rule}": f"{test}: branches have to differ, or something to be said first"
    for (method, rule), test in ELSEWHERE.items()
    if method == "POST" and f"POST {rule}" not in RECORDS_NOTHING
}
