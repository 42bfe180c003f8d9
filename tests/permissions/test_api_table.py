"""The permission table: every endpoint of the API, for every kind of actor.

A column is an actor in the order of `ACTORS`: stranger, nobody; reader, triager, writer,
maintainer, owner of the repository; member, security officer, auditor, owner of the organisation;
auditor, administrator of the instance. `+` allowed, `-` refused, `.` hidden, `?` told to sign in.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.permissions import branch_doors, check_doors, hook_doors, issues, pulls, ruleset_doors
from tests.permissions.actors import ACTORS, SIGNS
from tests.permissions.seen import NOTHING, as_seen

TESTS = Path(__file__).parents[1]

READ = "..+++++.+++++"
WRITE = "..--+++.--+-+"
MAINTAIN = "..---++.--+-+"
OWN = "..----+.--+-+"
SIGNED_IN = "?++++++++++++"
ADMINISTER = "?-----------+"
INSPECT = "?----------++"
SEE_ORGANISATION = "..+++++++++++"
BELONG = ".......++++++"
BELONG_TO_SEE = "..-----++++++"
RULE = "..--------+-+"
RULE_TEAM = ".......---+-+"
EVERYONE = "+++++++++++++"

IMPORT = "?++++++++++++"

REPO = "/api/v1/repos/<owner>/<name>"
ORG = "/api/v1/orgs/<org>"
PROVIDERS = "/api/v1/admin/identity-providers"
OIDC = {"issuer_url": "https://sign-in.test", "client_id": "codara", "client_secret": "x"}
ROOMS = (check_doors, hook_doors, issues, pulls, ruleset_doors)

TABLE = [
    *(row for each in ROOMS for row in each.API_TABLE),
    ("GET", "/api/v1/user", SIGNED_IN, None),
    ("GET", "/api/v1/user/tokens", SIGNED_IN, None),
    ("POST", "/api/v1/user/tokens", SIGNED_IN, {"name": "t", "scopes": ["user"]}),
    ("GET", "/api/v1/user/keys", SIGNED_IN, None),
    ("POST", "/api/v1/user/keys", SIGNED_IN, {"key": "no key"}),
    ("GET", "/api/v1/user/gpg-keys", SIGNED_IN, None),
    ("POST", "/api/v1/user/gpg-keys", SIGNED_IN, {"key": "no key"}),
    ("GET", "/api/v1/user/x509-certificates", SIGNED_IN, None),
    ("GET", "/api/v1/user/x509-certificates/challenge", SIGNED_IN, None),
    ("POST", "/api/v1/user/x509-certificates", SIGNED_IN, {"challenge": "x", "signature": "x"}),
    ("POST", "/api/v1/auth/token", SIGNED_IN, None),
    ("GET", "/api/v1/ssh-authorities", ADMINISTER, None),
    ("GET", "/api/v1/admin/saml-keys", ADMINISTER, None),
    ("POST", "/api/v1/ssh-authorities", ADMINISTER, {"key": "no key"}),
    ("GET", "/api/v1/signing-keys", EVERYONE, None),
    ("GET", "/api/v1/x509-authorities", ADMINISTER, None),
    ("POST", "/api/v1/x509-authorities", ADMINISTER, {"certificate": "none"}),
    ("GET", "/api/v1/users", EVERYONE, None),
    ("POST", "/api/v1/users", ADMINISTER, {"name": "newcomer"}),
    ("GET", "/api/v1/users/<name>", ".++++++++++++", None),
    ("PATCH", "/api/v1/users/<name>", ".-----------+", {"display_name": "x"}),
    ("DELETE", "/api/v1/users/<name>", ".-----------+", None),
    ("POST", "/api/v1/users/<name>/password-reset", ".-----------+", None),
    ("GET", PROVIDERS, ADMINISTER, None),
    ("GET", f"{PROVIDERS}/kinds", ADMINISTER, None),
    ("POST", PROVIDERS, ADMINISTER, {"name": "x", "kind": "oidc", "label": "X", "settings": OIDC}),
    ("GET", "/api/v1/admin/factor-rules", ADMINISTER, None),
    ("GET", "/api/v1/admin/address-list", ADMINISTER, None),
    ("PUT", "/api/v1/admin/address-list", ADMINISTER, {"networks": []}),
    ("GET", "/api/v1/user/access-requests", SIGNED_IN, None),
    (
        "POST",
        "/api/v1/user/access-requests",
        SIGNED_IN,
        {"thing": "repository", "name": "gone-N/x", "role": "reader", "hours": 8, "reason": "r"},
    ),
    ("GET", "/api/v1/access-requests", EVERYONE, None),
    ("GET", "/api/v1/reviews", INSPECT, None),
    ("GET", f"{ORG}/access-rule", RULE, None),
    ("PUT", f"{ORG}/access-rule", RULE, {"longest_hours": 8}),
    ("GET", f"{ORG}/temporary-access", RULE, None),
    ("GET", f"{ORG}/address-list", RULE, None),
    ("PUT", f"{ORG}/address-list", RULE, {"networks": []}),
    ("GET", "/api/v1/service-accounts", ADMINISTER, None),
    ("POST", "/api/v1/service-accounts", ADMINISTER, {"name": "machine-N"}),
    ("GET", f"{ORG}/service-accounts", RULE, None),
    ("POST", f"{ORG}/service-accounts", RULE, {"name": "robot-N"}),
    ("GET", "/api/v1/credentials", INSPECT, None),
    ("GET", f"{ORG}/credentials", "..------+++++", None),
    ("GET", f"{ORG}/token-rule", RULE, None),
    ("PUT", f"{ORG}/token-rule", RULE, {"approval": "off"}),
    ("GET", f"{ORG}/token-approvals", RULE, None),
    ("GET", f"{ORG}/x509-authorities", RULE, None),
    ("POST", f"{ORG}/x509-authorities", RULE, {"certificate": "none"}),
    ("GET", f"{ORG}/signing-rules", RULE, None),
    ("PUT", f"{ORG}/signing-rules", RULE, {"pattern": "gone-N/*", "signed_by": ["ssh"]}),
    ("GET", "/api/v1/users/<name>/identities", ".-----------+", None),
    ("GET", "/api/v1/users/<name>/sessions", ".-----------+", None),
    ("GET", "/api/v1/users/<name>/impersonations", ".-----------+", None),
    ("GET", "/api/v1/admin/impersonations", ADMINISTER, None),
    ("GET", "/api/v1/users/<name>/access", ".-----------+", None),
    ("GET", "/api/v1/admin/proposals", ADMINISTER, None),
    ("GET", "/api/v1/admin/two-people", ADMINISTER, None),
    ("GET", "/api/v1/users/<name>/second-factors", ".-----------+", None),
    ("GET", "/api/v1/orgs", EVERYONE, None),
    ("POST", "/api/v1/orgs", SIGNED_IN, {"name": "works"}),
    ("GET", ORG, SEE_ORGANISATION, None),
    ("PATCH", ORG, RULE, {"description": "x"}),
    ("GET", f"{ORG}/room", RULE, None),
    ("DELETE", ORG, RULE, None),
    ("GET", f"{ORG}/members", BELONG_TO_SEE, None),
    ("PUT", f"{ORG}/members/<name>", RULE, {"role": "member"}),
    ("DELETE", f"{ORG}/members/<name>", RULE, None),
    ("GET", f"{ORG}/teams", SEE_ORGANISATION, None),
    ("POST", f"{ORG}/teams", RULE, {"name": "works"}),
    ("GET", f"{ORG}/teams/<team>", BELONG, None),
    ("PATCH", f"{ORG}/teams/<team>", RULE_TEAM, {"description": "x"}),
    ("DELETE", f"{ORG}/teams/<team>", RULE_TEAM, None),
    ("GET", f"{ORG}/teams/<team>/members", BELONG, None),
    ("PUT", f"{ORG}/teams/<team>/members/<name>", RULE_TEAM, None),
    ("DELETE", f"{ORG}/teams/<team>/members/<name>", RULE_TEAM, None),
    ("GET", "/api/v1/repos", EVERYONE, None),
    ("GET", "/api/v1/search", EVERYONE, None),
    ("POST", "/api/v1/repos", SIGNED_IN, {"name": "own"}),
    ("GET", "/api/v1/bin", EVERYONE, None),
    ("GET", REPO, READ, None),
    ("PATCH", REPO, MAINTAIN, {"description": "x"}),
    ("DELETE", REPO, OWN, None),
    ("POST", f"{REPO}/fork", READ, {}),
    ("POST", f"{REPO}/transfer", "..-----.--+-+", {"to": "lab-N"}),
    ("POST", f"{REPO}/archive", OWN, {"archived": True}),
    ("POST", f"{REPO}/check", ADMINISTER, None),
    ("GET", f"{REPO}/grants", MAINTAIN, None),
    ("PUT", f"{REPO}/grants/<path:grantee>", OWN, {"role": "reader"}),
    ("DELETE", f"{REPO}/grants/<path:grantee>", OWN, None),
    ("GET", f"{REPO}/access/<user>", MAINTAIN, None),
    ("GET", f"{REPO}/keys", OWN, None),
    ("POST", f"{REPO}/keys", OWN, {"key": "no key"}),
    ("POST", f"{REPO}/import", IMPORT, {"url": "https://127.0.0.1/x.git"}),
    ("GET", f"{REPO}/export", READ, None),
    ("GET", f"{REPO}/protections", READ, None),
    ("GET", f"{REPO}/signing-rules", READ, None),
    ("PUT", f"{REPO}/protections", MAINTAIN, {"pattern": "release/*"}),
    ("DELETE", f"{REPO}/protections", MAINTAIN, None),
    ("GET", f"{REPO}/read/<path:tail>", READ, None),
    ("GET", f"{REPO}/tree", READ, None),
    ("GET", f"{REPO}/tree/<path:tail>", READ, None),
    ("GET", f"{REPO}/blame/<path:tail>", READ, None),
    ("GET", f"{REPO}/diff", READ, None),
    ("GET", f"{REPO}/archive/<path:tail>", READ, None),
    ("PUT", f"{REPO}/write/<path:tail>", WRITE, {"content": "2"}),
    ("DELETE", f"{REPO}/remove/<path:tail>", WRITE, {}),
    ("POST", f"{REPO}/move", WRITE, {"path": "src", "to": "lib"}),
    *branch_doors.ROWS,
    ("GET", f"{REPO}/commits", READ, None),
    ("GET", f"{REPO}/commits/<path:oid>", READ, None),
    ("GET", f"{REPO}/branches", READ, None),
    ("POST", f"{REPO}/branches", WRITE, {"name": "other", "start": "main"}),
    ("DELETE", f"{REPO}/branches/<path:ref>", WRITE, None),
    ("GET", f"{REPO}/tags", READ, None),
    ("GET", f"{REPO}/pushes", READ, None),
    ("POST", f"{REPO}/tags", WRITE, {"name": "v2", "start": "main"}),
    ("DELETE", f"{REPO}/tags/<path:ref>", WRITE, None),
    ("GET", f"{REPO}/search/commits", READ, None),
    ("GET", f"{REPO}/search/content", READ, None),
    ("GET", f"{REPO}/search/files", READ, None),
    ("GET", "/api/v1/repo-starters", EVERYONE, None),
    ("GET", "/api/v1/health", INSPECT, None),
    ("GET", "/api/v1/jobs", EVERYONE, None),
    ("GET", "/api/v1/audit/events", "?-------+++++", None),
    ("GET", "/api/v1/audit/witnesses", INSPECT, None),
    ("POST", "/api/v1/audit/witnesses", ADMINISTER, {"name": "w", "vkey": "no key"}),
    ("PUT", "/api/v1/audit/quorum", ADMINISTER, {"needed": 0}),
    ("POST", "/api/v1/audit/cosignatures", ADMINISTER, {"note": "no note"}),
    ("POST", "/api/v1/audit/anchors", ADMINISTER, {"token": "no token"}),
    ("GET", "/api/v1/openapi.json", EVERYONE, None),
]

# What the table's form cannot say; each has a test of its own.
ELSEWHERE = {
    **{door: test for each in ROOMS for door, test in each.API_ELSEWHERE.items()},
    ("POST", "/api/v1/admin/saml-keys/<step>"): "web/test_saml_keys.py",
    **{
        (method, f"{PROVIDERS}/<name>{rest}"): "web/test_api_identity_providers.py"
        for method, rest in (
            *(("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/consequences")),
            *(("GET", "/rules"), ("POST", "/rules"), ("DELETE", "/rules/<uuid:id>")),
            ("POST", "/test"),
        )
    },
    **{
        (method, f"{PROVIDERS}/<name>/syncs{rest}"): "web/test_provider_syncs.py"
        for method, rest in (
            *(("GET", ""), ("POST", ""), ("GET", "/<uuid:id>"), ("GET", "/<uuid:id>/changes")),
            ("POST", "/<uuid:id>/confirm"),
        )
    },
    **{
        (method, f"{PROVIDERS}/<name>{rest}"): "web/test_scim_tokens.py"
        for method, rest in (
            *(("GET", "/tokens"), ("POST", "/tokens"), ("DELETE", "/tokens/<uuid:id>")),
            ("GET", "/provisioned"),
        )
    },
    ("DELETE", "/api/v1/user/access-requests/<uuid:id>"): "web/test_access_request_pages.py",
    ("GET", "/api/v1/access-requests/<uuid:id>"): "web/test_access_request_pages.py",
    **{
        (method, f"/api/v1/reviews{rest}"): "web/test_access_review_pages.py"
        for method, rest in (
            *(("POST", ""), ("GET", "/<uuid:id>"), ("GET", "/<uuid:id>/items")),
            *(("GET", "/<uuid:id>/progress"), ("POST", "/<uuid:id>/decisions")),
            *(("POST", "/<uuid:id>/close"), ("POST", "/<uuid:id>/repeat")),
            ("GET", "/<uuid:id>/result"),
        )
    },
    **{
        ("POST", f"/api/v1/access-requests/<uuid:id>/{verb}"): "web/test_access_request_pages.py"
        for verb in ("approve", "refuse", "prolong", "end")
    },
    ("PUT", PROVIDERS): "web/test_api_identity_providers.py",
    ("POST", "/api/v1/users/<name>/second-factors/reset"): "web/test_factor_pages.py",
    ("POST", "/api/v1/admin/factor-rules"): "web/test_factor_rule_pages.py",
    ("DELETE", "/api/v1/admin/factor-rules/<uuid:id>"): "web/test_factor_rule_pages.py",
    **{
        (method, "/api/v1/service-accounts/<name>"): "web/test_service_accounts.py"
        for method in ("GET", "PATCH", "DELETE")
    },
    ("PATCH", f"{ORG}/token-approvals/<uuid:id>"): "web/test_token_rules.py",
    ("POST", "/api/v1/user/tokens/<uuid:id>/approvals"): "web/test_token_rules.py",
    ("DELETE", "/api/v1/credentials/<kind>/<uuid:id>"): "web/test_credentials.py",
    ("DELETE", f"{ORG}/credentials/<kind>/<uuid:id>"): "web/test_credentials.py",
    ("POST", "/api/v1/credentials/revoke"): "web/test_leaked_tokens.py",
    ("POST", "/api/v1/users/<name>/sign-out"): "web/test_session_pages.py",
    ("DELETE", "/api/v1/sessions/<uuid:id>"): "web/test_session_pages.py",
    ("DELETE", "/api/v1/admin/impersonations/<uuid:id>"): "web/test_impersonation.py",
    ("GET", "/api/v1/audit/access"): "services/test_access_then.py",
    ("GET", f"{ORG}/members/<name>/access"): "web/test_person_access.py",
    ("PUT", "/api/v1/admin/two-people"): "web/test_proposal_pages.py",
    **{
        (method, f"/api/v1/admin/proposals/<uuid:id>{rest}"): "web/test_proposal_pages.py"
        for method, rest in (
            *(("GET", ""), ("POST", "/confirm"), ("POST", "/refuse"), ("POST", "/withdraw")),
        )
    },
    ("POST", "/api/v1/users/<name>/break-glass"): "web/test_api_identity_providers.py",
    ("POST", "/api/v1/users/<name>/identities"): "web/test_api_identity_providers.py",
    ("DELETE", "/api/v1/identities/<uuid:id>"): "web/test_api_identity_providers.py",
    ("GET", "/api/v1/audit/auditors"): "web/test_api_auditors.py",
    ("POST", "/api/v1/audit/auditors"): "web/test_api_auditors.py",
    ("DELETE", "/api/v1/audit/auditors/<uuid:id>"): "web/test_api_auditors.py",
    ("DELETE", "/api/v1/user/tokens/<uuid:id>"): "web/test_api_people.py",
    ("DELETE", "/api/v1/user/keys/<uuid:id>"): "web/test_api_people.py",
    ("DELETE", "/api/v1/user/gpg-keys/<uuid:id>"): "web/test_signing_keys.py",
    ("GET", f"{REPO}/pushes/<uuid:id>"): "web/test_pushes.py",
    **branch_doors.ELSEWHERE,
    ("GET", f"{REPO}/pushes/<uuid:id>/certificate"): "web/test_signed_pushes.py",
    ("PUT", "/api/v1/ssh-authorities/<uuid:id>/revocations"): "ssh/test_certificates.py",
    ("DELETE", "/api/v1/ssh-authorities/<uuid:id>"): "ssh/test_certificates.py",
    ("PUT", "/api/v1/x509-authorities/<uuid:id>/revocations"): "web/test_x509_authorities.py",
    ("DELETE", "/api/v1/x509-authorities/<uuid:id>"): "web/test_x509_authorities.py",
    ("PUT", f"{ORG}/x509-authorities/<uuid:id>/revocations"): "web/test_organisation_signatures.py",
    ("DELETE", f"{ORG}/x509-authorities/<uuid:id>"): "web/test_organisation_signatures.py",
    ("DELETE", f"{ORG}/signing-rules"): "web/test_organisation_signatures.py",
    ("DELETE", "/api/v1/user/x509-certificates/<uuid:id>"): "web/test_x509_certificates.py",
    ("DELETE", f"{REPO}/keys/<uuid:id>"): "services/test_ssh_keys.py",
    ("GET", "/api/v1/jobs/<uuid:id>"): "services/test_jobs.py",
    ("POST", "/api/v1/jobs/<uuid:id>/cancel"): "services/test_jobs.py",
    ("POST", "/api/v1/jobs/<uuid:id>/retry"): "services/test_jobs.py",
    ("POST", "/api/v1/jobs/<uuid:id>/discard"): "web/test_api_operations.py",
    ("POST", f"{REPO}/restore"): "web/test_api_bin.py",
    ("DELETE", "/api/v1/bin/<uuid:id>"): "web/test_api_bin.py",
    ("GET", "/api/v1/audit/events/<uuid:id>"): "web/test_api_audit.py",
    ("GET", "/api/v1/audit/checkpoint"): "web/test_audit_tiles.py",
    ("GET", "/api/v1/audit/proof/inclusion"): "web/test_audit_tiles.py",
    ("GET", "/api/v1/audit/proof/consistency"): "web/test_audit_tiles.py",
    ("GET", "/api/v1/audit/events/<uuid:id>/proof"): "web/test_audit_tiles.py",
    ("GET", "/api/v1/audit/trust"): "web/test_audit_tiles.py",
    ("GET", "/api/v1/audit/exports"): "web/test_audit_exports.py",
    **{
        (method, f"/api/v1/audit/streams{rest}"): "web/test_audit_streams.py"
        for method, rest in (
            *(("GET", ""), ("POST", ""), ("GET", "/<uuid:id>"), ("PATCH", "/<uuid:id>")),
            *(("DELETE", "/<uuid:id>"), ("POST", "/<uuid:id>/pause")),
            *(("POST", "/<uuid:id>/resume"), ("POST", "/<uuid:id>/replay")),
            *(("POST", "/<uuid:id>/test"), ("GET", "/<uuid:id>/parked")),
            ("POST", "/<uuid:id>/parked/<uuid:event>/retry"),
            ("POST", "/<uuid:id>/parked/<uuid:event>/skip"),
        )
    },
    ("DELETE", "/api/v1/audit/witnesses/<name>"): "cli/test_witness_of_appliance.py",
    ("GET", "/api/v1/audit/witness-request"): "cli/test_witness_of_appliance.py",
    ("GET", "/api/v1/audit/anchors"): "cli/test_witness_of_appliance.py",
    ("GET", "/api/v1/audit/anchor-request"): "cli/test_witness_of_appliance.py",
    ("POST", "/api/v1/audit/exports"): "web/test_audit_exports.py",
    ("GET", "/api/v1/audit/exports/<uuid:id>"): "web/test_audit_exports.py",
    ("GET", "/api/v1/audit/exports/<uuid:id>/download"): "web/test_audit_exports.py",
}

PLACES = {
    **(pulls.API_PLACES | issues.API_PLACES),
    "/users/<name>": "/users/target-N",
    "/members/<name>": "/members/target-N",
    "<owner>": "lab-N",
    "<name>": "notes",
    "<org>": "lab-N",
    "<team>": "research",
    "<user>": "target-N",
    "<path:grantee>": "target-N",
    "branches/<path:ref>": "branches/topic",
    "tags/<path:ref>": "tags/topic-tag",
    "archive/<path:tail>": "archive/main.zip",
    "tree/<path:tail>": "tree/src",
    "<path:tail>": "src/one",
}
QUERIES = check_doors.QUERIES | {
    f"{REPO}/diff": "?base=main&head=topic",
    f"{REPO}/protections": "?pattern=refs/heads/main",
    "/api/v1/search": "?q=notes",
    f"{REPO}/search/commits": "?q=a",
    f"{REPO}/search/content": "?q=a",
    f"{REPO}/search/files": "?q=a",
}


@pytest.mark.promise("P10")
def test_each_actor_may_look_at_what_the_table_says(stage):
    rows = [row for row in TABLE if row[0] == "GET"]
    assert {row[1]: signs(stage, *row) for row in rows} == {row[1]: row[2] for row in rows}


@pytest.mark.promise("P11")
@pytest.mark.parametrize(
    ("method", "rule", "expected", "body"), [row for row in TABLE if row[0] != "GET"]
)
def test_each_actor_may_do_what_the_table_says(stage, method, rule, expected, body):
    assert signs(stage, method, rule, expected, body) == expected


def test_the_table_is_whole(stage):
    named = {(method, rule) for method, rule, *_ in TABLE} | ELSEWHERE.keys()
    routed = {
        (method, rule.rule)
        for rule in stage.world.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routed - named == set(), "Add a row for each to TABLE in permissions/test_api_table.py."
    assert named - routed == set(), "Take these rows out of permissions/test_api_table.py."
    assert [each for each in ELSEWHERE.values() if not (TESTS / each).is_file()] == []


def signs(stage, method, rule, _expected, body):
    """What all actors were told, as a row of the table says it."""
    return "".join(tried(stage, method, rule, body, number) for number in range(len(ACTORS)))


def tried(stage, method, rule, body, number):
    """What an actor was told; of what is hidden, after looking whether it could be told from none.

    Only a change leaves an event; a refusal leaves none but its own.
    """
    client, place = stage.client(ACTORS[number]), address(stage, rule, number)
    before = stage.world.events_so_far()
    answer = client.open(place, method=method, json=with_names(body, number))
    where = f"{ACTORS[number]}: {method} {place}: {answer.status}"
    assert answer.status_code < 500, where
    told = SIGNS.get(answer.status_code, "+")
    if told == "+":
        answer.close()  # Or a transfer goes on, and is watched.
        return told
    assert set(stage.world.events_since(before)) <= {"access.refused"}, where
    if told == ".":
        for real, other in ((f"lab-{number}", f"gone-{number}"), ("/notes", "/never")):
            sent = with_names(body, number, {real: other})
            missing = client.open(place.replace(real, other), method=method, json=sent)
            assert as_seen(missing, other, real) == as_seen(answer, real, other), where
    return told


def with_names(body, number, changes=NOTHING):
    """The body of a row, with the names of this actor's things in it."""
    if body is None:
        return None
    text = json.dumps(body).replace("-N", f"-{number}")
    for real, other in changes.items():
        text = text.replace(real, other)
    return json.loads(text)


def address(stage, rule, number):
    """The rule with every place filled in for one actor."""
    text = rule
    for place, value in PLACES.items():
        text = text.replace(place, value)
    text = (text + QUERIES.get(rule, "")).replace("-N", f"-{number}")
    return text.replace("<path:oid>", stage.head(number)).replace("<oid>", stage.head(number))
