"""What addresses of notifications and of watching record, and who may go there."""

from __future__ import annotations

API = "/api/v1/repos/<owner>/<name>"
WATCH = f"{API}/watch"
OWN = "/api/v1/user/notifications"
HERE = "/<owner>/<name>"
LEVELS = "repo.watched repo.unwatched"
STAR = f"{API}/star"
SETTINGS = "/api/v1/user/notification-settings"
CHOSEN = "user.notifications_changed"
INBOX = "/inbox/conversations"
EMAILS = "/api/v1/user/emails"
OWN_EMAIL = "/settings/email/<any(ask, confirm, primary, remove):verb>"
ADDRESS_TESTS = "services/test_own_addresses.py"
RECORDED = {
    f"PUT {WATCH}": LEVELS,
    f"DELETE {WATCH}": "repo.unwatched",
    f"POST {HERE}/watch": LEVELS,
    f"POST {INBOX}": "issue.unfollowed",
    f"PATCH {SETTINGS}": CHOSEN,
    "POST /settings/notifications": CHOSEN,
    f"PUT {STAR}": "repo.starred",
    f"DELETE {STAR}": "repo.unstarred",
    f"POST {HERE}/star": "repo.starred repo.unstarred",
    "POST /settings/pins": "user.repositories_pinned",
    "PUT /api/v1/user/pins": "user.repositories_pinned",
    f"POST {EMAILS}": "user.email_asked",
    f"POST {EMAILS}/confirm": "user.email_verified user.email_removed",
    f"PUT {EMAILS}/primary": "user.changed",
    f"DELETE {EMAILS}/<path:address>": "user.email_removed",
    f"POST {OWN_EMAIL}": "user.email_asked user.email_verified user.email_removed user.changed",
}
LISTS = {f"GET {INBOX}": "admin.list_exported"}
WHAT_WAS_READ = "what somebody has read of their inbox is their own affair"
NOTHING = {
    f"PATCH {OWN}/<uuid:id>": WHAT_WAS_READ,
    f"POST {OWN}/mark": WHAT_WAS_READ,
    f"POST {INBOX}/all": WHAT_WAS_READ,
    "POST /inbox/seen": WHAT_WAS_READ,
}
READ = "..+++++.+++++"
SIGNED_IN = "?++++++++++++"
READ_SIGNED_IN = "?.+++++.+++++"
API_TABLE = [
    ("GET", OWN, SIGNED_IN, None),
    ("POST", f"{OWN}/mark", SIGNED_IN, {"mark": "read"}),
    ("GET", "/api/v1/user/watches", SIGNED_IN, None),
    ("GET", SETTINGS, SIGNED_IN, None),
    ("PATCH", SETTINGS, SIGNED_IN, {"digest": "week"}),
    ("GET", WATCH, READ, None),
    ("PUT", WATCH, READ, {"level": "all"}),
    ("GET", f"{API}/watchers", READ, None),
    ("GET", STAR, READ, None),
    ("PUT", STAR, READ, None),
    ("GET", f"{API}/stargazers", READ, None),
    ("GET", f"{API}/forks/tree", READ, None),
    ("GET", "/api/v1/users/<name>/stars", ".++++++++++++", None),
    ("GET", "/api/v1/users/<name>/pins", ".++++++++++++", None),
    ("GET", "/api/v1/users/<name>/activity", ".++++++++++++", None),
    ("PUT", "/api/v1/user/pins", SIGNED_IN, {"repositories": []}),
    ("GET", "/api/v1/user/feed", "+++++++++++++", None),
    ("GET", EMAILS, SIGNED_IN, None),
]
TESTS = "web/test_api_notifications.py"
API_ELSEWHERE = {
    ("GET", f"{OWN}/<uuid:id>"): TESTS,
    ("PATCH", f"{OWN}/<uuid:id>"): TESTS,
    ("DELETE", WATCH): TESTS,
    ("DELETE", STAR): "web/test_social.py",
    ("POST", EMAILS): ADDRESS_TESTS,
    ("POST", f"{EMAILS}/confirm"): ADDRESS_TESTS,
    ("PUT", f"{EMAILS}/primary"): ADDRESS_TESTS,
    ("DELETE", f"{EMAILS}/<path:address>"): ADDRESS_TESTS,
}
MAY_READ = "-.+++++.+++++"
COMMANDS = [
    ("inbox list", "-++++++++++++"),
    ("inbox mark read --all", "-++++++++++++"),
    ("inbox settings --digest week", "-++++++++++++"),
    ("repo watch lab-N/notes --level all", MAY_READ),
    ("repo watchers lab-N/notes", MAY_READ),
    ("repo star lab-N/notes", MAY_READ),
    ("repo forks lab-N/notes", MAY_READ),
    ("user stars target-N", "-++++++++++++"),
    ("user pins target-N", "-++++++++++++"),
    ("user activity target-N", "-++++++++++++"),
    ("user pin", "-++++++++++++"),
    ("feed", "-++++++++++++"),
    ("email list", "-++++++++++++"),
]
OWN_REPOSITORY = "lab-N"
PAGES = [
    (INBOX, SIGNED_IN),
    ("/settings/notifications", SIGNED_IN),
    (f"{HERE}/watchers", READ, {}, OWN_REPOSITORY),
    (f"{HERE}/stargazers", READ, {}, OWN_REPOSITORY),
    (f"{HERE}/forks", READ, {}, OWN_REPOSITORY),
]
FORMS = [
    (
        "/settings/notifications",
        SIGNED_IN,
        {"own_mail": "digest", "watching_mail": "never", "digest": "week"},
    ),
    ("/settings/pins", SIGNED_IN, {"pinned": ""}),
    (f"{HERE}/star", READ_SIGNED_IN, {"starred": "yes"}, OWN_REPOSITORY),
    (f"{HERE}/watch", READ_SIGNED_IN, {"level": "all"}, OWN_REPOSITORY),
]
PAGE_TESTS = "web/test_notification_pages.py"
PAGES_ELSEWHERE = {
    ("POST", OWN_EMAIL): ADDRESS_TESTS,
    ("POST", f"{INBOX}/all"): PAGE_TESTS,
    ("GET", "/<owner>/-/stars"): "web/test_social.py",
    ("POST", INBOX): PAGE_TESTS,
    ("POST", "/inbox/seen"): PAGE_TESTS,
}
DOORS_ELSEWHERE = {
    **dict.fromkeys(
        (
            *(f"POST {EMAILS}", f"POST {EMAILS}/confirm", f"PUT {EMAILS}/primary"),
            f"POST {OWN_EMAIL}",
        ),
        f"{ADDRESS_TESTS}: a mail server has to take letters",
    ),
    f"DELETE {WATCH}": f"{TESTS}: it has to be watched first",
    f"DELETE {STAR}": "web/test_social.py: it has to be starred first",
    f"POST {INBOX}": f"{PAGE_TESTS}: somebody has to have been told",
}
