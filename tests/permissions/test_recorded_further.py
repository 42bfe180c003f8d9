"""What the tables of permissions cannot say, done by an administrator: it is recorded, or not done.

Some addresses need a thing of their own first: a stream, a parked event, a witness, an export.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from tests.permissions import (
    alert_doors,
    check_doors,
    commit_doors,
    pull_pages,
    pulls,
    ruleset_doors,
    social,
    wiki_doors,
)
from tests.permissions.pages import FORMS, PAGES
from tests.permissions.recorded import CHANGES, PARKED, READS
from tests.permissions.scene import ADDRESS, API, LAB, NUMBER, SECRET, Scene, auditor
from tests.permissions.test_recorded import ON_ONE, ROWS, assert_recorded_or_not_done
from tests.world import PASSWORD
from witness.keys import Cosigner

ACCESS = f"on={datetime.now(UTC).date().isoformat()}"
TARGET = f"target-{NUMBER}"
LOGS = {"/<owner>/-/audit": LAB, "/administration/audit": ""}


class Act(NamedTuple):
    """A request; `prepare` gives what stands in its address."""

    door: str
    address: str
    body: object = None
    prepare: Callable[[Scene], object] = lambda _: ""
    is_form: bool = False


def api(door: str, address: str, body: object = None, prepare=lambda _: "") -> Act:
    return Act(door, address, body, prepare)


def form(door: str, address: str, body: object = None, prepare=lambda _: "") -> Act:
    return Act(door, address, body or {}, prepare, is_form=True)


def of_log(rule: str, organisation: str) -> list[Act]:
    """The pages of a log: that of the instance, and that of an organisation."""
    place = f"/{organisation}/-/audit" if organisation else rule
    stream = {"name": "other", "address": ADDRESS, "format": "json", "secret": SECRET}
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    granted = {"name": "nobody", "expires": day, "reason": "r"}

    def one(make):
        return lambda scene: make(scene, organisation)

    streams_, parked = f"{rule}/streams/<uuid:stream_id>", f"{rule}/streams/{PARKED}"
    verbs = f"POST {streams_}/<any(pause, resume, test):verb>"
    made, paused = one(Scene.stream), one(Scene.paused)
    return [
        form(f"POST {rule}/auditors", f"{place}/auditors", granted),
        form(
            f"POST {rule}/auditors/<uuid:grant_id>/revoke",
            f"{place}/auditors/%s/revoke",
            prepare=one(Scene.grant),
        ),
        form(f"POST {rule}/exports", f"{place}/exports", {"form": "jsonl"}),
        form(
            f"POST {rule}/searches/<uuid:search_id>/delete",
            f"{place}/searches/%s/delete",
            prepare=lambda scene: scene.search(place),
        ),
        form(
            f"POST {rule}/streams/new",
            f"{place}/streams/new",
            {**stream, "receiver": "webhook", "begin": "start"},
        ),
        form(f"POST {streams_}", f"{place}/streams/%s", stream, made),
        form(verbs, f"{place}/streams/%s/pause", prepare=made),
        form(verbs, f"{place}/streams/%s/resume", prepare=paused),
        form(f"POST {streams_}/delete", f"{place}/streams/%s/delete", {"confirm": "siem"}, made),
        form(f"POST {parked}", f"{place}/streams/%s/parked/%s/retry", prepare=one(Scene.parked)),
        form(f"POST {parked}", f"{place}/streams/%s/parked/%s/skip", prepare=one(Scene.parked)),
        form(
            f"GET {rule}/exports/<uuid:export_id>/file",
            f"{place}/exports/%s/file",
            prepare=one(Scene.export),
        ),
        form(
            f"GET {rule}/events/<uuid:event_id>",
            f"{place}/events/%s",
            prepare=lambda scene: scene.event(organisation)[0],
        ),
        form(
            f"GET {rule}/events/<uuid:event_id>/proof",
            f"{place}/events/%s/proof",
            prepare=lambda scene: scene.event(organisation)[0],
        ),
        form(f"GET {rule}/checkpoint", f"{place}/checkpoint"),
        form(f"GET {rule}/access", f"{place}/access?{ACCESS}&about=organisation&name={LAB}"),
    ]


STREAM = f"{API}/streams/<uuid:id>"
OF_API = [
    api(f"GET {API}/access", f"{API}/access?{ACCESS}&org={LAB}"),
    api(f"POST {API}/auditors", f"{API}/auditors", auditor()),
    api(f"DELETE {API}/auditors/<uuid:id>", f"{API}/auditors/%s", prepare=Scene.grant),
    api(f"POST {API}/exports", f"{API}/exports", {"format": "jsonl"}),
    api(
        f"GET {API}/exports/<uuid:id>/download", f"{API}/exports/%s/download", prepare=Scene.export
    ),
    api(
        f"POST {API}/streams",
        f"{API}/streams",
        {"name": "s", "receiver": "webhook", "address": ADDRESS, "secret": SECRET},
    ),
    api(f"PATCH {STREAM}", f"{API}/streams/%s", {"name": "other"}, Scene.stream),
    api(f"POST {STREAM}/pause", f"{API}/streams/%s/pause", prepare=Scene.stream),
    api(f"POST {STREAM}/resume", f"{API}/streams/%s/resume", prepare=Scene.paused),
    api(f"POST {STREAM}/replay", f"{API}/streams/%s/replay", {"from": "start"}, Scene.stream),
    api(f"DELETE {STREAM}", f"{API}/streams/%s", prepare=Scene.stream),
    *(
        api(
            f"POST {STREAM}/parked/<uuid:event>/{verb}",
            f"{API}/streams/%s/parked/%s/{verb}",
            prepare=Scene.parked,
        )
        for verb in ("retry", "skip")
    ),
    api(
        f"POST {API}/witnesses",
        f"{API}/witnesses",
        {"name": "one", "vkey": str(Cosigner("one.test/w", os.urandom(32)).keys[0])},
    ),
    api(f"DELETE {API}/witnesses/<name>", f"{API}/witnesses/%s", prepare=Scene.witness),
    api(
        f"PUT {API}/quorum",
        f"{API}/quorum",
        {"needed": 1},
        lambda scene: scene.witness() and "",
    ),
    api(f"GET {API}/events/<uuid:id>", f"{API}/events/%s", prepare=lambda scene: scene.event()[0]),
    api(
        f"GET {API}/events/<uuid:id>/proof",
        f"{API}/events/%s/proof",
        prepare=lambda scene: scene.event()[0],
    ),
    api(
        f"GET {API}/proof/inclusion",
        f"{API}/proof/inclusion?event=%s",
        prepare=lambda scene: scene.event()[0],
    ),
    api(f"GET {API}/trust", f"{API}/trust"),
    *(
        api(
            f"POST /api/v1/jobs/<uuid:id>/{verb}",
            f"/api/v1/jobs/%s/{verb}",
            prepare=lambda scene, state=state: scene.stage.ids[state, TARGET],
        )
        for verb, state in (("cancel", "queued"), ("discard", "dead"), ("retry", "dead"))
    ),
    *(
        api(
            f"DELETE /api/v1/user/{noun}s/<uuid:id>",
            f"/api/v1/user/{noun}s/%s",
            prepare=lambda scene, noun=noun: scene.stage.ids[noun, "administrator"],
        )
        for noun in ("key", "token")
    ),
    api(
        "DELETE /api/v1/repos/<owner>/<name>/keys/<uuid:id>",
        f"/api/v1/repos/{LAB}/notes/keys/%s",
        prepare=lambda scene: scene.stage.ids["key", LAB],
    ),
    api("DELETE /api/v1/orgs/<org>", f"/api/v1/orgs/empty-{NUMBER}"),
    api("DELETE /api/v1/users/<name>", f"/api/v1/users/out-{NUMBER}"),
    api(
        "POST /api/v1/repos/<owner>/<name>/transfer",
        f"/api/v1/repos/{LAB}/notes/transfer",
        {"to": f"empty-{NUMBER}"},
    ),
]
LISTS = [
    form(f"GET {rule}", f"{address}?format=csv")
    for rule, address in {
        "/": "/",
        "/<owner>": f"/{LAB}",
        "/<owner>/-/members": f"/{LAB}/-/members",
        "/settings/access-requests": "/settings/access-requests",
        "/inbox/access": "/inbox/access",
        "/inbox/conversations": "/inbox/conversations",
        "/<owner>/-/reviews": f"/{LAB}/-/reviews",
        "/administration/reviews": "/administration/reviews",
        "/<owner>/-/teams": f"/{LAB}/-/teams",
        "/<owner>/-/teams/<team>": f"/{LAB}/-/teams/research",
        "/<owner>/<name>/branches": f"/{LAB}/notes/branches",
        "/<owner>/<name>/issues": f"/{LAB}/notes/issues",
        "/<owner>/<name>/pulls": f"/{LAB}/notes/pulls",
        "/<owner>/<name>/locks": f"/{LAB}/notes/locks",
        "/<owner>/<name>/pushes": f"/{LAB}/notes/pushes",
        "/<owner>/<name>/tags": f"/{LAB}/notes/tags",
        "/administration/jobs": "/administration/jobs",
        "/administration/organisations": "/administration/organisations",
        "/administration/repositories": "/administration/repositories",
        "/administration/users": "/administration/users",
        "/settings/bin": "/settings/bin",
        "/settings/keys": "/settings/keys",
        "/settings/security": "/settings/security",
        "/settings/tokens": "/settings/tokens",
    }.items()
]


def several(door: str, act: str, prepare) -> Act:
    """A form about chosen rows; `prepare` gives the key of one."""
    address = door.removeprefix("POST ").replace("<owner>", LAB)
    return form(door, address, {"act": act, "confirmed": "yes"}, prepare)


def one_of(noun: str, user: str):
    return lambda scene: scene.stage.ids[noun, user]


ON_SEVERAL = [
    several("POST /settings/keys", "remove", one_of("key", "administrator")),
    several("POST /settings/tokens", "revoke", one_of("token", "administrator")),
    several("POST /settings/sessions", "end", one_of("session", "administrator")),
    several("POST /settings/bin/several", "restore", lambda _: f"{LAB}/old"),
    several("POST /administration/jobs", "retry", one_of("dead", TARGET)),
    several("POST /<owner>/-/members/several", "remove", lambda _: f"out-{NUMBER}"),
]
OF_ONES_OWN = [
    form("POST /confirm", "/confirm", {"password": PASSWORD, "next": "/"}),
    form("POST /sign-out", "/sign-out"),
    form(
        "POST /sign-in",
        "/sign-in",
        {"name": "nobody", "password": PASSWORD, "next": "/"},
        lambda scene: scene.browser.delete_cookie("session") or "",
    ),
]
ACTS = [
    *OF_API,
    *(act for rule, organisation in LOGS.items() for act in of_log(rule, organisation)),
    *LISTS,
    *ON_SEVERAL,
    *OF_ONES_OWN,
]
REPOSITORY = "/api/v1/repos/<owner>/<name>"
STASH = f"{REPOSITORY}/stash/<uuid:id>"
ISSUE = f"{REPOSITORY}/issues/<int:number>"
COMMENT, REACTION = "/comments/<uuid:id>", "/reactions/<reaction>"
ELSEWHERE = {
    f"GET {rule}/newer": "web/test_audit_pages.py: only where there is something newer"
    for rule in LOGS
} | {
    **social.DOORS_ELSEWHERE,
    f"POST {API}/anchors": "services/test_anchors.py: an authority has to sign",
    f"POST {API}/cosignatures": "services/test_witness_files.py: a witness has to sign",
    f"POST {STREAM}/test": "web/test_audit_streams.py: a receiver has to answer",
    **(alert_doors.FURTHER | check_doors.FURTHER | commit_doors.FURTHER | wiki_doors.FURTHER),
    "DELETE /api/v1/bin/<uuid:id>": "web/test_api_bin.py",
    "POST /api/v1/repos/<owner>/<name>/restore": "web/test_api_bin.py",
    "POST /<owner>/<name>/locks": "web/test_locks_page.py",
    "POST /api/v1/repos/<owner>/<name>/import": "services/test_imports.py: what is there to import",
    "POST /new/import": "services/test_imports.py",
    "POST /reset/<secret>": "services/test_passwords.py",
    **{
        f"POST {REPOSITORY}/{verb}": "web/test_api_git_operations.py: two branches have to differ"
        for verb in ("cherry-pick", "merge", "rebase", "reset")
    },
    **(pulls.RECORDED_ELSEWHERE | pull_pages.RECORDED_ELSEWHERE),
    **ruleset_doors.RECORDED_ELSEWHERE,
    **dict.fromkeys(
        (
            *(f"DELETE {STASH}", f"POST {STASH}/apply", f"POST {STASH}/branch"),
            f"DELETE {REPOSITORY}/stash",
            f"POST {REPOSITORY}/stash/store",
        ),
        "web/test_api_stashes.py: something has to be set aside",
    ),
    **{
        f"{method} {ISSUE}{rest}": "web/test_api_issues.py: somebody has to have said it"
        for method, rest in (
            *(("PATCH", COMMENT), ("DELETE", COMMENT), ("DELETE", "/subscription")),
            *(("PUT", COMMENT + REACTION), ("DELETE", COMMENT + REACTION), ("DELETE", REACTION)),
        )
    },
    f"POST {ISSUE}/transfer": "web/test_issue_transfers.py: it takes two repositories",
    "POST /<owner>/<name>/issues/<int:number>/transfer": "web/test_issue_transfers.py: the same",
}
"""What needs somebody else, and the test that does it."""
OF_GIT = re.compile(r"/git-|/info/lfs/|^POST /internal/")
"""What a Git client asks for, in `test_git_recorded.py`."""
OF_SIGNING_IN = re.compile(
    r"identity-providers|/providers/|/auth/|identities|break-glass|gpg-keys|ssh-authorities|factor|"
    r"/sign-in/key|address|saml-keys|/scim/|/sessions/|/sign-out|impersonat|proposals|two-people|"
    r"x509-|/signatures|settings/certificates|signing-rules|access-requests|access-rule|"
    r"inbox/access|(?<!number>/)reviews|"
    r"service-accounts|/accounts/|token-approvals|/settings/tokens|/approvals|/credentials|"
    r"/hooks/<uuid|/mirrors|/rulesets|/new/archives|/v1/imports"
)
"""Ways to sign in and keys to sign with, each with a rule of its own about who is there already:
in `web/test_api_identity_providers.py`, `web/test_provider_pages.py`, `web/test_signing_keys.py`,
`web/test_directory_sign_in.py`, `web/test_factor_pages.py`, `web/test_keys_in_browser.py`,
`web/test_provider_syncs.py`, `web/test_scim_doors.py`, `ssh/test_certificates.py`,
`web/test_saml_keys.py`, `web/test_impersonation.py`,
`web/test_proposal_pages.py`, `web/test_x509_authorities.py`, `web/test_access_request_pages.py`,
`web/test_access_review_pages.py`, `web/test_leaked_tokens.py`, `web/test_service_accounts.py`,
`web/test_token_rules.py`, `web/test_credentials.py`, `web/test_organisation_signatures.py`,
`web/test_x509_certificates.py`, `web/test_webhooks.py`,
`web/test_mirrors.py`, `web/test_ruleset_doors.py`, `web/test_archive_imports.py`.
"""


@ON_ONE
@pytest.mark.parametrize("act", ACTS, ids=lambda act: f"{act.door} {act.address}")
def test_it_is_recorded_or_not_done(stage, act):
    scene = Scene(stage)
    prepared = act.prepare(scene)
    address = act.address % prepared if "%s" in act.address else act.address
    method = act.door.partition(" ")[0]
    is_on_several = act in ON_SEVERAL
    body = {**act.body, "chosen": prepared} if is_on_several else act.body

    def ask():
        if act.is_form:
            return scene.browser.open(address, method=method, data=body, buffered=True)
        return scene.client.open(address, method=method, json=body, buffered=True)

    # An act on several rows says of each what came of it, on the page that follows.
    assert_recorded_or_not_done(stage, ask, act.door, {303} if is_on_several else {503})


def test_every_door_that_records_is_opened_by_a_test():
    opened = {f"{method} {rule}" for method, rule, *_ in ROWS}
    opened |= {f"POST {row.rule}" for row in FORMS}
    opened |= {f"GET {row.rule}" for row in PAGES if row.leaves_a_trace}
    opened |= {act.door for act in ACTS} | ELSEWHERE.keys()
    others = (OF_GIT, OF_SIGNING_IN)
    doors = {door for door in CHANGES | READS if not any(each.search(door) for each in others)}

    assert sorted(doors - opened) == [], "Do it in this file, or say which test does."
    assert sorted(ELSEWHERE.keys() - doors) == []
