"""Wikis: switched on and off, written in the portal, by the API and by commands, and read."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.organisations import Organisation
from appliance.db.repositories import Repository
from appliance.domain.identity import appliance
from appliance.domain.permissions import Role, Scope
from appliance.services import (
    maintenance,
    organisations,
    push_settlement,
    regular,
    repositories,
    repository_bin,
    repository_facts,
    repository_moves,
)
from tests.commands import saying
from tests.world import NOON

REPO = "/api/v1/repos/lab/notes"
PAGES = f"{REPO}/wiki/pages"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def switch(world, who="maintainer", *, on=True, path="lab/notes"):
    with world.begin(world.actor(who)) as work:
        repositories.change(
            work,
            path,
            repositories.Changes(has_wiki=on),
            repositories=world.wiring.repositories,
        )


def people(world):
    """A private repository with a wiki, and who may do what on it."""
    world.repository("lab/notes")
    for role in (Role.READER, Role.WRITER, Role.MAINTAINER, Role.OWNER):
        world.user(str(role), role=role, on="lab/notes")
    world.user("outsider")
    switch(world)


@pytest.fixture
def notes(world):
    people(world)
    return world


def write(world, name, content, who="writer", **body: str):
    answer = world.client(who).put(f"{PAGES}/{name}", json={"content": content, **body})
    assert answer.status_code == 200, answer.text
    return answer.json


def wiki_of(world):
    return world.one(sa.select(Repository).where(Repository.wiki_of_id.is_not(None)))


def test_a_page_is_written_read_renamed_and_deleted_with_events(notes):
    before = notes.events_so_far()
    made = write(notes, "Home", "# Hi\n\n[[How to build]]\n")
    assert (made["path"], made["before"]) == ("Home.md", None)
    reader = notes.client("reader")
    found = reader.get(f"{PAGES}/home")
    assert (found.json["name"], found.json["content"][:4]) == ("Home", "# Hi")
    unchanged = {"If-None-Match": found.headers["ETag"]}
    assert reader.get(f"{PAGES}/Home", headers=unchanged).status_code == 304
    renamed = write(notes, "Home", "# Hello\n", new_name="Begin here")
    assert renamed["path"] == "Begin-here.md"
    assert [each["title"] for each in reader.get(PAGES).json["items"]] == ["Begin here"]
    old = reader.get(f"{PAGES}/Home?at={made['commit']}").json
    assert old["content"].startswith("# Hi")
    gone = notes.client("writer").delete(f"{PAGES}/Begin-here", json={})
    assert gone.status_code == 200
    assert reader.get(f"{PAGES}/Begin-here").status_code == 404
    assert reader.get(PAGES).json["items"] == []

    said = [each for each in notes.events_since(before) if each.startswith(("git.", "repo."))]
    assert said == ["git.pushed", "repo.wiki_changed"] * 3
    with notes.begin(appliance()) as work:
        drift = push_settlement.drift(work, wiki_of(notes).id, tools=notes.wiring.git, now=NOON)
    assert drift == 0


def test_only_what_was_read_is_replaced(notes):
    write(notes, "Home", "one\n")
    writer = notes.client("writer")
    seen = writer.get(f"{PAGES}/Home")
    write(notes, "Other", "unrelated\n")
    write(notes, "Home", "two\n", expected=seen.json["oid"])

    late = {"content": "three\n", "expected": seen.json["oid"]}
    assert writer.put(f"{PAGES}/Home", json=late).status_code == 412
    assert writer.put(f"{PAGES}/Home", json={"content": "x", "expected": ""}).status_code == 412
    match = {"If-Match": seen.headers["ETag"]}
    assert writer.put(f"{PAGES}/Home", json={"content": "x"}, headers=match).status_code == 412
    head = {"content": "x", "expected_head": seen.json["commit"]}
    assert writer.put(f"{PAGES}/Home", json=head).status_code == 412
    assert writer.delete(f"{PAGES}/Home", json={"expected": seen.json["oid"]}).status_code == 412
    assert (
        writer.put(f"{PAGES}/Home", json={"content": "x", "new_name": "other"}).status_code == 409
    )
    assert writer.get(f"{PAGES}/Home").json["content"] == "two\n"


@pytest.mark.promise("P88")
@pytest.mark.parametrize(
    ("who", "reads", "writes", "switches"),
    [
        ("outsider", 404, 404, 404),
        ("reader", 200, 403, 403),
        ("writer", 200, 200, 403),
        ("maintainer", 200, 200, 200),
    ],
)
@ON_ONE
def test_a_wiki_is_for_whom_its_repository_is(notes, who, reads, writes, switches):
    write(notes, "Home", "one\n")
    client = notes.client(who)

    assert client.get(f"{PAGES}/Home").status_code == reads
    assert client.put(f"{PAGES}/New", json={"content": "x\n"}).status_code == writes
    assert client.patch(REPO, json={"has_wiki": False}).status_code == switches


@ON_ONE
@pytest.mark.promise("P88")
def test_a_wiki_is_no_repository_of_any_list_or_address(notes):
    write(notes, "Home", "one\n")
    owner, browser = notes.client("owner"), notes.browser("owner")

    listed = owner.get("/api/v1/repos").json["items"]
    assert [each["path"] for each in listed] == ["lab/notes"]
    for path in ("lab/notes.wiki", f"lab/{wiki_of(notes).name_key}"):
        assert owner.get(f"/api/v1/repos/{path}").status_code == 404
        assert (
            owner.patch(f"/api/v1/repos/{path}", json={"visibility": "public"}).status_code == 404
        )
        assert owner.put(f"/api/v1/repos/{path}/write/x", json={"content": "x"}).status_code == 404
        assert owner.post(f"/api/v1/repos/{path}/fork", json={}).status_code == 404
    assert browser.get(f"/lab/{wiki_of(notes).name_key}").status_code == 404
    for path in ("notes.wiki", "notes.wiki.git"):  # What is pasted from a clone leads to the pages.
        assert browser.get(f"/lab/{path}").headers["Location"] == "/lab/notes/wiki"
        assert notes.browser("outsider").get(f"/lab/{path}").status_code == 404
    found = owner.get("/api/v1/search?q=notes")
    assert [each["path"] for each in found.json["items"]] == ["lab/notes"]
    bundle = owner.get("/api/v1/repos/lab/notes.wiki/export")
    assert bundle.data.startswith(b"# v2 git bundle")


@ON_ONE
def test_listeners_of_the_repository_are_told_and_of_the_wiki_itself_nobody(notes):
    made = write(notes, "Home", "one\n")
    notes.keep_log()

    with notes.reading(appliance()) as work:
        told = repository_facts.after(work, 0, sealer=notes.wiring.sealer, url="https://x").told

    assert [each.name for each in told] == ["repository.changed", "wiki.changed"]
    payload = told[-1].payload
    assert payload["repository"]["path"] == "lab/notes"
    assert (payload["data"]["before"], payload["data"]["after"]) == ("0" * 40, made["commit"])


@ON_ONE
def test_a_token_for_the_repository_is_one_for_its_wiki_and_no_other_is(notes):
    notes.repository("lab/other")
    notes.grant("writer", Role.WRITER, "lab/other")
    client = notes.app.test_client()

    for path, status in (("lab/notes", 200), ("lab/other", 404)):
        bearer = {"Authorization": f"Bearer {notes.token('writer', repositories=[path])}"}
        sent = {"content": f"{path}\n"}
        assert client.put(f"{PAGES}/Home", json=sent, headers=bearer).status_code == status
    reads = {"Authorization": f"Bearer {notes.token('writer', Scope.REPOSITORY_READ)}"}
    assert client.get(f"{PAGES}/Home", headers=reads).status_code == 200
    assert client.put(f"{PAGES}/Home", json={"content": "x"}, headers=reads).status_code == 403


@ON_ONE
def test_a_wiki_counts_for_the_room_of_its_organisation(notes):
    write(notes, "Home", "one\n")
    with notes.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Organisation).values(quota_bytes=1000))
        wiki = Repository.wiki_of_id.is_not(None)
        session.execute(sa.update(Repository).where(wiki).values(size_bytes=2000))

    refused = notes.client("writer").put(f"{PAGES}/More", json={"content": "x\n"})
    assert (refused.status_code, "has room for" in refused.json["detail"]) == (403, True)


@ON_ONE
@pytest.mark.promise("P88")
def test_switched_off_it_is_kept_out_of_sight_and_comes_back(notes):
    write(notes, "Home", "one\n")
    switch(notes, on=False)
    client = notes.client("owner")

    assert client.get(f"{PAGES}/Home").status_code == 404
    assert client.put(f"{PAGES}/Home", json={"content": "x"}).status_code == 404
    assert notes.browser("owner").get("/lab/notes/wiki").status_code == 404
    assert "/lab/notes/wiki" not in notes.browser("owner").get("/lab/notes/settings").text
    switch(notes)
    assert client.get(f"{PAGES}/Home").json["content"] == "one\n"


def test_it_moves_is_archived_deleted_and_restored_with_its_repository(notes):
    write(notes, "Home", "one\n")
    owner = notes.actor("owner")
    notes.administrator()
    with notes.begin(owner) as work:
        repository_moves.rename(work, "lab/notes", "book")
        repository_moves.archive(work, "lab/book", now=NOON)
    wiki = wiki_of(notes)
    assert (wiki.path, wiki.archived_at) == ("lab/book.wiki", NOON)
    where = "/api/v1/repos/lab/book/wiki/pages"
    assert notes.client("writer").put(f"{where}/Home", json={"content": "x"}).status_code == 409
    with notes.begin(owner) as work:
        repository_moves.unarchive(work, "lab/book")
    with notes.begin(notes.actor("administrator")) as work:
        organisations.rename(work, "lab", "works")
    assert wiki_of(notes).path == "works/book.wiki"
    with notes.begin(notes.actor("administrator")) as work:
        repository_moves.transfer(work, "works/book", to="administrator")
    wiki = wiki_of(notes)
    assert (wiki.path, wiki.organisation_id) == ("administrator/book.wiki", None)
    chief = notes.actor("administrator")
    with notes.begin(chief) as work:
        repository_bin.delete(work, "administrator/book", now=NOON)
    assert wiki_of(notes).deleted_at == NOON
    with notes.begin(chief) as work:
        assert [each.path for each in repository_bin.listed(work).items] == ["administrator/book"]
        repository_bin.restore(work, "administrator/book", name="again")
    assert (wiki_of(notes).path, wiki_of(notes).deleted_at) == ("administrator/again.wiki", None)
    page = notes.client("administrator").get("/api/v1/repos/administrator/again/wiki/pages/Home")
    assert page.json["content"] == "one\n"


@ON_ONE
def test_it_is_purged_with_its_repository(notes):
    write(notes, "Home", "one\n")
    wiki, chief = wiki_of(notes).id, notes.administrator()
    home = notes.one(sa.select(Repository).where(Repository.wiki_of_id.is_(None))).id
    with notes.begin(chief) as work:
        repository_bin.delete(work, "lab/notes", now=NOON)
        repository_bin.purge_early(work, home)

    with notes.begin(appliance()) as work:
        assert repository_bin.unclaimed(work, [home, wiki]) == [home, wiki]
        assert repository_bin.purge(work, wiki, now=NOON)


@ON_ONE
def test_a_fork_takes_no_wiki_along_and_care_is_taken_of_it(notes):
    write(notes, "Home", "one\n")
    forked = notes.client("owner").post(f"{REPO}/fork", json={"into": "owner/notes"})
    assert forked.json["has_wiki"] is False
    assert notes.client("owner").get("/api/v1/repos/owner/notes/wiki/pages").status_code == 404

    with notes.begin(appliance()) as work:
        wiki = wiki_of(notes).id
        assert maintenance.is_due_for_care(work, wiki)
        promised = regular.promise_for_repositories(
            *(work, regular.Job.CHECK_REPOSITORY),
            older_than=timedelta(days=1),
            limit=9,
            now=NOON,
        )
    assert promised == 3
    found = maintenance.examine(wiki, tools=notes.wiring.git)
    assert found.is_sound
    with notes.begin(notes.administrator()) as work:  # As from the list of the damaged.
        assert maintenance.request_check(work, wiki_of(notes).path)


@ON_ONE
def test_pages_lead_to_each_other_and_to_what_stands_around(notes):
    text = (
        "# Hi\n\n[[How to build]] [[by hand|how-to-build#First-steps]] [rel](How-to-build.md)"
        " ![p](images/p.png) [out](../../../etc) `[[code]]` <script>alert(1)</script>\n"
    )
    write(notes, "Home", text)
    write(notes, "How-to-build", "## First steps\n")
    write(notes, "_Sidebar", "* [[Home]]\n")
    write(notes, "_Footer", "The end.\n")
    browser = notes.browser("reader")

    page = browser.get("/lab/notes/wiki").text

    assert page.count('href="/lab/notes/wiki/How-to-build"') == 2
    assert 'href="/lab/notes/wiki/how-to-build#md-first-steps"' in page
    assert 'src="/lab/notes/wiki/_raw/images/p.png"' in page
    assert "<code>[[code]]</code>" in page
    assert "<script>alert" not in page
    assert "/etc" not in page
    assert "The end." in page
    assert 'href="/lab/notes/wiki/Home"' in page
    assert browser.get("/lab/notes/wiki/how-to-build").status_code == 302
    missing = browser.get("/lab/notes/wiki/Nothing-here")
    assert (missing.status_code, "Nothing here" in missing.text) == (404, True)
    assert "_edit" not in page
    found = browser.get("/lab/notes/wiki/_pages?q=first").text
    assert "## First steps" in found
    assert "No page has these words." in browser.get("/lab/notes/wiki/_pages?q=zebra").text


@ON_ONE
def test_a_page_is_written_in_the_portal(notes):
    browser = notes.browser("writer")
    assert "No pages yet" in browser.get("/lab/notes/wiki").text
    form = {"name": "Home", "content": "one\r\ntwo\r\n", "message": "Begin", "expected": ""}
    shown = browser.post("/lab/notes/wiki/_new", data={**form, "act": "preview"}).text
    assert "<p>one\ntwo</p>" in shown
    made = browser.post("/lab/notes/wiki/_new", data=form)
    assert made.headers["Location"] == "/lab/notes/wiki/Home"
    assert notes.client("reader").get(f"{PAGES}/Home").json["content"] == "one\ntwo\n"
    oid = notes.client("reader").get(f"{PAGES}/Home").json["oid"]
    write(notes, "Home", "meanwhile\n")

    late = browser.post("/lab/notes/wiki/_edit/Home", data={**form, "expected": oid})
    assert (late.status_code, "Somebody else has changed" in late.text) == (412, True)
    assert "two" in late.text
    again = browser.post("/lab/notes/wiki/_new", data=form)
    assert again.status_code == 409
    now = notes.client("reader").get(f"{PAGES}/Home").json
    sent = {**form, "name": "Start", "expected": now["oid"]}
    saved = browser.post("/lab/notes/wiki/_edit/Home", data=sent)
    assert saved.headers["Location"] == "/lab/notes/wiki/Start"
    history = browser.get("/lab/notes/wiki/_history/Start").text
    assert "Begin" in history
    commit = notes.client("reader").get(f"{PAGES}/Start").json["commit"]
    assert "meanwhile" in browser.get(f"/lab/notes/wiki/_commit/{commit}").text
    older = browser.get(f"/lab/notes/wiki/Home?at={now['commit']}").text
    assert "This is an older version." in older
    assert browser.get("/lab/notes/wiki/_raw/Start.md").data == b"one\ntwo\n"
    assert notes.events()[-1] == "git.raw_downloaded"
    gone = browser.post("/lab/notes/wiki/_delete/Start", data={"expected": ""})
    assert gone.headers["Location"] == "/lab/notes/wiki/_pages"
    for path in ("_new", "_edit/Start"):
        assert notes.browser("reader").get(f"/lab/notes/wiki/{path}").status_code == 403


@ON_ONE
def test_what_is_no_text_is_left_to_git(notes):
    browser = notes.browser("writer")

    for sign in ("\xff", "x" * 600_000):
        write(notes, "Odd", base64.b64encode(sign.encode("latin-1")).decode(), encoding="base64")
        assert "Change it with git." in browser.get("/lab/notes/wiki/_edit/Odd").text


@ON_ONE
def test_commands_write_and_read_a_wiki(notes, monkeypatch, capsys):
    with saying(notes, "maintainer", monkeypatch, capsys) as say:
        assert say("repo", "wiki", "enable", "lab/notes")["has_wiki"]
        written = say("repo", "wiki", "write", "lab/notes", "Home", "--body", "So\n")
        assert written["path"] == "Home.md"
        listed = say("repo", "wiki", "pages", "lab/notes")
        assert [each["name"] for each in listed] == ["Home"]
        assert say("repo", "wiki", "show", "lab/notes", "Home")["content"] == "So\n"
        assert say("repo", "wiki", "delete", "lab/notes", "Home")["path"] == "Home.md"
        assert not say("repo", "wiki", "disable", "lab/notes")["has_wiki"]
