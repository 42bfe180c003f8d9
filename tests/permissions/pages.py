"""The table of the portal: every page and every form, for every kind of actor.

A column is an actor in the order of `ACTORS`: stranger, nobody; reader, triager, writer,
maintainer, owner of the repository; member, security officer, auditor, owner of the organisation;
auditor, administrator of the instance. `+` allowed, `-` refused, `.` hidden, `?` told to sign in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.permissions import (
    activity_doors,
    check_doors,
    hook_doors,
    issues,
    machine_doors,
    oversight,
    provider_doors,
    pull_pages,
    recorded_access,
    ruleset_doors,
    signature_doors,
)
from tests.permissions.seen import NOTHING
from tests.world import PASSWORD

READ = "..+++++.+++++"
READ_SIGNED_IN = "?.+++++.+++++"
WRITE = "..--+++.--+-+"
MAINTAIN = "..---++.--+-+"
MAINTAIN_SIGNED_IN = "?.---++.--+-+"
OWN = "..----+.--+-+"
OWN_SIGNED_IN = "?.----+.--+-+"
SIGNED_IN = "?++++++++++++"
ADMINISTER = "?-----------+"
INSPECT = "?----------++"
SEE_ORGANISATION = "..+++++++++++"
BELONG = ".......++++++"
BELONG_TO_SEE = "..-----++++++"
RECORDS = ".......-+++++"
RECORDS_SIGNED_IN = "?......-+++++"
RULE = "..--------+-+"
RULE_SIGNED_IN = "?.--------+-+"
RULE_TEAM = ".......---+-+"
EVERYONE = "+++++++++++++"
OF_ANOTHER = "?...........+"
SEE_JOB = "............+"

REPO = "/<owner>/<name>"
ORG = "/<owner>/-"
USER = "/administration/users/<name>"
LOG = "/administration/audit"
OWN_THING = "ACTOR"
ROOMS = (machine_doors, signature_doors, check_doors, hook_doors, issues, pull_pages, ruleset_doors)
ROOMS += (activity_doors,)


class Row(NamedTuple):
    """One page or form.

    `whose` thing an id in its address names: the target's, or one's own. `places` says what other
    parts of its address are, where that is not what `PLACES` says.
    """

    method: str
    rule: str
    expected: str
    form: Mapping[str, str] = NOTHING
    whose: str = "target-N"
    places: Mapping[str, str] = NOTHING
    leaves_a_trace: bool = False


PAGES = [
    Row("GET", "/", SIGNED_IN),
    Row("GET", "/search", SIGNED_IN),
    Row("GET", "/inbox", SIGNED_IN),
    Row("GET", "/sign-in", EVERYONE),
    Row("GET", "/confirm", SIGNED_IN),
    Row("GET", "/api/docs", EVERYONE),
    Row("GET", "/api/docs/<area>", EVERYONE),
    Row("GET", "/api/scim/openapi.json", EVERYONE),
    Row("GET", "/settings", SIGNED_IN),
    Row("GET", "/settings/email", SIGNED_IN),
    Row("GET", "/settings/security", SIGNED_IN),
    Row("GET", "/settings/factors", SIGNED_IN),
    Row("GET", "/settings/factors/app", SIGNED_IN),
    Row("GET", "/settings/factors/key", SIGNED_IN),
    Row("GET", "/settings/access", SIGNED_IN),
    Row("GET", "/settings/keys", SIGNED_IN),
    Row("GET", "/settings/keys/new", SIGNED_IN),
    Row("GET", "/settings/gpg-keys", SIGNED_IN),
    Row("GET", "/settings/gpg-keys/new", SIGNED_IN),
    Row("GET", "/settings/tokens", SIGNED_IN),
    Row("GET", "/settings/tokens/new", SIGNED_IN),
    Row("GET", "/settings/bin", SIGNED_IN),
    Row("GET", "/jobs/<uuid:job_id>", SEE_JOB),
    Row("GET", "/jobs/<uuid:job_id>", SIGNED_IN.replace("?", "."), whose=OWN_THING),
    Row("GET", "/jobs/<uuid:job_id>.json", SEE_JOB),
    Row("GET", "/administration", INSPECT),
    Row("GET", "/audit", SIGNED_IN),
    Row("GET", "/audit/words.json", SIGNED_IN),
    Row("GET", "/audit/codara-audit.pyz", SIGNED_IN),
    Row("GET", LOG, INSPECT, leaves_a_trace=True),
    Row("GET", f"{LOG}/integrity", INSPECT, leaves_a_trace=True),
    Row("GET", f"{LOG}/trust.json", INSPECT, leaves_a_trace=True),
    Row("GET", f"{LOG}/access", INSPECT),
    Row("GET", f"{LOG}/exports", INSPECT),
    Row("GET", f"{LOG}/streams", INSPECT),
    Row("GET", f"{LOG}/streams/new", ADMINISTER),
    Row("GET", f"{LOG}/auditors", ADMINISTER),
    Row("GET", "/administration/jobs", INSPECT),
    Row("GET", "/administration/organisations", INSPECT),
    Row("GET", "/administration/repositories", INSPECT),
    Row("GET", "/administration/second-factors", ADMINISTER),
    Row("GET", "/administration/addresses", ADMINISTER),
    Row("GET", "/administration/signatures", ADMINISTER),
    *(Row("GET", *row) for room in ROOMS for row in room.PAGES),
    Row("GET", "/administration/providers", ADMINISTER),
    Row("GET", "/administration/providers/new", ADMINISTER),
    Row("GET", "/administration/users", INSPECT),
    Row("GET", "/administration/users/new", INSPECT),
    Row("GET", USER, ADMINISTER),
    Row("GET", f"{USER}/access", ADMINISTER),
    Row("GET", "/administration/impersonations", ADMINISTER),
    Row("GET", "/administration/proposals", ADMINISTER),
    Row("GET", "/new", SIGNED_IN),
    Row("GET", "/new/import", SIGNED_IN),
    Row("GET", "/organisations/new", SIGNED_IN),
    Row("GET", "/<owner>", SEE_ORGANISATION),
    Row("GET", f"{ORG}/members", BELONG_TO_SEE),
    Row("GET", f"{ORG}/audit", RECORDS, leaves_a_trace=True),
    Row("GET", f"{ORG}/audit/integrity", RECORDS, leaves_a_trace=True),
    Row("GET", f"{ORG}/audit/access", RECORDS),
    Row("GET", f"{ORG}/audit/exports", RECORDS_SIGNED_IN),
    Row("GET", f"{ORG}/audit/streams", RECORDS),
    Row("GET", f"{ORG}/audit/streams/new", "?.------+-+-+"),
    Row("GET", f"{ORG}/audit/auditors", "?......---+-+"),
    Row("GET", f"{ORG}/settings", RULE),
    Row("GET", f"{ORG}/settings/danger", RULE_SIGNED_IN),
    Row("GET", f"{ORG}/settings/addresses", RULE_SIGNED_IN),
    *(Row("GET", *each) for each in recorded_access.OF_REVIEWS),
    Row("GET", f"{ORG}/teams", SEE_ORGANISATION),
    Row("GET", f"{ORG}/new-team", RULE),
    Row("GET", f"{ORG}/teams/<team>", BELONG),
    Row("GET", REPO, READ),
    Row("GET", f"{REPO}/tree", READ),
    Row("GET", f"{REPO}/tree/<tail:tail>", READ),
    Row("GET", f"{REPO}/blob/<tail:tail>", READ),
    Row("GET", f"{REPO}/raw/<tail:tail>", READ, leaves_a_trace=True),
    Row("GET", f"{REPO}/blame/<tail:tail>", READ),
    Row("GET", f"{REPO}/commits", READ),
    Row("GET", f"{REPO}/commits/<tail:tail>", READ),
    Row("GET", f"{REPO}/commit/<oid>", READ),
    Row("GET", f"{REPO}/compare", READ),
    Row("GET", f"{REPO}/compare/<tail:tail>", READ),
    *(Row("GET", f"{REPO}/{each}", READ) for each in ("branches", "tags", "pushes", "locks")),
    Row("GET", f"{REPO}/find", READ),
    Row("GET", f"{REPO}/find/<tail:tail>", READ),
    Row("GET", f"{REPO}/search", READ),
    Row("GET", f"{REPO}/archive/<tail:tail>", READ, leaves_a_trace=True),
    Row("GET", f"{REPO}/fork", READ_SIGNED_IN),
    Row("GET", f"{REPO}/settings", MAINTAIN),
    Row("GET", f"{REPO}/settings/access", MAINTAIN),
    Row("GET", f"{REPO}/settings/branches", MAINTAIN),
    Row("GET", f"{REPO}/settings/keys", OWN),
    Row("GET", f"{REPO}/settings/danger", MAINTAIN_SIGNED_IN),
]

FORMS = [
    *(Row("POST", *row) for room in ROOMS[3:] for row in room.FORMS),
    Row("POST", "/settings", SIGNED_IN, {"display_name": "Somebody", "theme": "dark"}),
    Row("POST", "/settings/email", SIGNED_IN, {"email": "new-N@codara.test"}),
    Row(
        "POST",
        "/settings/security",
        SIGNED_IN,
        {"current": PASSWORD, "password": "another long sentence"},
    ),
    Row("POST", "/settings/keys/new", SIGNED_IN, {"key": "PUBLIC-KEY", "title": "t"}),
    Row("POST", "/settings/keys/<uuid:key_id>/remove", OF_ANOTHER),
    Row("POST", "/settings/keys/<uuid:key_id>/remove", SIGNED_IN, whose=OWN_THING),
    Row("POST", "/settings/tokens/new", SIGNED_IN, {"name": "t", "scopes": "user"}),
    Row("POST", "/settings/tokens/<uuid:token_id>/revoke", OF_ANOTHER),
    Row("POST", "/settings/tokens/<uuid:token_id>/revoke", SIGNED_IN, whose=OWN_THING),
    Row("POST", "/settings/sessions/<uuid:session_id>/revoke", OF_ANOTHER),
    Row("POST", "/settings/sessions/<uuid:session_id>/revoke", SIGNED_IN, whose=OWN_THING),
    Row("POST", "/settings/sessions/revoke-others", SIGNED_IN),
    Row("POST", "/settings/bin", OWN_SIGNED_IN, {"path": "lab-N/old"}),
    Row("POST", "/jobs/<uuid:job_id>/cancel", SEE_JOB),
    Row("POST", "/jobs/<uuid:job_id>/cancel", SIGNED_IN.replace("?", "."), whose=OWN_THING),
    Row("POST", "/jobs/<uuid:job_id>/retry", OF_ANOTHER),
    Row("POST", "/jobs/<uuid:job_id>/retry", ADMINISTER, whose=OWN_THING),
    Row(
        "POST",
        "/administration/users",
        ADMINISTER,
        {"act": "suspend", "chosen": "target-N", "confirmed": "yes"},
    ),
    Row("POST", "/administration/jobs/<uuid:job_id>/cancel", "?----------.+"),
    Row("POST", "/administration/jobs/<uuid:job_id>/retry", ADMINISTER),
    Row(
        "POST",
        "/administration/repositories/quota",
        ADMINISTER,
        {"path": "lab-N/notes", "gibibytes": "3"},
    ),
    Row("POST", "/administration/repositories/check", ADMINISTER, {"path": "lab-N/notes"}),
    Row("POST", "/administration/users/new", ADMINISTER, {"name": "newcomer-N"}),
    Row("POST", f"{USER}/role", ADMINISTER, {"role": "auditor"}),
    Row("POST", f"{USER}/rename", ADMINISTER, {"name": "renamed-N"}),
    Row("POST", f"{USER}/suspend", ADMINISTER, {"reason": "gone"}),
    Row("POST", f"{USER}/reinstate", ADMINISTER, places={"<name>": "out-N"}),
    Row("POST", f"{USER}/reset-link", ADMINISTER),
    Row("POST", f"{USER}/end-sessions", ADMINISTER),
    Row(
        "POST",
        f"{USER}/delete",
        ADMINISTER,
        {"confirm": "out-N"},
        places={"<name>": "out-N"},
    ),
    Row("POST", "/new", SIGNED_IN, {"owner": "ACTOR", "name": "made-N"}),
    Row("POST", "/new", "?.-----+--+-+", {"owner": "lab-N", "name": "made"}),
    Row("POST", "/organisations/new", SIGNED_IN, {"name": "works-N"}),
    Row("POST", f"{ORG}/members", RULE, {"name": "nobody", "role": "member"}),
    Row("POST", f"{ORG}/members/<name>/remove", RULE, places={"<name>": "out-N"}),
    Row("POST", f"{ORG}/settings", RULE, {"description": "x", "base_role": "reader"}),
    Row("POST", f"{ORG}/settings/quota", "..----------+", {"gibibytes": "1"}),
    Row("POST", f"{ORG}/settings/rename", RULE, {"name": "renamed-N"}),
    Row(
        "POST",
        f"{ORG}/settings/delete",
        RULE_TEAM,
        {"confirm": "empty-N"},
        places={"<owner>": "empty-N"},
    ),
    Row("POST", f"{LOG}/searches", INSPECT, {"name": "x", "q": "outcome:refused"}),
    Row("POST", f"{ORG}/audit/searches", RECORDS, {"name": "x", "q": "outcome:refused"}),
    Row("POST", f"{ORG}/new-team", RULE, {"name": "works"}),
    Row("POST", f"{ORG}/teams/<team>", RULE_TEAM, {"name": "research", "description": "x"}),
    Row("POST", f"{ORG}/teams/<team>/members", RULE_TEAM, {"user": "out-N"}),
    Row("POST", f"{ORG}/teams/<team>/members/<name>/remove", RULE_TEAM),
    Row(
        "POST",
        f"{ORG}/teams/<team>/members/several",
        RULE_TEAM,
        {"act": "remove", "chosen": "target-N", "confirmed": "yes"},
    ),
    Row("POST", f"{ORG}/teams/<team>/delete", RULE_TEAM),
    Row("POST", f"{REPO}/branches/delete", WRITE, {"branch": "topic", "expected": "HEAD"}),
    Row(
        "POST",
        f"{REPO}/branches/several",
        WRITE,
        {"act": "delete", "chosen": "HEAD:topic", "confirmed": "yes"},
    ),
    Row(
        "POST",
        f"{REPO}/tags/several",
        WRITE,
        {"act": "delete", "chosen": "HEAD:topic-tag", "confirmed": "yes"},
    ),
    Row("POST", f"{REPO}/fork", READ, {"owner": "ACTOR", "name": "fork-N"}),
    Row("POST", f"{REPO}/export", READ),
    Row("POST", f"{REPO}/settings", MAINTAIN, {"default_branch": "main", "description": "x"}),
    Row("POST", f"{REPO}/settings/rename", OWN, {"name": "renamed"}),
    Row("POST", f"{REPO}/settings/branches", MAINTAIN, {"pattern": "release/*"}),
    Row("POST", f"{REPO}/settings/branches/remove", MAINTAIN, {"pattern": "refs/heads/main"}),
    Row("POST", f"{REPO}/settings/access", OWN, {"grantee": "nobody", "role": "reader"}),
    Row("POST", f"{REPO}/settings/access/withdraw", OWN, {"grantee": "target-N"}),
    Row("POST", f"{REPO}/settings/keys", OWN, {"key": "PUBLIC-KEY"}),
    Row("POST", f"{REPO}/settings/keys/<uuid:key_id>/remove", OWN, whose="lab-N"),
    Row("POST", f"{REPO}/settings/visibility", OWN, {"visibility": "internal"}),
    Row("POST", f"{REPO}/settings/archive", OWN, {"act": "archive"}),
    Row("POST", f"{REPO}/settings/transfer", OWN, {"to": "ACTOR", "confirm": "lab-N/notes"}),
    Row("POST", f"{REPO}/settings/delete", OWN, {"confirm": "lab-N/notes"}),
]

PROVIDER_PAGES = "web/test_provider_pages.py"
FACTOR_PAGES = "web/test_factor_pages.py"
KEY_PAGES = "web/test_keys_in_browser.py"
AUDIT_PAGES = "web/test_audit_pages.py"
STREAM = "/streams/<uuid:stream_id>"
OF_A_LOG = (
    ("GET", "/newer"),
    ("GET", "/checkpoint"),
    ("GET", "/events/<uuid:event_id>"),
    ("GET", "/events/<uuid:event_id>/proof"),
    ("POST", "/searches/<uuid:search_id>/delete"),
    ("POST", "/exports"),
    ("GET", "/exports/<uuid:export_id>.json"),
    ("GET", "/exports/<uuid:export_id>/file"),
    ("POST", "/streams/new"),
    ("GET", STREAM),
    ("POST", STREAM),
    ("POST", f"{STREAM}/<any(pause, resume, test):verb>"),
    ("POST", f"{STREAM}/delete"),
    ("POST", f"{STREAM}/parked/<uuid:event_id>/<any(retry, skip):verb>"),
    ("POST", "/auditors"),
    ("POST", "/auditors/<uuid:grant_id>/revoke"),
)
# What the table's form cannot say; each has tests of its own.
ELSEWHERE = (pull_pages.ELSEWHERE | issues.PAGES_ELSEWHERE | ruleset_doors.ELSEWHERE) | {
    **{
        (method, f"/administration/providers/{rule}"): PROVIDER_PAGES
        for method, rule in (
            *(("POST", "new"), ("GET", "<name>"), ("POST", "<name>"), ("POST", "<name>/first")),
            ("POST", "<name>/<any(enable, disable):verb>"),
            *(("POST", "<name>/delete"), ("POST", "<name>/rules"), ("POST", "<name>/test")),
            ("POST", "<name>/rules/<uuid:rule_id>/remove"),
        )
    },
    **{
        (method, f"/administration/providers/<name>/syncs{rule}"): "web/test_provider_syncs.py"
        for method, rule in (
            *(("GET", ""), ("POST", ""), ("GET", "/<uuid:run_id>")),
            ("POST", "/<uuid:run_id>/confirm"),
        )
    },
    **(provider_doors.ELSEWHERE | oversight.ELSEWHERE),
    **(signature_doors.ELSEWHERE | recorded_access.ELSEWHERE),
    ("POST", f"{USER}/identities"): PROVIDER_PAGES,
    ("POST", "/administration/identities/<uuid:identity_id>/unlink"): PROVIDER_PAGES,
    ("POST", "/settings/identities/<uuid:identity_id>/unlink"): PROVIDER_PAGES,
    ("POST", f"{USER}/factors/reset"): FACTOR_PAGES,
    ("POST", "/administration/second-factors"): "web/test_factor_rule_pages.py",
    ("POST", "/administration/second-factors/<uuid:rule_id>/remove"): (
        "web/test_factor_rule_pages.py"
    ),
    **(machine_doors.ELSEWHERE | hook_doors.ELSEWHERE | check_doors.ELSEWHERE),
    ("POST", "/settings/sessions/everywhere"): "web/test_session_pages.py",
    ("POST", "/settings/factors/key"): KEY_PAGES,
    ("POST", "/settings/factors/key/asked"): KEY_PAGES,
    ("POST", "/confirm/key/asked"): KEY_PAGES,
    ("POST", "/sign-in/factor/key/asked"): KEY_PAGES,
    ("POST", "/sign-in/key/asked"): KEY_PAGES,
    ("POST", "/sign-in/key"): KEY_PAGES,
    ("POST", "/settings/factors/app"): FACTOR_PAGES,
    ("POST", "/settings/factors/codes"): FACTOR_PAGES,
    ("POST", "/settings/factors/<uuid:factor_id>/remove"): FACTOR_PAGES,
    ("GET", "/sign-in/factor"): FACTOR_PAGES,
    ("POST", "/sign-in/factor"): FACTOR_PAGES,
    ("POST", "/settings/sessions"): "web/test_lists.py",
    ("POST", "/settings/gpg-keys/new"): "web/test_signing_keys.py",
    ("POST", "/settings/gpg-keys/<uuid:key_id>/remove"): "web/test_signing_keys.py",
    ("POST", "/settings/tokens"): "web/test_lists.py",
    ("POST", "/settings/keys"): "web/test_lists.py",
    ("POST", "/settings/bin/several"): "web/test_lists.py",
    ("POST", "/administration/jobs"): "web/test_lists.py",
    ("POST", f"{ORG}/members/several"): "web/test_lists.py",
    **{
        (method, f"{log}{rule}"): AUDIT_PAGES
        for log in (LOG, f"{ORG}/audit")
        for method, rule in OF_A_LOG
    },
    ("POST", "/administration/saml-keys/<any(prepare, switch, retire):step>"): (
        "web/test_saml_keys.py"
    ),
    ("POST", "/administration/providers/<name>/try"): "web/test_saml_trials.py",
    ("GET", "/audit/<log>/checkpoint"): "web/test_audit_tiles.py",
    ("GET", "/audit/<log>/tile/<path:tail>"): "web/test_audit_tiles.py",
    ("GET", "/audit/<log>/witnessed"): "web/test_audit_tiles.py",
    ("GET", "/administration/events"): AUDIT_PAGES,
    ("GET", f"{ORG}/events"): AUDIT_PAGES,
    ("POST", f"{REPO}/locks"): "web/test_locks_page.py",
    ("GET", "/reset/<secret>"): "web/test_sign_in_page.py",
    ("POST", "/reset/<secret>"): "web/test_sign_in_page.py",
    ("POST", "/sign-in"): "web/test_sign_in_page.py",
    ("GET", "/auth/ldap/<provider>/login"): "web/test_directory_sign_in.py",
    ("POST", "/auth/ldap/<provider>/login"): "web/test_directory_sign_in.py",
    ("POST", "/sign-out"): "web/test_sign_in_page.py",
    ("POST", "/confirm"): "web/test_sign_in_page.py",
    ("POST", "/language"): "web/test_sign_in_page.py",
    ("POST", "/theme"): "web/test_sign_in_page.py",
    ("POST", "/new/import"): "services/test_imports.py",
    ("GET", "/static/<path:filename>"): "web/test_frame.py",
    **{("GET", f"/{each}"): "web/test_frame.py" for each in ("healthz", "readyz", "metrics")},
}

PLACES = {
    **(pull_pages.PLACES | issues.PAGE_PLACES),
    "<owner>": "lab-N",
    USER: "/administration/users/target-N",
    "/members/<name>": "/members/target-N",
    "<name>": "notes",
    "<team>": "research",
    "<area>": "users",
    "tree/<tail:tail>": "tree/main/src",
    "commits/<tail:tail>": "commits/main",
    "compare/<tail:tail>": "compare/main...topic",
    "find/<tail:tail>": "find/main",
    "archive/<tail:tail>": "archive/main.zip",
    "<tail:tail>": "main/src/one",
}
NOUNS = {"key_id": "key", "token_id": "token", "session_id": "session", "job_id": "queued"}
NOUNS |= issues.PAGE_NOUNS
