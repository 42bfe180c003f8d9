"""Doors of feeds of advisories: who may go there, and what they record."""

from __future__ import annotations

SEE_HEALTH = "?----------++"
SIGNED_IN = "?++++++++++++"
API = "/api/v1/scan"
TESTS = "web/test_feed_doors.py"
API_TABLE = [
    ("GET", f"{API}/feed", SIGNED_IN, None),
    ("GET", f"{API}/feeds", SEE_HEALTH, None),
    ("GET", f"{API}/feed-keys", SEE_HEALTH, None),
]
API_ELSEWHERE = {
    ("GET", "/api/v1/repos/<owner>/<name>/sbom"): "services/test_feeds.py",
    ("PUT", f"{API}/feeds"): TESTS,
    ("PUT", f"{API}/feed-keys"): TESTS,
    ("GET", f"{API}/feeds/<int:number>"): TESTS,
    **{(("POST", f"{API}/feeds/<int:number>/{verb}")): TESTS for verb in ("use", "discard")},
    ("POST", f"{API}/feeds/restore"): TESTS,
}
CHANGES = {
    f"PUT {API}/feeds": "dep_scan.feed_brought",
    f"PUT {API}/feed-keys": "dep_scan.feed_keys_changed",
    f"POST {API}/feeds/<int:number>/use": "dep_scan.feed_imported",
    f"POST {API}/feeds/<int:number>/discard": "dep_scan.feed_discarded",
    f"POST {API}/feeds/restore": "dep_scan.feed_restored",
}
FURTHER = dict.fromkeys(CHANGES, f"{TESTS}: a feed has to be there")
ALERTS = (
    "alert.dismissed alert.exploited alert.fixed alert.opened alert.reopened dep_scan.completed"
)
READ_FEED = "dep_scan.feed_keys_changed dep_scan.feed_refused"
PLACE = "/administration/feeds"
PAGES = ((PLACE, SEE_HEALTH),)
PAGES_ELSEWHERE = {
    ("POST", f"{PLACE}{rest}"): TESTS
    for rest in ("", "/keys", "/restore", "/<int:number>/use", "/<int:number>/discard")
}
CHANGES |= {
    f"POST {PLACE}": "dep_scan.feed_brought",
    f"POST {PLACE}/keys": "dep_scan.feed_keys_changed",
    f"POST {PLACE}/<int:number>/use": "dep_scan.feed_imported",
    f"POST {PLACE}/<int:number>/discard": "dep_scan.feed_discarded",
    f"POST {PLACE}/restore": "dep_scan.feed_restored",
}
FURTHER |= dict.fromkeys(CHANGES, f"{TESTS}: a feed has to be there")
FURTHER["GET /api/v1/repos/<owner>/<name>/sbom"] = "services/test_feeds.py: in each format"
COMMANDS = [
    ("repo sbom lab-N/notes", "-.+++++.+++++"),
    ("scan feed list", "-----------++"),
    ("scan feed keys", "-----------++"),
    ("scan feed show", "-++++++++++++"),
]
COMMANDS_ELSEWHERE = dict.fromkeys(
    (
        *("scan feed import", "scan feed use", "scan feed discard", "scan feed restore"),
        *("scan feed trust", "scan feed key", "scan feed root", "scan feed build"),
        "scan feed sign",
    ),
    "cli/test_feeds.py",
)
