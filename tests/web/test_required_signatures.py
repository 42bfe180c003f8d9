"""Branches and tags that take signed work only: real pushes, and what is changed in the portal."""

from __future__ import annotations

import subprocess

import pytest

from appliance.domain.permissions import Role
from appliance.domain.protection import Demand
from appliance.domain.signatures import SignedBy
from appliance.errors import ConflictError
from appliance.git import commits
from appliance.services import protections, pushes, rule_looks, signatures, ssh_keys
from tests.services.test_signatures import vouch
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

REPOSITORY = "lab/notes"
ANY = frozenset(SignedBy)
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world):
    world.repository(REPOSITORY)
    world.administrator()
    world.user("maintainer", role=Role.OWNER, on=REPOSITORY)
    actor = world.user("writer", role=Role.WRITER, on=REPOSITORY)
    vouch(world, "writer@codara.test")
    return actor


@pytest.fixture
def remote(served, writer):
    return served.remote(REPOSITORY, token(served.world, writer))


def demand(world, pattern="main", signed_by=ANY, *, signed_push=False):
    with world.begin(world.actor("maintainer")) as work:
        rule = protections.Rule(pattern, signed_by=signed_by, signed_push=signed_push)
        protections.protect(work, REPOSITORY, rule, now=NOON)


def register(world, signer):
    with world.begin(world.actor("writer")) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)


def push(signer, remote, *words: str):
    return signer.git.try_("push", remote, *(words or ("main",)), at=signer.copy)


@pytest.mark.promise("P64")
def test_signed_commits_come_in_and_unsigned_ones_are_named(world, served, remote, signer):
    register(world, signer)
    demand(world)
    signer.commit("a.txt")
    assert push(signer, remote).status == 0

    plain = signer.commit("b.txt", "--no-gpg-sign")
    signer.commit("c.txt")
    done = push(signer, remote)

    assert done.status != 0
    assert "refs/heads/main accepts only commits with a verified signature. 1 of 2 new" in done.said
    assert f"{plain[:10]} is not signed." in done.said
    assert "git rebase --exec" in done.said
    assert "Nothing was changed." in done.said
    assert world.events()[-1] == "git.push_refused"
    signer.git(
        "rebase", "-q", "--exec", "git commit -q --amend --no-edit -S", "HEAD~2", at=signer.copy
    )
    assert push(signer, remote).status == 0


@pytest.mark.promise("P64")
def test_a_branch_without_a_rule_takes_what_comes_but_no_merge_smuggles_it_in(
    world, served, remote, signer
):
    register(world, signer)
    demand(world)
    signer.commit("a.txt")
    assert push(signer, remote).status == 0
    signer.git("checkout", "-q", "-b", "feature", at=signer.copy)
    plain = signer.commit("b.txt", "--no-gpg-sign")
    assert push(signer, remote, "feature").status == 0

    signer.git("checkout", "-q", "main", at=signer.copy)
    signer.git("merge", "-q", "--no-ff", "-S", "-m", "Merge", "feature", at=signer.copy)
    done = push(signer, remote)

    assert done.status != 0
    assert f"{plain[:10]} is not signed." in done.said


def test_what_came_before_the_rule_stays_and_may_be_built_on(world, served, remote, signer):
    register(world, signer)
    signer.commit("a.txt", "--no-gpg-sign")
    assert push(signer, remote).status == 0
    demand(world)
    demand(world, "release/*")
    signer.commit("b.txt")

    assert push(signer, remote).status == 0
    assert push(signer, remote, "main:release/1").status == 0


def test_only_the_kinds_that_the_rule_names_count(world, served, remote, signer):
    register(world, signer)
    demand(world, signed_by=frozenset({SignedBy.OPENPGP}))
    oid = signer.commit("a.txt")

    done = push(signer, remote)

    assert done.status != 0
    assert f"{oid[:10]} has a kind of signature that is not accepted." in done.said


def test_a_key_that_nobody_registered_is_no_signature(world, served, remote, signer):
    signer.ssh_key()
    demand(world)
    oid = signer.commit("a.txt")

    assert f"{oid[:10]} is signed with an unknown key." in (push(signer, remote).said)


@pytest.mark.parametrize("words", [("tag", "v1"), ("tag", "-a", "-m", "V", "v1")])
def test_a_tag_must_be_signed_itself(world, served, remote, signer, words):
    register(world, signer)
    demand(world, "refs/tags/v*")
    signer.commit("a.txt")
    assert push(signer, remote).status == 0
    signer.git(*words, at=signer.copy)

    done = push(signer, remote, "v1")

    assert done.status != 0
    assert "refs/tags/v1 must be a tag with a verified signature." in done.said
    signer.git("tag", "-d", "v1", at=signer.copy)
    signer.tag("v1")
    assert push(signer, remote, "v1").status == 0


