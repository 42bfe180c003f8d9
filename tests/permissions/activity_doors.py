"""Doors of suspicious activity: what they record, and who may go there."""

from __future__ import annotations

SEE, SEE_ALL = "?.......+..++", "?..........++"
DECIDE, DECIDE_ALL = "?.......+..-+", "?..........-+"
API = "/api/v1"
ALERTS, EXEMPT = f"{API}/activity-alerts", f"{API}/activity-exemptions"
ORG = f"{API}/orgs/<org>"
ALERT = f"{ALERTS}/<uuid:id>"
PAGES_OF_ALL, PAGES_OF_ONE = "/administration/audit/activity", "/<owner>/-/audit/activity"
TESTS, SERVICE = "web/test_activity.py", "services/test_activity.py"
WHO = {"user": "target-N", "rule": "mass_clone", "reason": "a mirror"}
API_TABLE = [
    ("GET", ALERTS, SEE_ALL, None),
    ("GET", f"{ORG}/activity-alerts", SEE, None),
    ("GET", EXEMPT, SEE_ALL, None),
    ("GET", f"{ORG}/activity-exemptions", SEE, None),
    ("POST", EXEMPT, DECIDE_ALL, WHO),
    ("POST", f"{ORG}/activity-exemptions", DECIDE, WHO),
]
API_ELSEWHERE = {
    **{(method, ALERT): TESTS for method in ("GET", "PATCH")},
    ("POST", f"{ALERT}/comments"): TESTS,
    ("DELETE", EXEMPT): TESTS,
    ("DELETE", f"{ORG}/activity-exemptions"): TESTS,
}
PAGES = [
    (PAGES_OF_ALL, SEE_ALL),
    (PAGES_OF_ONE, SEE),
]
FORMS = [
    (f"{PAGES_OF_ALL}/exemptions", DECIDE_ALL, WHO),
    (f"{PAGES_OF_ONE}/exemptions", DECIDE, WHO),
]
STEPS = ("assign", "comment", "dismiss", "reopen")
PAGES_ELSEWHERE = {
    **{("GET", f"{home}/<uuid:alert_id>"): TESTS for home in (PAGES_OF_ALL, PAGES_OF_ONE)},
    **{("POST", f"{home}/exemptions/end"): TESTS for home in (PAGES_OF_ALL, PAGES_OF_ONE)},
    **{
        ("POST", f"{home}/<uuid:alert_id>/{step}"): TESTS
        for home in (PAGES_OF_ALL, PAGES_OF_ONE)
        for step in STEPS
    },
}
STEP = {
    "assign": "activity.alert_assigned",
    "comment": "activity.alert_commented",
    "dismiss": "activity.alert_dismissed",
    "reopen": "activity.alert_reopened",
}
CHANGES = {
    f"PATCH {ALERT}": ("activity.alert_assigned activity.alert_dismissed activity.alert_reopened"),
    f"POST {ALERT}/comments": "activity.alert_commented",
    **{
        f"{method} {place}": f"activity.exemption_{what}"
        for place in (EXEMPT, f"{ORG}/activity-exemptions")
        for method, what in (("POST", "added"), ("DELETE", "removed"))
    },
    **{
        f"POST {home}/<uuid:alert_id>/{step}": kind
        for home in (PAGES_OF_ALL, PAGES_OF_ONE)
        for step, kind in STEP.items()
    },
    **{
        f"POST {home}/exemptions{end}": f"activity.exemption_{what}"
        for home in (PAGES_OF_ALL, PAGES_OF_ONE)
        for end, what in (("", "added"), ("/end", "removed"))
    },
}
FURTHER = dict.fromkeys(CHANGES, f"{TESTS}: something has to have been found")
COMMANDS = [
    ("activity list", "-..........++"),
    ("activity list --org lab-N", "-.......+..++"),
    ("activity exemption list", "-..........++"),
    ("activity exemption list --org lab-N", "-.......+..++"),
]
COMMANDS_ELSEWHERE = {
    f"activity {each}": TESTS
    for each in (
        *("show", "dismiss", "reopen", "assign", "comment"),
        *("exemption add", "exemption remove"),
    )
}
