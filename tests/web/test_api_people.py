"""`/user/tokens`, `/user/keys`, `/auth/token`, `/orgs` and teams over HTTP."""

from __future__ import annotations

import subprocess

import pytest

from appliance.domain.permissions import OrganisationRole


@pytest.fixture
def public_key(tmp_path):
    file = tmp_path / "key"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "writer", "-f", file]
    subprocess.run(words, check=True)
    return file.with_suffix(".pub").read_text()


@pytest.mark.promise("P6")
def test_a_new_token_is_shown_once_and_works(world):
    world.user("writer")
    client = world.client("writer")
    body = {"name": "ci", "scopes": ["repo:read", "user"], "expires_in_days": 7}
    headers = {"Idempotency-Key": "a"}
    made = client.post("/api/v1/user/tokens", json=body, headers=headers)
    assert made.status_code == 201, made.json
    assert made.headers["Cache-Control"] == "no-store"
    token = made.json["token"]
    again = client.post("/api/v1/user/tokens", json=body, headers=headers)
    assert again.json["token"] == token
    listed = client.get("/api/v1/user/tokens")
    assert token not in listed.text
    assert token.encode() not in b"".join(
        file.read_bytes() for file in world.home.rglob("codara.db*")
    )
    bearer = {"Authorization": f"Bearer {token}"}
    assert world.app.test_client().get("/api/v1/user", headers=bearer).json["name"] == "writer"


@pytest.mark.promise("P8")
def test_a_short_lived_token_ends_with_the_token_behind_it(world):
    world.user("writer")
    client = world.client("writer")
    issued = client.post("/api/v1/auth/token")
    assert issued.status_code == 200, issued.json
    bearer = {"Authorization": f"Bearer {issued.json['token']}"}
    other = world.app.test_client()
    assert other.get("/api/v1/user", headers=bearer).json["name"] == "writer"
    (token,) = client.get("/api/v1/user/tokens").json["items"]
    assert client.delete(f"/api/v1/user/tokens/{token['id']}").status_code == 204
    assert other.get("/api/v1/user", headers=bearer).status_code == 401


def test_a_key_is_added_listed_and_removed(world, public_key):
    world.user("writer")
    client = world.client("writer")
    made = client.post("/api/v1/user/keys", json={"key": public_key, "title": "laptop"})
    assert made.status_code == 201, made.json
    assert made.json["fingerprint"].startswith("SHA256:")
    twice = client.post("/api/v1/user/keys", json={"key": public_key})
    assert twice.status_code == 409
    (listed,) = client.get("/api/v1/user/keys").json["items"]
    assert listed["id"] == made.json["id"]
    assert client.delete(f"/api/v1/user/keys/{listed['id']}").status_code == 204
    assert client.get("/api/v1/user/keys").json["items"] == []


def test_an_organisation_with_teams(world):
    world.user("boss")
    world.user("member")
    client = world.client("boss")
    assert client.post("/api/v1/orgs", json={"name": "lab"}).status_code == 201
    changed = client.patch("/api/v1/orgs/lab", json={"base_role": "reader"})
    assert changed.json["base_role"] == "reader"
    joined = client.put("/api/v1/orgs/lab/members/member", json={"role": "member"})
    assert joined.status_code == 200, joined.json
    for body in ({"name": "outer"}, {"name": "inner", "parent": "outer"}):
        assert client.post("/api/v1/orgs/lab/teams", json=body).status_code == 201
    assert client.put("/api/v1/orgs/lab/teams/inner/members/member").status_code == 200
    assert client.get("/api/v1/orgs/lab/teams/inner").json["members"] == 1
    circle = client.patch("/api/v1/orgs/lab/teams/outer", json={"parent": "inner"})
    assert circle.status_code in {409, 422}
    names = [each["name"] for each in client.get("/api/v1/orgs/lab/members").json["items"]]
    assert sorted(names) == ["boss", "member"]
    alone = client.put("/api/v1/orgs/lab/members/boss", json={"role": "member"})
    assert alone.status_code == 409
    assert client.delete("/api/v1/orgs/lab/members/member").status_code == 204


def test_teams_are_for_members_to_see(world):
    world.user("boss", member=None)
    world.organisation("lab")
    world.join("boss", "lab", OrganisationRole.OWNER)
    world.team("lab/research")
    world.user("stranger")
    assert world.client("boss").get("/api/v1/orgs/lab/teams/research").status_code == 200
    assert world.client("stranger").get("/api/v1/orgs/lab/teams/research").status_code == 404
    assert world.client("stranger").get("/api/v1/orgs/lab").status_code == 404
