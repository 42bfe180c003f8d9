"""Doors of alerts: what they record, and who may go there. To all others there are no alerts."""

from __future__ import annotations

READ = "....+++.+.+.+"
SEE_ORGANISATION = "..+++++++++++"
SEE_SIGNED_IN = "?.+++++++++++"
SIGNED_IN = "?++++++++++++"
OWN = "..--------+-+"
API = "/api/v1/repos/<owner>/<name>/alerts"
ALERT = f"{API}/<int:number>"
DEPENDENCIES = "/api/v1/repos/<owner>/<name>/dependencies"
ORG = "/api/v1/orgs/<org>"
TESTS = "web/test_alerts.py"
API_TABLE = [
    ("GET", API, READ, None),
    ("GET", f"{API}/facets", READ, None),
    ("GET", DEPENDENCIES, READ, None),
    ("GET", f"{DEPENDENCIES}/summary", READ, None),
    ("GET", f"{ORG}/alerts", SEE_ORGANISATION, None),
    ("GET", f"{ORG}/alerts/facets", SEE_ORGANISATION, None),
    ("GET", "/api/v1/alerts", SIGNED_IN, None),
    ("GET", "/api/v1/alerts/facets", SIGNED_IN, None),
    ("GET", "/api/v1/alert-overview", SIGNED_IN, None),
    ("GET", "/api/v1/scan-coverage", SIGNED_IN, None),
    ("GET", f"{ORG}/alert-overview", SEE_ORGANISATION, None),
    ("GET", f"{ORG}/scan-coverage", SEE_ORGANISATION, None),
    ("GET", f"{ORG}/alert-policy", SEE_ORGANISATION, None),
    ("PUT", f"{ORG}/alert-policy", OWN, {"maintainers_settle_secrets": True}),
]
API_ELSEWHERE = {
    ("PATCH", API): TESTS,
    **{(method, ALERT): TESTS for method in ("GET", "PATCH")},
    ("GET", f"{ALERT}/dependency"): "web/test_dependencies.py",
    **{("POST", f"{ALERT}/{each}"): TESTS for each in ("request", "revocation", "comments")},
    ("GET", f"{ALERT}/code"): "web/test_alert_code.py",
    ("POST", f"{ALERT}/secret"): "web/test_alert_code.py",
    **{(method, f"{ALERT}/copies"): "services/test_alert_copies.py" for method in ("GET", "POST")},
}
READ_CODE = "..+++++.+++++"
OF_LICENCES = "/api/v1/repos/<owner>/<name>"
LICENCES = "/api/v1/orgs/<org>/licence-policy"
LICENCE_TESTS = "web/test_licences.py"
API_TABLE += [
    ("GET", f"{OF_LICENCES}/suppressions", READ, None),
    ("GET", f"{OF_LICENCES}/licences", READ, None),
    ("GET", f"{OF_LICENCES}/notice", READ, None),
    ("GET", f"{ORG}/licences", SEE_ORGANISATION, None),
    ("GET", LICENCES, SEE_ORGANISATION, None),
    ("PUT", LICENCES, OWN, {"allowed": ["MIT"]}),
    ("POST", f"{LICENCES}/trial", OWN, {"allowed": ["MIT"]}),
]
API_ELSEWHERE["DELETE", LICENCES] = LICENCE_TESTS
DUPLICATES = "/api/v1/repos/<owner>/<name>/duplicates"
API_TABLE += [
    ("GET", f"{place}{end}", who, None)
    for place, who in ((DUPLICATES, READ_CODE), (f"{ORG}/duplicates", SEE_ORGANISATION))
    for end in ("", "/summary")
]
SARIF = "/api/v1/repos/<owner>/<name>/sarif"
SARIFS = "/api/v1/repos/<owner>/<name>/code-scanning/sarifs"
REPORTS = "web/test_sarif.py"
API_TABLE.append(("GET", SARIF, READ, None))
THEIRS = "/api/v1/repos/<owner>/<name>/code-scanning/alerts"
IN_THEIR_WORDS = "web/test_code_scanning.py"
API_TABLE.append(("GET", THEIRS, READ, None))
API_ELSEWHERE |= {
    ("GET", f"{THEIRS}/<int:number>"): IN_THEIR_WORDS,
    ("PATCH", f"{THEIRS}/<int:number>"): IN_THEIR_WORDS,
    ("GET", f"{THEIRS}/<int:number>/instances"): IN_THEIR_WORDS,
}
API_ELSEWHERE |= {
    ("POST", SARIF): REPORTS,
    ("POST", SARIFS): REPORTS,
    ("GET", f"{SARIFS}/<uuid:id>"): REPORTS,
}
VEX = "/api/v1/repos/<owner>/<name>/vex"
INVENTORIES = "/api/v1/repos/<owner>/<name>/inventories"
FILES = "web/test_dependency_files.py"
API_TABLE += [("GET", VEX, READ, None), ("GET", INVENTORIES, READ, None)]
UPGRADES = "web/test_upgrade_pulls.py"
ASKED = "branch_rule.bypassed git.push_refused git.pushed merge.requested review.requested"
API_ELSEWHERE |= {
    ("POST", f"{ALERT}/upgrade"): UPGRADES,
    ("POST", VEX): FILES,
    ("PUT", f"{INVENTORIES}/<inventory>"): FILES,
    ("DELETE", f"{INVENTORIES}/<inventory>"): FILES,
}
REPORTED = "alert.exploited alert.fixed alert.opened alert.reopened alert.report_uploaded"
TRIAGE = "alert.dismissed alert.dismissal_requested alert.reopened alert.assigned"
BY_VEX = "alert.dismissed alert.dismissal_requested alert.reopened alert.vex_uploaded"
CHANGES = {
    f"PATCH {API}": TRIAGE,
    f"PATCH {ALERT}": TRIAGE,
    f"POST {ALERT}/request": "alert.dismissed alert.dismissal_refused",
    f"POST {ALERT}/revocation": "alert.revoked",
    f"POST {ALERT}/comments": "alert.commented",
    f"POST {ALERT}/copies": "alert.dismissed alert.dismissal_requested",
    f"POST {ALERT}/secret": "alert.secret_shown",
    f"PATCH {THEIRS}/<int:number>": TRIAGE,
    f"PUT {ORG}/alert-policy": "alert.policy_changed",
    f"POST {SARIF}": REPORTED,
    f"POST {SARIFS}": REPORTED,
    f"POST {VEX}": BY_VEX,
    f"POST {ALERT}/upgrade": ASKED,
    f"PUT {INVENTORIES}/<inventory>": "dep_scan.inventory_uploaded",
    f"DELETE {INVENTORIES}/<inventory>": "dep_scan.inventory_removed",
}
PAGE = "/<owner>/<name>/security"
PAGES_TEST = "web/test_alert_pages.py"
POLICY = "/<owner>/-/settings/alerts"
ACROSS = ("", "/overview", "/coverage")
PAGES = (
    (POLICY, OWN),
    *((f"/<owner>/-/security{each}", SEE_SIGNED_IN) for each in ACROSS),
    *((f"/security{each}", SIGNED_IN) for each in ACROSS),
    *((PAGE, READ), (f"{PAGE}/dependencies", READ)),
    *((f"{PAGE}/licences", READ), ("/<owner>/-/security/licences", SEE_ORGANISATION)),
    ("/<owner>/-/settings/licences", OWN),
    *((f"{PAGE}/duplicates", READ_CODE), ("/<owner>/-/security/duplicates", SEE_ORGANISATION)),
)
ELSEWHERE = {
    ("POST", PAGE): PAGES_TEST,
    ("POST", POLICY): "web/test_alert_policy_page.py",
    ("GET", f"{PAGE}/dependencies/vex"): FILES,
    ("POST", f"{PAGE}/dependencies/vex"): FILES,
    ("POST", f"{PAGE}/<int:number>/upgrade"): UPGRADES,
    ("POST", f"{PAGE}/dependencies/bills"): FILES,
    ("POST", f"{PAGE}/dependencies/bills/<bill>/remove"): FILES,
    **{(method, f"{PAGE}/<int:number>"): PAGES_TEST for method in ("GET", "POST")},
    ("POST", f"{PAGE}/<int:number>/secret"): "web/test_alert_code.py",
    **{
        ("POST", each): "web/test_alert_overview.py"
        for each in ("/security", "/<owner>/-/security")
    },
}
CHANGES |= {
    f"POST {PAGE}/dependencies/vex": BY_VEX,
    f"POST {PAGE}/<int:number>/upgrade": ASKED,
    f"POST {PAGE}/dependencies/bills": "dep_scan.inventory_uploaded",
    f"POST {PAGE}/dependencies/bills/<bill>/remove": "dep_scan.inventory_removed",
    f"POST {PAGE}": "alert.dismissed alert.dismissal_requested alert.reopened",
    f"POST {PAGE}/<int:number>": (
        f"{TRIAGE} alert.dismissal_refused alert.revoked alert.commented"
    ),
}
CHANGES[f"POST {POLICY}"] = "alert.policy_changed"
RECORDS_NOTHING = {f"POST {LICENCES}/trial": "says what would be, and keeps nothing"}
ELSEWHERE |= {
    ("GET", f"{PAGE}/licences/notice"): LICENCE_TESTS,
    ("POST", "/<owner>/-/settings/licences"): LICENCE_TESTS,
}
for each in (f"PUT {LICENCES}", f"DELETE {LICENCES}", "POST /<owner>/-/settings/licences"):
    CHANGES[each] = "alert.licence_policy_changed"
