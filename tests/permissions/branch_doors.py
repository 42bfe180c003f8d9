"""Doors that change branches without a push: who may, and what they record."""

from __future__ import annotations

WRITE = "..--+++.--+-+"
READ = "..+++++.+++++"
REPO = "/api/v1/repos/<owner>/<name>"
MANY = {"changes": [{"action": "write", "path": "src/two", "content": "2"}]}
BODIES = {
    "changes": MANY,
    "merge": {"source": "topic"},
    "rebase": {"onto": "topic"},
    "cherry-pick": {"commits": ["topic"]},
    "revert": {"commits": ["main"]},
    "reset": {"to": "topic"},
}
ROWS = (
    *(("POST", f"{REPO}/{verb}", WRITE, body) for verb, body in BODIES.items()),
    ("GET", f"{REPO}/stash", READ, None),
    ("POST", f"{REPO}/stash", WRITE, MANY),
    ("POST", f"{REPO}/stash/store", WRITE, {"commit": "main"}),
    ("DELETE", f"{REPO}/stash", READ, None),
)
ELSEWHERE = {
    ("GET", f"{REPO}/stash/<uuid:id>"): "web/test_api_stashes.py",
    ("DELETE", f"{REPO}/stash/<uuid:id>"): "web/test_api_stashes.py",
    ("POST", f"{REPO}/stash/<uuid:id>/apply"): "web/test_api_stashes.py",
    ("POST", f"{REPO}/stash/<uuid:id>/branch"): "web/test_api_stashes.py",
}
PUSHED = "branch_rule.bypassed git.push_refused git.pushed"
RECORDED = {
    **{f"POST {REPO}/{verb}": PUSHED for verb in BODIES},
    f"POST {REPO}/stash": "git.stashed",
    f"POST {REPO}/stash/store": "git.stashed",
    f"DELETE {REPO}/stash": "git.stash_dropped",
    f"DELETE {REPO}/stash/<uuid:id>": "git.stash_dropped",
    f"POST {REPO}/stash/<uuid:id>/apply": f"{PUSHED} git.stash_dropped",
    f"POST {REPO}/stash/<uuid:id>/branch": f"{PUSHED} git.stash_dropped",
}
MOVES_NOTHING = {
    ("POST", f"{REPO}/{verb}"): "that branch is where this one is, so nothing moves"
    for verb in ("merge", "rebase", "cherry-pick", "reset")
} | {
    ("POST", f"{REPO}/stash/store"): "there is a first commit only, which cannot be stashed",
    ("DELETE", f"{REPO}/stash"): "nothing is set aside",
}
