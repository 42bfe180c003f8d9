"""What addresses of wikis record, and who may go there; `lab-N/notes` has a wiki with a page."""

from __future__ import annotations

import pygit2

API = "/api/v1/repos/<owner>/<name>/wiki/pages"
ONE = f"{API}/<path:tail>"
HERE = "/<owner>/<name>/wiki"
TESTS = "web/test_wikis.py"
READ = "..+++++.+++++"
WRITE = "..--+++.--+-+"
WRITE_SIGNED_IN = "?.--+++.--+-+"
WRITTEN = "branch_rule.bypassed git.push_refused git.pushed repo.wiki_changed"
RECORDED = {
    f"PUT {ONE}": WRITTEN,
    f"DELETE {ONE}": WRITTEN,
    f"POST {HERE}/_new": WRITTEN,
    f"POST {HERE}/_edit/<tail:tail>": WRITTEN,
    f"POST {HERE}/_delete/<tail:tail>": WRITTEN,
}
FURTHER = {f"GET {HERE}/_raw/<tail:tail>": TESTS}
READS = {f"GET {HERE}/_raw/<tail:tail>": "git.raw_downloaded lfs.fetched"}
API_TABLE = [
    ("GET", API, READ, None),
    ("GET", ONE, READ, None),
    ("PUT", ONE, WRITE, {"content": "2"}),
    ("DELETE", ONE, WRITE, {}),
]
API_PLACES = {"wiki/pages/<path:tail>": "wiki/pages/Home"}
OWN = "lab-N"
TEXT = "# Hi\n"
AS_IT_IS = str(pygit2.hash(TEXT))
NEW = {"name": "New", "content": "x"}
PAGES = [
    (HERE, READ, {}, OWN),
    (f"{HERE}/_pages", READ, {}, OWN),
    (f"{HERE}/_history", READ, {}, OWN),
    (f"{HERE}/_history/<tail:tail>", READ, {}, OWN),
    (f"{HERE}/_new", WRITE_SIGNED_IN, {}, OWN),
    (f"{HERE}/_edit/<tail:tail>", WRITE_SIGNED_IN, {}, OWN),
    (f"{HERE}/<tail:tail>", READ, {}, OWN),
]
FORMS = [
    (f"{HERE}/_new", WRITE_SIGNED_IN, {"name": "Other", "content": "x", "expected": ""}, OWN),
    (f"{HERE}/_edit/<tail:tail>", WRITE_SIGNED_IN, {**NEW, "expected": AS_IT_IS}, OWN),
    (f"{HERE}/_delete/<tail:tail>", WRITE_SIGNED_IN, {}, OWN),
]
PAGE_PLACES = {
    f"_{verb}/<tail:tail>": f"_{verb}/Home" for verb in ("history", "edit", "delete")
} | {"wiki/<tail:tail>": "wiki/Home"}
PAGES_ELSEWHERE = {
    ("GET", f"{HERE}/_commit/<wiki_oid>"): TESTS,
    ("GET", f"{HERE}/_raw/<tail:tail>"): TESTS,
}
SAID = "-.+++++.+++++"
COMMANDS = [
    ("repo wiki enable lab-N/notes", "-.---++.--+-+"),
    ("repo wiki disable lab-N/notes", "-.---++.--+-+"),
    ("repo wiki pages lab-N/notes", SAID),
    ("repo wiki show lab-N/notes Home", SAID),
    ("repo wiki write lab-N/notes Home --body So", "-.--+++.--+-+"),
    ("repo wiki delete lab-N/notes Home", "-.--+++.--+-+"),
]
