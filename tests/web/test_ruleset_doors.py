"""Rulesets at the doors: every rule for a real push, and the same for what comes without git."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.rulesets import RulesetFinding
from appliance.domain.identity import appliance
from appliance.services import ruleset_reports
from appliance.web import requests
from tests import every_rule
from tests.every_rule import PATH
from tests.web.git_client import GitClient, token

RULESETS = f"/api/v1/repos/{PATH}/rulesets"
OF_LAB = "/api/v1/orgs/lab/rulesets"
EVERY_RULE = [
    {"kind": "linear_history"},
    {"kind": "commit_message", "patterns": ["^(feat|fix): "]},
    {"kind": "author_address", "patterns": ["*@codara.test"]},
    {"kind": "verified_author"},
    {"kind": "ticket_reference"},
    {"kind": "file_paths", "patterns": ["/vendor/"]},
    {"kind": "file_extensions", "patterns": ["exe"]},
    {"kind": "file_size", "most_bytes": 1024},
    {"kind": "signed_commits", "signed_by": ["ssh", "openpgp"]},
    {"kind": "signed_push"},
    {"kind": "pull_request", "approvals": 1},
    {"kind": "sensitive_files"},
    {"kind": "required_checks", "checks": ["build"]},
    {"kind": "update", "allowed": [{"kind": "role", "role": "owner"}]},
    {"kind": "non_fast_forward"},
]
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lab(world):
    every_rule.people(world)
    return world


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def copy(git, tmp_path):
    folder = tmp_path / "copy"
    git("init", "-q", str(folder), at=tmp_path)
    commit(git, folder, "fix: start, as #1 says", "a.txt")
    return folder


@pytest.fixture
def remote(served, lab):
    return served.remote(PATH, token(lab, lab.actor("writer")))


def commit(git, copy, message, path, content="x", *words: str):
    file = copy / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    git("add", "-f", ".", at=copy)
    git("commit", "-q", "-m", message, *words, at=copy)
    return git("rev-parse", "HEAD", at=copy).strip()


def ruleset(world, *rules: Any, place=RULESETS, by="owner", **fields: Any):
    body = {"name": "Trunk", "includes": ["main"], "rules": rules, **fields}
    made = world.client(by).post(place, json=body)
    assert made.status_code == 201, made.text
    return made.json


def write(world, path="a.txt", content="x", branch="main", message="fix: it, see #2"):
    place = f"/api/v1/repos/{PATH}/write/{path}"
    body = {"content": content, "branch": branch, "message": message}
    return world.client("writer").put(place, json=body)


@pytest.mark.promise("P76")
def test_a_real_push_breaks_every_rule_and_is_told_of_each(lab, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    git("checkout", "-q", "-b", "side", at=copy)
    big = commit(git, copy, "wrong", "vendor/a.exe", "x" * 2000, "--author=E <e@else.test>")
    git("checkout", "-q", "--orphan", "new", at=copy)
    commit(git, copy, "another", "CODEOWNERS", "* @writer\n")
    git("merge", "-q", "--allow-unrelated-histories", "-X", "ours", "-m", "M", "side", at=copy)
    git("commit", "-q", "--amend", "-m", "wrong too", at=copy)
    ruleset(lab, *EVERY_RULE, place=OF_LAB)

    done = git.try_("push", remote, "+new~0:main", at=copy)
    forced = git.try_("push", remote, "+new~1:main", at=copy)

    assert done.status != 0
    for rule in EVERY_RULE[:-1]:
        told = f"The rule {rule['kind']} comes from the organisation's ruleset “Trunk”."
        assert told in done.said.replace("\nremote: ", " "), (rule, done.said)
    assert "non_fast_forward" in forced.said
    for word in (big[:10], "e@else.test", "vendor/a.exe", "CODEOWNERS", "is a merge", "build"):
        assert word in done.said or word == "is a merge"
    assert "Nothing was changed." in done.said
    assert lab.events()[-1] == "git.push_refused"


def test_a_real_push_that_keeps_the_rules_comes_in(lab, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    ruleset(lab, *EVERY_RULE[:8], includes=["~ALL"])
    commit(git, copy, "fix: it, as #2 says", "b.txt")

    assert git.try_("push", remote, "main", at=copy).status == 0
    assert (
        git.try_("push", remote, "main:refs/heads/other", "main:refs/tags/v1", at=copy).status == 0
    )


@pytest.mark.promise("P76")
def test_no_branch_without_the_rule_smuggles_it_in(lab, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    ruleset(lab, {"kind": "file_extensions", "patterns": ["exe"]})
    git("checkout", "-q", "-b", "side", at=copy)
    commit(git, copy, "Add", "a.exe")
    git("rm", "-q", "a.exe", at=copy)
    git("commit", "-q", "-m", "Remove it", at=copy)
    assert git.try_("push", remote, "side", at=copy).status == 0

    done = git.try_("push", remote, "side:main", at=copy)
    merged = lab.client("writer").post(
        f"/api/v1/repos/{PATH}/merge", json={"branch": "main", "source": "side"}
    )

    assert "a.exe has a file extension" in done.said
    assert (merged.status_code, merged.json["code"]) == (403, "protected")


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"kind": "pull_request"}, "must be made through a pull request"),
        ({"kind": "update"}, "nobody may push"),
        ({"kind": "commit_message", "patterns": ["^feat: "]}, "does not match a required pattern"),
        ({"kind": "ticket_reference", "patterns": ["AB-[0-9]+"]}, "mentions no ticket"),
        ({"kind": "file_paths", "patterns": ["a.txt"]}, "may not be changed"),
        ({"kind": "file_extensions", "patterns": [".txt"]}, "file extension"),
        ({"kind": "file_size", "most_bytes": 0 + 1}, "larger than"),
        ({"kind": "sensitive_files", "patterns": ["*.txt"]}, "must be made through a pull request"),
        ({"kind": "required_checks", "checks": ["build"]}, "not passed yet"),
        ({"kind": "freeze", "windows": ["2000-01-01/2999-01-01"]}, "frozen"),
        ({"kind": "verified_author"}, None),
        ({"kind": "signed_commits", "signed_by": ["appliance"]}, None),
        ({"kind": "signed_push"}, None),
        ({"kind": "linear_history"}, None),
    ],
)
def test_what_is_written_by_the_api_is_held_to_the_same_rules(lab, rule, word):
    assert write(lab, content="first").status_code == 200
    ruleset(lab, rule)

    made = write(lab, content="second")

    assert made.status_code == (200 if word is None else 403), made.text
    if word is not None:
        assert made.json["code"] == "protected"
        assert word in made.json["detail"]
        assert "this repository's ruleset “Trunk”" in made.json["detail"]


@pytest.mark.promise("P76")
def test_all_layers_count_and_one_says_which(lab):
    assert write(lab).status_code == 200
    ruleset(lab, {"kind": "update"}, place="/api/v1/rulesets", by="administrator")
    ruleset(lab, {"kind": "commit_message", "patterns": ["^x"]}, place=OF_LAB)
    ruleset(lab, {"kind": "ticket_reference", "patterns": ["AB-[0-9]+"]})

    said = write(lab, content="y").json["detail"]

    assert "the appliance's ruleset" in said
    assert "the organisation's ruleset" in said
    assert "this repository's ruleset" in said
    assert said.index("appliance's") < said.index("organisation's") < said.index("repository's")
    assert write(lab, content="y", branch="other").status_code in {200, 404}


def test_on_trial_nothing_is_refused_and_what_would_have_been_is_kept(
    lab, served, remote, git, copy
):
    git("push", "-q", remote, "main", at=copy)
    made = ruleset(
        lab,
        {"kind": "pull_request"},
        {"kind": "signed_commits", "signed_by": ["ssh"]},
        enforcement="dry_run",
    )
    commit(git, copy, "fix: it", "b.txt")

    assert git.try_("push", remote, "main", at=copy).status == 0

    with lab.reading(lab.actor("owner")) as work:
        found = list(work.session.scalars(sa.select(RulesetFinding)))
    assert {str(each.ruleset_id) for each in found} == {made["id"]}
    assert {each.kind for each in found} == {"pull_request", "signed_commits"}
    assert {each.ref for each in found} == {b"refs/heads/main"}


def test_who_is_on_the_list_goes_past_and_says_why(lab, served, remote, git, copy):
    git("push", "-q", remote, "main", at=copy)
    bypass = [{"kind": "user", "name": "writer", "reason": "Runs the releases."}]
    made = ruleset(lab, {"kind": "update"}, bypass=bypass)
    commit(git, copy, "fix: it", "b.txt")

    plain = git.try_("push", remote, "main", at=copy)
    silent = git.try_("push", "-o", "bypass-protection", remote, "main", at=copy)
    said = git.try_("push", "-o", "bypass-protection=The site is down", remote, "main", at=copy)

    assert plain.status != 0
    assert 'git push -o "bypass-protection=REASON"' in plain.said
    assert silent.status != 0
    assert said.status == 0, said.said
    event = lab.recorded("branch_rule.bypassed")[-1]
    assert event.body["rulesets"] == ["Trunk"]
    assert made["bypass"] == [{**bypass[0], "role": None}]


@pytest.mark.promise("P76")
def test_who_is_not_on_the_list_does_not_go_past(lab, served, git, copy):
    mine = served.remote(PATH, token(lab, lab.actor("owner")))
    git("push", "-q", mine, "main", at=copy)
    ruleset(lab, {"kind": "update"}, place=OF_LAB)
    commit(git, copy, "fix: it", "b.txt")

    done = git.try_("push", "-o", "bypass-protection=I want to", mine, "main", at=copy)

    assert done.status != 0
    assert "bypass-protection=REASON" not in done.said
    assert "Only who is on the bypass list" in done.said


def test_rules_are_read_and_set_by_the_api(lab):
    made = ruleset(
        lab,
        {"kind": "file_paths", "patterns": ["/vendor/"]},
        place=OF_LAB,
        repositories=["no*"],
        visibilities=["private"],
        excludes=["refs/tags/*"],
    )
    place = f"{OF_LAB}/{made['id']}"
    owner = lab.client("owner")

    assert owner.get(place).json == made
    assert owner.get(OF_LAB).json["items"] == [made]
    body = {"name": "Trunk", "rules": [{"kind": "linear_history"}], "enforcement": "off"}
    assert owner.put(place, json=body).json["rules"][0]["kind"] == "linear_history"
    assert owner.get(f"/api/v1/repos/{PATH}/rules").json["items"] == []
    assert owner.put(place, json={**body, "enforcement": "active"}).status_code == 200
    (standing,) = owner.get(f"/api/v1/repos/{PATH}/rules?ref=main").json["items"]
    assert (standing["name"], standing["layer"]) == ("Trunk", "organisation")
    properties = f"/api/v1/repos/{PATH}/properties"
    said = {"properties": {"tier": "1"}}
    assert owner.put(properties, json=said).json == said
    assert lab.client("writer").get(properties).json == said
    assert owner.delete(place).status_code == 204
    assert owner.get(place).status_code == 404


def test_what_is_pushed_is_asked_by_policies_as_its_last_commit_leaves_it(
    lab, served, remote, git, copy
):
    git("push", "-q", remote, "main", at=copy)
    both = ["valid_syntax", "private_keys"]
    ruleset(lab, {"kind": "policies", "policies": both}, place=OF_LAB, includes=["~ALL"])
    commit(git, copy, "Write it", "a b.json", "{")
    refused = git.try_("push", remote, "main", at=copy)
    assert "a b.json is not valid: see line 1" in refused.said
    commit(git, copy, "Mend it", "a b.json", "{}")
    assert git.try_("push", remote, "main", at=copy).status == 0

    commit(git, copy, "Add a key", "key", "-----BEGIN " + "PRIVATE KEY-----")
    git("rm", "-q", "key", at=copy)
    git("commit", "-q", "-m", "Remove it", at=copy)

    refused = git.try_("push", remote, "main", "main:refs/tags/v1", at=copy)
    assert refused.status != 0
    assert "key contains a private key in line 1" in refused.said


def test_a_freeze_ends_by_itself(lab):
    assert write(lab).status_code == 200
    now = requests.present()
    window = (
        f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}/{now - timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    )
    ruleset(lab, {"kind": "freeze", "windows": [window]})

    assert write(lab, content="y").status_code == 200


def test_what_a_trial_has_found_and_a_replay_of_the_past(lab):
    for number in range(3):
        assert write(lab, path=f"{number}.exe", message="Add").status_code == 200
    assert write(lab).status_code == 200
    rules = [
        {"kind": "file_extensions", "patterns": ["exe"]},
        {"kind": "commit_message", "patterns": ["^fix: "]},
        {"kind": "signed_push"},
    ]
    body = {"name": "Trial", "includes": ["main"], "rules": rules}
    owner = lab.client("owner")

    replayed = owner.post(f"{RULESETS}/try?days=7", json=body)

    assert replayed.status_code == 200, replayed.text
    assert (replayed.json["moves"], replayed.json["is_cut"]) == (4, False)
    assert replayed.json["not_replayed"] == ["signed_push"]
    kinds = [each["kind"] for each in replayed.json["items"]]
    assert sorted(kinds) == ["commit_message"] * 3 + ["file_extensions"] * 3
    assert owner.get(RULESETS).json["items"] == []
    everywhere = owner.post(f"{OF_LAB}/try", json=body | {"repositories": ["no*"]}).json
    assert everywhere["repositories"] == 1
    assert everywhere["items"] == replayed.json["items"]
    elsewhere = owner.post(f"{OF_LAB}/try", json=body | {"repositories": ["else"]}).json
    assert (elsewhere["repositories"], elsewhere["items"]) == (0, [])
    assert lab.client("writer").post(f"{OF_LAB}/try", json=body).status_code == 403

    made = ruleset(lab, *rules, name="Trial", enforcement="dry_run")
    assert write(lab, path="4.exe").status_code == 200
    report = owner.get(f"{RULESETS}/{made['id']}/report").json
    assert report["by_kind"] == {"file_extensions": 1}
    assert (report["items"][0]["by"], report["items"][0]["ref"]) == ("writer", "refs/heads/main")
    assert lab.client("writer").get(f"{RULESETS}/{made['id']}/report").status_code == 403
    with lab.begin(appliance()) as work:
        assert ruleset_reports.forget_old(work, before=requests.present()) == 1
    assert owner.get(f"{RULESETS}/{made['id']}/report").json["total"] == 0


def test_how_much_has_owners(lab):
    owners = "*.txt @writer @nobody\n/docs/\n/x ![\n"
    for path, content in {"CODEOWNERS": owners, "a.txt": "a", "docs/b.txt": "b"}.items():
        assert write(lab, path=path, content=content).status_code == 200

    found = lab.client("writer").get(f"/api/v1/repos/{PATH}/codeowners").json

    assert (found["path"], found["files"], found["owned"]) == ("CODEOWNERS", 3, 1)
    assert [each["files"] for each in found["lines"]] == [1, 1]
    assert (found["unknown"], len(found["problems"])) == (["@nobody"], 1)
    assert sorted(found["unowned"]) == ["CODEOWNERS", "docs/b.txt"]
    lab.repository("lab/empty")
    of_lab = lab.client("owner").get("/api/v1/orgs/lab/codeowners").json
    (one,) = of_lab["items"]
    assert (one["repository"], one["files"], one["owned"], one["problems"]) == ("notes", 3, 1, 1)
    page = lab.browser("owner", elevated=True).get("/lab/-/settings/codeowners").text
    assert "1 (33 %)" in page
    assert lab.client("writer").get("/api/v1/orgs/lab/codeowners").status_code == 403
