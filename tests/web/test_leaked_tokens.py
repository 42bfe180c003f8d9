"""A token that is reported as leaked stops at every door at once."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role, Scope

REPORT = "/api/v1/credentials/revoke"
FETCH = "/lab/notes.git/info/refs?service=git-upload-pack"
BATCH = "/lab/notes.git/info/lfs/objects/batch"


def asked(world, token):
    """What the API, Git and LFS answer to it."""
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    body = {"operation": "download", "objects": []}
    return [
        client.get("/api/v1/user").status_code,
        client.get("/api/v1/repos/lab/notes").status_code,
        client.get(FETCH).status_code,
        client.post(BATCH, json=body).status_code,
    ]


@pytest.mark.promise("P56")
def test_a_leaked_token_stops_at_once_with_every_short_one_made_from_it(world):
    world.user("writer")
    world.repository("lab/notes")
    world.grant("writer", Role.WRITER, "lab/notes")
    secret = world.token("writer", Scope.REPOSITORY_READ, Scope.USER)
    client = world.app.test_client()
    bearer = {"Authorization": f"Bearer {secret}"}
    short = client.post("/api/v1/auth/token", headers=bearer).json["token"]
    assert asked(world, secret) == asked(world, short) == [200, 200, 200, 200]
    unknown = client.post(REPORT, json={"credentials": ["cod_" + "0" * 36]})
    known = client.post(REPORT, json={"credentials": [secret], "place": "a public page"})
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data) == (202, b"")
    assert asked(world, secret) == asked(world, short) == [401, 401, 401, 401]
    page = world.browser("writer").get("/inbox").text
    assert "was found in a public page and revoked" in page


@pytest.mark.parametrize("body", [{}, {"credentials": []}, {"credentials": ["x"] * 1001}])
def test_a_report_of_nothing_or_too_much_is_refused(world, body):
    assert world.app.test_client().post(REPORT, json=body).status_code == 422


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_strangers_report_only_so_often(world):
    world.configure(CODARA_LIMITS__STRANGER_REQUESTS_PER_MINUTE="3")
    client = world.app.test_client()
    body = {"credentials": ["cod_" + "0" * 36]}
    answers = [client.post(REPORT, json=body).status_code for _ in range(5)]
    assert answers == [202, 202, 202, 429, 429]
