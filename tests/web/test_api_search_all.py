"""`/search` over HTTP: what one may see, by its name."""

from __future__ import annotations

import shutil

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Visibility
from appliance.services import search_everywhere
from appliance.services.search_everywhere import Kind


def found(client, words, kind="repositories"):
    answer = client.get("/api/v1/search", query_string={"q": words, "kind": kind})
    assert answer.status_code == 200, answer.text
    return [each["path"] for each in answer.json["items"]]


def test_everything_is_found_that_one_may_see_and_nothing_else(world):
    world.user("writer")
    world.user("stranger")
    world.organisation("notes-lab")
    world.join("writer", "notes-lab", OrganisationRole.OWNER)
    world.repository("notes-lab/hidden-notes")
    world.repository("notes-lab/open-notes", visibility=Visibility.INTERNAL)
    owner, stranger = world.client("writer"), world.client("stranger")

    assert found(owner, "NOTES") == ["notes-lab/open-notes", "notes-lab/hidden-notes"]
    assert found(stranger, "notes") == ["notes-lab/open-notes"]
    assert found(owner, "notes", "organisations") == ["notes-lab"]
    assert found(stranger, "stran", "users") == ["stranger"]
    assert found(world.app.test_client(), "notes") == []


def test_a_long_list_comes_in_pages(world):
    world.user("writer")
    for number in range(3):
        world.repository(f"writer/part-{number}")
    client = world.client("writer")
    first = client.get("/api/v1/search?q=part&limit=2").json
    rest = client.get(f"/api/v1/search?q=part&limit=2&cursor={first['next']}").json
    names = [each["path"] for each in first["items"] + rest["items"]]
    assert names == ["writer/part-2", "writer/part-1", "writer/part-0"]
    assert rest["next"] is None


def test_a_search_for_nothing_or_for_no_known_kind_is_refused(world):
    world.user("writer")
    client = world.client("writer")
    assert client.get("/api/v1/search?q=").status_code == 422
    assert client.get("/api/v1/search?q=a&kind=secrets").status_code == 422


TEXT = "a lighthouse stands here\n"


@pytest.fixture
def coast(world):
    """Two repositories with the same things in them; a stranger may read one."""
    world.user("owner")
    world.user("stranger")
    for name, visibility in (("hidden", Visibility.PRIVATE), ("open", Visibility.INTERNAL)):
        path = f"lab/{name}"
        world.repository(path, visibility=visibility)
        world.grant("owner", Role.OWNER, path)
        client, at = world.client("owner"), f"/api/v1/repos/{path}"
        assert client.patch(at, json={"has_wiki": True}).status_code == 200
        body = {"content": TEXT, "message": "Raise the lighthouse"}
        assert client.put(f"{at}/write/coast/Lighthouse.txt", json=body).status_code == 200
        page = client.put(f"{at}/wiki/pages/Lighthouse", json={"content": TEXT})
        assert page.status_code == 200, page.text
        issue = {"title": "The lighthouse is dark", "body": "It was bright."}
        assert client.post(f"{at}/issues", json=issue).status_code == 201
    return world


IN_REPOSITORIES = ("content", "files", "commits", "wiki")


@pytest.mark.parametrize("kind", ["issues", *IN_REPOSITORIES])
def test_things_in_repositories_are_found_by_who_may_read_those(coast, kind):
    assert sorted(found(coast.client("owner"), "LIGHTHOUSE", kind)) == ["lab/hidden", "lab/open"]
    assert found(coast.client("stranger"), "lighthouse", kind) == ["lab/open"]
    assert found(coast.client("owner"), "submarine", kind) == []


def asked(client, **query: str | int):
    return client.get("/api/v1/search", query_string=query)


def test_what_is_hidden_is_not_even_counted(coast):
    mine = asked(coast.client("owner"), q="lighthouse", kind="content").json
    theirs = asked(coast.client("stranger"), q="lighthouse", kind="content").json
    assert (mine["searched"], theirs["searched"]) == (2, 1)
    hit = theirs["items"][0]
    assert (hit["file"], hit["line"], hit["column"]) == ("coast/Lighthouse.txt", 1, 3)
    assert hit["title"] == TEXT.strip()
    assert hit["web_url"].endswith("/lab/open/blob/main/coast/Lighthouse.txt#L1")


