"""Doors of webhooks: those that the tables describe, what they record, and those with own tests."""

from __future__ import annotations

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
BY_ITSELF = {"webhook.delivery_failed": "the thread that tells webhooks"}
