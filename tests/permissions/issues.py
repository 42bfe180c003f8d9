"""What addresses of issues record, and who may go there; and of what people are told of them."""

from __future__ import annotations

from tests.permissions import commit_doors, social, wiki_doors

SORTING = "issue.labels_changed issue.assignees_changed issue.milestone_changed"
STATES = "issue.closed issue.reopened issue.locked issue.unlocked issue.pinned issue.unpinned"
API = "/api/v1/repos/<owner>/<name>"
ONE = f"{API}/issues/<int:number>"
COMMENT = f"{ONE}/comments/<uuid:id>"
OF_ISSUES = {
    f"POST {API}/issues": f"issue.opened {SORTING}",
    f"PATCH {ONE}": f"issue.changed {SORTING} {STATES}",
    f"PUT {ONE}/subscription": "issue.followed",
    f"DELETE {ONE}/subscription": "issue.unfollowed",
    f"PUT {ONE}/reactions/<reaction>": "issue.reacted",
    f"DELETE {ONE}/reactions/<reaction>": "issue.reaction_removed",
    f"POST {ONE}/comments": "issue.commented",
    f"PATCH {COMMENT}": "issue.comment_changed",
    f"DELETE {COMMENT}": "issue.comment_deleted",
    f"PUT {COMMENT}/reactions/<reaction>": "issue.reacted",
    f"DELETE {COMMENT}/reactions/<reaction>": "issue.reaction_removed",
    f"POST {API}/import/conversations": "issue.imported",
    f"POST {ONE}/transfer": (
        "issue.opened issue.transferred issue.commented issue.closed issue.locked"
    ),
    f"POST {API}/labels": "issue.label_created",
    f"PATCH {API}/labels/<path:label>": "issue.label_changed",
    f"DELETE {API}/labels/<path:label>": "issue.label_deleted",
    f"POST {API}/milestones": "issue.milestone_created",
    f"PATCH {API}/milestones/<int:number>": "issue.milestone_set",
    f"DELETE {API}/milestones/<int:number>": "issue.milestone_deleted",
}
READ = "..+++++.+++++"
TRIAGE = "..-++++.--+-+"
LABEL = {"name": "new", "colour": "000000"}
BROUGHT = {"number": 9000, "title": "Old", "created_at": "2024-03-01T10:00:00Z"}
API_TABLE = [
    ("POST", f"{API}/import/conversations", "..----+.--+-+", {"items": [BROUGHT]}),
    ("GET", f"{API}/issues", READ, None),
    ("POST", f"{API}/issues", READ, {"title": "New"}),
    ("GET", ONE, READ, None),
    ("PATCH", ONE, TRIAGE, {"title": "Other"}),
    ("PUT", f"{ONE}/subscription", READ, None),
    ("PUT", f"{ONE}/reactions/<reaction>", READ, None),
    ("GET", f"{ONE}/comments", READ, None),
    ("POST", f"{ONE}/comments", READ, {"body": "So it is."}),
    ("GET", f"{ONE}/timeline", READ, None),
    ("GET", f"{ONE}/edits", READ, None),
    ("GET", f"{API}/labels", READ, None),
    ("POST", f"{API}/labels", TRIAGE, LABEL),
    ("PATCH", f"{API}/labels/<path:label>", TRIAGE, {"colour": "000000"}),
    ("DELETE", f"{API}/labels/<path:label>", TRIAGE, None),
    ("GET", f"{API}/milestones", READ, None),
    ("POST", f"{API}/milestones", TRIAGE, {"title": "New"}),
    ("GET", f"{API}/milestones/<int:number>", READ, None),
    ("PATCH", f"{API}/milestones/<int:number>", TRIAGE, {"title": "Other"}),
    ("DELETE", f"{API}/milestones/<int:number>", TRIAGE, None),
]
TESTS = "web/test_api_issues.py"
API_ELSEWHERE = {
    **{(method, COMMENT): TESTS for method in ("GET", "PATCH", "DELETE")},
    **{(method, f"{COMMENT}/reactions/<reaction>"): TESTS for method in ("PUT", "DELETE")},
    ("GET", f"{COMMENT}/edits"): TESTS,
    ("DELETE", f"{ONE}/subscription"): TESTS,
    ("POST", f"{ONE}/transfer"): "web/test_issue_transfers.py",
    ("DELETE", f"{ONE}/reactions/<reaction>"): TESTS,
}
API_PLACES = {"<int:number>": "1", "<reaction>": "heart", "labels/<path:label>": "labels/bug"}
SAID = "-.+++++.+++++"
SORTED = "-.-++++.--+-+"
COMMANDS = [
    ("issue list lab-N/notes", SAID),
    ("issue show lab-N/notes 1", SAID),
    ("issue create lab-N/notes New", SAID),
    ("issue comment lab-N/notes 1 --body So", SAID),
    ("issue close lab-N/notes 1", SORTED),
    ("issue reopen lab-N/notes 2", SORTED),
]