def test_a_push_must_be_signed_where_the_rule_says_so(world, served, remote, signer):
    register(world, signer)
    demand(world, "*", frozenset(), signed_push=True)
    signer.commit("a.txt")

    done = push(signer, remote)

    assert done.status != 0
    assert "accepts only signed pushes. Push with “git push --signed”" in done.said
    assert push(signer, remote, "--signed=true", "main").status == 0
    signer.ssh_key("other")
    signer.commit("b.txt")
    assert "(unknown_key)" in push(signer, remote, "--signed=true", "main").said


def test_who_may_bypass_a_rule_says_so_and_it_is_recorded(world, served, signer, writer):
    demand(world)
    maintainer = world.actor("maintainer")
    remote = served.remote(REPOSITORY, token(world, maintainer, "repo:write", "repo:admin"))
    signer.commit("a.txt", "--no-gpg-sign")
    assert push(signer, remote).status != 0

    assert push(signer, remote, "-o", "bypass-protection", "main").status == 0
    assert "branch_rule.bypassed" in world.events()


def write(world, name="a.txt"):
    place = f"/api/v1/repos/{REPOSITORY}/write/{name}"
    return world.client("writer").put(place, json={"content": "x", "branch": "main"})


def test_what_is_changed_in_the_portal_is_signed_by_the_appliance_for_whoever_did_it(world, writer):
    demand(world)

    made = write(world)

    assert made.status_code == 200, made.text
    shown = world.client("writer").get(f"/api/v1/repos/{REPOSITORY}/commits/{made.json['commit']}")
    assert shown.json["signature"]["verified"] is True
    assert shown.json["signature"]["by_appliance"] is True
    assert shown.json["signature"]["owner"] == "writer"
    page = world.browser("writer").get(f"/{REPOSITORY}/commit/{made.json['commit']}").text
    assert "Signed by the appliance for writer" in page


def test_a_rule_may_let_the_appliances_signature_not_count(world, writer):
    demand(world, signed_by=frozenset({SignedBy.SSH}))

    refused = write(world)

    assert refused.status_code == 403
    assert "a kind of signature that is not accepted" in refused.json["detail"]


def test_a_signed_push_is_asked_of_git_alone(world, writer):
    demand(world, "*", frozenset(), signed_push=True)

    assert write(world).status_code == 200


def test_git_itself_verifies_what_the_appliance_has_signed(world, writer, signer):
    """With nothing but the published key, as anybody would do it."""
    oid = write(world).json["commit"]
    place = f"/api/v1/repos/{REPOSITORY}/tags"
    tagged = world.client("writer").post(
        place, json={"name": "v1", "message": "First", "start": "main"}
    )
    assert tagged.status_code == 201, tagged.text
    (key,) = world.client().get("/api/v1/signing-keys").json["items"]
    allowed = signer.home / "allowed"
    allowed.write_text(f"* {key['key']}\n")
    folder = world.folder(world._repository(REPOSITORY))
    words = ["git", "-c", f"gpg.ssh.allowedSignersFile={allowed}", "-c", "safe.directory=*"]

    for verify in (["verify-commit", oid], ["verify-tag", "v1"]):
        done = subprocess.run([*words, *verify], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def test_nobody_makes_the_appliances_key_their_own(world, writer):
    oid = write(world).json["commit"]
    (key,) = world.client().get("/api/v1/signing-keys").json["items"]
    world.user("other")
    with world.begin(world.actor("other")) as work:
        ssh_keys.add(work, text=key["key"], now=NOON)

    folder = world.folder(world._repository(REPOSITORY))
    with world.reading(writer) as work:
        found = signatures.of_commits(work, [commits.read(folder, oid)])[oid]
    assert (found.owner, found.is_by_appliance) == ("writer", True)


def test_rules_that_change_under_way_ask_for_another_push(world, writer):
    demand(world)
    other = (Demand("refs/heads/main", frozenset({SignedBy.SSH})),)
    update = pushes.RefUpdate(b"refs/heads/main", "0" * 40, "1" * 40)
    proposal = pushes.Proposal(
        (update,),
        (),
        0,
        (pushes.Movement.CREATE,),
        (),
        examined=rule_looks.Examined(rule_looks.Wanted(other)),
    )
    repository = world._repository(REPOSITORY)
    terms = pushes.Terms(repository.id, repository.id, world.folder(repository), "ssh", writer)

    with pytest.raises(ConflictError), world.begin(writer) as work:
        pushes.accept(work, terms, proposal, now=NOON)
