"""What addresses of talk about commits record, and who may go there."""

from __future__ import annotations

API = "/api/v1/repos/<owner>/<name>"
COMMIT = f"{API}/commits/<path:oid>"
COMMENT = f"{COMMIT}/comments/<uuid:id>"
HERE = "/<owner>/<name>/commit/<oid>"
REMARK = f"{HERE}/comments/<uuid:remark_id>"
LABELLED = "labelled-commits"
TESTS = "web/test_commit_talk.py"
READ = "..+++++.+++++"
READ_SIGNED_IN = "?.+++++.+++++"
TRIAGE = "..-++++.--+-+"
TRIAGE_SIGNED_IN = "?.-++++.--+-+"
REACTED = "commit.reacted"
UNREACTED = "commit.reaction_removed"
RECORDED = {
    f"POST {COMMIT}/comments": "commit.commented",
    f"PATCH {COMMENT}": "commit.comment_changed",
    f"DELETE {COMMENT}": "commit.comment_deleted",
    f"PUT {COMMENT}/reactions/<reaction>": REACTED,
    f"DELETE {COMMENT}/reactions/<reaction>": UNREACTED,
    f"PUT {COMMIT}/labels": "commit.labels_changed",
    f"POST {HERE}/comments": "commit.commented",
    f"POST {REMARK}/edit": "commit.comment_changed",
    f"POST {REMARK}/delete": "commit.comment_deleted",
    f"POST {REMARK}/react": f"{REACTED} {UNREACTED}",
    f"POST {HERE}/labels": "commit.labels_changed",
}
MAINTAIN = "..---++.--+-+"
WRITE = "..--+++.--+-+"
BRANCHES = "/<owner>/<name>/branches"
DELETED = f"{API}/deleted-branches"
BRANCH_TESTS = "web/test_branch_health.py"
RESTORED = "branch_rule.bypassed git.merged_branch_restored git.push_refused git.pushed"
RECORDED |= {
    f"POST {DELETED}/<uuid:id>/restore": RESTORED,
    f"POST {BRANCHES}/deleted/<uuid:branch_id>/restore": RESTORED,
}
API_TABLE = [
    ("GET", f"{API}/branch-health", READ, None),
    ("GET", f"{API}/branch-cleanup", MAINTAIN, None),
    ("GET", DELETED, WRITE, None),
    ("GET", f"{COMMIT}/comments", READ, None),
    ("POST", f"{COMMIT}/comments", READ, {"body": "So"}),
    ("GET", f"{COMMIT}/labels", READ, None),
    ("PUT", f"{COMMIT}/labels", TRIAGE, {"labels": ["bug"]}),
    ("GET", f"{API}/{LABELLED}", READ, None),
]
OF_ONE = ("GET", "PATCH", "DELETE")
API_ELSEWHERE = {
    ("POST", f"{DELETED}/<uuid:id>/restore"): BRANCH_TESTS,
    **{(method, COMMENT): TESTS for method in OF_ONE},
    **{(method, f"{COMMENT}/reactions/<reaction>"): TESTS for method in ("PUT", "DELETE")},
}
QUERIES = {f"{API}/{LABELLED}": "?label=bug"}
OWN = "lab-N"
PAGES = [
    (f"{BRANCHES}/cleanup", WRITE, {}, OWN),
    (f"{HERE}/comments/new", READ_SIGNED_IN, {}, OWN),
]
FORMS = [
    (f"{HERE}/comments", READ_SIGNED_IN, {"body": "So"}, OWN),
    (f"{HERE}/labels", TRIAGE_SIGNED_IN, {"labels": "bug"}, OWN),
]
PAGES_ELSEWHERE = {
    ("POST", f"{BRANCHES}/deleted/<uuid:branch_id>/restore"): BRANCH_TESTS,
    ("GET", f"{REMARK}/edit"): TESTS,
    ("GET", f"/<owner>/<name>/{LABELLED}"): TESTS,
    **{("POST", f"{REMARK}/{verb}"): TESTS for verb in ("edit", "delete", "react")},
}
NEEDS_ONE = f"{TESTS}: somebody has to have said it"
FURTHER = {each: NEEDS_ONE for each in RECORDED if "<uuid:" in each}
SAID = "-.+++++.+++++"
SORTED = "-.-++++.--+-+"
COMMANDS = [
    ("repo branch health lab-N/notes", SAID),
    ("repo branch due lab-N/notes", "-.---++.--+-+"),
    ("repo branch deleted lab-N/notes", "-.--+++.--+-+"),
    ("repo branch policy lab-N/notes", SAID),
    ("repo branch policy lab-N/notes --merged-days 9", "-.---++.--+-+"),
    ("repo commit comments lab-N/notes main", SAID),
    ("repo commit comment lab-N/notes main --body So", SAID),
    ("repo commit label lab-N/notes main bug", SORTED),
    ("repo commit labelled lab-N/notes bug", SAID),
]
