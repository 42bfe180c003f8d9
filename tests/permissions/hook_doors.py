"""Doors of webhooks and mirrors: those that the tables describe, what they record, and the rest."""

from __future__ import annotations

from tests.permissions import archive_doors

PORTAL = {"/<owner>/<name>": "..----+.--+-+", "/<owner>/-": "..--------+-+"}
API = {
    "/api/v1/repos/<owner>/<name>": "..----+.--+-+",
    "/api/v1/orgs/<org>": "..--------+-+",
}
TESTS = "web/test_webhooks.py"
HOOK, HOOK_OF_API = "/settings/hooks/<uuid:hook_id>", "/hooks/<uuid:id>"
NUMBER = "/deliveries/<int:number>"
NEW = {"url": "https://8.8.8.8/in", "events": ["push"]}
PAGES = tuple(
    (f"{place}/settings/hooks{rest}", expected)
    for place, expected in PORTAL.items()
    for rest in ("", "/new")
)
API_TABLE = [("GET", "/api/v1/repos/<owner>/<name>/events", "..+++++.+++++", None)] + [
    row
    for place, expected in API.items()
    for row in (
        ("GET", f"{place}/hooks", expected, None),
        ("POST", f"{place}/hooks", expected, NEW),
    )
]
FORMS = [
    (
        f"{place}/settings/hooks/new",
        expected,
        {"url": NEW["url"], "events": "push", "active": "yes"},
    )
    for place, expected in PORTAL.items()
]
ELSEWHERE = {
    (method, f"{place}{HOOK}{rest}"): TESTS
    for place in PORTAL
    for method, rest in (
        *(("GET", ""), ("POST", ""), ("POST", "/secret"), ("POST", "/ping")),
        *(("POST", "/redeliver"), ("POST", "/delete"), ("GET", NUMBER)),
        ("POST", f"{NUMBER}/redeliver"),
    )
}
API_ELSEWHERE = {
    (method, f"{place}{HOOK_OF_API}{rest}"): TESTS
    for place in API
    for method, rest in (
        *(("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/ping"), ("POST", "/redeliver")),
        *(("GET", "/deliveries"), ("GET", NUMBER), ("POST", f"{NUMBER}/redeliver")),
    )
}
CHANGED = "webhook.changed webhook.disabled"
CHANGES = {
    f"POST {place}/settings/hooks{rest}": actions
    for place in PORTAL
    for rest, actions in {
        "/new": "webhook.created",
        "/<uuid:hook_id>": CHANGED,
        "/<uuid:hook_id>/secret": CHANGED,
        "/<uuid:hook_id>/ping": "webhook.tested",
        "/<uuid:hook_id>/redeliver": "webhook.redelivered",
        "/<uuid:hook_id>/delete": "webhook.deleted",
        f"/<uuid:hook_id>{NUMBER}/redeliver": "webhook.redelivered",
    }.items()
} | {
    f"{method} {place}/hooks{rest}": actions
    for place in API
    for (method, rest), actions in {
        ("POST", ""): "webhook.created",
        ("PATCH", "/<uuid:id>"): CHANGED,
        ("DELETE", "/<uuid:id>"): "webhook.deleted",
        ("POST", "/<uuid:id>/ping"): "webhook.tested",
        ("POST", "/<uuid:id>/redeliver"): "webhook.redelivered",
        ("POST", f"/<uuid:id>{NUMBER}/redeliver"): "webhook.redelivered",
    }.items()
}
# A mirror is of a repository, and managed by who manages its webhooks.
MIRRORS = "/<owner>/<name>/settings/mirrors"
MIRRORS_OF_API = "/api/v1/repos/<owner>/<name>/mirrors"
NEW_MIRROR = {"direction": "pull", "url": "https://8.8.8.8/lab/notes.git"}
OWN = PORTAL["/<owner>/<name>"]
PAGES += ((MIRRORS, OWN),)
FORMS += [(MIRRORS, OWN, {**NEW_MIRROR, "every_minutes": "60"})]
API_TABLE += [("GET", MIRRORS_OF_API, OWN, None), ("POST", MIRRORS_OF_API, OWN, NEW_MIRROR)]
ELSEWHERE |= {
    (method, f"{MIRRORS}/<uuid:mirror_id>{rest}"): "web/test_mirrors.py"
    for method, rest in (("GET", ""), ("POST", ""), ("POST", "/sync"), ("POST", "/delete"))
}
API_ELSEWHERE |= {
    (method, f"{MIRRORS_OF_API}/<uuid:id>{rest}"): "web/test_mirrors.py"
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/sync"))
}
CHANGES |= {
    f"POST {MIRRORS}": "repo.mirror_set",
    f"POST {MIRRORS}/<uuid:mirror_id>": "repo.mirror_set",
    f"POST {MIRRORS}/<uuid:mirror_id>/sync": "repo.mirror_requested",
    f"POST {MIRRORS}/<uuid:mirror_id>/delete": "repo.mirror_removed",
    f"POST {MIRRORS_OF_API}": "repo.mirror_set",
    f"PATCH {MIRRORS_OF_API}/<uuid:id>": "repo.mirror_set",
    f"DELETE {MIRRORS_OF_API}/<uuid:id>": "repo.mirror_removed",
    f"POST {MIRRORS_OF_API}/<uuid:id>/sync": "repo.mirror_requested",
}
# Archives come in by doors of their own, beside those.
ELSEWHERE |= archive_doors.ELSEWHERE
API_ELSEWHERE |= archive_doors.API_ELSEWHERE
CHANGES |= archive_doors.CHANGES
BY_ITSELF = {"webhook.delivery_failed": "the thread that tells webhooks"}
