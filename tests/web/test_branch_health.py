"""How branches are, and what becomes of merged ones: seen, tried out, deleted, brought back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.pulls import PullRequest
from appliance.domain.checks import StatusState
from appliance.domain.git_operations import MergeMethod
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.services import branch_tidying, checks
from appliance.services.checks import NewStatus
from tests.commands import saying
from tests.services.pulling import NOTES, Place, merge
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPO = f"/api/v1/repos/{NOTES}"
SETTINGS = f"{REPO}/merge-settings"


@pytest.fixture
def place(world):
    """`topic` was merged by a push; `squashed` by a pull request; `kept` and `asked` are behind."""
    place = Place(world)
    place.topic("squashed", {"s": "s\n"})
    place.open("squashed")
    merge(place, "maintainer", method=MergeMethod.SQUASH)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(PullRequest).values(merged_at=NOON))
    place.push("maintainer", "main", place.topic("topic", {"t": "t\n"}))
    place.write("maintainer", "main", {"more": "more\n"})
    place.push("maintainer", "kept", place.head("topic"))
    place.push("maintainer", "asked", place.head("topic"))
    place.topic("going", {"g": "g\n"})
    place.open("going", "asked")
    world.protect(NOTES, "refs/heads/kept")
    return place


def listed(place, show, who="reader"):
    client = place.world.client(who)
    found = client.get(f"{REPO}/branch-health?show={show}").json["items"]
    return {each["name"]: each for each in found}


def promised(world):
    with world.begin(appliance()) as work:
        return branch_tidying.promise_due(work, limit=5, now=datetime.now(UTC))


def test_branches_are_shown_with_what_is_known_of_them(place):
    every = listed(place, "all")

    assert set(every) == {"main", "topic", "squashed", "kept", "asked", "going"}
    assert (every["main"]["is_default"], every["main"]["is_merged"]) == (True, False)
    assert every["kept"]["is_protected"]
    assert every["going"]["pull_request"] == 2
    assert (every["going"]["ahead"], every["topic"]["ahead"]) == (1, 0)
    assert set(listed(place, "merged")) == {"topic", "squashed"}
    assert set(listed(place, "stale")) == set()
    assert set(listed(place, "active")) == {"main", "going", "kept", "asked"}
    page = place.world.browser("reader").get(f"/{NOTES}/branches?show=merged").text
    assert "squashed" in page
    assert ">going<" not in page
    assert "#2" in place.world.browser("reader").get(f"/{NOTES}/branches").text


def test_branches_are_sorted_by_distance_and_filtered_by_their_checks(place):
    place.write("author", "going", {"g2": "g\n"})
    for name, state in (("going", StatusState.FAILURE), ("topic", StatusState.SUCCESS)):
        place.do("author", checks.report, NOTES, place.head(name), NewStatus(state, "build"))

    def names(query):
        client = place.world.client("reader")
        found = client.get(f"{REPO}/branch-health?{query}").json["items"]
        return [each["name"] for each in found]

    assert names("order=ahead")[:2] == ["going", "squashed"]
    assert names("order=ahead&reverse=true")[-2:] == ["squashed", "going"]
    assert names("order=behind")[0] == names("order=behind&reverse=true")[-1] == "squashed"
    assert names("order=behind&limit=2") == names("order=behind")[:2]
    assert names("checks=failed") == ["going"]
    assert names("checks=passed&order=name") == ["asked", "kept", "topic"]
    assert names("checks=none&order=name") == ["main", "squashed"]
    assert names("checks=pending") == []
    browser = place.world.browser("reader")
    page = browser.get(f"/{NOTES}/branches?checks=failed&sort=-ahead").text
    assert "checks=passed&amp;sort=-ahead" in page
    assert ">going<" in page
    assert ">topic<" not in page
    page = browser.get(f"/{NOTES}/branches?sort=-ahead").text
    assert page.index(">going<") < page.index(">squashed<") < page.index(">topic<")
    assert "No branch of this list" in browser.get(f"/{NOTES}/branches?checks=pending").text


def test_a_policy_deletes_what_is_merged_for_long_and_nothing_else(place):
    world, client = place.world, place.world.client("maintainer")
    assert client.get(f"{REPO}/branch-cleanup").json == {"items": [], "only_behind": [], "days": 0}
    tried = client.get(f"{REPO}/branch-cleanup?days=5").json["items"]
    assert {each["name"] for each in tried} == {"topic", "squashed"}
    assert client.patch(SETTINGS, json={"merged_branch_days": 5}).json["merged_branch_days"] == 5
    head = place.head("squashed")

    assert (promised(world), promised(world)) == (1, 0)
    place.run_jobs(Job.DELETE_MERGED_BRANCHES)

    assert set(listed(place, "all")) == {"main", "kept", "asked", "going"}
    assert world.events().count("git.merged_branch_deleted") == 2
    gone = {each["name"]: each for each in client.get(f"{REPO}/deleted-branches").json["items"]}
    at = f"{REPO}/deleted-branches/{gone['squashed']['id']}/restore"
    assert world.client("reader").post(at).status_code == 403
    assert world.client("outsider").post(at).status_code == 404
    assert client.post(at).json == {"name": "squashed"}
    assert place.head("squashed") == head
    assert client.post(at).status_code == 404
    page = world.browser("maintainer").get(f"/{NOTES}/branches/cleanup").text
    assert "topic" in page
    other = f"/{NOTES}/branches/deleted/{gone['topic']['id']}/restore"
    assert world.browser("maintainer").post(other).status_code == 303
    assert place.head("topic") is not None
    assert world.events().count("git.merged_branch_restored") == 2


def test_a_branch_that_is_only_behind_stays(place):
    place.push("maintainer", "stable", place.head("topic"))
    place.topic("side", {"side": "s\n"})
    client = place.world.client("maintainer")
    assert client.post(f"{REPO}/merge", json={"source": "side"}).json["result"] == "done"

    tried = client.get(f"{REPO}/branch-cleanup?days=1").json

    assert [each["name"] for each in tried["only_behind"]] == ["stable"]
    assert not listed(place, "all")["stable"]["is_merged"]
    assert listed(place, "all")["side"]["is_merged"]
    page = place.world.browser("maintainer").get(f"/{NOTES}/branches/cleanup?days=1").text
    assert "1 branch is only behind and stays" in page


def test_the_command_line_shows_and_changes_the_policy(place, capsys, monkeypatch):
    with saying(place.world, "maintainer", monkeypatch, capsys) as say:

        def run(verb: str, *words: str):
            return say("repo", "branch", verb, NOTES, *words)

        assert len(run("health", "--show", "merged")) == 2
        assert run("policy", "--merged-days", "5")["merged_branch_days"] == 5
        assert {each["name"] for each in run("due")} == {"topic", "squashed"}
        assert promised(place.world) == 1
        place.run_jobs(Job.DELETE_MERGED_BRANCHES)
        gone = run("deleted")[0]
        assert run("restore", gone["id"])["name"] == gone["name"]
        assert run("policy", "--merged-days", "inherit")["merged_branch_days"] == 0


def test_an_organisation_speaks_where_a_repository_says_nothing(place):
    world, client = place.world, place.world.client("maintainer")
    owner = world.administrator()
    said = {"deletes_branches": True, "merged_branch_days": 9}
    answer = world.client(owner.label).patch("/api/v1/orgs/lab", json=said)
    assert answer.json["merged_branch_days"] == 9

    found = client.get(SETTINGS).json
    assert (found["delete_branches"], found["merged_branch_days"]) == (True, 9)
    assert found["inherits"] == ["delete_branches", "merged_branch_days"]
    own = client.patch(SETTINGS, json={"delete_branches": False, "merged_branch_days": 0}).json
    assert (own["delete_branches"], own["merged_branch_days"], own["inherits"]) == (False, 0, [])
    assert promised(world) == 0
    back = client.patch(SETTINGS, json={"delete_branches": None, "merged_branch_days": None}).json
    assert back == found
    assert client.patch(SETTINGS, json={"merged_branch_days": -1}).status_code == 422


def test_the_settings_say_what_becomes_of_branches(place):
    browser = place.world.browser("maintainer")
    where = f"/{NOTES}/settings/merging"
    form = {"methods": "merge", "usual": "merge", "allows_auto_merge": "yes"}

    assert "Organisation's setting: No" in browser.get(where).text
    sent = {**form, "deletes_branches": "yes", "merged_branch_days": "7"}
    assert browser.post(where, data=sent).status_code == 303
    found = place.world.client("maintainer").get(SETTINGS).json
    assert (found["delete_branches"], found["merged_branch_days"]) == (True, 7)
    assert browser.post(where, data=form).status_code == 303
    found = place.world.client("maintainer").get(SETTINGS).json
    assert found["inherits"] == ["delete_branches", "merged_branch_days"]
    assert browser.post(where, data={**form, "merged_branch_days": "x"}).status_code == 422