@pytest.mark.parametrize("kind", IN_REPOSITORIES)
def test_strangers_do_not_search_repositories(coast, kind):
    assert asked(coast.app.test_client(), q="lighthouse", kind=kind).status_code == 401


def test_a_search_goes_on_where_it_stopped(coast):
    client = coast.client("owner")
    first = asked(client, q="lighthouse", kind="content", limit=1).json
    rest = asked(client, q="lighthouse", kind="content", limit=1, cursor=first["next"]).json
    paths = [each["path"] for each in first["items"] + rest["items"]]
    assert sorted(paths) == ["lab/hidden", "lab/open"]
    assert (first["searched"], rest["searched"], rest["next"]) == (1, 1, None)


def test_an_owner_narrows_a_search(coast):
    client = coast.client("owner")
    for kind in ("repositories", "issues", *IN_REPOSITORIES):
        word = "open" if kind == "repositories" else "lighthouse"
        assert asked(client, q=word, kind=kind, owner="LAB").json["items"]
        assert not asked(client, q=word, kind=kind, owner="other").json["items"]


def test_issues_are_found_by_comments_and_by_what_they_are(coast):
    client = coast.client("owner")
    comments = "/api/v1/repos/lab/open/issues/1/comments"
    assert client.post(comments, json={"body": "Buy a new lamp."}).status_code == 201
    assert found(client, "lamp", "issues") == ["lab/open"]
    assert found(client, "author:me is:open lamp", "issues") == ["lab/open"]
    assert found(client, "is:closed", "issues") == []
    assert found(client, "lighthouse", "pulls") == []
    assert found(coast.client("stranger"), "bright", "issues") == ["lab/open"]
    refused = asked(client, q="review:none", kind="pulls")
    assert refused.status_code == 422


def test_a_repository_that_cannot_be_read_is_named_and_the_others_are_searched(coast):
    damaged = coast.folder(coast._repository("lab/hidden"))
    shutil.rmtree(damaged)
    answer = asked(coast.client("owner"), q="lighthouse", kind="content").json
    assert [each["path"] for each in answer["items"]] == ["lab/open"]
    assert answer["incomplete"] == ["lab/hidden"]


def test_issues_that_are_switched_off_are_not_found(coast):
    client = coast.client("owner")
    assert client.patch("/api/v1/repos/lab/open", json={"has_issues": False}).status_code == 200
    assert found(client, "lighthouse", "issues") == ["lab/hidden"]
    assert client.patch("/api/v1/repos/lab/open", json={"has_wiki": False}).status_code == 200
    assert found(client, "lighthouse", "wiki") == ["lab/hidden"]


def test_a_search_without_time_left_goes_on_with_the_next_repository(coast):
    with coast.reading(coast.actor("owner")) as work:
        stores = coast.wiring.repositories
        there = search_everywhere.places(work, Kind.CONTENT, repositories=stores)
    found = search_everywhere.look(there, Kind.CONTENT, "lighthouse", most=50, seconds=0)
    assert (found.looked_at, found.next) == (1, there[0].mark)
    assert found.partly == (there[0].path,)


def test_a_commit_is_found_by_its_id(coast):
    client = coast.client("owner")
    commit = asked(client, q="raise", kind="commits", owner="lab").json["items"][0]["commit"]
    by_id = asked(client, q=commit[:9], kind="commits").json["items"]
    assert commit in [each["commit"] for each in by_id]


@pytest.mark.parametrize("kind", ["repositories", "issues", "pulls", "users", *IN_REPOSITORIES])
def test_the_page_shows_each_kind(coast, kind):
    browser = coast.browser("owner")
    page = browser.get("/search", query_string={"q": "lighthouse", "kind": kind})
    assert page.status_code == 200
    assert ("lab/open" in page.text) == (kind in {"issues", *IN_REPOSITORIES})
    stranger = coast.browser("stranger").get(
        "/search", query_string={"q": "lighthouse", "kind": kind}
    )
    assert "lab/hidden" not in stranger.text
