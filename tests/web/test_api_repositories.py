"""`/users` and `/repos` over HTTP."""

from __future__ import annotations

from appliance.domain.permissions import OrganisationRole, Role, Scope, Visibility
from tests.world import PASSWORD


def test_one_learns_who_one_is(world):
    world.user("writer")
    answer = world.client("writer").get("/api/v1/user")
    assert (answer.status_code, answer.json["name"]) == (200, "writer")
    assert answer.headers["ETag"]
    again = world.client("writer").get(
        "/api/v1/user", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_stranger_is_told_to_sign_in(world):
    answer = world.client().get("/api/v1/user")
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def test_an_administrator_creates_a_user_who_can_be_found(world):
    world.administrator()
    body = {"name": "newcomer", "email": "newcomer@codara.test", "password": PASSWORD}
    made = world.client("administrator").post("/api/v1/users", json=body)
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == "/api/v1/users/newcomer"
    listed = world.client("administrator").get("/api/v1/users?limit=1")
    assert listed.json["next"]
    assert 'rel="next"' in listed.headers["Link"]
    rest = world.client("administrator").get(f"/api/v1/users?cursor={listed.json['next']}")
    names = {user["name"] for user in listed.json["items"] + rest.json["items"]}
    assert names == {"administrator", "newcomer"}


def test_a_field_that_is_wrong_is_named(world):
    world.administrator()
    answer = world.client("administrator").post("/api/v1/users", json={"name": "x", "colour": 1})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"][0]["field"] == "colour"


def test_a_repeated_write_is_done_once(world):
    world.user("writer")
    client = world.client("writer")
    headers = {"Idempotency-Key": "one"}
    first = client.post("/api/v1/repos", json={"name": "notes"}, headers=headers)
    second = client.post("/api/v1/repos", json={"name": "notes"}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201), first.json
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    other = client.post("/api/v1/repos", json={"name": "other"}, headers=headers)
    assert other.status_code == 422
    assert world.events().count("repo.created") == 1


def test_a_repository_may_begin_with_files(world):
    world.user("writer")
    client = world.client("writer", Scope.REPOSITORY_ADMIN)
    offered = client.get("/api/v1/repo-starters").json
    assert "MIT" in offered["licences"]
    assert "Python" in offered["ignores"]

    wanted = {"name": "notes", "readme": True, "licence": "MIT", "ignore": "Python"}
    assert client.post("/api/v1/repos", json=wanted).status_code == 201
    files = client.get("/api/v1/repos/writer/notes/tree").json["items"]
    assert [file["path"] for file in files] == [".gitignore", "LICENSE", "README.md"]
    refused = client.post("/api/v1/repos", json={"name": "other", "licence": "odd"})
    assert refused.status_code == 422


def test_a_repository_lives_and_ends(world):
    world.user("boss", member=None)
    world.organisation("lab")
    world.join("boss", "lab", OrganisationRole.OWNER)
    client = world.client("boss")
    made = client.post("/api/v1/repos", json={"owner": "lab", "name": "notes"})
    assert made.json["path"] == "lab/notes"
    changed = client.patch(
        "/api/v1/repos/lab/notes",
        json={"name": "papers", "description": "What we found", "visibility": "internal"},
    )
    assert changed.status_code == 200, changed.json
    assert changed.json["path"] == "lab/papers"
    assert client.get("/api/v1/repos/lab/papers").json["visibility"] == "internal"
    assert client.delete("/api/v1/repos/lab/papers").status_code == 204
    assert client.get("/api/v1/repos/lab/papers").status_code == 404
    assert client.post("/api/v1/repos/lab/papers/restore", json={}).status_code == 200
    assert client.get("/api/v1/repos/lab/papers").status_code == 200


def test_what_one_may_not_see_is_not_there(world):
    world.repository("lab/notes")
    world.user("nobody")
    answer = world.client("nobody").get("/api/v1/repos/lab/notes")
    missing = world.client("nobody").get("/api/v1/repos/lab/nothing")
    assert answer.status_code == missing.status_code == 404
    assert answer.json.keys() == missing.json.keys()


def test_a_token_does_no_more_than_it_was_given_for(world):
    world.repository("lab/notes", visibility=Visibility.INTERNAL)
    world.user("owner", role=Role.OWNER, on="lab/notes")
    client = world.client("owner", Scope.REPOSITORY_READ)
    assert client.get("/api/v1/repos/lab/notes").status_code == 200
    refused = client.patch("/api/v1/repos/lab/notes", json={"description": "x"})
    assert (refused.status_code, refused.json["code"]) == (403, "refused")
    assert (
        "repo.maintain on lab/notes. A token needs the scope repo:admin" in refused.json["detail"]
    )
    refused = client.get("/api/v1/user")
    assert refused.status_code == 403
    assert "A token needs the scope user " in refused.json["detail"]


def test_to_fork_takes_reading_the_one_and_creating_the_other(world):
    world.repository("lab/notes", visibility=Visibility.INTERNAL)
    world.user("boss")
    world.organisation("press")
    world.join("boss", "press", OrganisationRole.OWNER)
    fork, into = "/api/v1/repos/lab/notes/fork", {"into": "press/notes"}
    read, write, creates = Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE, Scope.ORGANISATION_ADMIN

    assert "repo:admin" in world.client("boss", write).post(fork, json={}).json["detail"]
    assert world.client("boss", creates).post(fork, json=into).status_code == 404
    assert world.client("boss", read, creates).post(fork, json=into).status_code == 202
    assert world.client("boss", Scope.REPOSITORY_ADMIN).post(fork, json={}).status_code == 202


def test_access_is_explained(world):
    world.repository("lab/notes")
    world.user("owner", role=Role.OWNER, on="lab/notes")
    world.user("writer")
    world.team("lab/research", "writer")
    client = world.client("owner")
    given = client.put("/api/v1/repos/lab/notes/grants/lab/research", json={"role": "writer"})
    assert given.status_code == 200, given.json
    found = client.get("/api/v1/repos/lab/notes/access/writer").json
    assert found["role"] == "writer"
    assert found["reasons"] == [
        {"role": "writer", "source": "team", "name": "research", "until": None}
    ]


def test_the_description_is_openapi(world):
    document = world.client().get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/repos/{owner}/{name}" in document["paths"]
    page = world.client().get("/api/docs")
    assert page.status_code == 200
    assert "/api/v1/repos/{owner}/{name}" in page.text
    for asked in ("/api/v1/user", "/api/v1/nothing", "/api/v1/repos?limit=0", "/api/v1/bin/1"):
        _, _, anchor = world.client().get(asked).json["type"].partition("#")
        assert f'id="{anchor}"' in page.text
    area = world.client().get("/api/docs/repositories")
    assert "NewRepositoryBody" in area.text
    assert world.client().get("/api/docs/nothing").status_code == 404
