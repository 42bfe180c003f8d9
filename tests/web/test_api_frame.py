"""What every endpoint has: limits that are told, pages, tags, repeats."""

from __future__ import annotations

import threading

import pytest

from appliance.domain.permissions import Role, Scope


def test_a_link_to_the_next_page_keeps_every_word_of_the_query(world):
    administrator = world.administrator()
    for name in ("one", "two", "three"):
        world.organisation(name)
    client = world.client(administrator.label)

    for word in ("_external", "_scheme", "_method", "endpoint", "_anchor"):
        answer = client.get(f"/api/v1/orgs?limit=1&{word}=x")
        assert answer.status_code == 200
        assert f"{word}=x" in answer.headers["Link"]


@pytest.mark.parametrize("path", ["nothing", "find", "branches", "blame/x", "commit/x"])
def test_what_is_no_endpoint_is_no_repository_either(world, path):
    world.user("reader")

    answer = world.client("reader").get(f"/api/v1/{path}")

    assert answer.status_code == 404
    assert answer.json["detail"] == "There is nothing at this address."


@pytest.mark.parametrize("cursor", ["x", "e30", "AAAAAAAAAAAAAAAAW10", "%ff", "é"])
def test_a_cursor_that_was_made_up_is_refused(world, cursor):
    world.user("writer")

    answer = world.client("writer").get("/api/v1/repos", query_string={"cursor": cursor})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "cursor"


def test_a_cursor_of_another_list_does_no_harm(world):
    world.administrator("boss")
    for name in ("one", "two"):
        world.organisation(name)
        world.repository(f"{name}/notes")
    client = world.client("boss")
    cursor = client.get("/api/v1/orgs?limit=1").json["next"]

    for path in ("repos", "users", "jobs", "user/tokens", "repos/one/notes/commits"):
        assert client.get(f"/api/v1/{path}?cursor={cursor}").status_code in {200, 404, 422}


def test_limits_are_told_in_seconds_and_end(world):
    world.configure(CODARA_LIMITS__STRANGER_REQUESTS_PER_MINUTE="2")
    client = world.client()

    first, _, third = (client.get("/api/v1/repos") for _ in range(3))

    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert 0 < int(first.headers["RateLimit-Reset"]) <= 61
    assert "Retry-After" not in first.headers
    assert third.status_code == 429
    assert 0 < int(third.headers["Retry-After"]) <= 61


@pytest.mark.parametrize("place", ["/api/v1/repos", "/scim/v2/Users"])
def test_whose_token_is_not_believed_is_slowed_like_a_stranger(world, place):
    world.configure(CODARA_LIMITS__STRANGER_REQUESTS_PER_MINUTE="2")
    client = world.client()

    answers = [client.get(place, headers={"Authorization": "Bearer cod_x"}) for _ in range(3)]

    assert [each.status_code for each in answers] == [401, 401, 429]


def test_what_has_not_changed_is_not_sent_again(world):
    world.user("writer")
    client = world.client("writer")
    tag = client.get("/api/v1/user").headers["ETag"]

    again = client.get("/api/v1/user", headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_a_write_that_is_sent_at_once_many_times_is_done_once(world):
    world.user("writer")
    clients = [world.client("writer") for _ in range(4)]
    token = clients[0].environ_base["HTTP_AUTHORIZATION"]
    found = []

    def send(client):
        headers = {"Idempotency-Key": "once", "Authorization": token}
        found.append(client.post("/api/v1/repos", json={"name": "one"}, headers=headers))

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {each.status_code for each in found} <= {201, 409}
    assert len({each.json["id"] for each in found if each.status_code == 201}) == 1
    assert world.events().count("repo.created") == 1


@pytest.mark.promise("P7")
def test_what_one_token_was_answered_is_not_for_another(world):
    world.user("writer")
    strong, weak = world.client("writer"), world.client("writer", Scope.REPOSITORY_READ)
    sent = {
        "path": "/api/v1/user/tokens",
        "json": {"name": "new", "scopes": ["user"], "expires_in_days": 30},
        "headers": {"Idempotency-Key": "same"},
    }
    first = strong.post(**sent)
    assert first.status_code == 201

    assert strong.post(**sent).json == first.json
    answer = weak.post(**sent)

    assert answer.status_code == 422
    assert first.json["token"] not in answer.text


def test_a_key_of_somebody_else_is_another_key(world):
    for name in ("one", "two"):
        world.user(name)
        answer = world.client(name).post(
            "/api/v1/repos", json={"name": "notes"}, headers={"Idempotency-Key": "same"}
        )
        assert answer.json["path"] == f"{name}/notes"
        assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "kind", "status", "words"),
    [
        ('{"name": "x"}', "application/x-www-form-urlencoded", 415, "application/json"),
        ('{"name": ', "application/json", 400, "no JSON object"),
        ("[]", "application/json", 400, "no JSON object"),
        ("null", "application/json", 400, "no JSON object"),
        ("", "application/json", 422, "name"),
    ],
)
def test_a_body_that_cannot_be_read_is_explained(world, sent, kind, status, words):
    world.user("writer")

    answer = world.client("writer").post("/api/v1/repos", data=sent, content_type=kind)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert words in answer.json["detail"]


def test_a_body_that_has_to_say_nothing_may_be_missing(world):
    world.repository("lab/notes")
    world.user("owner", role=Role.OWNER, on="lab/notes")

    answer = world.client("owner").post("/api/v1/repos/lab/notes/archive")

    assert (answer.status_code, answer.json["is_archived"]) == (200, True)


@pytest.mark.parametrize("header", ["Basic d3JpdGVyOmNvZF94", "token cod_x", "Bearer", "Bearer x"])
def test_who_shows_something_else_than_a_token_is_no_stranger(world, header):
    answer = world.client().get("/api/v1/repos", headers={"Authorization": header})

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_method_that_is_none_names_those_that_are(world):
    answer = world.client().put("/api/v1/repos")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
