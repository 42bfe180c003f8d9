"""Doors of statuses and check runs: what they record, and who may go there."""

from __future__ import annotations

from tests.permissions import activity_doors, alert_doors, commit_doors, feed_doors, secret_doors

READ = "..+++++.+++++"
WRITE = "..--+++.--+-+"
API = "/api/v1/repos/<owner>/<name>"
COMMIT = f"{API}/commits/<path:oid>"
RUN = f"{API}/check-runs/<uuid:id>"
TESTS = "web/test_checks.py"
STATUS = {"state": "success", "context": "build"}
API_TABLE = [
    *activity_doors.API_TABLE,
    *alert_doors.API_TABLE,
    *secret_doors.API_TABLE,
    ("POST", f"{API}/statuses/<oid>", WRITE, STATUS),
    ("GET", f"{COMMIT}/statuses", READ, None),
    ("GET", f"{COMMIT}/status", READ, None),
    ("GET", f"{COMMIT}/check-runs", READ, None),
    ("GET", f"{COMMIT}/pulls", READ, None),
    ("GET", f"{API}/matrix", READ, None),
    ("POST", f"{API}/grep", READ, {"pattern": "o.e"}),
    *feed_doors.API_TABLE,
]
API_ELSEWHERE = {
    **activity_doors.API_ELSEWHERE,
    **alert_doors.API_ELSEWHERE,
    **secret_doors.API_ELSEWHERE,
    ("POST", f"{API}/check-runs"): TESTS,
    **{(method, RUN): TESTS for method in ("GET", "PATCH")},
    ("GET", f"{RUN}/annotations"): TESTS,
    **feed_doors.API_ELSEWHERE,
}
PAGES = (
    ("/<owner>/<name>/branches/matrix", READ),
    *(*feed_doors.PAGES, *alert_doors.PAGES),
)
QUERIES = {f"{API}/matrix": "?ref=main&ref=topic", **(commit_doors.QUERIES | secret_doors.QUERIES)}
ELSEWHERE = {
    ("GET", "/<owner>/<name>/check-runs/<uuid:check_id>"): TESTS,
    **(secret_doors.ELSEWHERE | feed_doors.PAGES_ELSEWHERE | alert_doors.ELSEWHERE),
}
CHANGES = {
    f"POST {API}/statuses/<oid>": "check.status_reported",
    f"POST {API}/check-runs": "check.run_created",
    f"PATCH {RUN}": "check.run_changed",
}
FURTHER = {f"{each}": f"{TESTS}: the commit has to be there" for each in CHANGES}
FURTHER |= feed_doors.FURTHER
CHANGES |= feed_doors.CHANGES
CHANGES |= secret_doors.CHANGES
FURTHER |= secret_doors.FURTHER | activity_doors.FURTHER
CHANGES |= activity_doors.CHANGES
ELSEWHERE |= activity_doors.PAGES_ELSEWHERE
RECORDS_NOTHING = {f"POST {API}/grep": "looks for lines; the words are too long for an address"}
RECORDS_NOTHING |= secret_doors.RECORDS_NOTHING | alert_doors.RECORDS_NOTHING
SAID = "-.+++++.+++++"
WRITTEN = "-.--+++.--+-+"
COMMANDS = [
    *secret_doors.COMMANDS,
    ("repo status list lab-N/notes main", SAID),
    ("repo status show lab-N/notes main", SAID),
    ("repo status report lab-N/notes main build --state success", WRITTEN),
    ("repo check-run list lab-N/notes main", SAID),
    ("repo grep lab-N/notes o.e", SAID),
    *feed_doors.COMMANDS,
    *activity_doors.COMMANDS,
]
