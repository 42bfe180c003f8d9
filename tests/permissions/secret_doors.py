"""Doors of push protection: what they record, and who may go there."""

WRITE = "..--+++.--+-+"
RULE = "..--------+-+"
BLOCKS = "/api/v1/push-protection/blocks"
BYPASSES = "/api/v1/push-protection/bypasses"
PATTERNS = "/api/v1/orgs/<org>/secret-patterns"
ORG = "/api/v1/orgs/<org>/push-protection"
PAGE = "/push-protection/<uuid:block_id>"
TESTS = "web/test_push_protection.py"
OF_PATTERNS = "web/test_secret_patterns.py"
API_TABLE = [
    ("GET", ORG, RULE, None),
    ("PATCH", ORG, RULE, {"delegated": True}),
    ("GET", BLOCKS, WRITE, None),
    ("GET", PATTERNS, RULE, None),
]
API_ELSEWHERE = {
    ("GET", f"{BLOCKS}/<uuid:id>"): TESTS,
    ("POST", "/api/v1/repos/<owner>/<name>/scans"): TESTS,
    ("POST", BYPASSES): TESTS,
    ("POST", f"{BYPASSES}/<uuid:id>/approve"): TESTS,
    ("POST", f"{BYPASSES}/<uuid:id>/refuse"): TESTS,
    ("POST", PATTERNS): OF_PATTERNS,
    ("POST", f"{PATTERNS}/trial"): OF_PATTERNS,
    ("DELETE", f"{PATTERNS}/<pattern>"): OF_PATTERNS,
    ("PUT", f"{ORG}/exemptions/<account>"): TESTS,
    ("DELETE", f"{ORG}/exemptions/<account>"): TESTS,
}
ELSEWHERE = {
    ("GET", PAGE): TESTS,
    ("POST", f"{PAGE}/bypass"): TESTS,
    ("POST", f"{PAGE}/decision"): TESTS,
}
QUERIES = {BLOCKS: "?repository=lab-N/notes"}
POLICY = "secret_scan.policy_changed"
REQUESTED = "secret_scan.bypass_requested secret_scan.bypass_decided"
CHANGES = {
    f"PATCH {ORG}": POLICY,
    f"PUT {ORG}/exemptions/<account>": POLICY,
    f"DELETE {ORG}/exemptions/<account>": POLICY,
    f"POST {PATTERNS}": "secret_scan.pattern_added",
    f"DELETE {PATTERNS}/<pattern>": "secret_scan.pattern_removed",
    f"POST {BYPASSES}": REQUESTED,
    f"POST {BYPASSES}/<uuid:id>/approve": "secret_scan.bypass_decided",
    f"POST {BYPASSES}/<uuid:id>/refuse": "secret_scan.bypass_decided",
    f"POST {PAGE}/bypass": REQUESTED,
    f"POST {PAGE}/decision": "secret_scan.bypass_decided",
}
COMMANDS = [
    ("scan policy lab-N", "-.--------+-+"),
    ("scan pattern list lab-N", "-.--------+-+"),
    ("scan blocked lab-N/notes", "-.--+++.--+-+"),
]
COMMANDS_ELSEWHERE = {
    f"scan bypass {verb}": "web/test_push_protection.py"
    for verb in ("request", "approve", "refuse")
} | {
    "scan repo": "web/test_push_protection.py",
    "scan pattern add": OF_PATTERNS,
    "scan pattern try": OF_PATTERNS,
    "scan pattern remove": OF_PATTERNS,
}
RECORDS_NOTHING = {
    f"POST {PATTERNS}/trial": "tries a pattern and keeps nothing",
    "POST /api/v1/repos/<owner>/<name>/scans": "promises a job; what that finds is recorded",
}
BY_ITSELF = {
    "secret_scan.completed": "a scan",
    "secret_scan.push_blocked": "a push",
    "secret_scan.push_bypassed": "a push",
    "secret_scan.push_unscanned": "a push",
}
FURTHER = dict.fromkeys(CHANGES, f"{TESTS}: a push has to be stopped first")
