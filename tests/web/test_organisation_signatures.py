"""What organisations demand of signatures, and whom they trust: pushes, pages and the API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.domain.signatures import SignedBy
from appliance.services import openpgp_keys, protections, repositories, ssh_keys
from tests import certificates
from tests.services.test_signatures import vouch
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

REPOSITORY = "lab/notes"
API = "/api/v1/orgs/lab/x509-authorities"
RULES = "/api/v1/orgs/lab/signing-rules"
PAGE = "/lab/-/settings/signatures"
MAIN = {"pattern": "main", "signed_by": ["ssh", "openpgp", "x509", "appliance"]}
SAID = "The organisation requires this in all its repositories."
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def lab(world):
    world.repository(REPOSITORY)
    world.repository("works/notes")
    world.administrator()
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", role=Role.OWNER, on=REPOSITORY)
    world.grant("writer", Role.OWNER, "works/notes")
    vouch(world, "writer@codara.test")
    return world


def demand(world, **rule: Any):
    answer = world.browser("boss", elevated=True).put(RULES, json=rule)
    assert answer.status_code == 200, answer.text


def push(signer, served, *words: str, who="writer", to=REPOSITORY, of="main", to_ref="main"):
    scopes = ("repo:write", "repo:admin")
    ref = to_ref if to_ref.startswith("refs/") else f"refs/heads/{to_ref}"
    remote = served.remote(to, token(served.world, served.world.actor(who), *scopes))
    return signer.git.try_("push", *words, remote, f"{of}:{ref}", at=signer.copy)


def register(world, signer, form="ssh"):
    with world.begin(world.actor("writer")) as work:
        if form == "ssh":
            ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
        else:
            openpgp_keys.add(work, text=signer.pgp_key(), now=NOON)


@pytest.mark.promise("P67")
def test_a_repository_cannot_loosen_what_its_organisation_demands(lab, served, signer):
    demand(lab, **MAIN)
    register(lab, signer)
    signer.commit("a.txt", "--no-gpg-sign")
    with lab.begin(lab.actor("writer")) as work:
        protections.protect(work, REPOSITORY, protections.Rule("main"), now=NOON)

    refused = push(signer, served)
    again = push(signer, served, "-o", "bypass-protection")

    assert (refused.status, again.status) == (1, 1)
    assert SAID in refused.said
    assert SAID in again.said
    assert push(signer, served, to="works/notes").status == 0
    assert lab.events().count("branch_rule.bypassed") == 0
    by_owner = push(signer, served, "-o", "bypass-protection", who="boss")
    assert by_owner.status == 0, by_owner.said
    assert lab.recorded("branch_rule.bypassed")[0].body["reasons"][-1] == SAID
    signer.commit("b.txt")
    assert push(signer, served).status == 0


@pytest.mark.promise("P67")
def test_no_rule_or_default_branch_of_a_repository_makes_unsigned_work_known(lab, served, signer):
    demand(lab, **MAIN)
    demand(lab, **MAIN | {"pattern": "release/*"})
    demand(lab, **MAIN | {"pattern": "refs/tags/v*"})
    register(lab, signer)
    signer.commit("a.txt")
    assert push(signer, served).status == 0
    plain = signer.commit("b.txt", "--no-gpg-sign")
    assert push(signer, served, to_ref="feature").status == 0
    with lab.begin(lab.actor("writer")) as work:
        rule = protections.Rule("feature", signed_by=frozenset(SignedBy))
        protections.protect(work, REPOSITORY, rule, now=NOON)
        store, wanted = lab.wiring.repositories, repositories.Changes(default_branch="feature")
        repositories.change(work, REPOSITORY, wanted, repositories=store)
    signer.git("tag", "-s", "-m", "Release", "v1", at=signer.copy)

    assert push(signer, served, to_ref="refs/tags/v1", of="v1").status == 0
    for name in ("main", "release/1"):
        refused = push(signer, served, to_ref=name)
        assert f"{plain[:10]} is not signed." in refused.said


@pytest.mark.promise("P67")
def test_of_both_rules_the_strictest_wins(lab, served, signer):
    demand(lab, pattern="*", signed_by=["ssh", "openpgp"])
    with lab.begin(lab.actor("writer")) as work:
        rule = protections.Rule("main", signed_by=frozenset({SignedBy.SSH, SignedBy.X509}))
        protections.protect(work, REPOSITORY, rule, now=NOON)
    register(lab, signer, "openpgp")
    signer.commit()
    done = push(signer, served)
    assert "a kind of signature that is not accepted" in done.said
    register(lab, signer, "ssh")
    signer.git("commit", "-q", "--amend", "--no-edit", "-S", at=signer.copy)
    assert push(signer, served).status == 0


def test_pushes_themselves_must_be_signed(lab, served, signer):
    demand(lab, pattern="main", signed_push=True)
    register(lab, signer)
    signer.commit()

    refused = push(signer, served)

    assert "accepts only signed pushes" in refused.said
    assert SAID in refused.said
    assert push(signer, served, "-o", "bypass-protection").status == 1
    assert push(signer, served, "--signed=true").status == 0


def test_owners_set_and_remove_rules_and_each_page_says_so(lab):
    boss = lab.browser("boss", elevated=True)
    form = {"pattern": "release/*", "signed_by": ["ssh"], "signed_push": "yes"}

    assert boss.post(f"{PAGE}/rules", data=form).status_code == 303
    assert "refs/heads/release/*" in boss.get(PAGE).text
    page = lab.browser("writer").get(f"/{REPOSITORY}/settings/branches").text
    assert "Required by the organisation" in page
    assert "refs/heads/release/*" in page
    lab.user("reader", role=Role.READER, on=REPOSITORY)
    for listed in ("branches", "tags"):
        page = lab.browser("reader").get(f"/{REPOSITORY}/{listed}").text
        assert "Required by the organisation" in page
        assert "refs/heads/release/*" in page
        elsewhere = lab.browser("writer").get(f"/works/notes/{listed}").text
        assert "Required by the organisation" not in elsewhere
    found = lab.client("writer", Scope.REPOSITORY_READ).get(
        f"/api/v1/repos/{REPOSITORY}/signing-rules"
    )
    assert [each["pattern"] for each in found.json["items"]] == ["refs/heads/release/*"]
    elsewhere = lab.browser("writer").get("/works/notes/settings/branches").text
    assert "Required by the organisation" not in elsewhere
    assert boss.post(f"{PAGE}/rules", data={"pattern": "x"}).status_code == 422
    remove = {"pattern": "refs/heads/release/*"}
    assert boss.post(f"{PAGE}/rules/remove", data=remove).status_code == 303
    assert boss.delete(f"{RULES}?pattern=release/*").status_code == 404
    assert lab.events()[-2:] == ["org.signing_rule_set", "org.signing_rule_removed"]


@pytest.mark.parametrize("name", ["writer", "member"])
def test_only_owners_set_rules(lab, name):
    if name == "member":
        lab.user("member", member=OrganisationRole.MEMBER, of="lab")
    browser = lab.browser(name, elevated=True)
    assert browser.put(RULES, json=MAIN).status_code in (403, 404)
    assert browser.get(RULES).status_code in (403, 404)
    assert browser.delete(f"{RULES}?pattern=main").status_code in (403, 404)


def test_an_owner_trusts_brings_a_list_and_removes_by_the_api(lab):
    root = certificates.root("Company")
    boss = lab.client("boss")
    made = boss.post(API, json={"certificate": root.pem.decode()})
    assert made.status_code == 201, made.text
    place = f"{API}/{made.json['id']}"
    lists = {"revocations": root.revocations(root.issue("Writer")).decode()}

    brought = boss.put(f"{place}/revocations", json=lists)

    assert boss.get(API).json["items"] == [brought.json]
    assert brought.json["revoked"] == 1
    assert boss.get("/api/v1/x509-authorities").status_code == 403
    works = place.replace("/lab/", "/works/")
    assert lab.client("administrator").delete(works).status_code == 404
    assert boss.delete(place).status_code == 204
    assert boss.delete(place).status_code == 404
    kinds = [each for each in lab.events() if each.startswith("x509_authority.")]
    assert kinds == [f"x509_authority.{act}" for act in ("trusted", "changed", "removed")]


def test_an_owner_does_it_in_the_portal(lab):
    root = certificates.root("Company")
    boss = lab.browser("boss", elevated=True)
    form = {"certificate": root.pem.decode(), "title": "Our cards"}

    assert boss.post(f"{PAGE}/authorities", data=form).status_code == 303
    page = boss.get(PAGE).text
    assert "Our cards" in page
    place = re.search(rf'"({PAGE}/authorities/[^"/]+)/revocations"', page)[1]
    lists = {"revocations": root.revocations().decode()}
    assert boss.post(f"{place}/revocations", data=lists).status_code == 303
    assert "0 revoked" in boss.get(PAGE).text
    assert boss.post(f"{place}/remove").status_code == 303
    assert "Our cards" not in boss.get(PAGE).text
    wrong = boss.post(f"{PAGE}/authorities", data={"certificate": "-----BEGIN nothing"})
    assert 'id="certificate-error"' in wrong.text
