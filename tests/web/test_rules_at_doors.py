"""Every rule at every door: what it refuses and lets in over HTTPS, by API, at merging, in queues.

SSH has the same in `tests/ssh/test_rules.py`. Rules are switched under one and the same change, so
that no refusal is there for another reason.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from appliance.domain.git_operations import MergeMethod
from appliance.errors import ConflictError, RefusedError
from appliance.services import queued_pulls, ssh_keys
from tests import every_rule
from tests.every_rule import BROKEN, KEPT, PATH
from tests.services import test_merge_queues as queues
from tests.services.pulling import Place, merge, which
from tests.services.test_signatures import vouch
from tests.signing import Signer
from tests.web.git_client import token
from tests.world import NOON

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
FILES = f"/api/v1/repos/{PATH}"
ABOUT_REFS = {"creation", "deletion", "non_fast_forward", "ref_name"}
"""Rules that a new commit on a branch keeps, whatever is in it."""


@pytest.fixture
def lab(world):
    every_rule.people(world)
    return world


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.mark.promise("P76")
def test_every_rule_refuses_and_lets_in_over_https(lab, served, signer):
    remote = served.remote(PATH, token(lab, lab.actor("writer")))
    with lab.begin(lab.actor("writer")) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
    every_rule.first(signer)
    signer.git("push", "-q", remote, "main", "main:old", at=signer.copy)
    refs = every_rule.breaking(signer)
    end = every_rule.set_rules(lab, BROKEN)

    refused = signer.git.try_("push", remote, *refs, at=signer.copy)

    assert (refused.status != 0, every_rule.not_told(refused.said)) == (True, [])
    end()
    every_rule.set_rules(lab, KEPT)
    every_rule.set_rules(lab, {"pull_request": {}}, name="Reviewed", refs="topic/*")
    words = ["--signed=true", remote, *every_rule.keeping(lab, signer)]
    kept = signer.git.try_("push", *words, at=signer.copy)
    assert kept.status == 0, kept.said


def answers(lab, rules, ask):
    """The kinds of rules under each of which the same request is refused as a rule refuses it."""
    refused = set()
    for kind, said in rules.items():
        end = every_rule.set_rules(lab, {kind: said})
        answer = ask()
        if answer.status_code == 403:
            assert answer.json["code"] == "protected"
            assert f"The rule {kind} comes from this repository's" in answer.json["detail"]
            refused.add(kind)
        else:
            assert answer.status_code < 300, answer.text
        end()
    return refused


@pytest.mark.promise("P76")
def test_every_rule_refuses_and_lets_in_what_is_written_by_the_api(lab):
    writer, number = lab.client("writer"), iter(range(1000))

    def write(path="a.txt", message="fix: it, see #2", content=""):
        body = {"content": content or str(next(number)), "branch": "main", "message": message}
        return writer.put(f"{FILES}/write/{path}", json=body)

    assert write().status_code == 200
    bad = {"path": "vendor/a.json.exe", "message": "wrong"}
    rules = BROKEN | {
        "author_address": {"patterns": ["*@else.test"]},
        "sensitive_files": {"patterns": ["*.exe"]},
    }
    changes = answers(lab, rules, lambda: write(**bad, content="{" * 2000 + str(next(number))))
    # Of the rest: the appliance makes the commit in the name of who asks; it is no push.
    let_in = {*ABOUT_REFS, "signed_push", "verified_author", "linear_history", "policies"}
    assert changes == set(BROKEN) - let_in
    only = {"policies": BROKEN["policies"]}
    assert answers(lab, only, lambda: write("b.json", content="{")) == {"policies"}
    kept = KEPT | {"signed_commits": {"signed_by": ["appliance"]}}
    assert answers(lab, {k: v for k, v in kept.items() if k != "required_checks"}, write) == set()


@pytest.mark.promise("P76")
def test_rules_about_refs_refuse_and_let_in_what_the_api_and_the_portal_do_to_them(lab):
    writer, browser = lab.client("writer"), lab.browser("writer")
    body = {"content": "x", "branch": "main", "message": "fix: it, see #2"}
    start = writer.put(f"{FILES}/write/a.txt", json=body).json["commit"]
    last = writer.put(f"{FILES}/write/b.txt", json=body).json["commit"]
    create = {"name": "else", "start": start}

    only = {kind: BROKEN[kind] for kind in ("creation", "ref_name")}
    assert answers(lab, only, lambda: writer.post(f"{FILES}/branches", json=create)) == set(only)
    assert writer.post(f"{FILES}/branches", json=create).status_code == 201
    end = every_rule.set_rules(lab, {"deletion": BROKEN["deletion"]})
    refused = writer.delete(f"{FILES}/branches/else")
    assert (refused.status_code, refused.json["code"]) == (403, "protected")
    form = {"branch": "else", "expected": start}
    assert browser.post(f"/{PATH}/branches/delete", data=form).status_code == 403
    end()
    every_rule.set_rules(lab, {"deletion": KEPT["deletion"]}, name="Kept")
    assert writer.delete(f"{FILES}/branches/else").status_code == 204
    end = every_rule.set_rules(lab, {"non_fast_forward": {}})
    reset = {"branch": "main", "to": start, "expected_head": last}
    assert writer.post(f"{FILES}/reset", json=reset).json["code"] == "protected"
    end()
    assert writer.post(f"{FILES}/reset", json=reset).status_code == 200


@pytest.fixture
def place(world):
    """A pull request that breaks every rule of contents."""
    place = Place(world)
    world.administrator()
    for who in ("author", "writer"):
        vouch(world, f"{who}@codara.test", user=who)
    files = {"vendor/a.exe": "x" * 2000, "CODEOWNERS": "* @writer\n", "a.json": "{"}
    place.topic(files=files)
    place.open(title="Wrong")
    return place


BROKEN_BY_MERGE = {
    kind: said
    for kind, said in BROKEN.items()
    if kind not in ABOUT_REFS | {"signed_push", "verified_author"}
} | {"author_address": {"patterns": ["*@else.test"]}, "pull_request": {"approvals": 1}}
"""No merge of a pull request does what the others are about."""
KEPT_BY_MERGE = BROKEN | {
    "commit_message": {"patterns": ["."]},
    "ticket_reference": {"patterns": ["."]},
    "author_address": {"patterns": ["*"]},
    "file_paths": {"patterns": ["/else/"]},
    "file_extensions": {"patterns": ["dll"]},
    "file_size": {"most_bytes": 3000},
    "policies": {"policies": ["conflict_markers"]},
    "sensitive_files": {"patterns": ["else"]},
    "signed_commits": {"signed_by": ["appliance"]},
    "update": KEPT["update"],
    "freeze": KEPT["freeze"],
}


@pytest.mark.promise("P76")
def test_every_rule_refuses_and_lets_in_a_merge(world, place):
    for kind, said in BROKEN_BY_MERGE.items():
        end = every_rule.set_rules(world, {kind: said}, refs="main")
        with pytest.raises((ConflictError, RefusedError), match=f"The rule {kind} comes from this"):
            merge(place)
        end()
    kept = {kind: said for kind, said in KEPT_BY_MERGE.items() if kind != "merge_queue"}
    every_rule.set_rules(world, kept, refs="main")
    every_rule.pass_check(world, place.head("topic"))

    assert merge(place, method=MergeMethod.SQUASH).commit == place.head("main")


@pytest.mark.promise("P76")
def test_every_rule_refuses_and_lets_in_what_comes_through_a_merge_queue(world, place):
    before = place.head("main")
    queues.configure(place, checks=[])
    for kind, said in BROKEN_BY_MERGE.items():
        if kind == "merge_queue":
            continue  # What comes through it keeps that.
        end = every_rule.set_rules(world, {kind: said}, refs="main")
        with suppress(ConflictError):
            queues.enter(place, 1)
        queues.run(place)
        assert place.head("main") == before, kind
        place.do("writer", queued_pulls.leave, which())
        end()
    kept = {kind: said for kind, said in KEPT_BY_MERGE.items() if kind != "required_checks"}
    every_rule.set_rules(world, kept, refs="main")
    queues.enter(place, 1, method=MergeMethod.SQUASH)
    queues.run(place)

    assert place.facts().merged.as_oid == place.head("main") != before
