"""Organisations that approve tokens, over HTTP: every door says the same."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import OrganisationRole, Role, Scope

FETCH = "/lab/notes.git/info/refs?service=git-upload-pack"
PUSH = "/lab/notes.git/info/refs?service=git-receive-pack"
BATCH = "/lab/notes.git/info/lfs/objects/batch"
RULE = "/api/v1/orgs/lab/token-rule"
APPROVALS = "/api/v1/orgs/lab/token-approvals"
TOKENS = "/api/v1/user/tokens"


@pytest.fixture
def lab(world):
    """An organisation with an owner, and a writer of its repository."""
    world.repository("lab/notes")
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.grant("writer", Role.WRITER, "lab/notes")
    return world


def asked(world, token):
    """What the API, Git and LFS answer to a token."""
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    body = {"operation": "download", "objects": []}
    listed = client.get("/api/v1/repos").json["items"]
    return [
        client.get("/api/v1/repos/lab/notes").status_code,
        client.get("/api/v1/orgs/lab").status_code,
        client.get("/api/v1/orgs/lab/members").status_code,
        client.get(FETCH).status_code,
        client.get(PUSH).status_code,
        client.post(BATCH, json=body).status_code,
        len(listed),
    ]


IN, OUT = [200, 200, 200, 200, 200, 200, 1], [404, 404, 404, 404, 404, 404, 0]


@pytest.mark.promise("P59")
def test_every_door_keeps_a_token_out_until_an_owner_lets_it_in(lab):
    old = lab.token("writer", Scope.REPOSITORY_WRITE, Scope.ORGANISATION_READ, Scope.USER)
    boss, writer = lab.browser("boss", elevated=True), lab.client("writer", Scope.USER)
    client = lab.app.test_client()
    bearer = {"Authorization": f"Bearer {old}"}
    short = client.post("/api/v1/auth/token", headers=bearer).json["token"]
    assert asked(lab, old) == asked(lab, short) == IN
    assert boss.put(RULE, json={"approval": "all"}).json["approval"] == "all"
    assert asked(lab, old) == asked(lab, short) == OUT
    items = writer.get(TOKENS).json["items"]
    (token,) = [each for each in items if "repo:write" in each["scopes"]]
    assert token["organisations"] == [
        {"organisation": "lab", "state": "unasked", "answer": "", "most_days": None}
    ]
    place = f"{TOKENS}/{token['id']}/approvals"
    said = client.post(place, json={"organisation": "lab", "reason": "CI"}, headers=bearer)
    assert said.status_code == 204
    (asks,) = boss.get(f"{APPROVALS}?state=pending").json["items"]
    assert (asks["user"], asks["reason"], asks["repositories"]) == ("writer", "CI", None)
    decide = f"{APPROVALS}/{asks['id']}"
    for state, answers in (("approved", IN), ("revoked", OUT), ("approved", IN)):
        assert boss.patch(decide, json={"state": state}).status_code == 204
        assert asked(lab, old) == asked(lab, short) == answers
    assert boss.put(RULE, json={"most_days": 7}).status_code == 200
    assert asked(lab, old) == asked(lab, short) == OUT
    assert boss.put(RULE, json={}).status_code == 200
    assert asked(lab, old) == IN


@pytest.mark.promise("P59")
def test_what_keeps_a_token_out_is_told_to_its_user_alone(lab):
    lab.browser("boss", elevated=True).put(RULE, json={"most_days": 7})
    client = lab.client("writer", Scope.REPOSITORY_READ, Scope.USER)
    hidden = client.get("/api/v1/repos/lab/notes").json
    missing = client.get("/api/v1/repos/lab/never").json
    assert hidden["detail"].replace("notes", "never") == missing["detail"]
    assert "too_long" in client.get(TOKENS).text


def test_the_portal_sets_the_rule_and_answers(lab):
    boss, writer = lab.browser("boss", elevated=True), lab.browser("writer", elevated=True)
    place = "/lab/-/settings/tokens"
    assert "No token requests" in boss.get(place).text
    wrong = boss.post(place, data={"approval": "all", "most_days": "many"})
    assert (wrong.status_code, 'id="most_days-error"' in wrong.text) == (422, True)
    assert boss.post(place, data={"approval": "all", "most_days": "90"}).status_code == 303
    form = {"name": "ci", "scopes": "repo:read", "days": "30", "reason": "Builds of the night"}
    assert writer.post("/settings/tokens/new", data=form).status_code == 200
    assert "Waiting for an owner" in writer.get("/settings/tokens").text
    assert "requests access to lab with the token" in boss.get("/inbox").text
    page = boss.get(f"{place}?state=pending&q=writ").text
    assert "Builds of the night" in page
    assert "writer" in boss.get(f"{place}?format=csv").text
    (asks,) = boss.get(APPROVALS).json["items"]
    said = {"state": "refused", "answer": "Use a service account."}
    assert boss.post(f"{place}/{asks['id']}", data=said).status_code == 303
    assert "Use a service account." in writer.get("/settings/tokens").text
    assert "decided about the token" in writer.get("/inbox").text
    again = {"organisation": "lab", "reason": "Please"}
    asked_again = writer.post(f"/settings/tokens/{asks['token_id']}/ask", data=again)
    assert asked_again.status_code == 303
    several = {"act": "approve", "chosen": asks["id"]}
    assert boss.post(f"{place}/several", data=several).status_code == 303
    assert boss.get(APPROVALS).json["items"][0]["state"] == "approved"
    assert boss.post(f"{place}/{asks['id']}", data={"state": "refused"}).status_code == 409
