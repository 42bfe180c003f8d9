"""What every endpoint has: limits that are told, pages, tags, repeats."""

from __future__ import annotations

import threading

import pytest

from appliance.domain.permissions import Scope


def test_a_link_to_the_next_page_keeps_every_word_of_the_query(world):
    administrator = world.administrator()
    for name in ("one", "two", "three"):
        world.organisation(name)
    client = world.client(administrator.label)

    for word in ("_external", "_scheme", "_method", "endpoint", "_anchor"):
        answer = client.get(f"/api/v1/orgs?limit=1&{word}=x")
        assert answer.status_code == 200
        assert f"{word}=x" in answer.headers["Link"]


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
        "json": {"name": "new", "scopes": ["user"], "expires_at": "2027-01-01T00:00:00Z"},
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
