"""The permission table: every endpoint of the API, for every kind of actor.

A column is an actor in the order of `ACTORS`: stranger, nobody; reader, triager, writer,
maintainer, owner of the repository; member, security officer, auditor, owner of the organisation;
auditor, administrator of the instance. `+` allowed, `-` refused, `.` hidden, `?` told to sign in.
"""

from __future__ import annotations

import pytest

from appliance.db.repositories import ProtectionRule
from appliance.domain.permissions import Role
from tests.permissions.actors import ACTORS, OUTCOMES, make_content, outcome, settle
from tests.world import NOON

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

TABLE = [
    ("GET", "/api/v1/user", SIGNED_IN, None),
    ("GET", "/api/v1/user/tokens", SIGNED_IN, None),
    ("POST", "/api/v1/user/tokens", SIGNED_IN, {"name": "t", "scopes": ["user"]}),
    ("GET", "/api/v1/user/keys", SIGNED_IN, None),
    ("POST", "/api/v1/user/keys", SIGNED_IN, {"key": "no key"}),
    ("POST", "/api/v1/auth/token", SIGNED_IN, None),
    ("GET", "/api/v1/users", EVERYONE, None),
    ("POST", "/api/v1/users", ADMINISTER, {"name": "newcomer"}),
    ("GET", "/api/v1/users/<name>", ".++++++++++++", None),
    ("PATCH", "/api/v1/users/<name>", ".-----------+", {"display_name": "x"}),
    ("DELETE", "/api/v1/users/<name>", ".-----------+", None),
    ("POST", "/api/v1/users/<name>/password-reset", ".-----------+", None),
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
    ("POST", "/api/v1/repos", SIGNED_IN, {"name": "own"}),
    ("GET", "/api/v1/bin", EVERYONE, None),
    ("GET", REPO, READ, None),
    ("PATCH", REPO, MAINTAIN, {"description": "x"}),
    ("DELETE", REPO, OWN, None),
    ("POST", f"{REPO}/fork", READ, {}),
    ("POST", f"{REPO}/transfer", "..-----.--+-+", {"to": "lab-N"}),
    ("POST", f"{REPO}/archive", OWN, {"archived": True}),
    ("GET", f"{REPO}/grants", MAINTAIN, None),
    ("PUT", f"{REPO}/grants/<path:grantee>", OWN, {"role": "reader"}),
    ("DELETE", f"{REPO}/grants/<path:grantee>", OWN, None),
    ("GET", f"{REPO}/access/<user>", MAINTAIN, None),
    ("GET", f"{REPO}/keys", OWN, None),
    ("POST", f"{REPO}/keys", OWN, {"key": "no key"}),
    ("POST", f"{REPO}/import", IMPORT, {"url": "https://127.0.0.1/x.git"}),
    ("GET", f"{REPO}/export", READ, None),
    ("GET", f"{REPO}/protections", READ, None),
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
    ("GET", f"{REPO}/commits", READ, None),
    ("GET", f"{REPO}/commits/<oid>", READ, None),
    ("GET", f"{REPO}/branches", READ, None),
    ("POST", f"{REPO}/branches", WRITE, {"name": "other", "start": "main"}),
    ("DELETE", f"{REPO}/branches/<path:ref>", WRITE, None),
    ("GET", f"{REPO}/tags", READ, None),
    ("POST", f"{REPO}/tags", WRITE, {"name": "v2", "start": "main"}),
    ("DELETE", f"{REPO}/tags/<path:ref>", WRITE, None),
    ("GET", f"{REPO}/search/commits", READ, None),
    ("GET", f"{REPO}/search/content", READ, None),
    ("GET", f"{REPO}/search/files", READ, None),
    ("GET", "/api/v1/health", INSPECT, None),
    ("GET", "/api/v1/jobs", EVERYONE, None),
    ("GET", "/api/v1/openapi.json", EVERYONE, None),
]

# What the table's form cannot say; each has a test of its own.
ELSEWHERE = {
    ("DELETE", "/api/v1/user/tokens/<uuid:id>"): "test_api_people.py",
    ("DELETE", "/api/v1/user/keys/<uuid:id>"): "test_api_people.py",
    ("DELETE", f"{REPO}/keys/<uuid:id>"): "test_ssh_keys.py",
    ("GET", "/api/v1/jobs/<uuid:id>"): "test_jobs.py",
    ("POST", "/api/v1/jobs/<uuid:id>/cancel"): "test_jobs.py",
    ("POST", "/api/v1/jobs/<uuid:id>/retry"): "test_jobs.py",
    ("POST", f"{REPO}/restore"): "test_api_bin.py",
    ("DELETE", "/api/v1/bin/<uuid:id>"): "test_api_bin.py",
}

PLACES = {
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
QUERIES = {
    f"{REPO}/diff": "?base=main&head=topic",
    f"{REPO}/protections": "?pattern=refs/heads/main",
    f"{REPO}/search/commits": "?q=a",
    f"{REPO}/search/content": "?q=a",
    f"{REPO}/search/files": "?q=a",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return make_content(tmp_path_factory.mktemp("content"))


@pytest.mark.promise("P10")
def test_each_actor_may_look_at_what_the_table_says(world, content):
    settle(world, content)
    clients = [world.client(None if actor == "stranger" else actor) for actor in ACTORS]
    for method, rule, expected, body in TABLE:
        if method == "GET":
            assert tried(world, clients, method, rule, body) == wanted(expected), rule


@pytest.mark.promise("P11")
@pytest.mark.parametrize(
    ("method", "rule", "expected", "body"), [row for row in TABLE if row[0] != "GET"]
)
def test_each_actor_may_do_what_the_table_says(world, content, method, rule, expected, body):
    settle(world, content)
    for number in range(len(ACTORS)):
        prepare(world, f"lab-{number}/notes", f"target-{number}")
    clients = [world.client(None if actor == "stranger" else actor) for actor in ACTORS]
    assert tried(world, clients, method, rule, body) == wanted(expected)


def test_the_table_is_whole(world):
    named = {(method, rule) for method, rule, *_ in TABLE} | ELSEWHERE.keys()
    routed = {
        (method, rule.rule)
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routed - named == set()
    assert named - routed == set()


def tried(world, clients, method, rule, body):
    """What each actor was told."""
    found = {}
    for number, (actor, client) in enumerate(zip(ACTORS, clients, strict=True)):
        place = address(world, rule, number)
        sent = body and {
            key: value.replace("-N", f"-{number}") if isinstance(value, str) else value
            for key, value in body.items()
        }
        status = client.open(place, method=method, json=sent).status_code
        assert status < 500, f"{actor}: {method} {place}"
        found[actor] = outcome(status)
    return found


def wanted(expected):
    """The same, as a row of the table says it."""
    return {actor: OUTCOMES[sign] for actor, sign in zip(ACTORS, expected, strict=True)}


def prepare(world, path, target):
    """What a row of the table removes must be there."""
    repository = world._repository(path)
    world.add(
        ProtectionRule(repository_id=repository.id, pattern="refs/heads/main", created_at=NOON)
    )
    world.grant(target, Role.READER, path)


def address(world, rule, number):
    """The rule with every place filled in for one actor."""
    if rule.endswith("commits/<oid>"):
        folder = world.folder(world._repository(f"lab-{number}/notes"))
        rule = rule.replace("<oid>", (folder / "refs/heads/main").read_text().strip())
    text = rule
    for place, value in PLACES.items():
        text = text.replace(place, value)
    return (text + QUERIES.get(rule, "")).replace("-N", f"-{number}")
