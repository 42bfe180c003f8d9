"""Branches and tags as lists: in another order, as files, and several of them deleted at once."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from appliance.db.repositories import ProtectionRule
from appliance.domain.ids import new_id
from appliance.domain.permissions import Role
from appliance.web.pages import lists
from tests.peers.appliance import serve
from tests.web.code_pages import TEXT, build, links, reader
from tests.world import NOON, copy_sqlite

ROWS = re.compile(r'<ol class="rows folding">.*</ol>', re.DOTALL)


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def story(world):
    """main; topic two commits ahead; merged; and two tags."""
    builder, one = build(world, "lab/odd", {b"a.txt": TEXT})
    two = builder.commit({b"a.txt": b"2"}, parents=[one], branch=b"topic", message=b"Two\n")
    three = builder.commit({b"a.txt": b"3"}, parents=[two], branch=b"topic", message=b"Three\n")
    builder.ref(b"refs/heads/merged", one)
    builder.tag(b"v1.0", one, b"The first\n")
    builder.ref(b"refs/tags/v2.0", three)
    return {"main": one, "merged": one, "topic": three, "v2.0": three}


@pytest.fixture
def writer(world, story):
    return reader(world, role=Role.WRITER)


def test_a_heading_turns_the_order_around(writer):
    page = writer.page("/lab/odd/branches?sort=name")
    assert page.index("tree/main") < page.index("tree/merged") < page.index("tree/topic")
    assert "/lab/odd/branches?sort=-name" in links(page)
    page = writer.page("/lab/odd/branches?sort=-name")
    assert page.index("tree/topic") < page.index("tree/merged")
    assert "descending" in page
    page = writer.page("/lab/odd/tags?sort=-name")
    assert page.index("tree/v2.0") < page.index("tree/v1.0")


def test_branches_are_a_file_with_how_far_they_are(writer, story):
    found = writer.get("/lab/odd/branches?sort=name&format=json").json
    assert [each["name"] for each in found] == ["main", "merged", "topic"]
    assert [each["ahead"] for each in found] == [0, 0, 2]
    assert found[0]["is_default"] is True
    assert found[2]["target"] == story["topic"]
    rows = list(csv.reader(io.StringIO(writer.get("/lab/odd/branches?q=top&format=csv").text)))
    assert len(rows) == 2


def test_tags_are_a_file_with_what_they_say(writer):
    found = writer.get("/lab/odd/tags?sort=name&format=json").json
    assert [(each["name"], each["note"]) for each in found] == [
        ("v1.0", "The first"),
        ("v2.0", None),
    ]


def test_a_file_of_branches_goes_on_after_its_first_part(world, story, monkeypatch):
    monkeypatch.setattr(lists, "EXPORT_PAGE", 2)
    assert len(reader(world).get("/lab/odd/branches?format=json").json) == 3


def test_the_question_says_what_would_be_lost_and_what_brings_it_back(world, writer, story):
    chosen = [f"{story['topic']}:topic", f"{story['merged']}:merged"]
    page = writer.post("/lab/odd/branches/several", act="delete", chosen=chosen)
    assert page.status_code == 200
    assert "2 commits are not in main" in page.text
    assert "All its commits are in main." in page.text
    assert story["topic"] in page.text
    assert world.events() == []


def test_several_branches_go_each_recorded(world, writer, story):
    chosen = [f"{story['topic']}:topic", f"{story['merged']}:merged"]
    answer = writer.post("/lab/odd/branches/several", act="delete", chosen=chosen, confirmed="yes")
    assert (answer.status_code, answer.location) == (303, "/lab/odd/branches")
    assert world.events() == ["git.pushed", "git.pushed"]
    page = writer.page("/lab/odd/branches")
    assert f"topic ({story['topic'][:10]})" in page
    assert "/lab/odd/tree/topic" not in links(page)


def test_default_protected_and_moved_branches_stay_and_are_named(world, writer, story):
    rule = ProtectionRule(
        id=new_id(),
        repository_id=world._repository("lab/odd").id,
        pattern="refs/heads/merged",
        created_at=NOON,
    )
    world.add(rule)
    chosen = [f"{story[name]}:{name}" for name in ("merged", "main")]
    chosen += [f"{story['main']}:topic", "nonsense"]
    writer.post("/lab/odd/branches/several", act="delete", chosen=chosen[:3], confirmed="yes")
    page = writer.page("/lab/odd/branches")
    for name in ("merged", "main", "topic"):
        assert f"{name} (" in page
        assert f"/lab/odd/tree/{name}" in links(page)
    assert page.count("not done.") == 3
    assert "The default branch cannot be deleted." in page
    asked = writer.post("/lab/odd/branches/several", act="delete", chosen=chosen[:2]).text
    assert "Protected: its rule decides" in asked
    assert "Default branch: it is kept" in asked
    wrong = writer.post("/lab/odd/branches/several", act="delete", chosen=chosen[3])
    assert wrong.status_code == 422


def test_several_tags_go_and_the_question_knows_their_commits(world, writer, story):
    found = writer.get("/lab/odd/tags?format=json").json
    chosen = [f"{each['target']}:{each['name']}" for each in found]
    asked = writer.post("/lab/odd/tags/several", act="delete", chosen=chosen)
    assert "2 commits are not in main" in asked.text
    writer.post("/lab/odd/tags/several", act="delete", chosen=chosen, confirmed="yes")
    assert world.events() == ["admin.list_exported", "git.pushed", "git.pushed"]
    assert "No tags yet" in writer.page("/lab/odd/tags")


def test_who_may_not_write_is_not_asked(world, story):
    browser = reader(world)
    assert 'name="chosen"' not in browser.page("/lab/odd/branches")
    assert 'name="chosen"' not in browser.page("/lab/odd/tags")
    chosen = f"{story['topic']}:topic"
    assert browser.post("/lab/odd/branches/several", act="delete", chosen=chosen).status_code == 403


@pytest.mark.browser
def test_what_was_chosen_stays_chosen_when_the_distances_come(world, writer, chromium: Chromium):
    waiting = []

    def answer(route):
        if "part=rows" in route.request.url:
            waiting.append(route)  # Until something is chosen.
            return
        real = route.fetch()
        rows = re.sub(
            ROWS, f'<div data-load="{route.request.url}?part=rows">\\g<0></div>', real.text()
        )
        route.fulfill(response=real, body=rows)

    with serve(world) as appliance:
        cookie = writer.client.get_cookie("codara_session").value
        context = chromium.new_context()
        context.add_cookies([{"name": "codara_session", "value": cookie, "url": appliance.url}])
        page = context.new_page()
        page.route(re.compile("/lab/odd/branches"), answer)
        with page.expect_request(re.compile("part=rows")):
            page.goto(f"{appliance.url}/lab/odd/branches")
        page.get_by_label("Select topic").check()
        expect(page.locator("[data-chosen]")).to_have_text("1 selected")
        waiting[0].continue_()
        expect(page.locator("[data-load]")).to_have_count(0)
        expect(page.get_by_label("Select topic")).to_be_checked()
        expect(page.locator("[data-chosen]")).to_have_text("1 selected")
        context.close()