HERE = "/<owner>/<name>"
PAGE = f"{HERE}/issues/<int:number>"
OF_COMMENT = f"{PAGE}/comments/<uuid:comment_id>"
ACTS = f"{PAGE}/<any(lock, unlock, pin, unpin, follow, leave):verb>"
OF_ISSUES |= {
    f"POST {HERE}/issues": "issue.labels_changed issue.closed issue.reopened",
    f"POST {HERE}/issues/new": f"issue.opened {SORTING}",
    f"POST {PAGE}/comment": "issue.commented issue.closed issue.reopened",
    f"POST {PAGE}/edit": "issue.changed",
    f"POST {PAGE}/state": "issue.closed issue.reopened",
    f"POST {PAGE}/sort": SORTING,
    f"POST {ACTS}": (
        "issue.locked issue.unlocked issue.pinned issue.unpinned issue.followed issue.unfollowed"
    ),
    f"POST {PAGE}/react": "issue.reacted issue.reaction_removed",
    f"POST {PAGE}/transfer": OF_ISSUES[f"POST {ONE}/transfer"],
    f"POST {OF_COMMENT}/edit": "issue.comment_changed",
    f"POST {OF_COMMENT}/delete": "issue.comment_deleted",
    f"POST {OF_COMMENT}/react": "issue.reacted issue.reaction_removed",
    f"POST {HERE}/labels": "issue.label_created",
    f"POST {HERE}/labels/change": "issue.label_changed",
    f"POST {HERE}/labels/delete": "issue.label_deleted",
    f"POST {HERE}/milestones": "issue.milestone_created",
    f"POST {HERE}/milestones/<int:number>": "issue.milestone_set",
    f"POST {HERE}/milestones/<int:number>/delete": "issue.milestone_deleted",
}
ISSUE_LISTS = {f"GET {HERE}/issues": "admin.list_exported"}
SIGNED_IN = "?.+++++.+++++"
TRIAGE_SIGNED_IN = "?.-++++.--+-+"
OWN = "lab-N"
PAGES = [
    (f"{HERE}/issues", READ, {}, OWN),
    (f"{HERE}/issues/new", SIGNED_IN, {}, OWN),
    (PAGE, READ, {}, OWN),
    (f"{PAGE}/edit", SIGNED_IN, {}, OWN),
    (f"{PAGE}/edits", READ, {}, OWN),
    (f"{OF_COMMENT}/edits", READ, {}, OWN),
    (f"{OF_COMMENT}/edit", SIGNED_IN, {}, OWN),
    (f"{HERE}/labels", READ, {}, OWN),
    (f"{HERE}/milestones", READ, {}, OWN),
    (f"{HERE}/milestones/<int:number>", READ, {}, OWN),
]
FORMS = [
    (f"{HERE}/issues", "..-++++.--+-+", {"act": "close", "chosen": "1"}, OWN),
    (f"{HERE}/issues/new", SIGNED_IN, {"title": "New"}, OWN),
    (f"{PAGE}/comment", SIGNED_IN, {"body": "So it is."}, OWN),
    (f"{PAGE}/edit", TRIAGE_SIGNED_IN, {"title": "Other", "body": "As it is."}, OWN),
    (f"{PAGE}/state", TRIAGE_SIGNED_IN, {}, OWN),
    (f"{PAGE}/sort", TRIAGE_SIGNED_IN, {"labels": "bug"}, OWN),
    (ACTS, TRIAGE_SIGNED_IN, {}, OWN),
    (f"{PAGE}/react", SIGNED_IN, {"reaction": "heart", "given": "yes"}, OWN),
    (f"{OF_COMMENT}/edit", TRIAGE_SIGNED_IN, {"body": "Other"}, OWN),
    (f"{OF_COMMENT}/delete", TRIAGE_SIGNED_IN, {}, OWN),
    (f"{OF_COMMENT}/react", SIGNED_IN, {"reaction": "heart", "given": "yes"}, OWN),
    (f"{HERE}/labels", TRIAGE_SIGNED_IN, {"label": "new", "colour": "#000000"}, OWN),
    (
        f"{HERE}/labels/change",
        TRIAGE_SIGNED_IN,
        {"which": "bug", "label": "b", "colour": "#000000"},
        OWN,
    ),
    (f"{HERE}/labels/delete", TRIAGE_SIGNED_IN, {"which": "bug"}, OWN),
    (f"{HERE}/milestones", TRIAGE_SIGNED_IN, {"title": "New"}, OWN),
    (f"{HERE}/milestones/<int:number>", TRIAGE_SIGNED_IN, {"title": "Other"}, OWN),
    (f"{HERE}/milestones/<int:number>/delete", TRIAGE_SIGNED_IN, {}, OWN),
]
PAGE_PLACES = {
    "<int:number>": "1",
    "<any(lock, unlock, pin, unpin, follow, leave):verb>": "lock",
}
PAGE_NOUNS = {"comment_id": "comment"}

OF_ISSUES |= social.RECORDED | commit_doors.RECORDED | wiki_doors.RECORDED
ISSUE_LISTS |= social.LISTS | wiki_doors.READS
API_TABLE += social.API_TABLE + commit_doors.API_TABLE + wiki_doors.API_TABLE
API_PLACES |= wiki_doors.API_PLACES
API_ELSEWHERE |= social.API_ELSEWHERE | commit_doors.API_ELSEWHERE
COMMANDS += social.COMMANDS + commit_doors.COMMANDS + wiki_doors.COMMANDS
PAGES += social.PAGES + commit_doors.PAGES + wiki_doors.PAGES
PAGE_PLACES |= wiki_doors.PAGE_PLACES
FORMS += social.FORMS + commit_doors.FORMS + wiki_doors.FORMS
PAGES_ELSEWHERE = {
    **(social.PAGES_ELSEWHERE | commit_doors.PAGES_ELSEWHERE | wiki_doors.PAGES_ELSEWHERE),
    ("POST", f"{PAGE}/transfer"): "web/test_issue_transfers.py",
}
