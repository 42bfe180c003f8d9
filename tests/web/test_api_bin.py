"""The bin over the API: who sees what is in it, brings it back, and removes it for good."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role, Scope
from tests.permissions.actors import ACTORS, outcome, settle

BIN = "/api/v1/bin"
ALLOWED_TO_RESTORE = {"owner", "boss", "administrator"}
READERS = {"reader", "triager", "writer", "maintainer", "officer", "auditor", "inspector"}


@pytest.fixture
def binned(world):
    """For each actor, `lab-N/notes` is in the bin; gives their ids."""
    settle(world)
    administrator = world.client("administrator")
    ids = []
    for number in range(len(ACTORS)):
        place = f"/api/v1/repos/lab-{number}/notes"
        ids.append(administrator.get(place).json["id"])
        assert administrator.delete(place).status_code == 204
    return ids


def client_of(world, actor):
    return world.client(None if actor == "stranger" else actor)


@pytest.mark.promise("P10")
def test_in_the_bin_one_sees_what_one_may_bring_back(world, binned):
    seen = {
        actor: {
            each["id"] for each in client_of(world, actor).get(f"{BIN}?limit=100").json["items"]
        }
        for actor in ACTORS
    }

    for number, actor in enumerate(ACTORS):
        own = {binned[number]} if actor in ALLOWED_TO_RESTORE else set()
        assert seen[actor] == (set(binned) if actor == "administrator" else own), actor


@pytest.mark.promise("P11")
def test_only_who_sees_it_there_brings_it_back(world, binned):
    for number, actor in enumerate(ACTORS):
        place = f"/api/v1/repos/lab-{number}/notes/restore"
        told = outcome(client_of(world, actor).post(place, json={}).status_code)
        may = "allowed" if actor in ALLOWED_TO_RESTORE else "refused"
        assert told == (may if actor in READERS | ALLOWED_TO_RESTORE else "hidden"), actor


@pytest.mark.promise("P11")
def test_only_administrators_remove_for_good(world, binned):
    for number, actor in enumerate(ACTORS):
        told = outcome(client_of(world, actor).delete(f"{BIN}/{binned[number]}").status_code)
        may = "allowed" if actor == "administrator" else "refused"
        assert told == (may if actor in READERS | ALLOWED_TO_RESTORE else "hidden"), actor

    again = world.client("administrator").delete(f"{BIN}/{binned[-1]}")
    assert again.status_code == 404
    assert world.events().count("repo.purged") == 1


def test_what_is_not_in_the_bin_is_not_removed(world):
    repository = world.repository("lab/notes")
    world.administrator()
    client = world.client("administrator")

    answer = client.delete(f"{BIN}/{repository.id}")

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert client.get("/api/v1/repos/lab/notes").status_code == 200


def test_the_last_deleted_comes_first_and_says_when_it_ends(world):
    world.user("writer")
    client = world.client("writer")
    for name in ("one", "two", "three"):
        assert client.post("/api/v1/repos", json={"name": name}).status_code == 201
        assert client.delete(f"/api/v1/repos/writer/{name}").status_code == 204

    first = client.get(f"{BIN}?limit=2")
    rest = client.get(f"{BIN}?limit=2&cursor={first.json['next']}").json

    found = first.json["items"] + rest["items"]
    assert [each["name"] for each in found] == ["three", "two", "one"]
    assert all(each["purge_at"] > each["deleted_at"] for each in found)
    assert 'rel="next"' in first.headers["Link"]
    assert rest["next"] is None
    assert [each["name"] for each in client.get(f"{BIN}?name=TWO").json["items"]] == ["two"]


def test_a_token_for_one_repository_sees_only_that_in_the_bin(world):
    world.repository("lab/notes")
    world.repository("lab/papers")
    world.user("owner", role=Role.OWNER, on="lab/notes")
    world.grant("owner", Role.OWNER, "lab/papers")
    whole, readers = world.client("owner"), world.client("owner", Scope.REPOSITORY_READ)
    wanted = {"name": "bot", "scopes": ["repo:admin"], "repositories": ["lab/notes"]}
    wanted["expires_in_days"] = 1
    made = whole.post("/api/v1/user/tokens", json=wanted).json
    for name in ("notes", "papers"):
        assert whole.delete(f"/api/v1/repos/lab/{name}").status_code == 204

    assert len(whole.get(BIN).json["items"]) == 2
    assert readers.get(BIN).json["items"] == []
    narrow = {"Authorization": f"Bearer {made['token']}"}
    seen = world.client().get(BIN, headers=narrow).json["items"]
    assert [each["path"] for each in seen] == ["lab/notes"]
