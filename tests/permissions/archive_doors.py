"""Doors by which archives of other systems come in: what they record, and the tests of them."""

from __future__ import annotations

TESTS = "web/test_archive_imports.py"
PAGE = "/new/archives/<uuid:import_id>"
API = "/api/v1/imports"
CHANGED = "repo.archive_import_changed"
STARTED = "repo.archive_import_started"
STOPPED = "job.cancelled repo.archive_import_cancelled"
ELSEWHERE = {
    **{("GET", f"{PAGE}{rest}"): TESTS for rest in ("", ".json", "/report", "/people")},
    **{("POST", f"{PAGE}{rest}"): TESTS for rest in ("/archive", "/people", "/start", "/cancel")},
    ("GET", "/new/archives"): TESTS,
    ("POST", "/new/archives"): TESTS,
}
API_ELSEWHERE = {
    ("GET", API): TESTS,
    ("POST", API): TESTS,
    ("GET", f"{API}/<uuid:id>"): TESTS,
    ("PATCH", f"{API}/<uuid:id>"): TESTS,
    ("PUT", f"{API}/<uuid:id>/archive"): TESTS,
    ("POST", f"{API}/<uuid:id>/start"): TESTS,
    ("POST", f"{API}/<uuid:id>/cancel"): TESTS,
}
CHANGES = {
    "POST /new/archives": "repo.archive_import_requested",
    f"POST {PAGE}/archive": "repo.archive_uploaded",
    f"POST {PAGE}/people": CHANGED,
    f"POST {PAGE}/start": f"{CHANGED} {STARTED}",
    f"POST {PAGE}/cancel": STOPPED,
    f"POST {API}": "repo.archive_import_requested",
    f"PUT {API}/<uuid:id>/archive": "repo.archive_uploaded",
    f"PATCH {API}/<uuid:id>": CHANGED,
    f"POST {API}/<uuid:id>/start": STARTED,
    f"POST {API}/<uuid:id>/cancel": STOPPED,
}
OF_JOB = (
    "issue.imported issue.label_created issue.milestone_created issue.milestone_set"
    " repo.archive_import_cancelled repo.archive_import_failed repo.archive_import_finished"
    " repo.archive_imported repo.created repo.import_failed repo.import_requested repo.imported"
)
