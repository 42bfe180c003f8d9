"""`/search` over HTTP: what one may see, by its name."""

from __future__ import annotations

from appliance.domain.permissions import OrganisationRole, Visibility


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