for each in ("/security", "/<owner>/-/security"):
    CHANGES[f"POST {each}"] = "alert.dismissed alert.dismissal_requested alert.reopened"
CHANGES[f"POST {PAGE}/<int:number>/secret"] = "alert.secret_shown"
LISTED = (
    *(PAGE, f"{PAGE}/dependencies", "/security", "/<owner>/-/security"),
    *(f"{PAGE}/duplicates", "/<owner>/-/security/duplicates"),
    *(f"{PAGE}/licences", "/<owner>/-/security/licences"),
)
LISTS = dict.fromkeys((f"GET {each}" for each in LISTED), "admin.list_exported")
FURTHER = dict.fromkeys(CHANGES | LISTS, f"{TESTS}: a scan has to have found something")
FURTHER |= dict.fromkeys((f"POST {SARIF}", f"POST {SARIFS}"), f"{REPORTS}: a report is of a commit")
SAID = "-...+++.+.+.+"
COMMANDS = [
    ("alert list lab-N/notes", SAID),
    ("alert list --org lab-N", "-.+++++++++++"),
    *((f"dependency {each} lab-N/notes", SAID) for each in ("list", "export", "summary")),
    ("scan suppressions lab-N/notes", SAID),
    ("licence list lab-N/notes", SAID),
    ("licence notice lab-N/notes", SAID),
    ("licence list lab-N", "-.+++++++++++"),
    ("licence policy show lab-N", "-.+++++++++++"),
    ("licence policy set lab-N --allow MIT", "-.--------+-+"),
    ("licence policy try lab-N --allow MIT", "-.--------+-+"),
    ("licence policy remove lab-N", "-.--------+-+"),
    ("scan duplicates lab-N/notes", "-.+++++.+++++"),
    ("scan duplicates lab-N", "-.+++++++++++"),
    ("alert list", "-++++++++++++"),
    ("alert overview", "-++++++++++++"),
    ("alert overview --org lab-N", "-.+++++++++++"),
    ("alert coverage", "-++++++++++++"),
    ("alert coverage --org lab-N", "-.+++++++++++"),
    ("alert policy show lab-N", "-.+++++++++++"),
    ("alert policy set lab-N", "-.--------+-+"),
]
COMMANDS_ELSEWHERE = {
    f"alert {each}": TESTS
    for each in ("show", "dismiss", "reopen", "assign", "comment", "revoke", "approve", "refuse")
}
COMMANDS += [(f"dependency {each} lab-N/notes", SAID) for each in ("vex download", "bill list")]
COMMANDS_ELSEWHERE |= dict.fromkeys(
    [f"dependency {each}" for each in ("vex upload", "bill upload", "bill remove")], FILES
)
COMMANDS_ELSEWHERE["scan explain"] = "cli/test_scan_explain.py"
COMMANDS_ELSEWHERE["scan check-file"] = "services/test_suppressions.py"
COMMANDS_ELSEWHERE["dependency upgrade"] = UPGRADES
COMMANDS_ELSEWHERE["dependency show"] = "web/test_dependencies.py"
COMMANDS_ELSEWHERE |= dict.fromkeys(
    ("alert copies", "alert carry"), "services/test_alert_copies.py"
)
COMMANDS_ELSEWHERE["alert code"] = "web/test_alert_code.py"
COMMANDS_ELSEWHERE |= dict.fromkeys(("alert export", "scan upload"), REPORTS)
