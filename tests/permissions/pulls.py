"""What addresses of pull requests record, and who may go there."""

from __future__ import annotations

from tests.permissions.issues import READ, SAID, SORTED, SORTING, TRIAGE

API = "/api/v1/repos/<owner>/<name>"
ALL = f"{API}/pulls"
ONE = f"{ALL}/<int:number>"
COMMENT = f"{ONE}/comments/<uuid:id>"
REVIEWER = f"{ONE}/reviewers/<path:reviewer>"
WRITE = "..--+++.--+-+"
MAINTAIN = "..---++.--+-+"
MAINTAINS = "-.---++.--+-+"
WRITERS = "-.--+++.--+-+"
TESTS = "web/test_api_pulls.py"
CHANGED = "merge.changed merge.closed merge.reopened merge.auto_disabled issue.changed"
REVIEWS, THREADS, DRAFTS = f"{ONE}/reviews", f"{ONE}/threads", f"{ONE}/drafts"
ID = "<uuid:id>"
MERGE, SETTINGS = f"{ONE}/merge", f"{API}/merge-settings"
QUEUE, TURN = f"{API}/merge-queue", f"{ONE}/queue"
QUEUE_TESTS = "web/test_api_merge_queues.py"
MOVES = "branch_rule.bypassed git.push_refused git.pushed"
FOLLOWED = "merge.head_pushed merge.auto_disabled merge.dequeued"
"""What moving the source of a pull request does to it at once."""
DONE = "issue.closed merge.auto_disabled merge.merged"
CHANGES = {
    f"PUT {QUEUE}": "merge.queue_changed",
    f"DELETE {QUEUE}": "merge.queue_closed merge.dequeued",
    f"PUT {TURN}": "merge.queued merge.auto_disabled",
    f"PATCH {TURN}": "merge.prioritised",
    f"DELETE {TURN}": "merge.dequeued",
    f"POST {MERGE}": f"{MOVES} {DONE}",
    f"PUT {ONE}/auto-merge": "merge.auto_enabled",
    f"DELETE {ONE}/auto-merge": "merge.auto_disabled",
    f"POST {ONE}/revert": f"{MOVES} merge.requested",
    f"POST {ONE}/backport": f"{MOVES} merge.requested",
    f"POST {ONE}/update-branch": f"{MOVES} {FOLLOWED}",
    f"PATCH {SETTINGS}": "merge.rules_changed",
    f"POST {ONE}/suggestions": (
        f"{MOVES} {FOLLOWED} review.comment_changed review.thread_resolved"
    ),
    f"POST {REVIEWS}": "review.submitted",
    f"POST {REVIEWS}/{ID}/dismiss": "review.dismissed",
    f"POST {THREADS}": "review.comment_added",
    f"PATCH {THREADS}/{ID}": "review.thread_resolved review.thread_reopened",
    f"PATCH {ONE}/review-comments/{ID}": "review.comment_changed",
    f"DELETE {ONE}/review-comments/{ID}": "review.comment_deleted",
    f"PUT {ONE}/review-comments/{ID}/reactions/<reaction>": "issue.reacted",
    f"DELETE {ONE}/review-comments/{ID}/reactions/<reaction>": "issue.reaction_removed",
    f"POST {ALL}": f"merge.requested review.requested {SORTING}",
    f"PATCH {ONE}": f"{CHANGED} issue.locked issue.unlocked {SORTING}",
    f"PUT {REVIEWER}": "review.requested",
    f"DELETE {REVIEWER}": "review.request_withdrawn",
    f"PUT {ONE}/subscription": "issue.followed",
    f"DELETE {ONE}/subscription": "issue.unfollowed",
    f"PUT {ONE}/reactions/<reaction>": "issue.reacted",
    f"DELETE {ONE}/reactions/<reaction>": "issue.reaction_removed",
    f"POST {ONE}/comments": "issue.commented",
    f"PATCH {COMMENT}": "issue.comment_changed",
    f"DELETE {COMMENT}": "issue.comment_deleted",
    f"PUT {COMMENT}/reactions/<reaction>": "issue.reacted",
    f"DELETE {COMMENT}/reactions/<reaction>": "issue.reaction_removed",
}
NOTES = "notes of one's own, which nobody else sees until the review is submitted"
RECORDS_NOTHING = {
    f"POST {DRAFTS}": NOTES,
    f"PATCH {DRAFTS}/{ID}": NOTES,
    f"DELETE {DRAFTS}/{ID}": NOTES,
    f"PUT {ONE}/viewed": "a mark for oneself",
}
API_TABLE = [
    ("GET", f"{QUEUE}s", READ, None),
    ("PUT", QUEUE, MAINTAIN, {}),
    ("PUT", TURN, WRITE, {}),
    ("PATCH", TURN, WRITE, {"priority": "low"}),
    ("DELETE", TURN, TRIAGE, None),
    ("GET", ALL, READ, None),
    ("POST", ALL, READ, {"title": "New", "head": "topic"}),
    ("GET", ONE, READ, None),
    ("PATCH", ONE, TRIAGE, {"title": "Other"}),
    ("GET", f"{ONE}/patch-sets", READ, None),
    ("GET", f"{ONE}/commits", READ, None),
    ("PUT", REVIEWER, TRIAGE, None),
    ("DELETE", REVIEWER, TRIAGE, None),
    ("GET", MERGE, READ, None),
    ("POST", MERGE, WRITE, {}),
    ("PUT", f"{ONE}/auto-merge", WRITE, {}),
    ("DELETE", f"{ONE}/auto-merge", TRIAGE, None),
    ("POST", f"{ONE}/revert", WRITE, {}),
    ("POST", f"{ONE}/backport", WRITE, {"base": "topic"}),
    ("POST", f"{ONE}/update-branch", WRITE, {}),
    ("GET", SETTINGS, READ, None),
    ("PATCH", SETTINGS, MAINTAIN, {"delete_branches": True}),
    ("GET", REVIEWS, READ, None),
    ("POST", REVIEWS, READ, {"verdict": "comment", "body": "So it is."}),
    ("GET", THREADS, READ, None),
    ("POST", THREADS, READ, {"body": "Why?", "path": "src/one", "line": 1}),
    ("GET", DRAFTS, READ, None),
    ("POST", DRAFTS, READ, {"body": "Why?", "path": "src/one", "line": 1}),
    ("GET", f"{ONE}/viewed", READ, None),
    ("PUT", f"{ONE}/viewed", READ, {"path": "src/one"}),
    ("PUT", f"{ONE}/subscription", READ, None),
    ("PUT", f"{ONE}/reactions/<reaction>", READ, None),
    ("GET", f"{ONE}/comments", READ, None),
    ("POST", f"{ONE}/comments", READ, {"body": "So it is."}),
    ("GET", f"{ONE}/timeline", READ, None),
    ("GET", f"{ONE}/edits", READ, None),
]
API_ELSEWHERE = {
    **{(method, QUEUE): QUEUE_TESTS for method in ("GET", "DELETE")},
    ("POST", f"{REVIEWS}/{ID}/dismiss"): TESTS,
    ("POST", f"{ONE}/suggestions"): "web/test_api_pull_changes.py",
    ("GET", f"{ONE}/comparison"): "web/test_api_pull_changes.py",
    ("PATCH", f"{THREADS}/{ID}"): TESTS,
    **{
        (method, f"{place}/{ID}"): TESTS
        for method in ("PATCH", "DELETE")
        for place in (DRAFTS, f"{ONE}/review-comments")
    },
    **{
        (method, f"{ONE}/review-comments/{ID}/reactions/<reaction>"): TESTS
        for method in ("PUT", "DELETE")
    },
    **{(method, COMMENT): TESTS for method in ("GET", "PATCH", "DELETE")},
    **{(method, f"{COMMENT}/reactions/<reaction>"): TESTS for method in ("PUT", "DELETE")},
    ("GET", f"{COMMENT}/edits"): TESTS,
    ("DELETE", f"{ONE}/subscription"): TESTS,
    ("DELETE", f"{ONE}/reactions/<reaction>"): TESTS,
}
API_PLACES = {"pulls/<int:number>": "pulls/3", "<path:reviewer>": "administrator"}
MOVES_NOTHING = {
    ("PUT", TURN): "its branch has no queue",
    ("PATCH", TURN): "it stands in no queue",
    ("DELETE", TURN): "it stands in no queue",
    ("POST", MERGE): "both branches are where the other is",
    ("POST", f"{ONE}/revert"): "it was not merged",
    ("POST", f"{ONE}/backport"): "it was not merged",
    ("POST", f"{ONE}/update-branch"): "both branches are where the other is",
    ("DELETE", f"{ONE}/auto-merge"): "nobody has promised to merge it",
    ("POST", ALL): "both branches are where the other is",
    ("PUT", REVIEWER): "their review is waited for already",
}
RECORDED_ELSEWHERE = dict.fromkeys(CHANGES, f"{TESTS}: branches have to differ")
COMMANDS = [
    ("repo merge-queue set lab-N/notes", MAINTAINS),
    ("pr unqueue lab-N/notes 3", SORTED),
    ("pr list lab-N/notes", SAID),
    ("pr show lab-N/notes 3", SAID),
    ("pr patch-sets lab-N/notes 3", SAID),
    ("pr comment lab-N/notes 3 --body So", SAID),
    ("pr review lab-N/notes 3 --body So", SAID),
    ("pr reviews lab-N/notes 3", SAID),
    ("pr threads lab-N/notes 3", SAID),
    ("pr obstacles lab-N/notes 3", SAID),
    ("pr merge lab-N/notes 3 --auto", WRITERS),
    ("pr no-auto lab-N/notes 3", SORTED),
    ("pr edit lab-N/notes 3 --title Other", SORTED),
    ("pr ready lab-N/notes 3 --undo", SORTED),
    ("pr close lab-N/notes 3", SORTED),
    ("pr ask lab-N/notes 3 administrator --undo", SORTED),
]
COMMANDS_ELSEWHERE = {
    **dict.fromkeys(
        (
            *("pr create", "pr reopen", "pr resolve", "pr dismiss", "pr revert", "pr backport"),
            "pr apply",
        ),
        TESTS,
    ),
    "pr compare": "web/test_api_pull_changes.py",
    "pr update": "cli/test_pull_updates.py",
    **dict.fromkeys(
        (
            *("pr queue", "pr prioritise", "repo merge-queue show", "repo merge-queue pause"),
            *("repo merge-queue resume", "repo merge-queue close"),
        ),
        "cli/test_merge_queues.py",
    ),
}
